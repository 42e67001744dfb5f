import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { alarmAway, OperationalError, type Retry } from '../platform/errors.ts';

/**
 * The local door of the alarm process: one JSON object a line each way, over a Unix socket that only its owner may open.
 * A request is `{id, ask, with}`, its answer `{id, answer}` or `{id, error}`; a line is at most 8 MiB.
 */
export type Questions = { [ask: string]: (details: never) => unknown };

const longestLine = 8 * 1024 * 1024;
const mostConnections = 32;

/** Unix socket paths end at 107 bytes; a data folder further down gets its socket in the folder for temporary files. */
export function controlSocketPath(dataFolder: string): string {
  const near = join(dataFolder, 'run', 'control.sock');
  if (Buffer.byteLength(near) <= 100) return near;
  const name = createHash('sha256').update(dataFolder).digest('hex').slice(0, 16);
  return join(tmpdir(), `steppewatch-${userInfo().uid}-${name}`, 'control.sock');
}

/** Opens the door. The caller holds the lock of the data folder, so that a socket file that is there is a dead one. */
export async function serveControl(dataFolder: string, questions: Questions): Promise<{ close(): Promise<void> }> {
  const path = controlSocketPath(dataFolder);
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    readLines(socket, (line) => answer(socket, line, questions));
  });
  server.maxConnections = mostConnections;
  await new Promise<void>((done, fail) => server.once('error', fail).listen(path, done));
  chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function answer(socket: Socket, line: string, questions: Questions): Promise<void> {
  const request = parse<{ id: number; ask: string; with: never }>(line);
  if (!request) return void socket.destroy();
  const { id, ask, with: details } = request;
  const reply = (body: object) => socket.writable && socket.write(`${JSON.stringify({ id, ...body })}\n`);
  try {
    const question = questions[ask];
    if (!question) throw new Error(`no question ${ask}`);
    reply({ answer: await question(details) });
  } catch (error) {
    reply({ error: inWords(error) });
  }
}

export type Control = ReturnType<typeof connectControl>;

/**
 * The other side: connects when it is asked something, and again when the alarm process was restarted.
 * Errors: ALARM_AWAY, try later: nobody answers at the socket, or not within `patienceMs`.
 */
export function connectControl(dataFolder: string, { patienceMs = 10_000 } = {}) {
  const path = controlSocketPath(dataFolder);
  const waiting = new Map<number, { settle: (answer: unknown) => void; fail: (error: Error) => void }>();
  let socket: Socket | undefined;
  let lastId = 0;

  // A socket that ends takes its own questions with it, and not those that a newer one already carries.
  const failAll = (ended: Socket, cause?: unknown) => {
    if (socket !== ended) return;
    for (const { fail } of waiting.values()) fail(alarmAway({ cause }));
    waiting.clear();
    socket = undefined;
  };
  const open = (): Socket => {
    const opened = connect(path);
    opened.on('error', (cause) => failAll(opened, cause));
    opened.on('close', () => failAll(opened));
    readLines(opened, (line) => {
      const reply = parse<{ id: number; answer?: unknown; error?: RemoteError }>(line);
      if (!reply) return void opened.destroy();
      const { id, answer, error } = reply;
      const asked = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) asked?.settle(answer);
      else asked?.fail(remoteError(error));
    });
    return opened;
  };

  return {
    ask<Answer>(ask: string, details: unknown): Promise<Answer> {
      return new Promise<Answer>((settle, reject) => {
        const id = ++lastId;
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(alarmAway({ cause: `no answer within ${patienceMs} ms` }));
        }, patienceMs);
        const ended =
          <T>(then: (value: T) => void) =>
          (value: T) => {
            clearTimeout(timer);
            then(value);
          };
        waiting.set(id, { settle: ended((answer) => settle(answer as Answer)), fail: ended(reject) });
        socket ??= open();
        socket.write(`${JSON.stringify({ id, ask, with: details })}\n`);
      });
    },
    close(): void {
      socket?.destroy();
    },
  };
}

/** An error of the world keeps its code over the socket, so that whoever asked can branch on `retry` and `status`. */
type RemoteError = { message: string; code?: string; retry?: Retry; status?: number };

function inWords(error: unknown): RemoteError {
  if (!(error instanceof OperationalError)) return { message: error instanceof Error ? error.message : String(error) };
  const { message, code, retry, status } = error;
  return { message, code, retry, status };
}

function remoteError({ message, code, retry, status }: RemoteError): Error {
  if (code === undefined || retry === undefined || status === undefined) return new Error(message);
  return new OperationalError(code, message, { retry, status });
}

function parse<Shape>(line: string): Shape | undefined {
  try {
    return JSON.parse(line) as Shape;
  } catch {
    return undefined;
  }
}

function readLines(socket: Socket, onLine: (line: string) => void): void {
  let parts: string[] = [];
  let length = 0;
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    let from = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      parts.push(chunk.slice(from, end));
      onLine(parts.join(''));
      parts = [];
      length = 0;
      from = end + 1;
    }
    parts.push(chunk.slice(from));
    length += chunk.length - from;
    if (length > longestLine) socket.destroy();
  });
}
