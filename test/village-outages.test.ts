import { expect, test } from 'vitest';
import { encodeReport } from '../firmware-contracts/contracts.ts';
import { isLifeSafety, type Report } from '../firmware-contracts/report.ts';
import type { Incident } from '../records/incident.ts';
import { decodeRecord } from '../records/record-codec.ts';
import { type County, openCounty } from '../simulators/virtual-county.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const intervalMinutes = 60;

test('5,000 detectors of 40 villages miss their heartbeat within 15 min: one incident, one round, and a fire is told at once', async () => {
  const { county, devices: byVillage } = await countyOf({ townships: 5, villages: 8, homes: 125 });
  const devices = byVillage.map((_, index) => byVillage[(index * 1_871) % byVillage.length] ?? '');
  await speak(county, devices, 15 * MINUTE_MS);
  const heard = county.clock.monotonic();
  const bytesBefore = await bytesOf(county);
  const fireAt = heard - 15 * MINUTE_MS + 2 * intervalMinutes * MINUTE_MS + 20 * MINUTE_MS;
  await county.clock.advance(fireAt - heard);
  await say(county, 't3v2h7', { v: 1, name: 'alarm', boot: 1, seq: 2, age: 0, source: 'smoke', state: 'on' });
  await county.clock.advance(2 * HOUR_MS);

  const told = county.delivered.filter(({ message }) => message.notice.text.condition === 'smoke');
  const neighbour = told.find(({ to }) => to === 'near-t3v2');
  expect(neighbour?.atMs ?? Infinity).toBeLessThan(fireAt + 20_000);
  const others = [...county.alarm.incidents.openIncidents()].filter(({ category }) => category !== 'fire');
  expect(others.map(({ subject }) => `${subject.type} ${subject.id}`)).toEqual(['area county']);
  const [{ alerts: [outage] = [] } = {}] = others;
  expect(outage?.reason).toMatchObject({ villages: 40, households: 5000 });
  expect(outage?.reason.round).toHaveLength(200);
  expect(outage?.reason.round).toSatisfy((round: string[]) => round.slice(0, 40).every((id) => id.endsWith('h100')));
  const ofOutage = county.delivered.filter((one) => !told.includes(one));
  expect(Object.groupBy(ofOutage, ({ to }) => to.split('-')[0] ?? '').station).toHaveLength(40);
  expect(ofOutage).toHaveLength(42);
  const station = ofOutage.find(({ to }) => to === 'station-t3v2');
  expect(station?.message.notice.text).toMatchObject({
    areaId: 't3v2',
    placeIds: expect.arrayContaining(['t3v2h100']),
  });
  expect(((await bytesOf(county)) - bytesBefore) / 1_000_000).toBeLessThan(8);

  const bytesSilent = await bytesOf(county);
  await speak(county, devices, 15 * MINUTE_MS, 3);
  await county.clock.advance(10 * MINUTE_MS);
  expect([...county.alarm.incidents.openIncidents()].map(({ category }) => category)).toEqual(['fire']);
  expect(((await bytesOf(county)) - bytesSilent) / 1_000_000).toBeLessThan(8);
  expect(county.complaints).toEqual([]);
}, 120_000);

test('villages that fall silent one by one are one incident each, and their devices no work besides', async () => {
  const { county, devices } = await countyOf({ townships: 3, villages: 6, homes: 20 });
  const silent = devices.filter((id) => /^t[012]v[01]h/.test(id));
  for (const village of Map.groupBy(silent, (id) => id.slice(0, 4)).values())
    await speak(county, village, 10 * MINUTE_MS);
  await keepSpeaking(county, devices, silent, 4 * HOUR_MS);
  const open = [...county.alarm.incidents.openIncidents()];
  expect(open.map(({ subject }) => subject.id).sort()).toEqual(['t0v0', 't0v1', 't1v0', 't1v1', 't2v0', 't2v1']);
  expect(decidedIncidents(await county.journal()).size).toBe(6);
  expect(new Set(county.delivered.map(({ to }) => to))).toContain('station-t1v1');
  expect(county.delivered.filter(({ to }) => to.startsWith('station')).length).toBe(6);
}, 120_000);

