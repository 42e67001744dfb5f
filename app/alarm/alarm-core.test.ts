import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openJournal } from '../../journal/journal.ts';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import type { Command } from '../../records/command.ts';
import type { JournalRecord } from '../../records/journal-record.ts';
import { decodeRecord, encodeRecord } from '../../records/record-codec.ts';
import { glassVault } from '../../simulators/glass-vault.ts';
import { chanceOf } from '../../simulators/seeded-chance.ts';
import { type County, openCounty } from '../../simulators/virtual-county.ts';
import { SimulatedDisk } from '../../simulators/world/simulated-disk.ts';
import { openAlarm } from './alarm-core.ts';

// The alarm path as one piece, in a county on a virtual clock. Stories that need no odd disk are scenario files.

const registryText = readFileSync(new URL('../../scenarios/county.yaml', import.meta.url), 'utf8');
const startAt = Date.parse('2026-11-22T20:00:00Z');
const open = (disk = new SimulatedDisk()) => openCounty({ startAt, seed: 7, registryText, disk });

const records = async (county: County): Promise<JournalRecord[]> =>
  (await county.journal()).map(({ body }) => decodeRecord(body));
const openIncidents = (county: County) => [...county.alarm.incidents.openIncidents()];
const toldOnce = (county: County) => county.delivered.map(({ to, message }) => `${to} ${message.notice.noticeId}`);
const isProvisional = ({ message }: County['delivered'][number]) =>
  message.text.body.includes('Sent before it was stored');
const report = (deviceId: string, name: string, fields: object) => ({
  ...{ deviceId, standing: 'registered' as const, report: name },
  payload: Buffer.from(JSON.stringify({ v: 1, boot: 1, seq: 1, age: 0, ...fields })),
});
const smoke = report('sarna-kitchen', 'alarm', { source: 'smoke', state: 'on' });

test('smoke while the disk hangs reaches the neighbours before it is stored, and they are not told again when it answers', async () => {
  const county = await open(new SimulatedDisk({ faults: { hangs: [{ fromMs: 10_000, toMs: 13_000 }] } }));
  await county.clock.advance(10_000);
  let isAcknowledged = false;
  const kept = county.alarm.keep(smoke, true).then(() => {
    isAcknowledged = true;
  });
  await county.clock.advance(2_000);
  expect(county.delivered).toEqual([]);
  await county.clock.advance(500);
  expect(county.delivered.map(({ to }) => to).sort()).toEqual(['bao', 'daughter', 'desk', 'station']);
  expect(county.delivered.filter(({ to }) => to !== 'desk').every(isProvisional)).toBe(true);
  expect(isAcknowledged).toBe(false);

  await county.clock.advance(30_000);
  await kept;
  const [incident, ...more] = openIncidents(county);
  expect(more).toEqual([]);
  const finalIds = incident?.told.map(({ contactId, noticeId }) => `${contactId} ${noticeId}`).sort();
  expect(
    toldOnce(county)
      .filter((line) => !line.startsWith('desk '))
      .sort(),
  ).toEqual(finalIds);
  expect(county.delivered).toHaveLength(4);
  const attempts = (await records(county)).filter(({ kind }) => kind === 'attempting');
  expect(attempts).toHaveLength(4);
  expect(attempts.every((attempt) => 'provisional' in attempt && attempt.provisional)).toBe(true);
  await restart(county);
  await county.clock.advance(10_000);
  expect(county.delivered).toHaveLength(4);
  expect(county.complaints).toEqual([]);
});

test('a cry that a device repeats while nothing can be written is told once', async () => {
  const county = await open(new SimulatedDisk({ faults: { hangs: [{ fromMs: 10_000, toMs: 130_000 }] } }));
  await county.clock.advance(10_000);
  for (let again = 0; again < 6; again++) {
    const payload = new TextEncoder().encode(`{"v":1,"seq":${again}`);
    county.alarm.keep({ ...smoke, payload }, true).catch(() => {});
    await county.clock.advance(15_000);
  }
  expect(county.delivered.map(({ to }) => to).sort()).toEqual(['bao', 'daughter', 'desk', 'station']);
});

