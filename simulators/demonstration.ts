import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runAccountsCli } from '../app/cli/accounts-cli.ts';
import { type Control, connectControl } from '../app/control-socket.ts';
import { exitCodes } from '../app/exit.ts';
import { privateFiles } from '../app/private-files.ts';
import { runRegistryCli } from '../app/registry/registry-cli.ts';
import type { PageRequest, RegistryPage } from '../app/registry/registry-pages.ts';
import { systemClock } from '../platform/clock.ts';
import { systemChance } from '../platform/random.ts';
import { openVault } from '../platform/vault.ts';
import type { Command } from '../records/command.ts';
import { type DemonstrationFile, openDemonstration, saveDemonstration } from './demonstration-file.ts';
import { type Fleet, runFleet } from './fleet.ts';
import { firstFreePort } from './free-port.ts';
import { plots } from './happenings.ts';
import { chanceOf } from './seeded-chance.ts';
import { asked, runCommand, say } from './terminal.ts';
import { makeVillage, registryFile, type Village } from './village.ts';
import { onScreen, startWebhookReceiver } from './webhook-receiver.ts';

const usage = `usage: npm start -- [--data data-demo]
The whole system with a simulated village, in a data folder of its own. Ports: STEPPEWATCH_MQTT_PORT, STEPPEWATCH_HTTP_PORT,
else 1883 and 8080, or the next that are free.`;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { data: { type: 'string', default: 'data-demo' } } });
  const folder = resolve(values.data);
  const refusal = refusalOf(process.env);
  const demonstration = refusal === undefined ? openDemonstration(folder, systemChance) : { problem: refusal };
  if ('problem' in demonstration) {
    process.stderr.write(`${demonstration.problem}\n`);
    return exitCodes.configuration;
  }
  const begunAt = performance.now();
  const stopping = asked();
  const receiverPort = await firstFreePort(demonstration.receiverPort);
  const ports = await choosePorts(process.env, [receiverPort]);
  const receiver = await startWebhookReceiver({
    ...{ port: receiverPort, secret: demonstration.webhookSecret },
    onMessage: (message) => process.stdout.write(`   → ${onScreen(message)}\n`),
    onRefused: (why) => say(`a webhook was refused: ${why}`),
  });
  const system = startSystem(folder, ports);
  const over = new AbortController();
  try {
    const village = makeVillage(demonstration);
    const ready = makeReady({
      signal: over.signal,
      folder,
      demonstration,
      village,
      ports,
      webhook: { url: receiver.url, secret: demonstration.webhookSecret },
    });
    ready.catch(() => {}); // When the system ends first, that is what there is to say.
    const first = await Promise.race([ready, system.ended, stopping]);
    if (typeof first === 'object') {
      welcome({ ports, folder, village, seconds: (performance.now() - begunAt) / 1000, ...first });
      const fleet = enliven(village, ports.mqtt);
      await Promise.race([system.ended, stopping]);
      await fleet.stop();
    }
    return await system.stop();
  } finally {
    over.abort();
    await receiver.close();
  }
}

type Ports = { mqtt: number; http: number; metrics: number };

/** Nothing of a real installation may come near: neither its database nor its data folder. */
function refusalOf(environment: NodeJS.ProcessEnv): string | undefined {
  const real = ['DATABASE_URL', 'DATABASE_URL_FILE', 'STEPPEWATCH_DATA', 'STEPPEWATCH_KEYS'].find(
    (name) => environment[name],
  );
  return (
    real &&
    `${real} is set: the demonstration uses a data folder and a database of its own. Unset it, or start the system with npm run serve.`
  );
}

async function choosePorts(environment: NodeJS.ProcessEnv, taken: number[]): Promise<Ports> {
  const mqtt = await firstFreePort(Number(environment.STEPPEWATCH_MQTT_PORT ?? 1883), taken);
  const http = await firstFreePort(Number(environment.STEPPEWATCH_HTTP_PORT ?? 8080), [...taken, mqtt]);
  const metrics = await firstFreePort(Number(environment.STEPPEWATCH_METRICS_PORT ?? http + 1), [...taken, mqtt, http]);
  return { mqtt, http, metrics };
}

/** The system as `npm run serve` starts it, its log in a file. It ends when this process is gone. */
function startSystem(folder: string, ports: Ports) {
  mkdirSync(folder, { recursive: true });
  const log = openSync(join(folder, 'steppewatch.log'), 'w');
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^STEPPEWATCH_(?!HTTP_(HOST|PLAINTEXT)$)/.test(name),
  );
  const child: ChildProcess = fork(fileURLToPath(new URL('../app/supervisor.ts', import.meta.url)), [], {
    stdio: ['ignore', log, log, 'ipc'],
    env: {
      ...Object.fromEntries(inherited),
      STEPPEWATCH_DATA: folder,
      STEPPEWATCH_MQTT_PORT: String(ports.mqtt),
      STEPPEWATCH_HTTP_PORT: String(ports.http),
      STEPPEWATCH_METRICS_PORT: String(ports.metrics),
      STEPPEWATCH_WEBHOOK_PRIVATE: 'allow',
      // As fast as life; but a simulated clock is what the system refuses to run over real homes.
      STEPPEWATCH_CLOCK: 'simulated:1',
    },
  });
  closeSync(log);
  const ended = new Promise<number>((done) => child.once('exit', (code) => done(code ?? exitCodes.failed)));
  let isAsked = false;
  ended.then((code) => {
    if (isAsked && code === 0) return;
    const last = readFileSync(join(folder, 'steppewatch.log'), 'utf8').trimEnd().split('\n').slice(-5);
    process.stderr.write(
      `the system ended with code ${code}; the end of ${join(folder, 'steppewatch.log')}:\n${last.join('\n')}\n`,
    );
  });
  return {
    ended,
    async stop(): Promise<number> {
      isAsked = true;
      if (child.exitCode === null) child.kill('SIGTERM');
      const code = await ended;
      if (code === 0) say(`stopped. The data is kept in ${folder}; remove that folder to begin anew.`);
      return code;
    },
  };
}

