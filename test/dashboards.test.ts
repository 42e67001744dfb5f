import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DashboardFile, dashboards } from '../dashboards/publish.ts';
import type { Month } from '../simulators/month.ts';
import {
  callFacts,
  homeFacts,
  hourMs,
  kitchenVolts,
  type Resident,
  stormAfterStartMs,
  stormMs,
  visitFacts,
} from '../simulators/month-facts.ts';
import { query, type ScratchPostgres, startScratchPostgres } from '../storage/scratch-postgres.test-support.ts';
import { changes, percentile, writeMonth } from './dashboards-month.test-support.ts';
import { columnsOf } from './dashboards-query.test-support.ts';
import { column, openScreen, picture, type Screen, shown } from './dashboards-screen.test-support.ts';

let postgres: ScratchPostgres;
let url: string;
let month: Month;
let screen: Screen;
beforeAll(async () => {
  postgres = await startScratchPostgres();
  url = await postgres.createDatabase();
  month = await writeMonth({ url, homes: 2_000, thinning: 6 });
  screen = await openScreen({ url, account: 'wall_reader' });
}, 300_000);
afterAll(async () => {
  await screen?.close();
  await postgres?.stop();
});

const names = Object.keys(dashboards) as DashboardFile[];
const count = (holds: (resident: Resident) => boolean) => month.homes.filter(holds).length;
const calling = (holds: (facts: ReturnType<typeof callFacts>) => boolean) =>
  month.homes.filter(({ index }) => callFacts(index).calls && holds(callFacts(index)));
const detectorsOf = ({ home }: Resident) => home.devices.filter(({ kind }) => kind === 'smoke-detector').length;
/** As if the copy had been true a moment ago, whatever time the test has taken. */
const freshen = (secondsAgo = 0) =>
  query(url, `update projection_position set true_until = now() - interval '${secondsAgo} seconds', seen_at = now()`);
const near = (value: number, by: number) => expect.toSatisfy((seen: unknown) => Math.abs(Number(seen) - value) <= by);

describe('every query', () => {
  test.each(names)('of %s is answered, with the columns that its panels name', async (name) => {
    for (const chosen of [{}, { from: month.startsAt, to: month.endsAt }, { variables: { village: ['v2'] } }]) {
      for (const [panel, fields] of await screen.everything(name, chosen)) {
        const named = columnsOf(panel);
        expect(fields.map((field) => field.name)).toEqual(expect.arrayContaining(named));
        if (panel.type === 'stat') expect(fields.map((field) => field.name)).toEqual(named);
        if (panel.type !== 'stat' && panel.type !== 'table') continue;
        for (const cell of shown(screen.grafana, panel, fields).flat())
          if (cell.colour !== 'transparent') expect(cell.text, `${panel.title}: a colour alone`).not.toBe('');
      }
    }
  });

  test.each(names)('of %s is answered where nothing can be chosen', async (name) => {
    const variables = { county: [], township: [], village: [], household: '' };
    for (const [panel, fields] of await screen.everything(name, { variables }))
      if (panel.type === 'stat') expect(column(fields, 'age')).toHaveLength(1);
  });
});

