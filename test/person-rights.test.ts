import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { register, type System, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { secretOf } from '../bench/village.ts';
import { makeCredential } from '../broker/credentials.ts';
import { openJournalReader } from '../journal/reader.ts';
import { systemClock } from '../platform/clock.ts';
import { openDisk } from '../platform/disk.ts';
import { silentLog } from '../platform/log.ts';
import { systemChance } from '../platform/random.ts';
import { openVault } from '../platform/vault.ts';
import { FoldState } from '../records/fold-state.ts';
import { decodeRecord } from '../records/record-codec.ts';
import { put } from '../records/registry.test-support.ts';
import { followRegistry } from '../records/registry-commands.ts';
import { createRegistry } from '../records/registry-fold.ts';
import { unsealEntity } from '../records/sealing.ts';
import { type Desk, publish, query, run, signIn } from './running-system.test-support.ts';

// What a person has a right to, on a running system: to be asked, to have everything that is kept of them, and to be forgotten.

let temporary: ReturnType<typeof temporaryFolder>;
let system: System;
let desk: Desk;

beforeEach(async () => {
  temporary = temporaryFolder('person');
  system = await startSystem({ dataFolder: temporary.folder, environment: { STEPPEWATCH_LOG_LEVEL: 'debug' } });
  await until('the alarm process', () => system.control.ask('health', {}));
  await register(system.control, await county());
  desk = await until('the page', () => signIn(system));
});
afterEach(async () => {
  await system.stop();
  temporary.remove();
});

const inFolder = (...names: string[]) => join(temporary.folder, ...names);
const environment = () => ({ STEPPEWATCH_DATA: temporary.folder });

/** Everything that says who she is, or what was said of her. */
const words = [
  '乌兰其其格',
  '其其格奶奶',
  '13847990217',
  '阿拉坦花',
  '阿尔山路十七号',
  '狗会咬人',
  '膝盖刚动过手术',
  '说了她的病',
  '她女儿在呼和浩特',
  '家属要求删除',
];
/** As its device writes it, and nobody else. */
const latitude = 43.918273;
const watch = 'watch-of-hers';

test('somebody is exported and then erased: afterwards she is nowhere, but for the bytes that the journal says it keeps', async () => {
  await live();
  const exported = await run(
    'app/person/person-cli.ts',
    ['export', 'urna', '--out', inFolder('handed-out')],
    environment(),
  );
  expect(exported).toMatchObject({ code: 0, complaints: '' });
  expectExport();
  const answered = await (await desk.ask('GET', '/people/urna/export')).json();
  expect(answered).toMatchObject({ person: { name: '乌兰其其格' }, household: { note: '狗会咬人' } });
  expect((answered as { reports: object[] }).reports.length).toBe(4);
  const before = positionsIn('journal').length;
  expect(before).toBeGreaterThan(0);
  await system.stop();
  execFileSync('rm', ['-r', inFolder('handed-out')]);
  // A backup of before, without the keys: those are kept apart, and only the newest.
  execFileSync('cp', ['-a', temporary.folder, `${temporary.folder}-backup`]);
  execFileSync('rm', ['-r', `${temporary.folder}-backup/keys`]);
  try {
    system = await startSystem({ dataFolder: temporary.folder, environment: { STEPPEWATCH_LOG_LEVEL: 'debug' } });
    await until('the alarm process', () => system.control.ask('health', {}));
    await until('the database', async () => (await rowsOf(watch)) > 0);
    const erased = await run(
      'app/person/person-cli.ts',
      ['erase', 'urna', '--reason', '家属要求删除', '--yes'],
      environment(),
    );
    expect(erased).toMatchObject({ code: 0, complaints: '' });
    expect(erased.output).toContain(`new label of ${watch}`);
    await until('the copy', async () => (await rowsOf(watch)) === 0);
    await expectNowhereInDatabase();
    await until('the account', async () => fileText('audit').includes('"what":"erased"'));
    const shown = await run('app/cli/audit-cli.ts', ['show', '--of', 'person:urna'], environment());
    expect(shown.output).toMatch(/erased {2}person:urna.*"家属要求删除"/);
    expect(shown.output).toContain('(erased)');
    await system.stop();
    expect(filesWith(words)).toEqual([]);
    expect(words.filter((word) => system.output().includes(word))).toEqual([]);
    const holding = positionsIn('.').map(({ file }) => file.split('/')[0]);
    // What the rules remembered of her way is forgotten; the files of before go with the next checkpoints.
    expect([...new Set(holding)].filter((folder) => folder !== 'checkpoints')).toEqual(['journal']);
    await expectUnreadable(`${temporary.folder}-backup`);
    const verified = await run('app/cli/audit-cli.ts', ['verify'], environment());
    expect(verified).toMatchObject({ code: 0, complaints: '' });
  } finally {
    execFileSync('rm', ['-rf', `${temporary.folder}-backup`]);
  }
}, 180_000);

test('once she took back her consent no position reaches the disk, and she is located in an emergency alone', async () => {
  const consent = { commandId: 'consent-12', given: false };
  expect((await desk.ask('PUT', '/people/urna/consents/location', consent)).status).toBe(200);
  await report('position', { source: 'gnss', lat: latitude, lon: 116.04483 });
  await report('batch', [
    { report: 'position', v: 1, boot: 1, seq: 900, age: 0, source: 'gnss', lat: latitude, lon: 1 },
  ]);
  const locate = (commandId: string) =>
    desk.ask('POST', `/devices/${watch}/commands`, { commandId, ask: { name: 'locate' }, reason: '她没有回答' });
  expect((await locate('locate-1')).status).toBe(409);
  await report('press', { call: 'emergency' });
  await until('the incident', async () => (await desk.incidents()).length > 0);
  expect((await locate('locate-2')).status).toBe(201);
  const [incident] = await desk.incidents();
  const path = `/incidents/${encodeURIComponent(incident?.incidentId ?? '')}`;
  const { timeline } = (await (await desk.ask('GET', path)).json()) as {
    timeline: { what: string; details: object }[];
  };
  expect(timeline.find(({ what }) => what === 'located-without-consent')?.details).toMatchObject({
    reason: '她没有回答',
  });
  await until('the account', async () => fileText('audit').includes('emergencyUseWithoutConsent'));
  expect(positionsIn('.')).toEqual([]);
  await report('position', { source: 'gnss', lat: latitude, lon: 116.04483 });
  await until(
    'the copy',
    async () => (await query(temporary.folder, 'select from report where lat is not null')).length === 1,
  );
}, 120_000);

let seq = 0;
async function report(topic: string, fields: object): Promise<void> {
  const payload = JSON.stringify(Array.isArray(fields) ? fields : { v: 1, boot: 1, seq: ++seq, age: 0, ...fields });
  await publish(system, { id: watch, topic, payload });
}

/** Days of hers: she walks, presses, and people look at her and write about her. */
async function live(): Promise<void> {
  await report('position', { source: 'gnss', lat: latitude, lon: 116.04483 });
  await report('vitals', { pulse: 77 });
  await report('status', { battery: 3.9 });
  await report('press', { call: 'emergency' });
  await until('the incident', async () => (await desk.incidents()).length > 0);
  const [incident] = await desk.incidents();
  const path = `/incidents/${encodeURIComponent(incident?.incidentId ?? '')}`;
  const does = async (what: string, more: object = {}) => {
    const { version } = (await (await desk.ask('GET', path)).json()) as { version: number };
    const body = { commandId: `${what}-command`, expectedVersion: version, ...more };
    const answer = await desk.ask('POST', `${path}/${what}`, body);
    expect(answer.status, await answer.text()).toBeLessThan(300);
  };
  await does('claim');
  await does('act', { action: '说了她的病' });
  await does('arrive');
  await does('resolve', { outcome: 'helped', contact: 'reached', note: '乌兰其其格膝盖刚动过手术' });
  const detail = await (await desk.ask('GET', path)).text();
  expect(detail).toContain('说了她的病');
  expect(detail).toContain('膝盖刚动过手术');
  await system.control.ask('command', {
    ...{ type: 'look', commandId: 'look-at-her', by: { type: 'account', id: 'duty' }, how: 'glass' },
    ...{ of: { type: 'person', id: 'urna' }, reason: '她女儿在呼和浩特' },
  });
  await until('the copy', async () => (await rowsOf(watch)) === 4);
  await until('the account', async () => fileText('audit').includes('"what":"glass"'));
}

function expectExport(): void {
  const file = (name: string) => readFileSync(inFolder('handed-out', name), 'utf8');
  const kept = JSON.parse(file('person.json'));
  expect(kept).toMatchObject({
    person: { name: '乌兰其其格', callName: '其其格奶奶' },
    place: { address: '阿尔山路十七号' },
    household: { note: '狗会咬人' },
    contacts: [{ id: 'niece', name: '阿拉坦花', phone: '13847990217' }],
    devices: [{ id: watch }],
    incidents: [{ category: 'call', state: { note: '乌兰其其格膝盖刚动过手术' } }],
    isComplete: true,
  });
  expect(kept.looks.map(({ what }: { what: string }) => what)).toEqual(
    expect.arrayContaining(['glass', 'resolved', 'shown']),
  );
  expect(file('person.json')).not.toMatch(/hmac|salt/);
  const reports = file('reports.jsonl').trimEnd().split('\n');
  expect(reports.map((line) => JSON.parse(line).report.name).sort()).toEqual(['position', 'press', 'status', 'vitals']);
  expect(file('概要.txt')).toContain('姓名：乌兰其其格');
  expect(statSync(inFolder('handed-out')).mode & 0o777).toBe(0o700);
}

async function rowsOf(deviceId: string): Promise<number> {
  const [row] = await query<{ rows: number }>(
    temporary.folder,
    `select count(*)::int as rows from report where device_key = (select device_key from device where device_id = '${deviceId}')`,
  );
  return row?.rows ?? 0;
}

/** Every column of text that there is. */
async function expectNowhereInDatabase(): Promise<void> {
  const columns = await query<{ name: string; column: string }>(
    temporary.folder,
    `select format('%I.%I', table_schema, table_name) as name, quote_ident(column_name) as column
     from information_schema.columns join information_schema.tables using (table_schema, table_name)
     where table_schema = 'public' and table_type = 'BASE TABLE' and data_type in ('text', 'jsonb', 'ARRAY')`,
  );
  expect(columns.length).toBeGreaterThan(50);
  for (const { name, column } of columns) {
    const found = await query(
      temporary.folder,
      `select from ${name} where ${words.map((word) => `${column}::text like '%${word}%'`).join(' or ')}`,
    );
    expect(found.length, `${name}.${column}`).toBe(0);
  }
  const [left] = await query<{ rows: number }>(
    temporary.folder,
    'select count(*)::int as rows from report where lat is not null or pulse_per_min is not null',
  );
  expect(left?.rows).toBe(0);
  const [state] = await query<{ rows: number }>(
    temporary.folder,
    `select count(*)::int as rows from device_state join device using (device_key) where device_id = '${watch}'`,
  );
  expect(state?.rows).toBe(0);
}

/** With the keys of after, a backup of before says nothing of her; of others it does. */
async function expectUnreadable(folder: string): Promise<void> {
  const vault = await openVault({ folder: inFolder('keys'), chance: systemChance, readOnly: true });
  const disk = openDisk(folder);
  const reader = await openJournalReader({ disk, clock: systemClock, log: silentLog });
  const state = new FoldState();
  const registry = createRegistry({ state });
  const commands = followRegistry({ state, registry });
  for (let next = reader.firstSequence; next <= reader.headSequence; ) {
    for (const { body } of await reader.readBatch(next, { maxRecords: 1_000, maxBytes: 1_000_000 })) {
      const record = decodeRecord(body);
      if (record.kind === 'command') commands.follow(record.command);
      next += 1;
    }
  }
  const seen = { person: 'urna', household: 'hers', place: 'her-house', contact: 'niece' } as const;
  for (const [entity, id] of Object.entries(seen) as ['person' | 'household' | 'place' | 'contact', string][]) {
    const value = registry.get(entity, id);
    expect(value, id).toBeDefined();
    if (value) expect(JSON.stringify(unsealEntity(entity, value, vault)), id).not.toMatch(new RegExp(words.join('|')));
  }
  const other = registry.person('bat');
  expect(other && unsealEntity('person', other, vault).name).toBe('巴特尔');
  expect(filesWith(words, folder)).toEqual([]);
  await reader.close();
  await disk.close();
  await vault.close();
}

type Hit = { file: string; word: string };
function filesWith(all: string[], folder = temporary.folder, below = '.'): Hit[] {
  const entries = readdirSync(join(folder, below), { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  );
  return entries.flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    const bytes = readIfThere(path);
    return all.filter((word) => bytes.includes(word)).map((word) => ({ file: relative(folder, path), word }));
  });
}
/** The database makes files and takes them away meanwhile. */
function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
const positionsIn = (below: string): Hit[] => filesWith([String(latitude)], temporary.folder, below);