type ReadyParts = {
  signal: AbortSignal;
  folder: string;
  demonstration: DemonstrationFile;
  village: Village;
  ports: Ports;
  webhook: { url: string; secret: string };
};

/** Waits for the system, enters the village into its registry, and sees to it that somebody can sign in. */
async function makeReady({
  signal,
  folder,
  demonstration,
  village,
  ports,
  webhook,
}: ReadyParts): Promise<{ password: string }> {
  const control = connectControl(folder);
  try {
    await until(signal, () => control.ask('health', {}));
    await importVillage(control, folder, registryFile(village, webhook));
    await until(signal, async () => (await fetch(`http://127.0.0.1:${ports.http}/api/v1/health/live`)).ok);
    await until(
      signal,
      async () => (await control.ask<RegistryPage>('registry-page', { entity: 'account', from: 0 })).values.length > 0,
    );
    const known = demonstration.password;
    const password = known !== undefined && (await opens(known, ports.http)) ? known : await newPassword(control);
    saveDemonstration(folder, { ...demonstration, receiverPort: Number(new URL(webhook.url).port), password });
    return { password };
  } finally {
    control.close();
  }
}

async function importVillage(control: Control, folder: string, text: string): Promise<void> {
  const complaints: string[] = [];
  const code = await runRegistryCli({
    argv: ['import', 'the simulated village'],
    system: systemOver(control),
    openKeys: () => openVault({ folder: join(folder, 'keys'), chance: systemChance, readOnly: true }),
    chance: systemChance,
    readText: async () => text,
    writeText: async () => {},
    files: privateFiles,
    print: () => {},
    complain: (problem) => complaints.push(problem),
  });
  if (code !== 0) throw new Error(complaints.join('\n'));
}

/** Somebody may have made another since. */
async function opens(password: string, httpPort: number): Promise<boolean> {
  const headers = { 'content-type': 'application/json', 'x-steppewatch': '1' };
  const body = JSON.stringify({ account: 'duty', password });
  return (await fetch(`http://127.0.0.1:${httpPort}/api/v1/session`, { method: 'POST', headers, body })).ok;
}

async function newPassword(control: Control): Promise<string> {
  let said = '';
  const print = (text: string) => {
    said += text;
  };
  const code = await runAccountsCli({
    argv: ['reset', 'duty'],
    system: systemOver(control),
    chance: systemChance,
    print,
    complain: print,
  });
  const password = /password: (\S+)/.exec(said)?.[1];
  if (code !== 0 || password === undefined) throw new Error(said);
  return password;
}

const systemOver = (control: Control) => ({
  command: (command: Command) =>
    control.ask<Awaited<ReturnType<Parameters<typeof runRegistryCli>[0]['system']['command']>>>('command', command),
  page: (request: PageRequest) => control.ask<RegistryPage>('registry-page', request),
  whyNotErased: async (personId: string) => (await control.ask<{ why?: string }>('why-not-erased', { personId })).why,
});

/** The village begins to live; the last home is left to whoever wants to be a device. */
function enliven(village: Village, mqttPort: number): Fleet {
  const homes = village.homes.slice(0, -1);
  const now = systemClock.now();
  const fleet = runFleet({
    ...{ homes, url: `mqtt://127.0.0.1:${mqttPort}`, seed: village.seed, clock: systemClock },
    onHappening: ({ says }) => says !== undefined && say(says),
  });
  for (const [plot, afterMs] of programme) {
    const chance = chanceOf(now, plot);
    fleet.plan(plots[plot]?.(homes, now + afterMs, chance) ?? []);
  }
  return fleet;
}

const programme = [
  ['kitchen-fire', 15_000],
  ['call-for-care', 60_000],
  ['fall-at-night', 90_000],
  ['fall-and-up-again', 240_000],
  ['monthly-test', 360_000],
] as const;

function welcome({
  ports,
  folder,
  village,
  password,
  seconds,
}: {
  ports: Ports;
  folder: string;
  village: Village;
  password: string;
  seconds: number;
}): void {
  const mine = village.homes.at(-1)?.devices.find(({ kind }) => kind === 'smoke-detector');
  process.stdout.write(`
Steppewatch is running with a simulated village of ${village.homes.length} homes (ready after ${Math.round(seconds)} s).

  page      http://127.0.0.1:${ports.http}/${insteadOf(ports.http, 'STEPPEWATCH_HTTP_PORT', 8080)}
  account   duty      password  ${password}
  MQTT      127.0.0.1:${ports.mqtt}${insteadOf(ports.mqtt, 'STEPPEWATCH_MQTT_PORT', 1883)}
  log       ${join(folder, 'steppewatch.log')}

  Be a smoke detector yourself, in another terminal:
  npm run device -- --kind smoke-detector --id ${mine?.id} --secret ${mine?.secret} --url mqtt://127.0.0.1:${ports.mqtt}

In a quarter of a minute something happens in a kitchen, and a neighbour reads about it here. Claim it on the page.
Ctrl-C stops everything.

`);
}

function insteadOf(port: number, setting: string, otherwise: number): string {
  const wanted = Number(process.env[setting] ?? otherwise);
  return port === wanted ? '' : `   (${wanted} is taken)`;
}

async function until(signal: AbortSignal, isSo: () => Promise<unknown>): Promise<void> {
  while (!(await isSo().catch(() => false))) {
    signal.throwIfAborted();
    await new Promise((next) => setTimeout(next, 100));
  }
}

await runCommand(main, usage);
