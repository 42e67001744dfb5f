import { chownSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { childPids, readMetrics, type System, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { secretOf } from '../bench/village.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../simulators/webhook-receiver.ts';
import {
  type Desk,
  postmaster,
  printedAccount,
  publish,
  query,
  run,
  signIn,
  webhookSecret,
} from './running-system.test-support.ts';

// One system, run by an ordinary user, from an empty folder on: what its operator does, in this order, and what is left of it.

/** Root hands it to the account that owns nothing; anybody else is an ordinary user himself. */
const nobody = 65_534;
const ordinary = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};

const temporary = temporaryFolder('operator');
const papers = temporaryFolder('operator-papers');
const dataFolder = temporary.folder;
const paper = (name: string) => join(papers.folder, name);
const example = join(import.meta.dirname, '..', 'docs', 'registry-example.yaml');
const enrolmentPassword = 'a-secret-for-those-who-come-new';
const detector = '860000000000001';
const stranger = '869999999999999';
const smoke = '{"v":1,"boot":1,"seq":1,"age":0,"source":"smoke","state":"on","obscuration":3.2}';
const status = (seq: number) => `{"v":1,"boot":1,"seq":${seq},"age":0,"battery":3.4}`;
const enrolment = { username: 'enrolment', password: enrolmentPassword };

let system: System;
let receiver: WebhookReceiver;
let desk: Desk;
let firstAccount: { account: string; password: string } | undefined;
const heard: string[] = [];

beforeAll(async () => {
  if (ordinary.uid !== undefined) chownSync(dataFolder, nobody, nobody);
  receiver = await startWebhookReceiver({
    secret: webhookSecret,
    onMessage: ({ path, data }) => heard.push(`${path} ${data.title}`),
  });
  const environment = { STEPPEWATCH_ENROLMENT_PASSWORD: enrolmentPassword, STEPPEWATCH_LOG_LEVEL: 'debug' };
  system = await startSystem({ dataFolder, environment, runAs: ordinary });
  desk = await until('the page', () => signIn(system));
  firstAccount = printedAccount(system.output());
});
afterAll(async () => {
  await system.stop();
  await receiver.close();
  temporary.remove();
  papers.remove();
});

const registry = (...args: string[]) => run('app/registry/registry-cli.ts', args, { STEPPEWATCH_DATA: dataFolder });

test('an ordinary user runs all of it, the embedded database included', async () => {
  await until('the database', () => query(dataFolder, 'select from projection_position'));
  const processes = [...childPids(system), postmaster(dataFolder) ?? 0];
  const uids = processes.map((pid) => Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]));
  const uid = ordinary.uid ?? process.getuid?.();
  expect(uid).not.toBe(0);
  expect(uids).toEqual([uid, uid, uid]);
});

test('the example of a registry goes into the running system, and a second time there is nothing to change', async () => {
  const first = await registry('import', example);
  expect(first).toMatchObject({ code: 0, complaints: '' });
  expect(first.output).toContain('people: 5 added');
  expect(first.output).toContain('devices: 10 added');
  expect(first.output).toContain('10 of these devices have no secret yet');
  const second = await registry('import', example);
  expect(second).toMatchObject({ code: 0, output: expect.stringContaining('nothing to change') });
});

test('a file with problems says each by its line, and nothing of it is true', async () => {
  const before = await registry('export');
  writeFileSync(
    paper('wrong.yaml'),
    `areas:
  - { id: new-village, level: village, parentId: bayan, name: New village }
  - { id: lost-village, level: village, parentId: nowhere, name: Lost village }
devices:
  - id: new-button
    kind: call-buton
    placeId: dj-01
`,
  );
  const wrong = await registry('import', paper('wrong.yaml'));
  expect(wrong).toMatchObject({ code: 1, output: '' });
  expect(wrong.complaints).toMatch(/wrong\.yaml:3: .*nowhere/);
  expect(wrong.complaints).toMatch(/wrong\.yaml:6: .*call-button/);
  expect(wrong.complaints).toContain('2 problems; nothing was changed');
  expect((await registry('export')).output).toBe(before.output);
});

test('what was exported goes in again, and there is nothing to change', async () => {
  for (const secrets of [[], ['--with-secrets']]) {
    expect(await registry('export', '--out', paper('copy.yaml'), ...secrets)).toMatchObject({ code: 0 });
    const copy = readFileSync(paper('copy.yaml'), 'utf8');
    expect(copy).toContain('萨仁高娃');
    const again = await registry('import', paper('copy.yaml'));
    expect(again).toMatchObject({ code: 0, complaints: '', output: expect.stringContaining('nothing to change') });
  }
});

test('an operator makes a new password: the old one and whoever signed in with it are out', async () => {
  const reset = await run('app/cli/accounts-cli.ts', ['reset'], { STEPPEWATCH_DATA: dataFolder });
  expect(reset).toMatchObject({ code: 0, complaints: '' });
  const renewed = await until('the page', () => signIn(system, printedAccount(reset.output)));
  expect((await desk.ask('GET', '/incidents')).status).toBe(401);
  await expect(signIn(system, firstAccount)).rejects.toThrow('401');
  desk = renewed;
});

