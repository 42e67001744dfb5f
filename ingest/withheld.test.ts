import { encode } from 'cborg';
import { expect, test } from 'vitest';
import { decodeBatch } from '../firmware-contracts/decode.ts';
import type { ReportName } from '../firmware-contracts/report.ts';
import { put } from '../records/registry.test-support.ts';
import type { Purpose } from '../records/registry.ts';
import { foldUnderTest, hourMs } from './downlinks.test-support.ts';
import { createProjectionFold } from './projection-fold.ts';
import { noRows } from './projection-rows.ts';
import { withheldName, withoutWithheld } from './withheld.ts';

const here = { source: 'gnss', lat: 43.94721, lon: 116.04483, cell: undefined };
const pulse = { pulse: 72 };
const both: ReadonlySet<ReportName> = new Set(['position', 'vitals']);

test('what she took back the consent to comes to nothing, in every fold, and her watch is not silent', () => {
  const { home, hear, rows } = watch();
  home.withdraw('location');
  home.withdraw('health');
  hear('position', here);
  hear('position', { source: 'gnss', lat: 95, lon: 116.04483 });
  hear('vitals', pulse);
  hear('batch', undefined, [
    { report: 'position', ...here },
    { report: 'status', battery: 3.7, cell: '1CC-01-4A2F' },
  ]);
  const { reports, rejections } = rows();
  expect(reports.map(({ report }) => report)).toMatchObject([{ name: 'status', battery: 3.7 }]);
  expect(JSON.stringify([reports, rejections])).not.toMatch(/43\.9|116\.0|72|1CC/);
  home.wait(25 * hourMs);
  hear('position', here);
  home.wait(hourMs);
  expect([...home.incidents.openIncidents()]).toEqual([]);
});

test('consent that was given, given again, or never asked for keeps everything', () => {
  const { home, hear, rows } = watch();
  hear('position', here);
  home.withdraw('location');
  hear('position', here);
  hear('vitals', pulse);
  home.withdraw('location', true);
  hear('position', here);
  expect(rows().reports.map(({ report }) => report.name)).toEqual(['position', 'vitals', 'position']);
});

test('a watch that is back in stock tells of nobody, and still calls for help', () => {
  const { home, hear, rows } = watch();
  const { personId: _, ...stock } = { ...home.registry.device('watch-2'), claim: { salt: 's', hmac: 'h' } };
  const by = { type: 'account', id: 'li' } as const;
  home.send({ type: 'registry-change', commandId: 'to-stock', by, change: put('device', stock) });
  hear('position', here);
  hear('vitals', pulse);
  hear('press', { call: 'emergency' });
  expect(rows().reports.map(({ report }) => report.name)).toEqual(['press']);
  expect([...home.incidents.openIncidents()]).toMatchObject([{ category: 'call', severity: 'critical' }]);
});

test('a fall, a press and an alarm are told whoever took back what', () => {
  const { home, hear } = watch();
  for (const purpose of ['location', 'health', 'family-view', 'voice'] as const) home.withdraw(purpose);
  hear('batch', undefined, [
    { report: 'position', ...here },
    { report: 'fall', state: 'confirmed' },
  ]);
  expect([...home.incidents.openIncidents()]).toMatchObject([{ category: 'fall', severity: 'critical' }]);
});

test('a position is not kept as bytes either, and of a batch everything else is', () => {
  const single = { report: 'position', payload: bytes({ v: 1, ...here }) };
  expect(withoutWithheld(single, both, false)).toEqual({ report: withheldName, payload: new Uint8Array() });
  const items = [
    { report: 'vitals', v: 1, ...pulse },
    { report: 'press', v: 1, call: 'emergency' },
    { report: 'position', v: 1, ...here },
  ];
  const cut = withoutWithheld({ report: 'batch', payload: bytes(items) }, both, true);
  expect(Buffer.from(cut.payload).toString()).toBe('[{"report":"press","v":1,"call":"emergency"}]');
});

test('in CBOR what is left says what it said', () => {
  const fields = new Map<number, unknown>([
    [0, 'status'],
    [1, 1],
    [2, 3],
    [3, 7],
    [4, 0],
    [10, 3.72],
  ]);
  const place = new Map<number, unknown>([
    [0, 'position'],
    [1, 1],
    [10, 'gnss'],
    [11, 43.94721],
    [12, 116.04483],
  ]);
  const payload = encode([place, fields]);
  const cut = withoutWithheld({ report: 'batch', payload }, both, false);
  expect(decodeBatch({ payload: cut.payload })).toEqual(decodeBatch({ payload }).slice(1));
  const alone = withoutWithheld({ report: 'batch', payload: encode([place]) }, both, false);
  expect(alone).toEqual({ report: withheldName, payload: new Uint8Array() });
});

test('a batch that cannot be taken apart is kept when it cries for help, and only then', () => {
  const payload = Buffer.from('[{"report":"fall","state":"confirmed"},{"report":"position","lat":43.9');
  expect(withoutWithheld({ report: 'batch', payload }, both, true).payload).toBe(payload);
  expect(withoutWithheld({ report: 'batch', payload }, both, false).report).toBe(withheldName);
});

test('where nothing was taken back not a byte is touched', () => {
  const report = { report: 'batch', payload: Buffer.from('[{"report":"position"}]') };
  expect(withoutWithheld(report, new Set(), false)).toBe(report);
  expect(withoutWithheld({ ...report, report: 'status' }, both, false).payload).toBe(report.payload);
});

