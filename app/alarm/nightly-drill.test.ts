import { expect, test } from 'vitest';
import { brokerUnderTest } from '../../broker/broker.test-support.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { scenarioText } from '../../simulators/scenarios-cli.ts';
import { type County, openCounty } from '../../simulators/virtual-county.ts';
import { minuteOfDrill, pressAtNight, pressOnce } from './nightly-drill.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Ten past four in the county, ten minutes after the county begins. */
const drill = { deviceId: 'drill-button', minuteOfDay: 4 * 60 + 10 };
const drillHome: [section: string, entry: string][] = [
  ['places', "{ id: drill-home, areaId: east-well, kind: house, name: 'Drill' }"],
  ['households', '{ id: drill, areaId: east-well, currentPlaceId: drill-home }'],
  [
    'contacts',
    `{ id: drill-phone, of: { type: household, id: drill }, role: family, name: Drill, language: en, phone: '13900000001',
      channels: [{ type: webhook, url: 'https://example.org/drill', secret: whsec_ZXhhbXBsZS1vbmx5LW1ha2UteW91ci1vd24tc2VjcmV0 }, { type: sms }] }`,
  ],
  ['devices', '{ id: drill-button, kind: call-button, placeId: drill-home, simulated: true }'],
];

async function countyWithDrill(): Promise<County> {
  const text = drillHome.reduce(
    (yaml, [section, entry]) => yaml.replace(`\n${section}:\n`, `\n${section}:\n  - ${entry}\n`),
    scenarioText('county.yaml'),
  );
  const providers = [{ id: 'modem', medium: 'sms' as const, windows: [] }];
  return openCounty({ startAt: Date.parse('2026-11-03T20:00:00Z'), seed: 5, registryText: text, providers, drill });
}

const drillsOf = (county: County) => county.alarm.incidents.drills;
const failures = (county: County) =>
  [...county.alarm.incidents.openIncidents()].filter(({ alerts }) =>
    alerts.some(({ condition }) => condition === 'drill-failed'),
  );

test('a drill at night reaches the drill address by each of its ways, wakes nobody, and proves the ways', async () => {
  const county = await countyWithDrill();
  await county.clock.advance(9 * minuteMs);
  expect(drillsOf(county).waitsFor()).toBeUndefined();
  await county.clock.advance(minuteMs);
  expect(drillsOf(county).waitsFor()).toMatchObject({ deviceId: 'drill-button' });
  county.does('drill-button', 'test');
  await county.clock.advance(2 * minuteMs);
  const heard = county.delivered.map(({ to, channel, message }) => `${to} ${channel} ${message.notice.purpose}`);
  expect(heard.sort()).toEqual(['drill-phone sms:modem drill', 'drill-phone webhook drill']);
  expect(county.delivered.every(({ message }) => message.text.drill)).toBe(true);
  const { latest, channels } = county.alarm.health().drills ?? {};
  expect(latest?.phase).toBe('proved');
  expect(channels?.map(({ channel, lastProvenAt }) => [channel, lastProvenAt !== undefined])).toEqual([
    ['webhook', true],
    ['sms:modem', true],
  ]);
  await county.clock.advance(hourMs);
  expect([...county.alarm.incidents.openIncidents()]).toEqual([]);
  expect((await county.replay()).complaints).toEqual([]);
});

test('a press that nobody hears is an incident of the system, which the next good night clears', async () => {
  const county = await countyWithDrill();
  await county.clock.advance(24 * minuteMs);
  expect(failures(county)).toEqual([]);
  await county.clock.advance(2 * minuteMs);
  expect(failures(county)).toMatchObject([{ severity: 'critical', category: 'system' }]);
  expect(county.delivered.some(({ to }) => to === 'lead')).toBe(true);
  await county.clock.advance(24 * hourMs - 15 * minuteMs);
  county.does('drill-button', 'test');
  await county.clock.advance(2 * minuteMs);
  expect(failures(county)).toEqual([]);
  expect(county.alarm.health().drills?.latest?.phase).toBe('proved');
});