test('while our own uplink is lost no device falls silent, the operator is told, and nobody is sent round', async () => {
  const { county, devices } = await countyOf({ townships: 1, villages: 4, homes: 10 });
  await speak(county, devices, MINUTE_MS);
  const tell = async (word: 'lost' | 'answers') => {
    const told = county.alarm.tellUplink(word, 'example.org:443');
    await county.clock.settled();
    await told;
  };
  await tell('lost');
  await county.clock.advance(MINUTE_MS);
  expect(county.alarm.uplink()).toBe('lost');
  const [incident] = [...county.alarm.incidents.openIncidents()];
  expect(incident).toMatchObject({ severity: 'critical', category: 'system', subject: { id: 'uplink-lost' } });
  expect(county.delivered.map(({ to }) => to).sort()).toEqual(['desk', 'lead']);
  await county.clock.advance(12 * HOUR_MS);
  expect([...county.alarm.incidents.openIncidents()]).toHaveLength(1);
  await tell('answers');
  await county.clock.advance(2 * HOUR_MS);
  expect([...county.alarm.incidents.openIncidents()]).toEqual([]);
  await county.clock.advance(HOUR_MS);
  expect([...county.alarm.incidents.openIncidents()].map(({ severity }) => severity)).not.toEqual([]);
}, 60_000);

async function countyOf({ townships, villages, homes }: { townships: number; villages: number; homes: number }) {
  const lines: Record<string, string[]> = {
    areas: [],
    places: [],
    households: [],
    people: [],
    contacts: [],
    devices: [],
  };
  const add = (list: string, value: object) => lines[list]?.push(`  - ${JSON.stringify(value)}`);
  const devices: string[] = [];
  const channels = [{ type: 'log' }];
  const contact = (id: string, areaId: string, role: string) =>
    add('contacts', { id, of: { type: 'area', id: areaId }, role, name: id, channels });
  add('areas', { id: 'county', level: 'county', name: 'Wulan' });
  contact('lead', 'county', 'county');
  for (let t = 0; t < townships; t++) {
    add('areas', { id: `t${t}`, level: 'township', parentId: 'county', name: `Township ${t}` });
    for (let v = 0; v < villages; v++) {
      const areaId = `t${t}v${v}`;
      add('areas', { id: areaId, level: 'village', parentId: `t${t}`, name: `Village ${areaId}` });
      contact(`near-${areaId}`, areaId, 'neighbour');
      contact(`station-${areaId}`, areaId, 'station');
      for (let h = 0; h < homes; h++) {
        const id = `${areaId}h${h}`;
        devices.push(id);
        add('places', { id, areaId, kind: 'house', name: `house ${h}` });
        add('households', { id, areaId, currentPlaceId: id });
        const categories = h === 100 ? ['dementia', 'living-alone'] : h % 3 === 0 ? ['living-alone'] : ['advanced-age'];
        add('people', { id, householdId: id, name: 'somebody', categories });
        add('devices', { id, kind: 'smoke-detector', placeId: id, intervalMinutes });
      }
    }
  }
  const registryText = Object.entries(lines)
    .map(([name, list]) => `${name}:\n${list.join('\n')}`)
    .join('\n');
  const startAt = Date.parse('2026-11-17T02:00:00Z');
  return { county: await openCounty({ startAt, seed: 1, registryText }), devices };
}

async function say(county: County, deviceId: string, report: Report): Promise<void> {
  const lifeSafety = isLifeSafety(report.name);
  const payload = encodeReport(report, 'cbor');
  const kept = county.alarm.keep({ deviceId, standing: 'registered', report: report.name, payload }, lifeSafety);
  await county.clock.settled();
  await kept;
}

/** Each of them reports its status once, spread evenly over that time. */
async function speak(county: County, devices: readonly string[], spreadMs: number, seq = 1): Promise<void> {
  const beganAt = county.clock.monotonic();
  for (const [index, id] of devices.entries()) {
    await county.clock.advance(beganAt + Math.floor((index * spreadMs) / devices.length) - county.clock.monotonic());
    await say(county, id, { v: 1, name: 'status', boot: 1, seq, age: 0 });
  }
  await county.clock.advance(beganAt + spreadMs - county.clock.monotonic());
}

async function keepSpeaking(county: County, devices: readonly string[], but: readonly string[], ms: number) {
  const others = devices.filter((id) => !but.includes(id));
  for (let seq = 2; seq < 2 + ms / (30 * MINUTE_MS); seq++) await speak(county, others, 30 * MINUTE_MS, seq);
}

const bytesOf = async (county: County): Promise<number> =>
  (await county.journal()).reduce((sum, { body }) => sum + body.length, 0);

function decidedIncidents(journal: Awaited<ReturnType<County['journal']>>): Map<string, Incident> {
  const decided = journal.map(({ body }) => decodeRecord(body)).flatMap((one) => (one.kind === 'decided' ? one : []));
  const changes = decided.flatMap(({ incidents = [] }) => incidents);
  return new Map(changes.map(({ incident }) => [incident.incidentId, incident]));
}