test('she is not located, until a critical incident of hers is open; then it says so everywhere, and ends with it', () => {
  const { home, hear, rows } = watch();
  home.withdraw('location');
  expect(home.ask('watch-2', { name: 'locate' }).result).toMatchObject({ ok: false, problem: 'not-allowed' });
  expect(home.ask('watch-2', { name: 'lamp', state: 'off' }).result).toEqual({ ok: true });
  hear('press', { call: 'emergency' });
  const { id, result } = home.ask('watch-2', { name: 'locate' });
  expect(result).toEqual({ ok: true });
  const [incident] = [...home.incidents.openIncidents()];
  const incidentId = incident?.incidentId ?? '';
  expect(home.row(id)).toMatchObject({ withoutConsent: incidentId });
  const lines = home.judgements.flatMap(({ followUps }) =>
    followUps.flatMap((one) => (one.kind === 'decided' ? (one.incidents ?? []) : [])),
  );
  expect(
    lines.flatMap(({ timeline }) => timeline).find(({ what }) => what === 'located-without-consent'),
  ).toMatchObject({
    by: { id: 'li' },
    details: { commandId: id, reason: 'why' },
  });
  hear('position', here);
  const expectedVersion = home.incidents.get(incidentId)?.version ?? 0;
  const over = { outcome: 'helped', contact: 'reached', by: { type: 'account', id: 'li' } } as const;
  home.send({ type: 'resolve', commandId: 'resolve-1', incidentId, expectedVersion, ...over });
  hear('position', here);
  expect(rows().reports.map(({ report }) => report.name)).toEqual(['press', 'position']);
  expect(home.ask('watch-2', { name: 'locate' }).result).toMatchObject({ ok: false });
});

test('whoever gets the watch while she is looked for is not located, and neither is anybody after it ended', () => {
  const { home, hear, rows } = watch();
  home.withdraw('location');
  home.withdraw('location', false, 'her');
  hear('press', { call: 'emergency' });
  const { id } = home.ask('watch-2', { name: 'locate' });
  hear('position', here);
  home.wear('her');
  hear('position', here);
  expect(rows().reports.map(({ report }) => report.name)).toEqual(['press', 'position']);
  home.wear('widow');
  const [incident] = [...home.incidents.openIncidents()];
  const over = { outcome: 'helped', contact: 'reached', by: { type: 'account', id: 'li' } } as const;
  const { incidentId = '', version = 0 } = incident ?? {};
  home.send({ type: 'resolve', commandId: 'resolve-1', incidentId, expectedVersion: version, ...over });
  const again = home.row(id);
  if (!again) throw new Error('the command is kept');
  home.append({ kind: 'decided', cause: 1, version: 'older', downlinks: [{ ...again, state: { phase: 'waiting' } }] });
  hear('position', here);
  expect(rows().reports.map(({ report }) => report.name)).toEqual(['press', 'position']);
});

test('her daughter hears nothing when she took that back; the neighbour does, and his own son', () => {
  const { home } = watch();
  const told = (personId: string) =>
    home.registry.contactsFor({ ...home.registry.whereabouts('smoke-1'), personId }).map(({ id }) => id);
  expect(told('her')).toContain('daughter');
  home.withdraw('family-view', false, 'her');
  expect(told('her')).not.toContain('daughter');
  expect(told('her')).toContain('near');
  expect(told('him')).toContain('son');
  const ofTheHome = home.registry.contactsFor(home.registry.whereabouts('smoke-1')).map(({ id }) => id);
  expect(ofTheHome).toContain('son');
  expect(ofTheHome).not.toContain('daughter');
});

function watch() {
  const fold = foldUnderTest();
  let seq = 0;
  let changes = 0;
  const by = { type: 'account', id: 'li' } as const;
  const home = {
    ...fold,
    withdraw(purpose: Purpose, given = false, id = 'widow'): void {
      const person = fold.registry.person(id);
      const consents = { ...person?.consents, [purpose]: { given, at: fold.now(), by: 'account:li' } };
      const change = put('person', { ...person, consents });
      const result = fold.send({ type: 'registry-change', commandId: `consent-${++changes}`, by, change });
      if (!result.ok) throw new Error(result.message);
    },
  };
  return {
    home: {
      ...home,
      wear(personId: string): void {
        const change = put('device', { ...fold.registry.device('watch-2'), personId });
        const result = fold.send({ type: 'registry-change', commandId: `wear-${personId}`, by, change });
        if (!result.ok) throw new Error(result.message);
      },
    },
    hear(report: string, fields: object | undefined, items: object[] = []) {
      const numbered = items.map((item) => ({ v: 1, boot: 1, seq: ++seq, age: 0, ...item }));
      if (fields) return fold.hear('watch-2', report, { seq: ++seq, ...fields });
      const payload = bytes(numbered);
      return fold.append({
        kind: 'report',
        source: 'mqtt',
        deviceId: 'watch-2',
        standing: 'registered',
        report,
        payload,
      });
    },
    /** What the copy in the database would have. */
    rows() {
      const projection = createProjectionFold();
      const all = noRows();
      for (const stored of fold.journal) projection.step(stored, all);
      return all;
    },
  };
}

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
