import type { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { Aedes, type Client, type PublishPacket } from 'aedes';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Chance } from '../platform/random.ts';
import { Admission } from './admission.ts';
import { insideAedes, insideClient, type PacketHandlers, takeOver } from './aedes-inside.ts';
import { ConnectPace } from './arrival-rules.ts';
import { Connections } from './connections.ts';
import type { Credentials } from './credentials.ts';
import { deviceRules, reasonOfCut } from './device-rules.ts';
import type { DownlinkPort } from './downlinks.ts';
import { downlinksToClients } from './downlinks-to-client.ts';
import {
  certificateHandshakes,
  type DeviceKeys,
  type HandshakeParts,
  type Handshakes,
  pskHandshakes,
} from './handshakes.ts';
import { type Acknowledged, Intake, type Keep } from './intake.ts';
import { type BrokerLimits, defaultLimits } from './limits.ts';
import { type Address, type Arrival, type Door, type DoorParts, type OpenDoor, openDoor } from './listen.ts';
import { Cut, createPacketGuard } from './packet-guards.ts';
import { packetHandlers } from './packet-handlers.ts';
import { createSessionMemory } from './session-memory.ts';
import { Sessions } from './sessions.ts';
import type { Message, Qos } from './subscriber.ts';
import type { Tls } from './tls.ts';
import { deviceRights, type TopicRights } from './topic-rights.ts';

export type BrokerOptions = {
  /** The door without TLS. */
  listen: Address;
  doors?: readonly SecureDoor[];
  log: Log;
  metrics: Metrics;
  clock: Clock;
  chance: Chance;
  credentials: Credentials;
  keep: Keep;
  /** Called when a report was acknowledged: its device listens for a moment. */
  acknowledged?: Acknowledged;
  /** What clients may do with topics; without it, what devices may. */
  rights?: TopicRights;
  limits?: Partial<BrokerLimits>;
};

/** A door with TLS: by certificate, or by the devices' pre-shared keys. `only`: whose door it is; they go before others. */
export type SecureDoor = Pick<Door, 'listen' | 'only'> & ({ tls: Tls } | { keys: DeviceKeys });

export type Broker = {
  address(): Address;
  /** Of the doors with TLS, as they were given. */
  secureAddresses(): Address[];
  /** Commands to devices that listen now. */
  downlink: DownlinkPort;
  /** Cuts a device, for instance because its credential is gone. False when it is not connected. */
  disconnect(deviceId: string): boolean;
  stats(): { connections: number; waitingPublishes: number; waitingBytes: number; stalled: boolean };
  /** Takes nothing new, waits up to `closeMs` for what the journal still has, and ends every connection. */
  close(): Promise<void>;
};

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
  const rights = options.rights ?? deviceRights;
  const connections = new Connections(metrics);
  const intake = new Intake({ ...options, log, limits, onStall: () => admission.readmitGradually() });
  const sessions = new Sessions({ clock, limits, metrics, rights });
  const handlers = packetHandlers({ connections, intake, limits, metrics, rights, sessions });
  const aedes = await Aedes.createBroker({
    drainTimeout: limits.drainMs,
    connectTimeout: limits.connectMs,
    persistence: createSessionMemory((clientId) => sessions.isResumed(clientId)),
    ...deviceRules({ ...options, limits, rights, sessions, connections, pace: new ConnectPace({ clock, limits }) }),
  });
  // aedes publishes wills, and its own `$SYS` topics, which nobody may read; then there is a callback in the client's place.
  insideAedes(aedes).publish = (packet, client, done) => {
    if (typeof client === 'function') return client();
    sessions.publish(messageOf(packet));
    done?.();
  };
  observe(aedes, { metrics, log });
  aedes.on('client', (client) => sessions.attach(client));
  (aedes as EventEmitter).on('connackSent', (_connack, client: Client) => sessions.ready(client));

  const welcome = welcoming({ aedes, connections, handlers, intake, sessions, limits });
  const doors = await openDoors(options, { admission, clock, limits, metrics, log, welcome });
  const [address = options.listen, ...secureAddresses] = doors.map((door) => door.address);
  log.info({ ...address, secure: secureAddresses }, 'devices can connect');
  for (const { tls } of withTls(options)) tls.onChange(() => cutRefused(connections, tls));
  const stopChecks = every(clock, limits.checkMs, () => {
    intake.check();
    sessions.check();
    metrics.connectionsWaiting.set(admission.waiting());
  });

  return {
    address: () => address,
    secureAddresses: () => secureAddresses,
    downlink: downlinksToClients(connections, sessions),
    disconnect(deviceId) {
      const client = connections.device(deviceId);
      client?.conn.destroy();
      return client !== undefined;
    },
    stats: () => ({ connections: connections.count(), ...intake.stats() }),
    close: () => closeBroker({ doors, admission, connections, intake, aedes, limits, stopChecks }),
  };
}

