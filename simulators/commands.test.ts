import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readMetrics, type System, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { run } from '../test/running-system.test-support.ts';

const temporary = temporaryFolder('commands');
const file = (name: string) => join(temporary.folder, name);
const recordings = file('recordings');
let system: System;
let url: string;

beforeAll(async () => {
  system = await startSystem({ dataFolder: file('data') });
  url = `mqtt://127.0.0.1:${system.ports.mqtt}`;
  await until('the alarm process', () => system.control.ask('health', {}));
  mkdirSync(join(recordings, 'inactivity'), { recursive: true });
  mkdirSync(join(recordings, 'falls'));
  const lines = Array.from({ length: 300 }, (_, index) => {
    const time = new Date(Date.UTC(2011, 5, 15) + index * 61_000).toISOString().replace('T', ' ').replace('Z', '');
    return `${time} Kitchen ${index % 3 === 0 ? 'FrontDoor CLOSE' : 'Kitchen ON'} Cook\n`;
  });
  writeFileSync(join(recordings, 'inactivity/casas-al-30d.txt.gz'), gzipSync(lines.join('')));
  const axis = Array.from({ length: 600 }, (_, index) => (index === 200 ? 3.9 : 0.1));
  const trial = { id: 'one', subj: 'S1', x: axis, y: axis, z: axis };
  const wrist = { ...trial, ds: 'weda', place: 'wrist', t: axis.map((_, index) => index * 21) };
  writeFileSync(join(recordings, 'falls/wrist-weda50.ndjson.gz'), gzipSync(`${JSON.stringify(wrist)}\n`));
  const waist = { ...trial, ds: 'sis', place: 'waist', hz: 50 };
  writeFileSync(join(recordings, 'falls/waist-sisfall50.ndjson.gz'), gzipSync(`${JSON.stringify(waist)}\n`));
});
afterAll(async () => {
  await system.stop();
  temporary.remove();
});

const importRegistry = (path: string) =>
  run('app/registry/registry-cli.ts', ['import', path], { STEPPEWATCH_DATA: system.dataFolder });
const accepted = async () => (await readMetrics(system)).get('steppewatch_reports_accepted_total') ?? 0;
const rejected = async () =>
  [...(await readMetrics(system)).keys()].filter((name) => /reports_rejected_total\{/.test(name));

test('a simulated village is written, entered, and lives; what happens in its kitchen raises', async () => {
  const [registry, credentials] = [file('village.yaml'), file('credentials.yaml')];
  const written = await run(
    'simulators/simulate-cli.ts',
    ['--homes', '6', '--write-registry', registry, '--write-credentials', credentials],
    {},
  );
  expect(written).toMatchObject({ code: 0, complaints: '' });
  expect(await importRegistry(registry)).toMatchObject({ code: 0 });
  const lived = await run(
    'simulators/simulate-cli.ts',
    [
      '--url',
      url,
      '--credentials',
      credentials,
      '--homes',
      '6',
      '--scenario',
      'kitchen-fire',
      '--minutes',
      '0.25',
      '--cbor',
    ],
    {},
  );
  expect(lived.code).toBe(0);
  expect(lived.output).toMatch(/smoke in the kitchen of/);
  const [, connected, devices, sent, acknowledged] =
    /(\d+) of (\d+) devices connected, (\d+) reports sent, (\d+) acknowledged\n$/.exec(lived.output) ?? [];
  expect(connected).toBe('0');
  expect(Number(devices)).toBeGreaterThan(12);
  expect(acknowledged).toBe(sent);
  expect(Number(sent)).toBeGreaterThan(0);
  const metrics = await readMetrics(system);
  expect(metrics.get('steppewatch_alerts_total{rule="hazard"}')).toBe(1);
  expect(await rejected()).toEqual([]);
}, 60_000);

test('one device does what the script says, and prints every PUBACK with its time', async () => {
  const registry = file('one.yaml');
  writeFileSync(
    registry,
    `areas:
  - { id: c, level: county, name: C }
  - { id: t, level: township, parentId: c, name: T }
  - { id: v, level: village, parentId: t, name: V }
places: [{ id: home, areaId: v, kind: house, name: home }]
households: [{ id: h, areaId: v, currentPlaceId: home }]
devices: [{ id: kitchen, kind: smoke-detector, placeId: home, secret: sixteen-and-more-letters, simulated: true }]
`,
  );
  expect(await importRegistry(registry)).toMatchObject({ code: 0 });
  const device = (secret: string, script: string) =>
    run(
      'simulators/device-cli.ts',
      ['--kind', 'smoke-detector', '--id', 'kitchen', '--secret', secret, '--url', url, '--do', script],
      {},
    );
  const done = await device('sixteen-and-more-letters', 'alarm,wait:0.2,hush,off');
  expect(done.code).toBe(0);
  const acknowledged = [...done.output.matchAll(/PUBACK for (alarm \w+) #\d after \d+ ms/g)].map(([, what]) => what);
  expect(acknowledged).toEqual(['alarm on', 'alarm hushed', 'alarm off']);
  expect(await device('sixteen-and-more-letters', 'alarm,dance')).toMatchObject({
    code: 64,
    complaints: expect.stringContaining('does no "dance"'),
  });
  const refused = await device('not-the-right-letters', 'alarm');
  expect(refused).toMatchObject({ code: 1, complaints: expect.stringContaining('does not let it in') });
  expect(refused.output).toContain('Bad username or password');
}, 60_000);

test('a recording goes in as reports that were stored, each acknowledged, none rejected', async () => {
  const registry = file('recorded.yaml');
  const replay = (...args: string[]) => run('simulators/replay-cli.ts', ['--recordings', recordings, ...args], {});
  expect(await replay('--write-registry', registry)).toMatchObject({ code: 0, complaints: '' });
  expect(await replay('--url', url)).toMatchObject({ code: 1, complaints: expect.stringContaining('cannot connect') });
  expect(await importRegistry(registry)).toMatchObject({ code: 0 });
  const before = await accepted();
  const played = await replay('--url', url);
  expect(played).toMatchObject({ code: 0, complaints: '' });
  expect(played.output).toContain('300 of 300 presence events acknowledged');
  expect(played.output).toMatch(/(\d+) of \1 parts of motion windows acknowledged/);
  expect((await accepted()) - before).toBeGreaterThan(300);
  expect(await rejected()).toEqual([]);
  expect((await readMetrics(system)).get('steppewatch_alerts_total{rule="counter-reused"}')).toBeUndefined();
}, 60_000);

test('without recordings it says so', async () => {
  const nothing = await run('simulators/replay-cli.ts', ['--recordings', file('nowhere'), '--url', url], {});
  expect(nothing).toMatchObject({ code: 2, complaints: expect.stringContaining('there are no recordings here') });
  expect(await run('simulators/replay-cli.ts', [], {})).toMatchObject({ code: 2 });
});
