import { EventEmitter, on, once } from 'node:events';
import { connect as openSocket, type Socket } from 'node:net';
import { generate, type Packet, parser } from 'mqtt-packet';
import { onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../platform/clock.ts';
import { journalFailed, journalFull } from '../platform/errors.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { type BrokerOptions, type SecureDoor, startBroker } from './broker.ts';
import type { Login } from './credentials.ts';
import type { Incoming } from './intake.ts';
import type { BrokerLimits } from './limits.ts';
import { deviceRights, type TopicRights } from './topic-rights.ts';

/**
 * A broker on a free port of this machine, with a journal that does what the test says. Every device whose id begins with
 * `unknown` is not registered; the secret of all others is `secret`, the enrolment is `enrolment` with `welcome`.
 */
export async function brokerUnderTest(
  limits: Partial<BrokerLimits> = {},
  rights: TopicRights = deviceRights,
  doors: readonly SecureDoor[] = [],
) {
  const metrics = createMetrics();
  const journal = new JournalUnderTest();
  const acknowledged: [report: string, lifeSafety: boolean][] = [];
  const options: BrokerOptions = {
    listen: { host: '127.0.0.1', port: 0 },
    doors,
    log: silentLog,
    metrics,
    clock: systemClock,
    chance: { bytes: (count) => new Uint8Array(count), fraction: () => 0 },
    credentials: { check },
    keep: (incoming, lifeSafety) => journal.keep(incoming, lifeSafety),
    acknowledged: ({ report }, lifeSafety) => void acknowledged.push([report, lifeSafety]),
    rights,
    limits: { checkMs: 20, retryMs: 20, closeMs: 200, ...limits },
  };
  const broker = await startBroker(options);
  onTestFinished(() => broker.close());
  const { port } = broker.address();
  return {
    broker,
    options,
    journal,
    /** The reports of which the broker said that they were. */
    acknowledged,
    port,
    url: `mqtt://127.0.0.1:${port}`,
    /** A device that says only what the test tells it to say. */
    wire: () => Wire.open(port),
    async count(name: 'reportsAccepted' | 'publishesRefused' | 'connectionsRefused', reason?: string) {
      const { values } = await metrics[name].get();
      return values.filter(({ labels }) => (labels as { reason?: string }).reason === reason)[0]?.value ?? 0;
    },
  };
}

function check({ deviceId, username, password, proof }: Login) {
  if (proof) return deviceId.startsWith('unknown') ? 'refused' : 'registered';
  const secret = Buffer.from(password).toString();
  if (username === 'enrolment') return deviceId.startsWith('unknown') && secret === 'welcome' ? 'enrolment' : 'refused';
  return !deviceId.startsWith('unknown') && secret === 'secret' ? 'registered' : 'refused';
}

/** Keeps, hangs, is full for telemetry, is full for everything, or has failed. */
export class JournalUnderTest {
  mode: 'keeps' | 'hangs' | 'full-for-telemetry' | 'full' | 'failed' = 'keeps';
  readonly kept: Incoming[] = [];
  readonly lifeSafety: boolean[] = [];
  offered = 0;
  readonly #changes = new EventEmitter();
  readonly #hanging: (() => void)[] = [];

  async keep(incoming: Incoming, lifeSafety: boolean): Promise<void> {
    this.offered++;
    this.#changes.emit('change');
    if (this.mode === 'failed') throw journalFailed({}, 'sync');
    if (this.mode === 'full' || (this.mode === 'full-for-telemetry' && !lifeSafety)) throw journalFull({}, 0);
    if (this.mode === 'hangs') await new Promise<void>((resolve) => this.#hanging.push(resolve));
    this.kept.push(incoming);
    this.lifeSafety.push(lifeSafety);
    this.#changes.emit('change');
  }

  /** One append that hangs becomes durable: the first by default. */
  release(index = 0): void {
    this.#hanging.splice(index, 1)[0]?.();
  }

  releaseAll(): void {
    this.mode = 'keeps';
    while (this.#hanging.length > 0) this.release();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#changes, 'change');
  }
}

/** A TCP connection that speaks MQTT packets, or any bytes. */
export class Wire {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  readonly received: Packet[] = [];
  readonly #packets: AsyncIterator<[Packet]>;

  static async open(port: number): Promise<Wire> {
    const socket = openSocket({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Wire(socket);
  }

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {}); // a reset is one of the ways in which a broker closes
    const incoming = parser();
    incoming.on('packet', (packet) => this.received.push(packet));
    this.#packets = on(incoming, 'packet') as unknown as AsyncIterator<[Packet]>;
    socket.on('data', (bytes) => incoming.parse(bytes));
    onTestFinished(() => void socket.destroy());
  }

  send(...packets: (Packet | Buffer)[]): void {
    this.socket.write(Buffer.concat(packets.map((packet) => (Buffer.isBuffer(packet) ? packet : generate(packet)))));
  }

  async next(): Promise<Packet> {
    const ended = this.closed.then(() => Promise.reject(new Error('the broker closed the connection')));
    return (await Promise.race([this.#packets.next(), ended])).value[0];
  }

  /** Sends a CONNECT and gives the CONNACK's return code. */
  async connect(deviceId: string, login: Partial<ConnectPacket> = {}): Promise<number | undefined> {
    this.send(connectPacket(deviceId, login));
    const answer = await this.next();
    return answer.cmd === 'connack' ? answer.returnCode : undefined;
  }
}

type ConnectPacket = Extract<Packet, { cmd: 'connect' }>;

export function connectPacket(deviceId: string, login: Partial<ConnectPacket> = {}): Packet {
  const password = Buffer.from('secret');
  return { cmd: 'connect', clientId: deviceId, username: deviceId, password, keepalive: 60, clean: true, ...login };
}

export function publishPacket(topic: string, payload: string | Buffer, messageId = 1, qos: 0 | 1 | 2 = 1): Packet {
  const id = qos === 0 ? {} : { messageId };
  return { cmd: 'publish', topic, payload, qos, dup: false, retain: false, ...id };
}

export function textOf({ payload }: Incoming): string {
  return Buffer.from(payload).toString();
}

/** Lets every promise that can resolve do so, and the network take a turn. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A clock that stands until the test moves it. */
export function stoppedClock(): Clock & { advance(ms: number): void } {
  let now = 0;
  let timers: { at: number; run: () => void }[] = [];
  return {
    now: () => now,
    monotonic: () => now,
    after(delayMs, run) {
      const timer = { at: now + delayMs, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    turn: settled,
    advance(ms) {
      now += ms;
      const due = timers.filter(({ at }) => at <= now);
      timers = timers.filter(({ at }) => at > now);
      for (const { run } of due) run();
    },
  };
}