describe('the wall', () => {
  test('counts what is open, what came in and who is silent', async () => {
    await freshen();
    const open = calling(({ standsOpen }) => standsOpen);
    const ofSeverity = (severity: string) => open.filter(({ index }) => callFacts(index).severity === severity).length;
    const [counts] = picture(await screen.cells('wall', 1));
    expect(counts).toMatchObject({
      ...{
        critical: `${ofSeverity('critical')} (red)`,
        urgent: `${ofSeverity('urgent')} (orange)`,
        service: '0 (green)',
      },
      'age of this picture': expect.stringMatching(/(ms|s) \(green\)$/),
    });
    const [hour] = await screen
      .fields('wall', 2)
      .then((fields) => [Object.fromEntries(fields.map((f) => [f.name, f.values[0]]))]);
    expect(hour).toMatchObject({ opened: open.length, unread: 0, reports: near(650, 200) });
    const blind = count((resident) => homeFacts(resident.index).kitchenSilent && detectorsOf(resident) === 1);
    const [silent] = picture(await screen.cells('wall', 3));
    expect(silent).toMatchObject({
      'silent devices': `${count(({ index }) => homeFacts(index).kitchenSilent)} (orange)`,
      'homes blind to fire': `${blind} (red)`,
      'records waiting': '0 (green)',
      'lost stretches': '0 (green)',
    });
  });

  test('shows the open incidents with the time that remains, the most urgent first, and leads to the page', async () => {
    await freshen();
    const open = calling(({ standsOpen }) => standsOpen);
    const rows = picture(await screen.cells('wall', 4));
    expect(rows).toHaveLength(open.length);
    const severities = rows.map(({ severity }) => severity ?? '');
    expect(severities).toEqual(
      severities.toSorted((one, other) => (one === other ? 0 : one.includes('critical') ? -1 : 1)),
    );
    expect(rows[0]).toMatchObject({
      ...{
        state: '● open (red)',
        severity: '▲ critical (red)',
        where: expect.stringMatching(/^v\d+ 嘎查$/),
        alerts: '1',
      },
      'open for': expect.stringMatching(/^00:1\d:\d\d$/),
      household: expect.stringMatching(/^sim7-\d+-h$/),
    });
    // The next people are told twelve minutes after it was opened, ten minutes before the month's end.
    const [remaining] = column(await screen.fields('wall', 4), 'remaining');
    expect(Number(remaining)).toBeCloseTo((month.endsAt + 120_000 - Date.now()) / 1000, -1);
    const [incidentId] = column(await screen.fields('wall', 4), 'incident_id');
    expect(incidentId).toMatch(/^call:sim7-/);
  });

  test('says none where there is none, which is not UNKNOWN', async () => {
    await freshen();
    const [row, ...more] = picture(await screen.cells('wall', 5));
    expect(more).toEqual([]);
    expect(row).toMatchObject({ state: '✓ none (green)', code: '–', outcome: '–' });
  });
});