async function closeBroker(parts: Closing): Promise<void> {
  const { doors, admission, connections, intake, aedes, limits, stopChecks } = parts;
  const closed = Promise.all(doors.map((door) => door.close()));
  admission.close();
  connections.pause();
  await intake.close(limits.closeMs);
  await setImmediate(); // the last PUBACKs leave at the end of this turn
  stopChecks();
  await new Promise<void>((resolve) => aedes.close(resolve));
  for (const [{ conn }] of connections.arrivals()) conn.destroy();
  await closed;
}

type Closing = {
  doors: OpenDoor[];
  admission: Admission;
  connections: Connections;
  intake: Intake;
  aedes: Aedes;
  limits: BrokerLimits;
  stopChecks: () => void;
};

type Welcoming = {
  aedes: Aedes;
  connections: Connections;
  handlers: PacketHandlers;
  intake: Intake;
  sessions: Sessions;
  limits: BrokerLimits;
};

function welcoming(parts: Welcoming): (arrival: Arrival) => void {
  const { aedes, connections, handlers, intake, sessions, limits } = parts;
  const guard = createPacketGuard(limits);
  return (arrival) => {
    const { socket } = arrival;
    // What ends a connection is counted where aedes reports it; a socket without any listener would end the process.
    socket.on('error', () => {});
    const client = insideClient(aedes.handle(socket));
    guard(client._parser, (topic, payload) => {
      const session = connections.session(client);
      if (session) intake.salvage(session, topic, payload);
    });
    takeOver(client, handlers);
    connections.enter(client, arrival);
    socket.once('close', () => {
      connections.leave(client);
      sessions.leave(client);
    });
  };
}

type Doors = Pick<BrokerOptions, 'listen' | 'doors'>;
const withTls = ({ doors = [] }: Doors) => doors.filter((door) => 'tls' in door);

/** All of them, or none: a broker that is half there would be taken for a whole one. Doors with the same certificate share its handshakes. */
async function openDoors({ listen, doors = [] }: Doors, parts: DoorParts & HandshakeParts): Promise<OpenDoor[]> {
  const byTls = new Map<Tls, Handshakes>();
  const handshakesOf = (door: SecureDoor) => {
    if ('keys' in door) return pskHandshakes(door.keys, parts);
    const handshakes = byTls.get(door.tls) ?? certificateHandshakes(door.tls, parts);
    byTls.set(door.tls, handshakes);
    return handshakes;
  };
  const open: OpenDoor[] = [];
  try {
    open.push(await openDoor({ listen }, parts));
    for (const door of doors) open.push(await openDoor({ ...door, handshakes: handshakesOf(door) }, parts));
  } catch (error) {
    await Promise.all(open.map((door) => door.close()));
    throw error;
  }
  return open;
}

function cutRefused(connections: Connections, tls: Tls): void {
  for (const [{ conn }, { proof }] of connections.arrivals()) {
    const refusal = proof?.certificate && tls.refusalOf(proof.certificate);
    if (refusal) conn.destroy(new Cut(refusal, 'its certificate, or who issued it, is trusted no longer'));
  }
}

const messageOf = ({ topic, payload, qos, retain }: PublishPacket): Message => ({
  topic,
  payload: Buffer.from(payload),
  qos: qos as Qos,
  retain,
});

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

function every(clock: Clock, intervalMs: number, run: () => void): () => void {
  let cancel = () => {};
  const again = () => {
    cancel = clock.after(intervalMs, again);
    run();
  };
  cancel = clock.after(intervalMs, again);
  return () => cancel();
}