test('a detector that gets its secret may report fire, and the neighbour who got a webhook hears of it', async () => {
  writeFileSync(
    paper('more.yaml'),
    `contacts:
  - id: c-neighbour-1
    of: { type: place, id: dj-01 }
    role: neighbour
    name: 布和
    phone: 138 0000 0001
    channels: [{ type: webhook, url: '${receiver.url}/buhe-at-home', secret: ${webhookSecret} }]
devices:
  - { id: '${detector}', kind: smoke-detector, placeId: dj-01, room: 厨房, secret: ${secretOf(detector)} }
`,
  );
  expect(await registry('import', paper('more.yaml'))).toMatchObject({ code: 0, complaints: '' });
  await publish(system, { id: detector, topic: 'status', payload: status(1) });
  await publish(system, { id: detector, topic: 'status', payload: '{"v":1,"boot"' });
  await publish(system, { id: detector, topic: 'alarm', payload: smoke });
  await until('the neighbour', async () => heard.length > 0);
  expect(heard).toEqual([expect.stringMatching(/^\/buhe-at-home .*东井1号，井台西侧/)]);
});

test('a device that nobody registered is heard when life is at stake, and not otherwise', async () => {
  const before = await readMetrics(system);
  await publish(system, { id: stranger, topic: 'status', payload: status(1), ...enrolment });
  const refused = 'steppewatch_publishes_refused_total{reason="enrolment"}';
  expect((await readMetrics(system)).get(refused)).toBe((before.get(refused) ?? 0) + 1);
  await publish(system, { id: stranger, topic: 'alarm', payload: smoke, ...enrolment });
  const incident = await until('the incident', async () =>
    (await desk.incidents()).find(({ where }) => where.deviceId === stranger),
  );
  expect(incident).toMatchObject({ severity: 'critical', where: { unregistered: true } });
  const reports = `select named.name from report join device using (device_key)
    join report_kind as named on named.kind = report.kind where device_id = '${stranger}'`;
  const rows = await until('the copy', async () => {
    const found = await query(dataFolder, reports);
    return found.length > 0 && found;
  });
  expect(rows).toEqual([{ name: 'alarm' }]);
});

test('the figures tell of what came in, what was judged, who was told, and how far behind the followers are', async () => {
  // Desk hands its own over once a second, and the event loop is looked at every five.
  const figures = await until('the figures of both processes', async () => {
    const found = await readMetrics(system);
    const isWhole = ['alarm', 'desk'].every((name) => found.has(loopDelay(name)));
    return isWhole && found.get('steppewatch_follower_lag_records{follower="projection"}') === 0 && found;
  });
  const figure = (name: string) => figures.get(`steppewatch_${name}`) ?? Number.NaN;
  expect(figure('reports_accepted_total')).toBe(4);
  expect(figure('reports_rejected_total{reason="malformed"}')).toBe(1);
  expect(figure('journal_sync_seconds_count')).toBeGreaterThan(4);
  expect(figure('journal_sync_seconds_sum') / figure('journal_sync_seconds_count')).toBeLessThan(1);
  expect(figure('alerts_total{rule="hazard"}')).toBe(2);
  expect(figure('incidents_open{severity="critical"}')).toBe(2);
  expect(figure('deadlines')).toBeGreaterThan(1);
  expect(figure('notices_total{channel="webhook",outcome="delivered"}')).toBeGreaterThanOrEqual(1);
  expect(figure('notices_total{channel="log",outcome="delivered"}')).toBeGreaterThanOrEqual(1);
  expect(figure('receipt_to_notice_seconds_count')).toBeGreaterThanOrEqual(2);
  expect(figure('receipt_to_notice_seconds_sum') / figure('receipt_to_notice_seconds_count')).toBeLessThan(2);
  for (const follower of ['alarm', 'duty', 'projection']) {
    expect(figure(`follower_lag_records{follower="${follower}"}`)).toBeLessThan(10);
    expect(figure(`follower_lag_seconds{follower="${follower}"}`)).toBeLessThan(10);
  }
  for (const process of ['alarm', 'desk']) {
    expect(figures.get(loopDelay(process))).toBeGreaterThan(0);
    expect(figures.get(loopDelay(process))).toBeLessThan(5);
  }
});

const loopDelay = (process: string) => `steppewatch_event_loop_delay_seconds{quantile="0.99",process="${process}"}`;

test('names, numbers, addresses and secrets stand nowhere in the data folder or the log', async () => {
  await query(dataFolder, 'checkpoint');
  const secrets = [webhookSecret, secretOf(detector), enrolmentPassword, firstAccount?.password ?? 'none'];
  const personal = [
    '萨仁高娃',
    '萨仁奶奶',
    '巴特尔',
    '布和',
    'Altan (daughter',
    '院里有狗',
    '东井嘎查1号',
    '138 0000 0001',
  ];
  const hidden = [...personal, '+49 30 0000000', 'example.org/hooks/buhe', 'buhe-at-home', ...secrets];
  const found = new Set<string>();
  let isPlaceFound = false;
  for (const [name, bytes] of allFiles(dataFolder)) {
    for (const words of hidden) if (bytes.includes(words)) found.add(`${words} in ${name}`);
    isPlaceFound ||= name.includes('postgres/base') && bytes.includes('东井1号，井台西侧');
  }
  const log = system
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .join('\n');
  for (const words of hidden) if (log.includes(words)) found.add(`${words} in the log`);
  expect([...found]).toEqual([]);
  // What is not personal is there in clear: the search does find.
  expect(isPlaceFound).toBe(true);
  expect(log).toContain(stranger);
});

function allFiles(folder: string): [string, Buffer][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path, readFileSync(path)]);
}
