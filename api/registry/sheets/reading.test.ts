import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FoldState } from '../../../records/fold-state.ts';
import { put, smallCounty } from '../../../records/registry.test-support.ts';
import { entities } from '../../../records/registry.ts';
import { createRegistry } from '../../../records/registry-fold.ts';
import { allRules } from '../../../rules/all-rules.ts';
import { type Section, sectionNames, sections } from '../registry-entry.ts';
import { columnsOf, sheetNames } from './columns.ts';
import { book, tablesIn } from './exchange.test-support.ts';
import { planTables } from './planning.ts';
import { type Table, tablesInCsv } from './reading.ts';
import { readCsv } from './workbook.ts';
import { csvOf } from './writing.ts';

const county = (...more: ReturnType<typeof put>[]) => {
  const registry = createRegistry({ state: new FoldState() });
  registry.apply([...smallCounty, ...more]);
  return registry;
};
const planOver = (registry: ReturnType<typeof county>, tables: Table[]) =>
  planTables(tables, {
    ...{ registry, rules: allRules, unseal: () => undefined },
    credentialFor: () => ({ salt: 's', hmac: 'h' }),
  });

const text = (maxLength: number) =>
  fc
    .string({
      minLength: 1,
      maxLength,
      unit: fc.constantFrom('家', 'a', '=', '+', '-', '@', "'", '"', ',', ';', '；', '、', ' ', '1', '\n'),
    })
    .map((words) => words.trim())
    .filter((words) => words !== '');
const degrees = {
  lat: fc.integer({ min: -900_000_000, max: 900_000_000 }),
  lon: fc.integer({ min: -1_800_000_000, max: 1_800_000_000 }),
};
const point = fc.record(degrees).map(({ lat, lon }) => ({ lat: lat / 1e7, lon: lon / 1e7 }));
const url = fc
  .string({ minLength: 1, maxLength: 30, unit: fc.constantFrom('a', ';', ',', '?', '=', '%', '；') })
  .map((path) => `https://x/${path}`);

/** What people may have entered, of every section, by hand or through programs. */
const entries: { [S in Section]?: fc.Arbitrary<object> } = {
  places: fc
    .record(
      { name: text(20), address: text(20), position: point.map((at) => ({ ...at, datum: 'WGS-84' })) },
      { requiredKeys: ['name'] },
    )
    .map((words) => ({ id: 'x', areaId: 'east', kind: 'winter-camp', ...words })),
  households: fc
    .record({ note: text(60) }, { requiredKeys: [] })
    .map((words) => ({ id: 'x', areaId: 'east', currentPlaceId: 'house-1', ...words })),
  people: fc
    .record(
      {
        name: text(20),
        callName: text(20),
        categories: fc.uniqueArray(fc.constantFrom('living-alone', 'dementia', 'left-behind')),
        absence: fc.record(
          {
            reason: fc.constantFrom('hospital', 'with-family', 'travelling'),
            since: fc.integer({ min: 0, max: 4e12 }),
            until: fc.oneof(fc.integer({ min: 0, max: 4e12 }), fc.constant(1_795_363_200_000)),
          },
          { requiredKeys: ['reason', 'since'] },
        ),
      },
      { requiredKeys: ['name'] },
    )
    .map((words) => ({ id: 'x', householdId: 'couple', ...words })),
  contacts: fc
    .record({ name: text(20), order: fc.integer({ min: 1, max: 99 }), urls: fc.uniqueArray(url, { maxLength: 4 }) })
    .map(({ urls, ...words }) => ({
      ...{ id: 'x', of: { type: 'area', id: 'east' }, role: 'station', phone: '+86 138', ...words },
      channels: [
        { type: 'log' },
        ...urls.map((one) => ({ type: 'webhook', url: one, secret: `whsec_${'A'.repeat(40)}` })),
      ],
    })),
  zones: fc
    .record({
      name: text(20),
      points: fc.array(point, { minLength: 3, maxLength: 5 }),
      months: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1 }),
    })
    .map(({ points, ...words }) => ({
      id: 'x',
      of: { type: 'person', id: 'him' },
      datum: 'WGS-84',
      shape: { type: 'polygon', points },
      ...words,
    })),
  devices: fc
    .record({ room: text(20), intervalMinutes: fc.integer({ min: 1, max: 10_080 }), simulated: fc.boolean() })
    .map((words) => ({
      id: 'x',
      kind: 'call-button',
      personId: 'him',
      credential: { salt: 's', hmac: 'h' },
      ...words,
    })),
  ruleSettings: fc
    .record(
      { missedReports: fc.integer({ min: 1, max: 10 }), mode: fc.constantFrom('live', 'shadow') },
      { requiredKeys: ['missedReports'] },
    )
    .map(({ missedReports, ...mode }) => ({
      id: 'x',
      rule: 'device-silent',
      ...mode,
      scope: { type: 'category', id: 'dementia' },
      settings: { missedReports },
    })),
  thresholds: fc
    .record(
      {
        name: text(20),
        quantity: fc.constantFrom('status.temperature', 'vitals.pulse'),
        above: fc.integer({ min: 20, max: 80 }),
        hysteresis: fc.integer({ min: 0, max: 5 }),
        repeats: fc.integer({ min: 1, max: 100 }),
        severity: fc.constantFrom('service', 'urgent'),
        hours: fc.constant({ from: '22:00', to: '07:30' }),
        weekdays: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        months: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { minLength: 1 }),
      },
      { requiredKeys: ['name', 'quantity', 'above'] },
    )
    .map((words) => ({ id: 'x', scope: { type: 'category', id: 'dementia' }, ...words })),
};