const fileText = (folder: string): string =>
  readdirSync(inFolder(folder))
    .map((name) => readFileSync(inFolder(folder, name), 'utf8'))
    .join('');

async function county() {
  const vault = await openVault({ folder: inFolder('keys'), chance: systemChance, readOnly: true });
  const credential = makeCredential({ secret: secretOf(watch), pepper: vault.pepper(), chance: systemChance });
  await vault.close();
  const log = [{ type: 'log' }];
  const place = { areaId: 'east', kind: 'house', position: { lat: 44.1, lon: 116.1, datum: 'WGS-84' } };
  return [
    put('area', { id: 'county', level: 'county', name: '锡林' }),
    put('area', { id: 'township', level: 'township', parentId: 'county', name: '白音' }),
    put('area', { id: 'east', level: 'village', parentId: 'township', name: '东井' }),
    put('place', { id: 'her-house', ...place, name: '井西边', address: '阿尔山路十七号' }),
    put('place', { id: 'his-house', ...place, name: '井东边', address: '别处' }),
    put('household', { id: 'hers', areaId: 'east', currentPlaceId: 'her-house', note: '狗会咬人' }),
    put('household', { id: 'his', areaId: 'east', currentPlaceId: 'his-house' }),
    put('person', { id: 'urna', householdId: 'hers', name: '乌兰其其格', callName: '其其格奶奶' }),
    put('person', { id: 'bat', householdId: 'his', name: '巴特尔' }),
    put('contact', {
      id: 'niece',
      of: { type: 'person', id: 'urna' },
      role: 'family',
      name: '阿拉坦花',
      phone: '13847990217',
      channels: log,
    }),
    put('contact', { id: 'near', of: { type: 'area', id: 'east' }, role: 'neighbour', name: '邻居', channels: log }),
    put('device', { id: watch, kind: 'wearable', personId: 'urna', credential, simulated: true }),
  ];
}