test('while nothing can be written, another fire of the same detector hours later is told, and the first is not told again', async () => {
  const county = await open(new SimulatedDisk({ faults: { hangs: [{ fromMs: 10_000, toMs: 16_000_000 }] } }));
  const toldOf = () => new Set(county.delivered.map(({ message }) => message.notice.incidentId)).size;
  const says = async (fields: object) => {
    county.alarm.keep(report('sarna-kitchen', 'alarm', { state: 'on', ...fields }), true).catch(() => {});
    await county.clock.advance(10_000);
  };
  await county.clock.advance(10_000);
  await says({ source: 'smoke' });
  await says({ source: 'smoke', seq: 2 });
  expect(toldOf()).toBe(1);
  await county.clock.advance(3 * 3_600_000);
  await says({ source: 'smoke', age: 3 * 3_600 });
  expect(toldOf()).toBe(1);
  await says({ source: 'smoke', seq: 3 });
  expect(toldOf()).toBe(2);
  await says({ source: 'co', seq: 4 });
  expect(toldOf()).toBe(3);
});

test('on a full disk smoke is told though its detector gets no answer, a status is refused, and all goes on when there is room', async () => {
  const full = [{ fromMs: 10_000, toMs: 33_000, roomBytes: 0 }];
  const county = await open(new SimulatedDisk({ faults: { full } }));
  await county.clock.advance(10_000);
  let isAcknowledged = false;
  const kept = county.alarm.keep(smoke, true).then(() => {
    isAcknowledged = true;
  });
  await county.clock.advance(3_000);
  expect(county.delivered.map(({ to }) => to).sort()).toEqual(['bao', 'daughter', 'desk', 'station']);
  const status = report('sarna-bedroom', 'status', { battery: 3.4 });
  await expect(county.alarm.keep(status, false)).rejects.toMatchObject({ code: 'JOURNAL_FULL' });
  await county.clock.advance(20_000);
  expect(isAcknowledged).toBe(false);
  expect(county.alarm.health().reserveInUse).toBe(true);

  await county.clock.advance(5_000);
  await kept;
  await county.alarm.keep(status, false);
  expect(county.alarm.health().reserveInUse).toBe(false);
  expect(county.delivered.filter(({ message }) => message.notice.text.condition === 'smoke')).toHaveLength(4);
  expect(openIncidents(county).map(({ category }) => category)).toContain('fire');
  expect((await records(county)).filter(({ kind }) => kind === 'report')).toHaveLength(2);
  expect(county.complaints).toEqual([expect.stringContaining('the disk is nearly full')]);
});

test('a start on a nearly full disk tells the operator, and a start with room ends it', async () => {
  // Three times the system is stopped, which takes 5 s each.
  const full = [{ fromMs: 5_000, toMs: 18_000, roomBytes: 50_000 }];
  const county = await open(new SimulatedDisk({ faults: { full } }));
  const isToldFull = () => openIncidents(county).some(({ alerts }) => alerts[0]?.condition === 'journal-reserve');
  await county.stop();
  await county.start();
  await county.clock.advance(3_000);
  expect(isToldFull()).toBe(true);
  await county.stop();
  await county.start();
  await county.stop();
  expect(county.clock.monotonic()).toBe(18_000);
  await county.start();
  await county.clock.advance(3_000);
  expect(isToldFull()).toBe(false);
  const told = (await records(county)).flatMap((record) => (record.kind === 'reserve' ? [record.inUse] : []));
  expect(told).toEqual([true, false]);
});

test('a claim that is sent again is one claim, also after a restart, and another person is told who has it', async () => {
  const county = await open();
  county.does('sarna-kitchen', 'alarm');
  await county.clock.advance(1_000);
  const [{ incidentId = '', version = 0 } = {}] = openIncidents(county);
  const claimOf = (id: string): Command => ({
    ...{ type: 'claim', commandId: `claim-of-${id}`, by: { type: 'account', id } },
    ...{ incidentId, expectedVersion: version },
  });
  const send = async (id: string) => {
    const answer = county.send(claimOf(id));
    await county.clock.settled();
    return answer;
  };
  const first = await send('li');
  expect(first).toMatchObject({ ok: true });
  expect(await send('li')).toEqual(first);
  await restart(county);
  expect(await send('li')).toEqual(first);
  expect(await send('wang')).toMatchObject({
    ok: false,
    problem: 'version-conflict',
    message: expect.stringContaining('li'),
  });
  const timeline = (await records(county)).flatMap((record) =>
    record.kind === 'decided' ? (record.incidents ?? []).flatMap(({ timeline }) => timeline) : [],
  );
  expect(timeline.filter(({ what }) => what === 'claimed')).toHaveLength(1);
});