test.each(Object.keys(entries) as Section[])(
  'whatever stands in %s, it comes back from its sheet as it was',
  async (section) => {
    await fc.assert(
      fc.asyncProperty(entries[section] ?? fc.constant({}), async (value) => {
        const registry = county(put(sections[section], value));
        const sheet = csvOf({ section, values: registry.list(sections[section]), isOpen: true });
        const tables = tablesInCsv(section, Buffer.from(sheet));
        if ('problem' in tables) throw new Error(tables.problem);
        const plan = await planOver(registry, tables);
        expect([plan.problems, plan.changes]).toEqual([[], []]);
      }),
      { seed: 20261123, numRuns: 60 },
    );
  },
);

test('every field of every entity has a column, but for what nobody fills in', () => {
  const without = sectionNames.flatMap((section) => {
    const columns = columnsOf(section).map(({ key }) => key.split('.')[0]);
    const fields = Object.keys(entities[sections[section]].shape);
    return fields.filter((field) => !columns.includes(field)).map((field) => `${section}.${field}`);
  });
  expect(without).toEqual([
    'people.phoneKey',
    'people.consents',
    'contacts.phoneKey',
    'devices.credential',
    'devices.claim',
  ]);
});

const hours = (iso: string) => Date.parse(`${iso}+08:00`);
const sheetOfHim = (...cells: string[]): Table[] => [
  {
    name: '人员',
    rows: [
      ['编号', '离家原因', '离家时间', '返回时间'],
      ['him', ...cells],
    ].map((row, at) => ({ line: at + 1, cells: row })),
  },
];

test.each([
  ['2026-11-23 08:05', '2026-11-23T08:05'],
  ['2026/11/3 8:05', '2026-11-03T08:05'],
  ['2026年11月3日 8：05', '2026-11-03T08:05'],
  ['2026-11-23', '2026-11-23T00:00'],
])('somebody who went to hospital at %s is away from then on, by the clock of Beijing', async (cell, iso) => {
  const { problems, changes } = await planOver(county(), sheetOfHim('住院', cell, ''));
  expect(problems).toEqual([]);
  expect(changes).toMatchObject([{ value: { id: 'him', absence: { reason: 'hospital', since: hours(iso) } } }]);
});

test('a time that Excel keeps in its own format is the time that it shows', async () => {
  const shown = new Date('2026-11-23T10:00:00Z');
  const cell = { value: shown, type: Date, format: 'yyyy-mm-dd hh:mm' };
  const made = await book({
    人员: [['编号', '离家原因', '离家时间'].map((value) => ({ value })), [{ value: 'him' }, { value: '外出' }, cell]],
  });
  const { changes } = await planOver(county(), await tablesIn(made));
  expect(changes).toMatchObject([{ value: { absence: { reason: 'travelling', since: hours('2026-11-23T10:00') } } }]);
});

