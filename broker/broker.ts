import type { EventEmitter } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { Aedes, type Client, type PublishPacket } from 'aedes';
import type { Clock } from '../platform/clock.ts';
import { listenFailed } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Chance } from '../platform/random.ts';
import { Admission } from './admission.ts';
import { insideAedes, insideClient, type Route } from './aedes-inside.ts';
import { Connections } from './connections.ts';
import type { Credentials } from './credentials.ts';
import { deviceRules, reasonOfCut } from './device-rules.ts';
import { Intake, type Keep } from './intake.ts';
import { type BrokerLimits, defaultLimits } from './limits.ts';
import { Cut, createPacketGuard } from './packet-guards.ts';
import { createSessionMemory } from './session-memory.ts';

export type BrokerOptions = {
  listen: Address;
  log: Log;
  metrics: Metrics;
  clock: Clock;
  chance: Chance;
  credentials: Credentials;
  keep: Keep;
  limits?: Partial<BrokerLimits>;
};

export type Broker = {
  address(): Address;
  /** Sends at QoS 1 to the device that subscribes to it now; nothing is queued for one that is away. */
  publish(topic: string, payload: Uint8Array): Promise<void>;
  /** Cuts a device, for instance because its credential is gone. False when it is not connected. */
  disconnect(deviceId: string): boolean;
  stats(): { connections: number; waitingPublishes: number; waitingBytes: number; stalled: boolean };
  /** Takes nothing new, waits up to `closeMs` for what the journal still has, and ends every connection. */
  close(): Promise<void>;
};

type Address = { host: string; port: number };

/**
 * The MQTT 3.1.1 broker that devices publish to: a PUBACK follows when `keep` has resolved, in the order of the journal.
 * Errors: LISTEN_FAILED when the address is taken or not this machine's.
 * Source: docs/decisions/0007-broker-around-aedes.md
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { clock, metrics } = options;
  const log = options.log.child({ part: 'broker' });
  const limits = { ...defaultLimits, ...options.limits };
  const admission = new Admission({ clock, limits });
  const connections = new Connections(metrics);
  const intake = new Intake({ ...options, log, limits, onStall: () => admission.readmitGradually() });
  const aedes = await Aedes.createBroker({
    // With a limit here, messages wait inside the emitter and overflow the stack when they are released.
    concurrency: 0,
    drainTimeout: limits.drainMs,
    connectTimeout: limits.connectMs,
    persistence: createSessionMemory(),
    ...deviceRules({ ...options, limits, intake, connections }),
  });
  const route = insideAedes(aedes).publish.bind(aedes);
  insideAedes(aedes).publish = routeNothing;
  observe(aedes, { metrics, log });

  const server = createServer({ noDelay: true }, accept({ aedes, admission, connections, intake, metrics, limits }));
  server.maxConnections = limits.connections;
  server.on('drop', () => metrics.connectionsRefused.inc({ reason: 'full' }));
  const address = await listen(server, options.listen);
  server.on('error', (error) => log.error({ err: error }, 'a connection could not be accepted'));
  log.info(address, 'devices can connect');
  const stopChecks = every(clock, limits.checkMs, () => intake.check());

  return {
    address: () => address,
    publish: (topic, payload) => send(route, topic, payload),
    disconnect(deviceId) {
      const client = connections.device(deviceId);
      client?.conn.destroy();
      return client !== undefined;
    },
    stats: () => ({ connections: connections.count(), ...intake.stats() }),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      connections.pause();
      await intake.close(limits.closeMs);
      await setImmediate(); // the last PUBACKs leave at the end of this turn
      stopChecks();
      await new Promise<void>((resolve) => aedes.close(resolve));
      for (const { conn } of connections.clients()) conn.destroy();
      await closed;
    },
  };
}

type Accepting = {
  aedes: Aedes;
  admission: Admission;
  connections: Connections;
  intake: Intake;
  metrics: Metrics;
  limits: BrokerLimits;
};

function accept({ aedes, admission, connections, intake, metrics, limits }: Accepting): (socket: Socket) => void {
  const guard = createPacketGuard(limits);
  return (socket) => {
    // What ends a connection is counted where aedes reports it; a socket without any listener would end the process.
    socket.on('error', () => {});
    const giveWay = () => socket.destroy(new Cut('connect-timeout', 'others waited for the place of a silent one'));
    const ticket = admission.admit(socket.remoteAddress ?? '', giveWay);
    if ('refused' in ticket) {
      metrics.connectionsRefused.inc({ reason: ticket.refused });
      socket.destroy();
      return;
    }
    const client = insideClient(aedes.handle(socket));
    guard(client._parser, (topic, payload) => {
      const session = connections.session(client);
      if (session) intake.salvage(session, topic, payload);
    });
    connections.enter(client, ticket);
    socket.once('close', () => connections.leave(client));
  };
}

/**
 * Reports reach their readers through the journal alone, so aedes routes nothing of what clients publish, nor its own `$SYS`
 * topics, which nobody may read.
 */
const routeNothing: Route = (_packet, client, done) => (typeof client === 'function' ? client() : done?.());

function send(route: Route, topic: string, payload: Uint8Array): Promise<void> {
  const packet: PublishPacket = {
    cmd: 'publish',
    topic,
    payload: Buffer.from(payload),
    qos: 1,
    retain: false,
    dup: false,
  };
  return new Promise((resolve, reject) => route(packet, null, (error) => (error ? reject(error) : resolve())));
}

function observe(aedes: Aedes, { metrics, log }: { metrics: Metrics; log: Log }): void {
  const events: EventEmitter = aedes;
  const cut = new WeakSet<Client>();
  const count = (client: Client, error: Error) => {
    const reason = reasonOfCut(error);
    if (reason === undefined || cut.has(client)) return;
    cut.add(client); // aedes reports what goes wrong while it closes a connection, too
    metrics.connectionsRefused.inc({ reason });
    log.debug({ deviceId: client.id, reason, err: error }, 'connection cut');
  };
  events.on('clientError', count);
  events.on('connectionError', count);
  events.on('error', (error) => log.error({ err: error }, 'aedes failed'));
}

function listen(server: Server, { host, port }: Address): Promise<Address> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(listenFailed({ cause }, `${host}:${port}`, cause.message)));
    server.listen({ host, port, backlog: 4096 }, () => {
      server.removeAllListeners('error');
      resolve({ host, port: (server.address() as AddressInfo).port });
    });
  });
}

function every(clock: Clock, intervalMs: number, run: () => void): () => void {
  let cancel = () => {};
  const again = () => {
    cancel = clock.after(intervalMs, again);
    run();
  };
  cancel = clock.after(intervalMs, again);
  return () => cancel();
}
