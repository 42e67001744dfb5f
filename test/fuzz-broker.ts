import { connect } from 'node:net';
import { generate, type Packet, parser } from 'mqtt-packet';
import { startBroker } from '../broker/broker.ts';
import type { Login } from '../broker/credentials.ts';
import type { Incoming } from '../broker/intake.ts';
import { pskOf } from '../broker/tls-psk.ts';
import { parseUplink } from '../firmware-contracts/topics.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { systemChance } from '../platform/random.ts';
import { fuzzDevices, fuzzSecret } from './fuzz-packets.ts';

/**
 * A broker whose journal keeps everything a moment later, with a detector that is connected all the time. What it keeps has to
 * come from a device that may say it. Errors: what does not hold.
 */
export async function openPacketRange() {
  const sockets = socketsOpen();
  let kept = 0;
  const broker = await startBroker({
    ...{ listen: { host: '127.0.0.1', port: 0 }, log: silentLog, metrics: createMetrics() },
    ...{ clock: systemClock, chance: systemChance, credentials: { check } },
    async keep(incoming) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const problem = problemOf(incoming);
      if (problem) throw new Error(problem);
      if (incoming.deviceId !== detectorId) kept += 1;
    },
    // Of these devices each connects a hundred times: how often one may is no question here.
    limits: { closeMs: 500, ...unlimited },
    doors: [{ listen: { host: '127.0.0.1', port: 0 }, keys: { device: deviceOf, pepper } }],
  });
  const { port } = broker.address();
  const detector = await openDetector(port);

  return {
    ports: { plain: port, psk: broker.secureAddresses()[0]?.port ?? 0, keyOf },
    kept: () => kept,
    /** An alarm of the detector, from the first byte to its PUBACK, at most so long. */
    async fireIsHeard(): Promise<void> {
      const took = await Promise.race([detector.alarm(), after(longestPubackMs)]);
      if (took === 'late') throw new Error(`an alarm was not acknowledged within ${longestPubackMs} ms`);
    },
    /** No connection but the detector's is left, and nothing waits. */
    async isQuiet(): Promise<void> {
      const isOver = () => {
        const { connections, waitingPublishes, waitingBytes } = broker.stats();
        return connections === 1 && waitingPublishes === 0 && waitingBytes === 0 && socketsOpen() <= sockets + 3;
      };
      for (let waitedMs = 0; !isOver(); waitedMs += 10) {
        if (waitedMs > longestPubackMs)
          throw new Error(`left: ${JSON.stringify(broker.stats())}, ${socketsOpen()} sockets`);
        await after(10);
      }
    },
    async close(): Promise<void> {
      detector.leave();
      await broker.close();
    },
  };
}
const unlimited = {
  ...{ connectsPerSecond: 1e6, connectsBurst: 1e6, connectsPerSecondPerAddress: 1e6, connectsBurstPerAddress: 1e6 },
  ...{ connectsPerMinutePerDevice: 1e6, connectsBurstPerDevice: 1e6 },
};
/** Generous: a machine that compiles something else beside it is slow. */
const longestPubackMs = 5_000;

const pepper = Buffer.alloc(32, 7);
const salt = Buffer.alloc(16, 1).toString('base64');
const keyOf = (deviceId: string) => pskOf({ deviceId, salt, pepper });
const deviceOf = (id: string) => (fuzzDevices.includes(id) ? { credential: { salt, hmac: '' } } : undefined);

function check({ deviceId, username, password }: Login) {
  const isKnown = fuzzDevices.includes(deviceId) || deviceId === detectorId;
  const isOwn = username === '' || username === deviceId;
  const secret = deviceId === detectorId ? detectorSecret : fuzzSecret;
  return isKnown && isOwn && Buffer.from(password).toString() === secret ? 'registered' : 'refused';
}
const detectorId = 'detector';
const detectorSecret = 'another secret';

function problemOf({ deviceId, report, payload }: Incoming): string | undefined {
  if (deviceId === detectorId && Buffer.from(payload).toString() !== 'fire') return 'somebody spoke for the detector';
  if (!fuzzDevices.includes(deviceId) && deviceId !== detectorId) return `nobody is called ${deviceId}`;
  return parseUplink(`up/${deviceId}/${report}`) ? undefined : `no report is called ${report}`;
}

async function openDetector(port: number) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const incoming = parser();
  socket.on('data', (bytes) => incoming.parse(bytes));
  const next = (cmd: Packet['cmd']) =>
    new Promise<void>((resolve, reject) => {
      socket.once('close', () => reject(new Error('the detector was cut')));
      incoming.on('packet', function answered(packet: Packet) {
        if (packet.cmd !== cmd) return;
        incoming.off('packet', answered);
        resolve();
      });
    });
  const password = Buffer.from(detectorSecret);
  socket.setMaxListeners(0);
  socket.write(
    generate({ cmd: 'connect', clientId: detectorId, password, username: detectorId, clean: true, keepalive: 0 }),
  );
  await next('connack');
  let messageId = 0;
  return {
    alarm(): Promise<void> {
      messageId = (messageId % 65_535) + 1;
      const flags = { qos: 1, dup: false, retain: false } as const;
      const heard = next('puback');
      socket.write(generate({ cmd: 'publish', topic: `up/${detectorId}/alarm`, payload: 'fire', messageId, ...flags }));
      return heard;
    },
    leave: () => void socket.destroy(),
  };
}

const after = (ms: number) => new Promise<'late'>((resolve) => setTimeout(resolve, ms, 'late').unref());
const socketsOpen = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