describe('the devices', () => {
  test('are counted, with what each needs', async () => {
    await freshen();
    const [counts] = picture(await screen.cells('fleet', 1));
    const untested = month.homes.filter(({ index }) => !homeFacts(index).tested);
    expect(counts).toMatchObject({
      devices: `${month.homes.flatMap(({ home }) => home.devices).length} (green)`,
      'silent devices': `${count(({ index }) => homeFacts(index).kitchenSilent)} (orange)`,
      'weak batteries': `${count(({ index }) => homeFacts(index).battery === 'empty')} (orange)`,
      faulty: `${count(({ index }) => homeFacts(index).chamberDirty)} (orange)`,
      'tests overdue': `${untested.reduce((sum, resident) => sum + detectorsOf(resident), 0)} (orange)`,
    });
  });

  test('watch people, or do not', async () => {
    await freshen();
    const rows = picture(await screen.cells('fleet', 2));
    const blind = count((resident) => homeFacts(resident.index).kitchenSilent && detectorsOf(resident) === 1);
    const worn = count(({ home }) => home.devices.some(({ kind }) => kind === 'wearable'));
    expect(rows[0]).toMatchObject({
      state: '◐ some blind (orange)',
      harm: 'fire',
      watched: String(2_000 - blind),
      blind: `${blind} (red)`,
    });
    expect(rows[1]).toMatchObject({
      state: '✓ watched (green)',
      watched: String(worn),
      'without a device': `${2_000 - worn} (orange)`,
    });
    expect(rows[4]).toMatchObject({
      state: '✓ watched (green)',
      harm: 'wandering',
      watched: String(worn),
      blind: '0 (green)',
    });
  });

  test('left people of the stormy village blind for the hours of the storm', async () => {
    await freshen();
    const chosen = { from: month.startsAt, to: month.endsAt, variables: { village: [month.stormyArea] } };
    const rows = picture(await screen.cells('fleet', 3, chosen));
    const people = count(({ areaId }) => areaId === month.stormyArea);
    // A detector that is silent anyway is so for three more days, in homes that have no other.
    const silent = month.homes.filter(
      (resident) =>
        resident.areaId === month.stormyArea && homeFacts(resident.index).kitchenSilent && detectorsOf(resident) === 1,
    );
    const hours = (people * stormMs) / hourMs + silent.length * 72;
    expect(rows.find(({ harm }) => harm === 'fire')).toEqual({
      state: '✕ blind (red)',
      where: 'v2 嘎查',
      harm: 'fire',
      'person-hours': hours.toFixed(1),
    });
    const months = picture(await screen.cells('quality', 7, chosen)).filter(({ harm }) => harm === 'fire');
    expect(months.reduce((sum, row) => sum + Number(row['person-hours']), 0)).toEqual(near(hours, 1));
  });

  test('have batteries whose end can be told from two weeks of their trend', async () => {
    const rows = picture(await screen.cells('fleet', 5));
    const falling = count(({ index }) => homeFacts(index).battery === 'falling');
    const empty = count(({ index }) => homeFacts(index).battery === 'empty');
    expect(rows.filter(({ trend }) => trend === '✕ empty (red)')).toHaveLength(empty);
    const told = rows.filter(({ trend }) => trend === '↘ falling (orange)');
    // Devices that report more rarely than on three days of two weeks have no trend.
    expect(told.length + rows.filter(({ trend }) => trend === 'UNKNOWN (red)').length).toBe(falling);
    expect(told.length).toBeGreaterThan(0.8 * falling);
    const perDay = (kitchenVolts('falling', 0) - kitchenVolts('falling', 1)) / 30;
    const left = (kitchenVolts('falling', 1) - 2.6) / perDay;
    for (const { 'days left': days } of told) expect(Number.parseInt(days ?? '', 10)).toEqual(near(left, 2));
  });

  test('have faults and firmware, village by village', async () => {
    const faults = picture(await screen.cells('fleet', 7));
    expect(faults).toHaveLength(count(({ index }) => homeFacts(index).chamberDirty));
    expect(faults[0]).toMatchObject({ state: '✕ faulty (red)', kind: 'smoke detector', faults: 'chamber-dirty' });
    const shares = picture(await screen.cells('fleet', 9));
    expect(shares.find(({ kind, firmware }) => kind === 'call button' && firmware === '1.3.9')).toMatchObject({
      devices: '200',
      share: '10.0%',
    });
    expect(picture(await screen.cells('fleet', 6))[0]).toMatchObject({
      median: expect.stringMatching(/^-\d+ dBm$/),
      'weakest tenth': expect.stringMatching(/^-1[12]\d dBm \((red|orange)\)$/),
    });
  });
});

