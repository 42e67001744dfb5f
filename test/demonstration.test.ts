import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { freePorts, register, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { benchVillage } from '../bench/village.ts';
import { isAlive, postmaster, run, signIn } from './running-system.test-support.ts';

const temporary = temporaryFolder('demonstration');
afterAll(temporary.remove);
const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

test('a newcomer reads what a neighbour reads, claims it, stops everything, and finds it again', async () => {
  const folder = join(temporary.folder, 'data');
  const first = await demonstrate(folder);
  const account = await until('the account', async () => accountIn(first.output()));
  expect(first.output()).toContain(`http://127.0.0.1:${first.ports.http}/`);
  await until('a message', async () => /smoke in the .*\n.*→ \d\d:\d\d to .+: DRILL: Smoke alarm/.test(first.output()));

  const desk = await signIn(first, account);
  const [incident] = await until('the incident', async () => {
    const open = await desk.incidents();
    return open.length > 0 && open;
  });
  const claim = { commandId: 'newcomer-claims', expectedVersion: incident?.version };
  expect((await desk.ask('POST', `/incidents/${incident?.incidentId}/claim`, claim)).status).toBeLessThan(300);
  const database = await until('the database', async () => postmaster(folder));
  expect(await first.interrupt()).toBe(0);
  expect(first.output()).toContain(`The data is kept in ${folder}`);
  expect(isAlive(database)).toBe(false);

  const second = await demonstrate(folder);
  expect(await until('the account', async () => accountIn(second.output()))).toEqual(account);
  const again = await signIn(second, account);
  expect(await again.incidents()).toContainEqual(expect.objectContaining({ incidentId: incident?.incidentId }));
  expect(await second.interrupt()).toBe(0);
}, 180_000);

test('it keeps away from whatever may be real', async () => {
  const folder = join(temporary.folder, 'other');
  const started = (args: string[], environment: Record<string, string> = {}) =>
    run('simulators/demonstration.ts', args, environment);
  const withDatabase = await started(['--data', folder], { DATABASE_URL: 'postgres://somewhere/real' });
  expect(withDatabase).toMatchObject({ code: 78, complaints: expect.stringContaining('DATABASE_URL is set') });
  const withData = await started(['--data', folder], { STEPPEWATCH_DATA: 'data' });
  expect(withData).toMatchObject({ code: 78, complaints: expect.stringContaining('STEPPEWATCH_DATA is set') });
  const inForeignFolder = await started(['--data', join(import.meta.dirname, '..', 'docs')]);
  expect(inForeignFolder).toMatchObject({ code: 78, complaints: expect.stringContaining('it is left alone') });
});

test('a real device in its registry stops it, also one that came in the moment before a power cut', async () => {
  const folder = join(temporary.folder, 'real');
  const system = await startSystem({ dataFolder: folder });
  await until('the alarm process', () => system.control.ask('health', {}));
  const database = await until('the database', async () => postmaster(folder));
  const webhook = { url: 'http://127.0.0.1:9/', secret: `whsec_${Buffer.alloc(32, 3).toString('base64')}` };
  const changes = benchVillage({ devices: 1, webhook, hash: () => ({ salt: 'c2FsdA==', hmac: 'aG1hYw==' }) });
  const real = changes.map((change) =>
    change.type === 'put' && change.entity === 'device'
      ? { ...change, value: { ...change.value, simulated: false } }
      : change,
  );
  await register(system.control, real);
  await system.killAll();
  process.kill(database, 'SIGINT'); // It is not of the group that was killed, and nobody comes who would adopt it.
  const settings = { seed: 7, homes: 12, language: 'en', receiverPort: 18_090, webhookSecret: webhook.secret };
  writeFileSync(join(folder, 'demonstration.json'), JSON.stringify(settings));
  const demonstration = await demonstrate(folder);
  expect(await demonstration.ended).toBe(78);
  expect(demonstration.output()).toContain('the registry holds a real device');
}, 60_000);

/** `npm start` in a folder and on ports of its own. */
async function demonstrate(folder: string) {
  const [mqtt = 0, http = 0, metrics = 0] = await freePorts(3);
  const program = join(import.meta.dirname, '..', 'simulators', 'demonstration.ts');
  const child = spawn(process.execPath, [program, '--data', folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      STEPPEWATCH_MQTT_PORT: String(mqtt),
      STEPPEWATCH_HTTP_PORT: String(http),
      STEPPEWATCH_METRICS_PORT: String(metrics),
    },
  });
  running.add(child);
  let output = '';
  const keep = (text: string) => {
    output += text;
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const ended = new Promise<number | null>((done) => child.once('close', done));
  return {
    ports: { mqtt, http, metrics },
    output: () => output,
    ended,
    /** Ctrl-C; answers the exit code. */
    interrupt(): Promise<number | null> {
      child.kill('SIGINT');
      return ended;
    },
  };
}

function accountIn(text: string): { account: string; password: string } | undefined {
  const [, account, password] = /account\s+(\S+)\s+password\s+(\S+)/.exec(text) ?? [];
  return account && password ? { account, password } : undefined;
}
