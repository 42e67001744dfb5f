import type { AedesOptions, Client } from 'aedes';
import type { Metrics } from '../platform/metrics.ts';
import { type ClientInside, insideClient } from './aedes-inside.ts';
import { type ArrivalRefusal, type ConnectPace, refusalAtDoor, refusalByProof } from './arrival-rules.ts';
import type { Connections } from './connections.ts';
import type { Credentials } from './credentials.ts';
import type { BrokerLimits } from './limits.ts';
import { Cut } from './packet-guards.ts';
import type { Sessions } from './sessions.ts';
import type { TopicRights } from './topic-rights.ts';

type Rules = {
  credentials: Credentials;
  metrics: Metrics;
  limits: BrokerLimits;
  rights: TopicRights;
  sessions: Sessions;
  connections: Connections;
  pace: ConnectPace;
};

/**
 * Who may connect, and how, as the hooks of aedes. A device's will is not taken, because the connection's state plays no part
 * in what reports mean.
 */
export function deviceRules(rules: Rules): AedesOptions {
  const { metrics, limits, rights } = rules;
  const nameless = new WeakSet<Client>();
  return {
    preConnect(client, packet, answer) {
      if (packet.will && !rights.takesWills) {
        metrics.publishesRefused.inc({ reason: 'will' });
        delete packet.will;
      }
      // aedes makes up a name for whoever has none; with a session to come back to that is refused, MQTT-3.1.3-8.
      if (packet.clientId === '' && !(packet.clean && rights.accepts(''))) nameless.add(client);
      packet.keepalive = Math.min(packet.keepalive || limits.keepaliveSeconds, limits.keepaliveSeconds);
      answer(null, true);
    },
    authenticate(client, username = '', password = Buffer.alloc(0), answer) {
      if (client.closed) return answer(connectRefusal('gone', 'gone before it was looked at', 3), false);
      const refused = nameless.has(client) ? noName() : identify(rules, insideClient(client), { username, password });
      answer(refused ?? null, refused === undefined);
    },
    // What is left for aedes to publish are wills, and nothing for it to subscribe to: see packet-handlers.ts.
    authorizePublish: (_client, _packet, answer) => answer(null),
    authorizeSubscribe: (_client, _subscription, answer) => answer(null, null),
  };
}

/** Counts why connections end against the device's will. A network that goes away is not counted. */
export function reasonOfCut(error: Error): string | undefined {
  if (error instanceof Cut) return error.reason;
  if ('code' in error || error.message === 'connection closed') return undefined;
  return aedesReasons[error.message] ?? 'malformed';
}

const aedesReasons: Record<string, string> = {
  'connect did not arrive in time': 'connect-timeout',
  'keep alive timeout': 'silent',
  'drain timeout': 'slow-reader',
  'Client queue limit reached': 'overloaded',
  'unacceptable protocol version': 'protocol-version',
};

function identify(
  { credentials, connections, pace, rights, sessions }: Rules,
  client: ClientInside,
  login: { username: string; password: Buffer },
) {
  const deviceId = client.id;
  if (!rights.accepts(deviceId)) return noName();
  const arrival = connections.arrival(client);
  const impostor = arrival && refusalByProof(arrival, deviceId);
  if (impostor) return refusalOf(impostor);
  const standing = credentials.check({ deviceId, ...login, proof: arrival?.proof });
  if (standing === 'refused' && credentials.isCurrent?.() === false)
    return connectRefusal('starting', 'the registry is not read to its end yet', 3);
  if (standing === 'refused') return connectRefusal('credentials', 'unknown device or wrong password', 4);
  const unwelcome = (arrival && refusalAtDoor(arrival, deviceId)) ?? pace.take(deviceId);
  if (unwelcome) return refusalOf(unwelcome);
  connections.identify(client, { deviceId, standing });
  if (connections.session(client)) sessions.open(client, { deviceId, standing });
  return undefined;
}

const noName = () => connectRefusal('identifier', 'the client id is not a device id', 2);

const refusalOf = ({ reason, message, returnCode }: ArrivalRefusal) => connectRefusal(reason, message, returnCode);

/** `returnCode` is the CONNACK's. */
function connectRefusal(reason: string, message: string, returnCode: number) {
  return Object.assign(new Cut(reason, message), { returnCode });
}