describe('service quality', () => {
  const answered = () => calling(({ standsOpen }) => !standsOpen).map(({ index }) => callFacts(index));

  test('is how soon people answered, accepted and arrived', async () => {
    await freshen();
    const fields = await screen.fields('quality', 1, { from: month.startsAt, to: month.endsAt });
    const seen = Object.fromEntries(fields.map(({ name, values }) => [name, Number(values[0])]));
    const unanswered = calling(({ standsOpen }) => standsOpen).length;
    expect(seen).toMatchObject({ incidents: answered().length + unanswered, unanswered });
    for (const [name, of] of [
      ['answer', 'claimedAfterMs'],
      ['accept', 'acceptedAfterMs'],
      ['arrive', 'arrivedAfterMs'],
    ] as const) {
      const times = answered().map((facts) => facts[of] / 1_000);
      expect(seen[`${name}_p50`]).toBeCloseTo(percentile(times, 0.5), 2);
      expect(seen[`${name}_p90`]).toBeCloseTo(percentile(times, 0.9), 2);
      expect(seen[`${name}_p97`]).toBeCloseTo(percentile(times, 0.975), 2);
    }
    const [cells] = picture(await screen.cells('quality', 1, { from: month.startsAt, to: month.endsAt }));
    expect(cells?.['answered, half']).toMatch(/^00:01:\d\d$/);
  });

  test('by month and area adds up to the whole', async () => {
    const fields = await screen.fields('quality', 2, { from: month.startsAt, to: month.endsAt });
    const total = column(fields, 'incidents').reduce((sum: number, value) => sum + Number(value), 0);
    expect(total).toBe(calling(() => true).length);
    const local = (at: number) => new Date(at + 8 * hourMs).toISOString().slice(0, 7);
    for (const seen of column(fields, 'month')) expect([local(month.startsAt), local(month.endsAt)]).toContain(seen);
  });

  test('knows false alarms by their cause', async () => {
    const rows = picture(await screen.cells('quality', 4, { from: month.startsAt, to: month.endsAt }));
    const falls = answered().filter(({ category }) => category === 'fall');
    const wrong = falls.filter(({ outcome }) => outcome === 'false-alarm').length;
    expect(rows.find(({ about }) => about === 'fall')).toEqual({
      ...{ about: 'fall', cause: 'fall', incidents: String(falls.length), 'false alarms': String(wrong) },
      share: `${((100 * wrong) / falls.length).toFixed(1)}%`,
    });
  });

  test('counts visits as the statistics of the month do, and how many are overdue by the word of the rules', async () => {
    const thisMonth = new Date(month.endsAt + 8 * hourMs).toISOString().slice(0, 7);
    const counted = await query<{ area: string; registered: string; visited: string; helped: string }>(
      url,
      `select area, registered, visited, helped from visited_month('${thisMonth}-01') order by area`,
    );
    const rows = picture(await screen.cells('quality', 6));
    const here = rows.filter((row) => row.month === thisMonth);
    expect(
      here.map(({ where, registered, visited, helped }) => ({ area: where, registered, visited, helped })),
    ).toEqual(counted);
    const standing = `select 1 from alert where condition = 'visit-overdue' and cleared_at is null`;
    const shown = here.reduce((sum, { overdue }) => sum + Number.parseInt(String(overdue), 10), 0);
    expect(shown).toBe((await query(url, standing)).length);
    const monthStart = Date.parse(`${thisMonth}-01T00:00:00+08:00`);
    const seen = month.homes.filter(({ index }) => {
      const { result, visitedAt } = visitFacts(month, index);
      return (result === 'well' || result === 'helped') && visitedAt >= monthStart;
    });
    expect(counted.reduce((sum, { visited }) => sum + Number(visited), 0)).toBe(seen.length);
  });
});

describe('the storm', () => {
  const during = () => ({
    from: month.startsAt + stormAfterStartMs - 12 * hourMs,
    to: month.startsAt + stormAfterStartMs + 12 * hourMs,
  });

  test('took one village from the last words of its devices until they spoke again', async () => {
    const fields = await screen.fields('storm', 2, during());
    const [times = [], village = []] = [column(fields, 'time'), column(fields, 'v2 嘎查')];
    const states = changes(times, village).map(([at, state]) => [at - month.startsAt - stormAfterStartMs, state]);
    expect(states).toEqual([
      [-12 * hourMs, 0],
      [near(0, 10 * 60_000), 2],
      [near(stormMs, 10 * 60_000), 0],
    ]);
    expect(new Set(column(fields, 'v3 嘎查'))).toEqual(new Set([0]));
  });

  test('made all its devices silent at once', async () => {
    const devices = month.homes.filter(({ areaId }) => areaId === month.stormyArea).flatMap(({ home }) => home.devices);
    const silent = column(await screen.fields('storm', 3, during()), 'silent_devices');
    expect(Math.max(...silent.map(Number))).toBe(devices.length);
  });

  test('is over now', async () => {
    await freshen();
    const [now] = picture(await screen.cells('storm', 1));
    expect(now).toMatchObject({ 'villages out': '0 (green)', 'in 15 minutes': '0 (green)' });
    const [first] = picture(await screen.cells('storm', 4));
    expect(first).toMatchObject({ state: '◐ some silent (orange)', 'silent devices': '1' });
  });
});

