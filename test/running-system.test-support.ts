import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync, type IClientOptions } from 'mqtt';
import pg from 'pg';
import type { IncidentCard, IncidentPage } from '../api/answers.ts';
import { type System, until } from '../bench/system.ts';
import { deviceId, secretOf } from '../bench/village.ts';
import type { ContactResult, Outcome } from '../records/incident.ts';

/** What a person at the desk does with a running system, what devices do, and what can be seen of it from outside. */

export const webhookSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** Publishes one report of a device and resolves at its PUBACK. Errors: refused, or the connection ended. */
export async function publish(system: System, { id, topic, payload, ...login }: Publish): Promise<true> {
  const options: IClientOptions = { clientId: id, username: id, password: secretOf(id), ...login };
  const client = await connectAsync(
    `mqtt://127.0.0.1:${system.ports.mqtt}`,
    { ...options, reconnectPeriod: 0, connectTimeout: 5_000 },
    false,
  );
  // An answer that never comes would otherwise be waited for for ever.
  client.on('error', () => client.end(true));
  client.on('close', () => client.end(true));
  await client.publishAsync(`up/${id}/${topic}`, payload, { qos: 1 });
  await client.endAsync(true);
  return true;
}
type Publish = { id: string; topic: string; payload: string; username?: string; password?: string };

/** The emergency button with that number in the bench's village is pressed, for the `seq`th time. */
export function press(system: System, number: number, seq = 1): Promise<true> {
  const payload = `{"v":1,"boot":1,"seq":${seq},"age":0,"call":"emergency"}`;
  return publish(system, { id: deviceId(number), topic: 'press', payload });
}

export type Desk = Awaited<ReturnType<typeof signIn>>;

/** Signs in with the account that the first start printed, or with the one given. */
export async function signIn(system: Pick<System, 'ports' | 'output'>, given?: { account: string; password: string }) {
  const origin = `http://127.0.0.1:${system.ports.http}`;
  const headers = { 'x-steppewatch': '1', 'content-type': 'application/json' };
  const login = given ?? (await until('the first account', async () => printedAccount(system.output())));
  const signedIn = await fetch(`${origin}/api/v1/session`, {
    ...{ method: 'POST', headers, body: JSON.stringify(login), signal: AbortSignal.timeout(10_000) },
  });
  if (!signedIn.ok) throw new Error(`sign-in answered ${signedIn.status}`);
  const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const ask = async (method: string, path: string, body?: object): Promise<Response> =>
    fetch(`${origin}/api/v1${path}`, {
      ...{ method, headers: { ...headers, cookie }, signal: AbortSignal.timeout(10_000) },
      ...(body && { body: JSON.stringify(body) }),
    });
  return {
    ask,
    upload: (path: string, type: string, body: Uint8Array): Promise<Response> =>
      fetch(`${origin}/api/v1${path}`, {
        ...{ method: 'POST', body: Buffer.from(body), signal: AbortSignal.timeout(60_000) },
        headers: { ...headers, 'content-type': type, cookie },
      }),
    async incidents(): Promise<IncidentCard[]> {
      return ((await (await ask('GET', '/incidents')).json()) as IncidentPage).incidents;
    },
    /** Watches the live stream until `stop`; `incidents` are the cards that came, in their order. */
    async watch() {
      const stopping = new AbortController();
      const response = await fetch(`${origin}/api/v1/events`, { headers: { cookie }, signal: stopping.signal });
      const incidents: IncidentCard[] = [];
      readEvents(response, (name, data) => name === 'incident' && incidents.push(data as IncidentCard)).catch(() => {});
      return { incidents, stop: () => stopping.abort() };
    },
  };
}

/** Answers with the status: 200 where it is over by that. */
export async function resolveBy(
  desk: Desk,
  incident: IncidentCard | undefined,
  ending: { outcome: Outcome; contact: ContactResult },
): Promise<number> {
  const { incidentId = '', version: expectedVersion } = incident ?? {};
  const command = { commandId: randomUUID(), expectedVersion, ...ending };
  return (await desk.ask('POST', `/incidents/${encodeURIComponent(incidentId)}/resolve`, command)).status;
}

/** The account and password that `text` shows. */
export function printedAccount(text: string): { account: string; password: string } | undefined {
  const [, account, password] = /account[^:]*: (\S+) +password: (\S+)/.exec(text) ?? [];
  return account && password ? { account, password } : undefined;
}

async function readEvents(response: Response, onEvent: (name: string, data: unknown) => void): Promise<void> {
  let unread = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const events = (unread + chunk).split('\n\n');
    unread = events.pop() ?? '';
    for (const event of events) {
      const name = /^event: (.+)$/m.exec(event)?.[1];
      const data = /^data: (.+)$/m.exec(event)?.[1];
      if (name && data) onEvent(name, JSON.parse(data));
    }
  }
}

/** Asks the embedded database. */
export async function query<Row extends pg.QueryResultRow>(dataFolder: string, sql: string): Promise<Row[]> {
  const password = readFileSync(join(dataFolder, 'keys', 'postgres'), 'utf8').trim();
  const port = Number(readFileSync(join(dataFolder, 'postgres.port'), 'utf8'));
  const login = { host: '127.0.0.1', port, user: 'steppewatch', password, database: 'steppewatch' };
  const client = new pg.Client({ ...login, connectionTimeoutMillis: 2_000, query_timeout: 10_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Process id of the embedded database's first process; undefined while there is none. */
export function postmaster(dataFolder: string): number | undefined {
  const file = join(dataFolder, 'postgres', 'postmaster.pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : 0;
  return pid > 0 && isAlive(pid) ? pid : undefined;
}

export function isAlive(pid: number): boolean {
  try {
    // A process that ended and was not yet taken note of by whoever started it does nothing any more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** A process and those that it started. */
export function withChildren(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...children.split(' ').filter(Boolean).map(Number)];
}

/** A session of the database may end between the look and the signal. */
export function signal(pids: number[], name: NodeJS.Signals): void {
  for (const pid of pids.filter(isAlive)) process.kill(pid, name);
}

/** Runs a program of ours to its end. */
export async function run(program: string, args: string[], environment: Record<string, string>) {
  const path = join(import.meta.dirname, '..', program);
  const child = spawn(process.execPath, [path, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...environment },
  });
  let [output, complaints] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, output, complaints };
}