test.each([
  ['a day that no month has', '住院', '2026-02-30', ''],
  ['no time', '住院', '下周', ''],
  ['a figure that a spreadsheet made of a day', '住院', '46349.5', ''],
  ['no reason', '', '2026-11-23', ''],
  ['no beginning', '在家人处', '', '2026-11-23'],
])('an absence with %s is refused in its own cell', async (_, ...cells) => {
  const { problems, changes } = await planOver(county(), sheetOfHim(...cells));
  expect(problems).toHaveLength(1);
  expect(problems[0]?.at.column).toBe(cells[0] === '' ? 1 : 2);
  if (cells[0] !== '' && cells[1] !== '') expect(problems[0]?.zh).toContain('应为时间，例如 2026-11-23 08:00');
  expect(changes).toEqual([]);
});

test('whose absence is cleared is home again; a sheet that does not ask leaves it', async () => {
  const absence = { reason: 'travelling', since: 1_795_000_000_000 };
  const away = county(put('person', { id: 'him', householdId: 'couple', name: 'Bat', absence }));
  const { changes } = await planOver(away, sheetOfHim('', '', ''));
  expect(changes).toHaveLength(1);
  expect(changes[0]).not.toHaveProperty('value.absence');
  const renamed = [
    {
      name: '人员',
      rows: [
        ['编号', '称呼'],
        ['him', '老王'],
      ].map((cells, at) => ({ line: at + 1, cells })),
    },
  ];
  expect((await planOver(away, renamed)).changes).toMatchObject([{ value: { callName: '老王', absence } }]);
});

test('whatever somebody sends, each row is an entry, a removal or a problem in its own place', async () => {
  const cell = fc.oneof(
    text(12),
    fc.constantFrom(
      '',
      '是',
      'yes',
      'east',
      'him',
      'GCJ-02',
      '1e3',
      '-0',
      'NaN',
      '__proto__',
      'constructor',
      '43.5, 116',
      'a=b=c',
      'https://',
    ),
    fc.constantFrom(
      ...sectionNames.flatMap((section) => columnsOf(section).flatMap(({ choices = {} }) => Object.values(choices))),
    ),
  );
  const table = fc.constantFrom(...sectionNames).chain((section) => {
    const headings = columnsOf(section).map(({ zh, key }, at) => (at % 2 ? zh : key));
    return fc.array(fc.array(cell, { maxLength: headings.length + 1 }), { maxLength: 6 }).map((rows) => ({
      name: sheetNames[section],
      rows: [headings, ...rows].map((cells, at) => ({ line: at + 1, cells })),
    }));
  });
  const registry = county();
  await fc.assert(
    fc.asyncProperty(fc.array(table, { minLength: 1, maxLength: 3 }), async (tables) => {
      const { problems, changes } = await planOver(registry, tables);
      for (const { at, problem, zh } of problems) {
        expect(tables[at.table]?.rows.some(({ line }) => line === at.line)).toBe(true);
        expect(problem.length).toBeGreaterThan(5);
        expect(zh).toMatch(/\p{Script=Han}/u);
      }
      if (problems.length > 0) expect(changes).toEqual([]);
    }),
    { seed: 20261123, numRuns: 150 },
  );
});

test('wrong headings are told, two hundred of them', async () => {
  const cells = Array.from({ length: 60 }, (_, at) => `no column ${at}`);
  const tables = Array.from({ length: 50 }, () => ({ name: 'people', rows: [{ line: 1, cells }] }));
  expect((await planOver(county(), tables)).problems).toHaveLength(200);
});

test('CSV is read on a thread of its own as it is read here', async () => {
  const good = Buffer.from("id,name\np1,'=1+1\n");
  expect(await readCsv('people', good)).toEqual(tablesInCsv('people', good));
  const bad = Buffer.from('id,"name\n');
  expect(await readCsv('people', bad)).toEqual(tablesInCsv('people', bad));
});