test('ways by which nothing arrives in time are named', async () => {
  const county = await countyWithDrill();
  county.moods.set('sms:modem', 'does not answer');
  county.phones.set('drill-phone', 'fails');
  await county.clock.advance(10 * minuteMs + 1_000);
  county.does('drill-button', 'test');
  await county.clock.advance(16 * minuteMs);
  const [incident] = failures(county);
  expect(incident?.alerts[0]?.reason).toMatchObject({ what: 'not-arrived', channels: ['webhook', 'sms:modem'] });
});

test('a drill goes on over a crash, and a night that was slept through is made up for without an alarm', async () => {
  const county = await countyWithDrill();
  await county.clock.advance(10 * minuteMs + 1_000);
  county.kill();
  await county.clock.advance(5 * minuteMs);
  await county.start();
  await county.clock.advance(minuteMs);
  expect(drillsOf(county).waitsFor()).toMatchObject({ deviceId: 'drill-button' });
  county.does('drill-button', 'test');
  await county.clock.advance(2 * minuteMs);
  expect(county.alarm.health().drills?.latest?.phase).toBe('proved');
  await county.stop();
  await county.clock.advance(26 * hourMs);
  await county.start();
  await county.clock.advance(minuteMs);
  expect(failures(county)).toEqual([]);
  expect(drillsOf(county).waitsFor()).toBeDefined();
});

test('what a drill leaves in the journal is forgotten when none is planned any more', async () => {
  const county = await countyWithDrill();
  await county.clock.advance(26 * minuteMs);
  expect(failures(county)).toHaveLength(1);
  const by = { type: 'system', id: 'drill' } as const;
  const answer = county.send({ type: 'drill-plan', commandId: 'no-more-drills', by });
  await county.clock.settled();
  expect(await answer).toEqual({ ok: true });
  expect(county.alarm.health().drills).toBeUndefined();
  expect(
    failures(county)
      .flatMap(({ alerts }) => alerts)
      .every(({ clearedAt }) => clearedAt !== undefined),
  ).toBe(true);
});

test('the press goes through the door of the broker with the secret of its device, and waits for its PUBACK', async () => {
  const { journal, port } = await brokerUnderTest();
  const broker = { host: '127.0.0.1', port };
  const press = (deviceId: string, secret: string) => pressOnce({ deviceId, secret, broker, clock: systemClock });
  expect(await press('drill-button', 'secret')).toBeUndefined();
  expect(journal.kept).toMatchObject([{ deviceId: 'drill-button', report: 'press' }]);
  expect(Buffer.from(journal.kept[0]?.payload ?? []).toString()).toContain('"call":"test"');
  expect(await press('drill-button', 'another')).toMatch(/refused/);
  expect(
    await pressOnce({ ...{ deviceId: 'a', secret: 'b', clock: systemClock }, broker: { ...broker, port: 1 } }),
  ).toBe('ECONNREFUSED');
});

test('a real button is never pressed by a drill', async () => {
  const { journal, port } = await brokerUnderTest();
  const said: string[] = [];
  const night = pressAtNight({
    ...{ secret: 'secret', broker: { host: '127.0.0.1', port }, clock: systemClock },
    drills: { waitsFor: () => ({ deviceId: 'real-button', since: 0 }) },
    registry: { device: () => ({ simulated: false }) as never },
    log: { ...silentLog, error: (_fields: object, words: string) => void said.push(words) },
  });
  night.stop();
  expect(said).toEqual(['the button of the drill could not be pressed']);
  expect(journal.offered).toBe(0);
});

test('each installation has its own minute, within twenty of what was set', () => {
  const minutes = ['a', 'b', 'journal-1', 'journal-2'].map((id) => minuteOfDrill('03:10', id));
  expect(new Set(minutes).size).toBeGreaterThan(1);
  expect(minutes.every((minute) => minute >= 190 && minute < 210)).toBe(true);
  expect(minuteOfDrill('23:59', 'b')).toBeLessThan(24 * 60);
});
