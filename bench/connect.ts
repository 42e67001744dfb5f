import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { generate } from 'mqtt-packet';
import { Authority } from '../broker/authority.test-support.ts';
import { makeSecret } from '../broker/credentials.ts';
import { systemChance } from '../platform/random.ts';
import type { ConnectLoad } from './connect-load.ts';
import type { Bench } from './run.ts';
import type { TlsServer } from './tls-server.ts';

const pairs = 7;
const atOnce = 32;

/**
 * [connect]: TLS 1.3 connects a second that resume a session (ECDSA P-256), up to their CONNACK, of the whole broker over bare aedes
 * behind Node's TLS. The two take turns; the figure is the median of the pairs' ratios. Bound: at least 0.9.
 */
export const run: Bench = async (report) => {
  const measuredMs = Number(process.env.BENCH_SECONDS ?? 10) * 1000;
  const setting = await prepare(atOnce);
  const servers = await Promise.all((['bare', 'whole'] as const).map((role) => serve(setting, role, true)));
  try {
    const results: { bare: number; whole: number }[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const rates: number[] = [];
      // Who goes first changes, so that neither always meets the warmer machine.
      const order = pair % 2 === 0 ? servers : servers.toReversed();
      for (const { port } of order) {
        const load = startLoad({ ...setting, port, secure: true, mode: 'turns', atOnce, measuredMs, warmupMs: 1_000 });
        rates.push(await load.answer);
        await end(load.child);
      }
      const [bare = 0, whole = 0] = pair % 2 === 0 ? rates : rates.toReversed();
      results.push({ bare, whole });
    }
    report('connect', median(results.map(({ bare, whole }) => whole / bare)), 'x');
    report('connect-per-second', median(results.map(({ whole }) => whole)), '1/s');
    report('connect-bare-per-second', median(results.map(({ bare }) => bare)), '1/s');
  } finally {
    await Promise.all(servers.map(({ child }) => end(child)));
  }
};

export type Setting = Pick<TlsServer, 'cert' | 'key'> & { ca: string; devices: TlsServer['logins']; logins: string[] };

/** An authority, a certificate of it, and so many devices with their CONNECT packets. */
export async function prepare(devicesCount: number): Promise<Setting> {
  const authority = await Authority.make('Bench');
  const { cert, key } = await authority.issue({ name: 'localhost', dns: ['localhost'] });
  const devices = Array.from({ length: devicesCount }, (_, index) => ({
    deviceId: `86${String(index).padStart(13, '0')}`,
    secret: makeSecret(systemChance),
  }));
  const logins = devices.map(({ deviceId, secret }) =>
    generate({
      cmd: 'connect',
      clientId: deviceId,
      username: deviceId,
      password: Buffer.from(secret),
      keepalive: 3600,
      clean: true,
    }).toString('base64'),
  );
  return { cert, key, ca: authority.pem(), devices, logins };
}

export async function serve(
  { cert, key, devices }: Setting,
  role: TlsServer['role'],
  secure: boolean,
): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(join(import.meta.dirname, 'tls-server.ts'), [], { execArgv: ['--expose-gc'] });
  child.send({ role, secure, cert, key, logins: devices } satisfies TlsServer);
  return { child, port: await answerOf(child) };
}

export function startLoad(load: ConnectLoad & Partial<Setting>): { child: ChildProcess; answer: Promise<number> } {
  const { mode, port, secure, ca, logins, atOnce, warmupMs, measuredMs } = load;
  const child = fork(join(import.meta.dirname, 'connect-load.ts'));
  child.send({ mode, port, secure, ca, logins, atOnce, warmupMs, measuredMs } satisfies ConnectLoad);
  return { child, answer: answerOf(child) };
}

export async function answerOf(child: ChildProcess): Promise<number> {
  const died = once(child, 'exit').then(() => Promise.reject(new Error('a process of the bench died')));
  return Promise.race([once(child, 'message').then(([answer]) => Number(answer)), died]);
}

/** Both kinds of process clean up and end when nobody listens to them any more. */
export async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}

export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
