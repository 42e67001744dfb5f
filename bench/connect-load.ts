import { once } from 'node:events';
import { connect as openPlain, type Socket } from 'node:net';
import { createSecureContext, connect as openSecure, type SecureContext } from 'node:tls';

// The load of [connect] and [idle-memory] as a process of its own. `turns`: so many devices connect, resume their session, get their
// CONNACK and leave, one after the other. `held`: every device connects once and stays.

export type ConnectLoad = {
  mode: 'turns' | 'held';
  port: number;
  secure: boolean;
  ca: string;
  /** CONNECT packets in base64. */
  logins: string[];
  atOnce: number;
  warmupMs: number;
  measuredMs: number;
};

process.on('message', async (load: ConnectLoad) => {
  process.send?.(load.mode === 'turns' ? await connectsPerSecond(load) : await hold(load));
});
process.on('disconnect', () => process.exit());

async function connectsPerSecond(load: ConnectLoad): Promise<number> {
  const context = createSecureContext({ ca: load.ca });
  let done = 0;
  let isRunning = true;
  const workers = Array.from({ length: load.atOnce }, async (_, index) => {
    const login = Buffer.from(load.logins[index] ?? '', 'base64');
    let session: Buffer | undefined;
    while (isRunning) {
      const socket = await connect(load, login, context, session);
      session ??= await socket.ticket;
      socket.destroy();
      done++;
    }
  });
  await wait(load.warmupMs);
  const [count, start] = [done, performance.now()];
  await wait(load.measuredMs);
  const perSecond = ((done - count) / (performance.now() - start)) * 1000;
  isRunning = false;
  await Promise.all(workers);
  return perSecond;
}

async function hold(load: ConnectLoad): Promise<number> {
  const context = createSecureContext({ ca: load.ca });
  const waiting = load.logins.map((login) => Buffer.from(login, 'base64'));
  const total = waiting.length;
  const workers = Array.from({ length: load.atOnce }, async () => {
    for (let login = waiting.pop(); login !== undefined; login = waiting.pop()) await connect(load, login, context);
  });
  await Promise.all(workers);
  return total;
}

type Connected = Socket & { ticket?: Promise<Buffer> };

/** Resolves with its CONNACK. A session that is given has to be resumed. */
async function connect(
  load: ConnectLoad,
  login: Buffer,
  secureContext: SecureContext,
  session?: Buffer,
): Promise<Connected> {
  const at = { port: load.port, host: '127.0.0.1' };
  if (!load.secure) {
    const socket = openPlain(at, () => socket.write(login));
    await connack(socket);
    return socket;
  }
  const socket = openSecure({ ...at, servername: 'localhost', secureContext, ...(session && { session }) }, () => {
    if (session && !socket.isSessionReused()) throw new Error('a session was not resumed');
    socket.write(login);
  });
  const ticket = new Promise<Buffer>((resolve) => socket.once('session', resolve));
  await connack(socket);
  return Object.assign(socket, { ticket });
}

async function connack(socket: Socket): Promise<void> {
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  if (bytes[0] !== 0x20 || bytes[3] !== 0) throw new Error(`not a CONNACK that accepts: ${bytes.toString('hex')}`);
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