test('whose secret changed in what a start still reads must show its credential again: the doors are open by then', async () => {
  const disk = new SimulatedDisk();
  const county = await open(disk);
  county.kill();
  const asked: string[] = [];
  const { clock } = county;
  const alarm = await openAlarm({
    ...{ disk: disk.open(county), stateDisk: disk.open(county), clock, chance: chanceOf(7, 'again'), log: silentLog },
    ...{ metrics: createMetrics(), vault: glassVault(), channels: [], version: 'test', timeZone: 'Asia/Shanghai' },
    reauthenticate: (deviceId) => asked.push(deviceId),
    limits: { reserveBytes: 0, floorBytes: 0 },
  });
  await clock.settled();
  await alarm.caughtUp;
  expect(asked).toContain('sarna-kitchen');
});

test('killed between sending and the answer: incidents and ladders go on, and what is critical goes out again under its id', async () => {
  const county = await open();
  county.phones.set('station', 'hangs');
  county.phones.set('bao', 'hangs');
  county.does('bator-button', 'care');
  await county.clock.advance(5 * 60_000 + 1_000);
  county.does('sarna-kitchen', 'alarm');
  await county.clock.advance(1_000);
  const sent = (severity: string) =>
    county.delivered
      .filter(({ result, message }) => result === 'hangs' && message.notice.severity === severity)
      .map(({ to, message }) => `${to} ${message.idempotencyId}`);
  const [urgent, critical, incidents] = [sent('urgent'), sent('critical'), openIncidents(county)];
  expect([urgent.length, critical.length, incidents.length]).toEqual([1, 2, 2]);

  await restart(county);
  // It has rested for the five seconds of its schedule.
  await county.clock.advance(5_000);
  expect(sent('urgent')).toEqual(urgent);
  expect(sent('critical').sort()).toEqual([...critical, ...critical].sort());
  const fire = (list: typeof incidents) => list.find(({ category }) => category === 'fire');
  expect(
    openIncidents(county)
      .map(({ incidentId }) => incidentId)
      .sort(),
  ).toEqual(incidents.map(({ incidentId }) => incidentId).sort());
  // Both first responders failed, as far as anybody knows: the second rung does not wait for its minute.
  expect(fire(incidents)?.ladder).toMatchObject({ phase: 'running', rung: 1 });
  expect(fire(openIncidents(county))?.ladder).toMatchObject({ phase: 'running', rung: 2 });
  // Longer than the rest between two attempts at an urgent one.
  await county.clock.advance(60_000);
  expect(sent('urgent')).toEqual(urgent);
});

test('what the last process kept and did not judge is decided before anything newer', async () => {
  const disk = new SimulatedDisk();
  const county = await open(disk);
  county.does('bator-watch', 'fall');
  await county.clock.advance(1_000);
  county.kill();
  const journal = await openJournal({
    ...{ disk: disk.open(county), clock: county.clock, chance: chanceOf(7, 'journal'), log: silentLog },
    ...{ metrics: createMetrics(), limits: { reserveBytes: 0 }, clockStepBody: () => new Uint8Array() },
  });
  const heartbeat = report('sarna-bedroom', 'status', { battery: 3.4 });
  // More than a follower reads at once: the start of the next process is read along with the last of these.
  const kept = [...Array.from({ length: 2_500 }, () => heartbeat), smoke];
  const appended = kept.map((one) =>
    journal.append(encodeRecord({ kind: 'report', source: 'mqtt', ...one }), 'life-safety'),
  );
  await county.clock.advance(1_000);
  await Promise.all(appended);
  await journal.close();
  // Meanwhile the fall's verdict falls due.
  await county.clock.advance(120_000);
  await county.start();
  await county.clock.advance(1_000);

  const causes = (await records(county)).flatMap((record) => (record.kind === 'decided' ? record.cause : []));
  expect(
    openIncidents(county)
      .map(({ category }) => category)
      .sort(),
  ).toEqual(['fall', 'fire']);
  expect(causes).toEqual([...causes].sort((a, b) => a - b));
  expect(county.complaints).toEqual([]);
});

async function restart(county: County): Promise<void> {
  county.kill();
  await county.clock.advance(1_000);
  await county.start();
  await county.clock.advance(1_000);
}
