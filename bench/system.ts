import { type ChildProcess, fork, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Control, connectControl } from '../app/control-socket.ts';
import type { CommandResult } from '../records/command.ts';
import type { RegistryChange } from '../records/registry.ts';
import { firstFreePort } from '../simulators/free-port.ts';
import type { Fleet, FleetMark, Tally } from './fleet.ts';

/** The whole system as an operator starts it, in a folder of its own, for benches and for tests that need real processes. */
export type System = {
  dataFolder: string;
  ports: { mqtt: number; http: number; metrics: number };
  process: ChildProcess;
  control: Control;
  output(): string;
  /** Ends every process of it at once, as a power cut would, but for the embedded database. */
  killAll(): Promise<void>;
  stop(): Promise<void>;
};

export async function startSystem({
  dataFolder,
  environment = {},
  runAs = {},
  through = [],
  release = fileURLToPath(new URL('..', import.meta.url)),
}: {
  dataFolder: string;
  environment?: Record<string, string>;
  /** The account that it runs as: by default the one that asks. */
  runAs?: { uid?: number; gid?: number };
  /** A program with its arguments that becomes ours, whose command line is put behind it. */
  through?: string[];
  /** The folder of the release that runs: by default this one. */
  release?: string;
}): Promise<System> {
  const [mqtt = 0, http = 0, metrics = 0] = await freePorts(3);
  const supervisor = join(release, 'app/supervisor.ts');
  const [program = '', ...args] = [...through, process.execPath, supervisor];
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...runAs,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      STEPPEWATCH_DATA: dataFolder,
      STEPPEWATCH_MQTT_PORT: String(mqtt),
      STEPPEWATCH_HTTP_PORT: String(http),
      STEPPEWATCH_METRICS_PORT: String(metrics),
      STEPPEWATCH_WEBHOOK_PRIVATE: 'allow',
      STEPPEWATCH_LOG_LEVEL: 'warn',
      ...environment,
    },
  });
  let output = '';
  const keep = (text: string) => {
    output = (output + text).slice(-200_000);
  };
  child.stdout?.setEncoding('utf8').on('data', keep);
  child.stderr?.setEncoding('utf8').on('data', keep);
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const control = connectControl(dataFolder, { patienceMs: 60_000 });
  return {
    dataFolder,
    ports: { mqtt, http, metrics },
    process: child,
    control,
    output: () => output,
    async killAll() {
      control.close();
      // Its processes are a group of their own; the embedded database is not of that group.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
    async stop() {
      control.close();
      if (child.exitCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Waits until something is so; for real processes there is no other way. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>, withinMs = 60_000): Promise<T> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer) return answer;
    if (performance.now() > giveUpAt) throw new Error(`waited ${withinMs} ms in vain for: ${what}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

/** Puts changes into the registry of a running system, in parts, as `npm run registry -- import` does. */
export async function register(control: Control, changes: RegistryChange[]): Promise<void> {
  const by = { type: 'system', id: 'bench' };
  const importId = `bench-${changes.length}`;
  let part = 0;
  for (let from = 0; from < changes.length; from += 1000) {
    const command = {
      type: 'registry-part',
      commandId: `${importId}-${part}`,
      by,
      importId,
      part,
      changes: changes.slice(from, from + 1000),
    };
    await applied(control, command);
    part++;
  }
  await applied(control, { type: 'registry-commit', commandId: `${importId}-commit`, by, importId, parts: part });
}

async function applied(control: Control, command: object): Promise<void> {
  const result = await control.ask<CommandResult>('command', command);
  if (!result.ok) throw new Error(`${JSON.stringify(command).slice(0, 200)}: ${result.message}`);
}

/** Runs a fleet in a process of its own; `onTally` hears from it each second. */
export function startFleet(fleet: Fleet, onTally: (tally: Tally) => void = () => {}) {
  const child = fork(fileURLToPath(new URL('./fleet.ts', import.meta.url)));
  let connected: () => void = () => {};
  const ready = new Promise<void>((done) => {
    connected = done;
  });
  const done = new Promise<Tally>((settle, fail) => {
    child.on('message', (message: Tally | 'connected') => {
      if (message === 'connected') return connected();
      onTally(message);
      if (message.done) settle(message);
    });
    child.once('exit', (code) => fail(new Error(`the fleet ended with ${code}`)));
  });
  done.catch(() => {});
  child.send(fleet);
  return { ready, done, mark: (mark: FleetMark) => child.send(mark), stop: () => child.kill('SIGKILL') };
}

/** Below those that connections going out are given: somebody's would otherwise stand on a port while its process is away. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await firstFreePort(randomInt(20_000, 32_000), ports));
  return ports;
}

export function temporaryFolder(name: string): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), `steppewatch-${name}-`));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Resident memory of a process in bytes, as the kernel counts it. */
export function residentBytes(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1] ?? 0) * 1024;
}

/** The supervisor's children in the order of their start: alarm, then desk. */
export function childPids(system: System): number[] {
  const pid = system.process.pid;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}

/** Every sample of `/metrics` by its name with labels. */
export async function readMetrics(system: System): Promise<Map<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${system.ports.metrics}/metrics`)).text();
  const samples = [...text.matchAll(/^(steppewatch_\S+) (\S+)$/gm)];
  return new Map(samples.map(([, name = '', value]) => [name, Number(value)]));
}

/**
 * Node's own debugger of a child, so that the product needs no switch for what only benches and tests do to it. The system
 * must have been started with `NODE_OPTIONS: '--inspect-port=0'`, and one debugger is opened at a time.
 */
export async function openDebugger(system: System, child: 'alarm' | 'desk') {
  const addresses = () => [...system.output().matchAll(/ws:\/\/127\.0\.0\.1:\S+/g)].map(([address]) => address);
  // One that just ended is about to be started again. Process 0 would be all of ours.
  const pid = await until(`the process of ${child}`, async () => childPids(system)[child === 'alarm' ? 0 : 1]);
  const before = addresses().length;
  process.kill(pid, 'SIGUSR1');
  const address = await until(`the debugger of ${child}`, async () => addresses()[before]);
  const socket = new WebSocket(address);
  await new Promise((done) => socket.addEventListener('open', done, { once: true }));
  let asked = 0;
  async function call(method: string, params: object): Promise<{ result?: { value?: unknown } }> {
    const id = ++asked;
    socket.send(JSON.stringify({ id, method, params }));
    const { promise, resolve } = Promise.withResolvers<{ result?: { value?: unknown } }>();
    socket.addEventListener('message', function hear({ data }) {
      const message = JSON.parse(String(data));
      if (message.id !== id) return;
      socket.removeEventListener('message', hear);
      resolve(message.result);
    });
    return promise;
  }
  return {
    evaluate: async (expression: string) => (await call('Runtime.evaluate', { expression })).result?.value,
    /** Bytes in use after a full collection. */
    async heapBytes(): Promise<number> {
      await call('HeapProfiler.collectGarbage', {});
      return Number((await call('Runtime.evaluate', { expression: 'process.memoryUsage().heapUsed' })).result?.value);
    },
    close: () => socket.close(),
  };
}

/** Makes desk spin for that long, as a runaway loop would. */
export async function spinDesk(system: System, forMs: number): Promise<void> {
  const desk = await openDebugger(system, 'desk');
  await desk.evaluate(`{ const end = Date.now() + ${forMs}; while (Date.now() < end); }`);
  desk.close();
}
