import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { generate, type Packet } from 'mqtt-packet';
import { makeSecret } from '../broker/credentials.ts';
import { systemChance } from '../platform/random.ts';
import type { Load } from './puback-load.ts';
import type { Login } from './puback-server.ts';

const clients = 200;
const payloadBytes = 200;
const pairs = 7;

/**
 * [puback]: reports acknowledged per second by the whole broker with its journal, over bare aedes without one. QoS 1, 200 bytes,
 * 200 clients, one publish at a time each. Load and servers are processes of their own; the two take turns, and the figure is
 * the median of the pairs' ratios. Bound: at least 0.85.
 */
export async function run(report: (name: string, value: number, unit: string) => void): Promise<void> {
  const measuredMs = Number(process.env.BENCH_SECONDS ?? 10) * 1000;
  const logins = Array.from({ length: clients }, (_, index) => ({
    deviceId: `86${String(index).padStart(13, '0')}`,
    secret: makeSecret(systemChance),
  }));
  const servers = await Promise.all(['bare', 'whole'].map((role) => serve(role, logins)));
  try {
    const results: { bare: number; whole: number }[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const rates: number[] = [];
      // Who goes first changes, so that neither always meets the warmer machine.
      const order = pair % 2 === 0 ? servers : servers.toReversed();
      for (const { port } of order)
        rates.push(await load({ port, measuredMs, warmupMs: Math.min(2000, measuredMs / 2), ...packets(logins) }));
      const [bare = 0, whole = 0] = pair % 2 === 0 ? rates : rates.toReversed();
      results.push({ bare, whole });
    }
    report('puback', median(results.map(({ bare, whole }) => whole / bare)), 'x');
    report('puback-per-second', median(results.map(({ whole }) => whole)), '1/s');
    report('puback-bare-per-second', median(results.map(({ bare }) => bare)), '1/s');
  } finally {
    await Promise.all(servers.map(({ child }) => end(child)));
  }
}

async function serve(role: string, logins: Login[]): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(join(import.meta.dirname, 'puback-server.ts'));
  child.send({ role, logins });
  return { child, port: await answerOf(child) };
}

async function load(message: Load): Promise<number> {
  const child = fork(join(import.meta.dirname, 'puback-load.ts'));
  child.send(message);
  const perSecond = await answerOf(child);
  await end(child);
  return perSecond;
}

async function answerOf(child: ChildProcess): Promise<number> {
  const died = once(child, 'exit').then(() => Promise.reject(new Error('a process of the bench died')));
  return Promise.race([once(child, 'message').then(([answer]) => Number(answer)), died]);
}

/** Both kinds of process clean up and end when nobody listens to them any more. */
async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}

function packets(logins: Login[]): { logins: string[]; publishes: string[] } {
  const encode = (packet: Packet) => generate(packet).toString('base64');
  return {
    logins: logins.map(({ deviceId, secret }) =>
      encode({
        cmd: 'connect',
        clientId: deviceId,
        username: deviceId,
        password: Buffer.from(secret),
        keepalive: 60,
        clean: true,
      }),
    ),
    publishes: logins.map(({ deviceId }) =>
      encode({
        cmd: 'publish',
        topic: `up/${deviceId}/status`,
        payload: Buffer.alloc(payloadBytes, 0x20),
        qos: 1,
        messageId: 1,
        dup: false,
        retain: false,
      }),
    ),
  };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
