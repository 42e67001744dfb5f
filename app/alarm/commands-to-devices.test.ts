import { expect, test } from 'vitest';
import { createDutyView } from '../../api/incidents/duty-view.ts';
import type { Command } from '../../records/command.ts';
import { FoldState } from '../../records/fold-state.ts';
import { decodeRecord } from '../../records/record-codec.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { scenarioText } from '../../simulators/scenarios-cli.ts';
import { type County, openCounty } from '../../simulators/virtual-county.ts';

const by = { type: 'account', id: 'li' } as const;
const minuteMs = 60_000;

async function county(): Promise<County> {
  const startAt = Date.parse('2026-11-03T20:00:00Z');
  return openCounty({ startAt, seed: 27, registryText: scenarioText('county.yaml') });
}

type Asked = Extract<Command, { type: 'device-command' }>;
async function ask(home: County, id: string, deviceId: string, wanted: Asked['ask']): Promise<void> {
  const answer = home.send({ type: 'device-command', commandId: id, by, deviceId, ask: wanted, reason: 'why' });
  await home.clock.settled();
  expect(await answer).toEqual({ ok: true });
}

async function does(home: County, deviceId: string, deed: string): Promise<void> {
  home.does(deviceId, deed);
  await home.clock.advance(1_000);
}

async function phases(home: County): Promise<string[]> {
  return (await deskOf(home)).map(({ id, sent, state }) => `${id}, sent ${sent}, ${state.phase}`);
}

/** What desk knows, of all devices, from the journal alone. */
async function deskOf(home: County) {
  const state = new FoldState();
  const view = createDutyView({ state, registry: createRegistry({ state }) });
  for (const record of await home.journal()) view.apply(record);
  return ['sarna-watch', 'sarna-button', 'sarna-kitchen'].flatMap((id) => view.downlinks(id));
}

test('a command waits for the next report, and desk knows what the alarm process knows', async () => {
  const home = await county();
  await ask(home, 'restart-1', 'sarna-watch', { name: 'reboot' });
  await ask(home, 'where-are-you', 'sarna-watch', { name: 'locate' });
  await home.clock.advance(10 * minuteMs);
  expect(home.commanded).toEqual([]);
  await does(home, 'sarna-watch', 'status');
  expect(home.commanded.map(({ command }) => command.name)).toEqual(['reboot', 'locate']);
  expect(await phases(home)).toEqual(['restart-1, sent 1, done', 'where-are-you, sent 1, done']);
  const kinds = (await home.journal()).map(({ body }) => decodeRecord(body)).filter(({ kind }) => kind === 'downlink');
  expect(kinds).toHaveLength(2);
  await does(home, 'sarna-watch', 'status');
  expect(home.commanded).toHaveLength(2);
  expect(home.complaints).toEqual([]);
});

test('what is asked while somebody who called still listens goes out at once', async () => {
  const home = await county();
  await does(home, 'sarna-button', 'emergency');
  await home.clock.advance(50_000);
  await ask(home, 'restart-1', 'sarna-button', { name: 'reboot' });
  await ask(home, 'help-comes', 'sarna-button', { name: 'lamp', state: 'on' });
  await home.clock.advance(1_000);
  expect(home.commanded.map(({ command }) => command.name)).toEqual(['lamp']);
  await home.clock.advance(20_000);
  await ask(home, 'help-went', 'sarna-button', { name: 'lamp', state: 'off' });
  await home.clock.advance(1_000);
  expect(home.commanded).toHaveLength(1);
});

test('a command that was lost on the way is sent again after the next report', async () => {
  const home = await county();
  await ask(home, 'restart-1', 'sarna-watch', { name: 'reboot' });
  home.does('sarna-watch', 'status');
  await home.clock.advance(150);
  home.does('sarna-watch', 'sleep');
  await home.clock.advance(minuteMs);
  expect(home.commanded).toEqual([]);
  expect(await phases(home)).toEqual(['restart-1, sent 1, waiting']);
  await does(home, 'sarna-watch', 'wake');
  await does(home, 'sarna-watch', 'status');
  expect(home.commanded).toHaveLength(1);
  expect(await phases(home)).toEqual(['restart-1, sent 2, done']);
});

test('a command that was on its way in a crash is obeyed once, and known to be', async () => {
  const home = await county();
  await ask(home, 'restart-1', 'sarna-watch', { name: 'reboot' });
  home.does('sarna-watch', 'status');
  await home.clock.advance(150);
  expect(await phases(home)).toEqual(['restart-1, sent 1, waiting']);
  home.kill();
  await home.clock.advance(minuteMs);
  expect(home.commanded).toHaveLength(1);
  await home.start();
  await does(home, 'sarna-watch', 'status');
  await home.clock.advance(minuteMs);
  const [last] = await deskOf(home);
  expect(last?.state).toMatchObject({ phase: 'done', result: 'ok' });
  const starts = (await home.journal())
    .map(({ body }) => decodeRecord(body))
    .flatMap((record) => (record.kind === 'report' ? Buffer.from(record.payload).toString() : []))
    .filter((text) => text.includes('"boot":2'));
  expect(starts).toEqual([]);
  expect((await home.replay()).complaints).toEqual([]);
});

test('what was asked before the system stood still for hours is not sent by itself', async () => {
  const home = await county();
  await ask(home, 'restart-1', 'sarna-watch', { name: 'reboot' });
  await home.stop();
  await home.clock.advance(3 * 60 * minuteMs);
  await home.start();
  await does(home, 'sarna-watch', 'status');
  expect(home.commanded).toEqual([]);
  expect(await phases(home)).toEqual(['restart-1, sent 0, overtaken']);
});

test('who is on the way is announced where help was called, and taken back when it is over', async () => {
  const home = await county();
  await does(home, 'sarna-button', 'emergency');
  const send = async (words: object) => {
    const [incident] = [...home.alarm.incidents.openIncidents()];
    const { incidentId, version: expectedVersion } = incident ?? {};
    const answer = home.send({ by, incidentId, expectedVersion, ...words } as Command);
    await home.clock.advance(1_000);
    expect(await answer).toMatchObject({ ok: true });
  };
  await send({ type: 'accept', commandId: 'accept-12', contactId: 'bao', expectedMinutes: 10 });
  expect(home.commanded).toMatchObject([{ deviceId: 'sarna-button', command: { name: 'lamp', state: 'on' } }]);
  await send({ type: 'resolve', commandId: 'resolve-1', outcome: 'helped', contact: 'reached' });
  expect(home.commanded.at(-1)).toMatchObject({ deviceId: 'sarna-button', command: { name: 'lamp', state: 'off' } });
});