describe('a household', () => {
  const withSensors = () => month.homes.find(({ home }) => home.devices.some(({ kind }) => kind === 'presence-sensor'));
  const inHome = (resident: Resident | undefined, extra: object = {}) => ({
    ...{ from: month.startsAt, to: month.endsAt, ...extra },
    variables: { village: [resident?.areaId ?? ''], household: `${resident?.home.id}-h` },
  });

  test('shows who moved where, until it was UNKNOWN', async () => {
    const resident = month.homes.find(({ areaId, home }) => areaId === month.stormyArea && home.devices.length > 4);
    await freshen();
    const fields = await screen.fields('household', 2, inHome(resident));
    const sensors = resident?.home.devices.filter(({ kind }) => kind === 'presence-sensor') ?? [];
    expect(
      fields
        .slice(1)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(sensors.map(({ id, room }) => `${room} ${id}`).sort());
    const [times = [], states = []] = [column(fields, 'time'), fields[1]?.values ?? []];
    const unknown = changes(times, states).filter(([, state]) => state === -1);
    // Until its first word of the month, and from the minute after the last one before the storm.
    expect(unknown.map(([at]) => at)).toEqual([month.startsAt, month.startsAt + stormAfterStartMs + 60_000]);
    expect(new Set(states)).toEqual(new Set([1, 0, -1]));
  });

  test('whose data are not in the database any more is UNKNOWN from there', async () => {
    await freshen(3_600);
    const fields = await screen.fields('household', 2, inHome(withSensors(), { to: Date.now() }));
    expect(column(fields, 'time').at(-1)).toEqual(near(Date.now() - 3_600_000, 60_000));
    expect(fields.slice(1).map(({ values }) => values.at(-1))).toEqual(fields.slice(1).map(() => -1));
    await freshen();
  });

  test('shows what its devices measured, with units', async () => {
    const resident = withSensors();
    const celsius = await screen.fields('household', 3, inHome(resident));
    const measured = celsius.slice(1).flatMap(({ values }) => values.filter((value) => value !== null));
    expect(measured.length).toBeGreaterThan(50);
    for (const value of measured) expect(value).toEqual(near(19, 3.1));
    const devices = picture(await screen.cells('household', 7, inHome(resident)));
    expect(devices).toHaveLength(resident?.home.devices.length ?? 0);
    expect(devices[0]).toMatchObject({
      state: '✓ heard (green)',
      battery: '3.05 V',
      signal: expect.stringMatching(/^-\d+ dBm$/),
    });
  });

  test('that called for help shows it, over every panel too', async () => {
    const [resident] = calling(({ standsOpen, category }) => !standsOpen && category === 'fall');
    const [row] = picture(await screen.cells('household', 8, inHome(resident)));
    expect(row).toMatchObject({
      state: '✓ resolved (green)',
      about: 'fall',
      opened: expect.stringMatching(/^2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d$/),
    });
  });
});

describe('the system itself', () => {
  test('is what came in, what could not be read, and who was told how soon', async () => {
    await freshen();
    const whole = { from: month.startsAt, to: month.endsAt };
    const rejected = count(({ index }) => index % 40 === 1);
    expect(picture(await screen.cells('pipeline', 5, whole))).toMatchObject([
      { state: 'unreadable', reason: 'malformed', rejections: String(rejected), devices: String(rejected) },
    ]);
    const called = calling(() => true);
    const failed = called.filter(({ index }) => index % 10 === 0).length;
    expect(picture(await screen.cells('pipeline', 7, whole))).toMatchObject([
      {
        ...{ channel: 'webhook', attempts: String(called.length + failed), delivered: String(called.length) },
        ...{ 'failed messages': `${failed} (orange)`, 'arrived in, half': '3 s' },
      },
    ]);
    const rates = await screen.fields('pipeline', 2, { from: month.endsAt - 6 * hourMs, to: month.endsAt });
    const received = column(rates, 'reports').reduce((sum: number, value) => sum + Number(value), 0);
    expect(received).toEqual(near(6 * 650, 1_000));
  });

  test('has its minutes: how far behind, how fast the disk, how much room', async () => {
    await freshen();
    const [now] = picture(await screen.cells('pipeline', 1));
    expect(now).toMatchObject({ 'sync, 99 %': '5 ms (green)', 'free on the disk': '50 GB (green)' });
    const lag = column(await screen.fields('pipeline', 3), 'lag_s').filter((value) => value !== null);
    expect(new Set(lag.map((value) => Number(value).toFixed(1)))).toEqual(new Set(['0.4']));
  });
});
