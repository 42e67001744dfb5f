import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { journalFull } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { decodeRecord } from '../../records/record-codec.ts';
import { type County, openCounty } from '../../simulators/virtual-county.ts';
import { answers, type ProbeParts, watchUplink } from './uplink-probe.ts';

const probe = 'example.org:443';
const registryText = readFileSync(new URL('../../scenarios/county.yaml', import.meta.url), 'utf8');
const HOUR_MS = 3_600_000;

/** A county whose host answers as `host` says by then. */
async function watched({ name = probe, alarm: words = {} }: { name?: string | null; alarm?: Partial<Alarm> } = {}) {
  const county = await openCounty({ startAt: Date.parse('2026-11-17T02:00:00Z'), seed: 1, registryText });
  const host = { answers: false, asked: 0 };
  const died: unknown[] = [];
  const said: string[] = [];
  const watch = () =>
    watchUplink({
      probe: name ?? undefined,
      async answers() {
        host.asked += 1;
        return host.answers;
      },
      alarm: {
        uplink: () => county.alarm.uplink(),
        tellUplink: (word, by) => county.alarm.tellUplink(word, by),
        heardMsAgo: () => county.alarm.heardMsAgo(),
        ...words,
      },
      clock: county.clock,
      log: { ...silentLog, error: (_: unknown, text?: string) => void said.push(String(text)) },
      died: (error) => died.push(error),
    });
  return { county, host, died, said, watch, first: watch() };
}
type Alarm = ProbeParts['alarm'];

/** What is on record of it, by seconds since the county began. */
async function told(county: County): Promise<string[]> {
  const records = (await county.journal()).map(({ body }) => decodeRecord(body));
  return records.flatMap((one) =>
    one.kind === 'uplink' ? `${one.probe} ${one.reachable ? 'answers' : one.heard ? 'unanswered' : 'lost'}` : [],
  );
}
const open = (county: County) =>
  [...county.alarm.incidents.openIncidents()].map(({ alerts }) => alerts[0]?.condition).sort();

let seq = 0;
async function speak(county: County): Promise<void> {
  seq += 1;
  const payload = Buffer.from(JSON.stringify({ v: 1, boot: 1, seq, age: 0 }));
  const kept = county.alarm.keep(
    { deviceId: 'sarna-kitchen', standing: 'registered', report: 'status', payload },
    false,
  );
  await county.clock.settled();
  await kept;
}

test('three questions without an answer are a lost uplink, on record once, and one answer ends it', async () => {
  const { county, host } = await watched();
  await county.clock.advance(39_000);
  expect(await told(county)).toEqual([]);
  await county.clock.advance(161_000);
  expect([await told(county), open(county)]).toEqual([[`${probe} lost`], ['uplink-lost']]);
  host.answers = true;
  await county.clock.advance(60_000);
  expect([await told(county), open(county)]).toEqual([[`${probe} lost`, `${probe} answers`], []]);
});

test('a person who ends the incident of a lost uplink switches nothing off: when the host answers, silence is judged again', async () => {
  const { county, host } = await watched();
  await county.clock.advance(120_000);
  const [incident] = [...county.alarm.incidents.openIncidents()];
  const command = {
    commandId: 'end-uplink-1',
    incidentId: incident?.incidentId ?? '',
    expectedVersion: incident?.version ?? 0,
  };
  const by = { type: 'account', id: 'li' } as const;
  const ended = county.send({ type: 'resolve', ...command, by, outcome: 'equipment', contact: 'not-applicable' });
  await county.clock.settled();
  expect(await ended).toMatchObject({ ok: true });
  await county.clock.advance(HOUR_MS);
  expect(await told(county)).toEqual([`${probe} lost`]);
  host.answers = true;
  await county.clock.advance(4 * 24 * HOUR_MS);
  expect(await told(county)).toEqual([`${probe} lost`, `${probe} answers`]);
  expect(open(county)).toContain('device-silent');
});

test('while devices are heard a host that does not answer is work for who named it, and devices that fall silent are told of', async () => {
  const { county, host } = await watched();
  await speak(county);
  for (let minute = 0; minute < 20; minute += 2) {
    await speak(county);
    await county.clock.advance(120_000);
  }
  expect([await told(county), open(county)]).toEqual([[`${probe} unanswered`], ['probe-unanswered']]);
  expect([...county.alarm.incidents.openIncidents()][0]).toMatchObject({ severity: 'service', category: 'system' });
  await county.clock.advance(320_000);
  expect([(await told(county)).at(-1), open(county)]).toEqual([`${probe} lost`, ['uplink-lost']]);
  await speak(county);
  await county.clock.advance(20_000);
  expect([(await told(county)).at(-1), open(county)]).toEqual([`${probe} unanswered`, ['probe-unanswered']]);
  host.answers = true;
  await county.clock.advance(20_000);
  expect([(await told(county)).at(-1), open(county)]).toEqual([`${probe} answers`, []]);
});

test('an uplink that was lost before a restart is found again after it', async () => {
  const { county, host, watch, first } = await watched();
  await county.clock.advance(60_000);
  first.stop();
  await county.stop();
  await county.start();
  await county.clock.advance(1_000);
  expect(county.alarm.uplink()).toBe('lost');
  host.answers = true;
  watch();
  await county.clock.advance(1_000);
  expect([county.alarm.uplink(), (await told(county)).at(-1)]).toEqual(['answers', `${probe} answers`]);
});

test('without a host nobody asks, and nothing stays lost', async () => {
  const { county, host } = await watched({ name: null, alarm: { uplink: () => 'lost' } });
  await county.clock.advance(100_000);
  expect([await told(county), host.asked]).toEqual([['none answers'], 0]);
});

test('a journal without room ends nothing: it is logged once, and the uplink is told of when there is room', async () => {
  let isFull = true;
  const words: string[] = [];
  const tellUplink = async (word: string) => {
    if (isFull) throw journalFull({}, 0);
    words.push(word);
  };
  const { county, died, said } = await watched({
    alarm: { tellUplink, uplink: () => (words.length > 0 ? 'lost' : 'answers') },
  });
  await county.clock.advance(300_000);
  expect([died, said.length, words]).toEqual([[], 1, []]);
  isFull = false;
  await county.clock.advance(60_000);
  expect([died, said.length, words]).toEqual([[], 1, ['lost']]);
});

test('what the journal refuses for another reason is not survived', async () => {
  const error = new Error('the disk is gone');
  const { county, died } = await watched({ alarm: { tellUplink: () => Promise.reject(error) } });
  await county.clock.advance(41_000);
  expect(died).toEqual([error]);
});

test('nobody asks any more when it was stopped', async () => {
  const { county, host, first } = await watched();
  await county.clock.advance(20_000);
  first.stop();
  await county.clock.advance(100_000);
  expect(host.asked).toBe(2);
});

test('a host answers when it takes a connection, and does not when nobody listens', async () => {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  expect(await answers(`127.0.0.1:${port}`, 1_000)).toBe(true);
  await new Promise((resolve) => server.close(resolve));
  expect(await answers(`127.0.0.1:${port}`, 1_000)).toBe(false);
});
