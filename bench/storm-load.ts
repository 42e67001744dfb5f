import { connect as openSocket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect, createSecureContext } from 'node:tls';
import { generate } from 'mqtt-packet';

// The devices of [reconnect-storm], a process of its own: all connect at once, by full handshakes, and come again as devices do when they
// are refused or cut. Each is far away.

export type Storm = { port: number; ca: string; devices: { id: string; secret: string }[] };
export type StormReport = { servedMs: number; attempts: number };

process.once('message', async (storm: Storm) => {
  process.send?.(await run(storm));
});
process.on('disconnect', () => process.exit());

async function run({ port, ca, devices }: Storm): Promise<StormReport> {
  const secureContext = createSecureContext({ ca });
  const startedAt = performance.now();
  let attempts = 0;

  async function comeBack(device: Storm['devices'][number], number: number): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      attempts++;
      if (await connectOnce(device, number).catch(() => false)) return;
      // Spread over 1 to 5 s, differently for every device and attempt.
      await wait(1_000 + ((number * 7919 + attempt * 104_729) % 4_000));
    }
  }

  function connectOnce({ id, secret }: Storm['devices'][number], number: number): Promise<true> {
    return new Promise((resolve, reject) => {
      const far = farAway(port, 1_000 + (number % 1_000));
      const socket = connect({ socket: far, servername: 'localhost', secureContext }, () =>
        socket.write(
          generate({
            cmd: 'connect',
            clientId: id,
            username: id,
            password: Buffer.from(secret),
            keepalive: 3600,
            clean: true,
          }),
        ),
      );
      // A device gives up and tries again when it hears nothing for so long.
      const patience = setTimeout(() => socket.destroy(), 30_000);
      socket.on('error', () => {});
      socket.once('close', () => {
        clearTimeout(patience);
        reject(new Error('cut'));
      });
      socket.once('data', (bytes) => {
        clearTimeout(patience);
        if (bytes[0] === 0x20 && bytes[3] === 0) resolve(true);
        else socket.destroy();
      });
    });
  }

  await Promise.all(devices.map((device, number) => comeBack(device, number)));
  return { servedMs: performance.now() - startedAt, attempts };
}

/** A connection on which what is said and what is heard takes `ms` each way. */
function farAway(port: number, ms: number): Duplex {
  const near = openSocket({ port, host: '127.0.0.1', noDelay: true });
  const far = new Duplex({
    read() {},
    write(bytes, _encoding, done) {
      setTimeout(() => near.write(bytes), ms);
      done();
    },
    destroy(error, done) {
      near.destroy();
      done(error);
    },
  });
  near.on('error', () => {});
  near.on('data', (bytes) => setTimeout(() => far.destroyed || far.push(bytes), ms));
  near.on('close', () => setTimeout(() => far.destroy(), ms));
  return far;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
