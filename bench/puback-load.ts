import { connect, type Socket } from 'node:net';

// The load of [puback] as a process of its own: every client sends its next publish when the one before is acknowledged.
// What it sends is made beforehand, so that this process is never what is measured.

/** `logins` are CONNECT packets, `publishes` QoS 1 PUBLISH packets with packet id 1; one of each per client. */
export type Load = { port: number; logins: string[]; publishes: string[]; warmupMs: number; measuredMs: number };

process.on('message', async (load: Load) => {
  const clients = await Promise.all(load.logins.map((login) => open(load.port, Buffer.from(login, 'base64'))));
  let acknowledged = 0;
  let running = true;
  clients.forEach((client, index) => {
    const publish = Buffer.from(load.publishes[index] ?? '', 'base64');
    client.on('data', (bytes) => {
      if (!bytes.equals(acknowledgement)) throw new Error(`not a PUBACK of packet 1: ${bytes.toString('hex')}`);
      acknowledged++;
      if (running) client.write(publish);
    });
    client.write(publish);
  });
  await wait(load.warmupMs);
  const [count, start] = [acknowledged, performance.now()];
  await wait(load.measuredMs);
  const perSecond = ((acknowledged - count) / (performance.now() - start)) * 1000;
  running = false;
  await wait(200);
  for (const client of clients) client.destroy();
  process.send?.(perSecond);
});

process.on('disconnect', () => process.exit());

const acknowledgement = Buffer.from([0x40, 2, 0, 1]);

function open(port: number, login: Buffer): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => socket.write(login));
    socket.once('error', reject);
    socket.once('data', (bytes) => {
      if (bytes[3] === 0) resolve(socket);
      else reject(new Error(`connection refused with code ${bytes[3]}`));
    });
  });
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
