import type { AedesOptions, Client } from 'aedes';
import { isDeviceId } from '../firmware-contracts/topics.ts';
import type { Metrics } from '../platform/metrics.ts';
import { insideClient } from './aedes-inside.ts';
import type { Connections } from './connections.ts';
import type { Credentials } from './credentials.ts';
import type { Intake, UplinkPacket } from './intake.ts';
import type { BrokerLimits } from './limits.ts';
import { Cut } from './packet-guards.ts';
import { maySubscribe } from './topic-rights.ts';

type Rules = {
  credentials: Credentials;
  metrics: Metrics;
  limits: BrokerLimits;
  intake: Intake;
  connections: Connections;
};

/**
 * What a device may do, as the hooks of aedes. The connection's state plays no part in what reports mean, so a will is not
 * taken; no session outlives its connection, so nothing piles up for a device that is away.
 */
export function deviceRules(rules: Rules): AedesOptions {
  const { metrics, limits, intake, connections } = rules;
  return {
    preConnect(_client, packet, answer) {
      if (packet.will) metrics.publishesRefused.inc({ reason: 'will' });
      delete packet.will;
      packet.clean = true;
      packet.keepalive = Math.min(packet.keepalive || limits.keepaliveSeconds, limits.keepaliveSeconds);
      answer(null, true);
    },
    authenticate(client, username = '', password = Buffer.alloc(0), answer) {
      const refused = identify(rules, client, { username, password });
      answer(refused ?? null, refused === undefined);
    },
    authorizePublish(client, packet, answer) {
      const session = connections.session(client);
      if (session === undefined) return answer(new Cut('unidentified', 'a publish without a sender'));
      intake.receive(session, packet as UplinkPacket, answer); // aedes parses every payload as bytes
    },
    authorizeSubscribe(client, subscription, answer) {
      const session = connections.session(client);
      const few = Object.keys(insideClient(client).subscriptions).length < limits.subscriptionsPerDevice;
      const allowed = few && session !== undefined && maySubscribe(session.sender, subscription.topic);
      answer(null, allowed ? subscription : null); // null is answered with 128
    },
    authorizeForward(client, packet) {
      if (client.conn.writableLength <= limits.outgoingBytes) return packet;
      client.conn.destroy(new Cut('slow-reader', 'a device does not read what is sent to it'));
      return null;
    },
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

function identify({ credentials, connections }: Rules, client: Client, login: { username: string; password: Buffer }) {
  const deviceId = client.id;
  if (!isDeviceId(deviceId)) return connectRefusal('identifier', 'the client id is not a device id', 2);
  const standing = credentials.check({ deviceId, ...login });
  if (standing === 'refused') return connectRefusal('credentials', 'unknown device or wrong password', 4);
  connections.identify(insideClient(client), { deviceId, standing });
  return undefined;
}

/** `returnCode` is the CONNACK's. */
function connectRefusal(reason: string, message: string, returnCode: number) {
  return Object.assign(new Cut(reason, message), { returnCode });
}
