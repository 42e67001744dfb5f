import type { Metrics } from '../platform/metrics.ts';
import { answerWith, type ClientInside, type PacketHandlers, type PacketInside } from './aedes-inside.ts';
import type { Connections } from './connections.ts';
import type { Intake, Session } from './intake.ts';
import type { BrokerLimits } from './limits.ts';
import { Cut } from './packet-guards.ts';
import { pubackBytes, pubcompBytes, pubrecBytes, subackBytes, unsubackBytes } from './packets-out.ts';
import type { Sessions } from './sessions.ts';
import type { Subscriber } from './subscriber.ts';
import { isTopicName, isWithin } from './topic-filters.ts';
import type { TopicRights } from './topic-rights.ts';

type Handling = {
  connections: Connections;
  intake: Intake;
  limits: BrokerLimits;
  metrics: Metrics;
  rights: TopicRights;
  sessions: Sessions;
};

/** What each packet of a connected client does, at once and in its turn. CONNECT, PINGREQ and DISCONNECT stay with aedes. */
export function packetHandlers(parts: Handling): PacketHandlers {
  return { ...publishing(parts), ...subscribing(parts), ...acknowledging(parts) };
}

function publishing({ connections, intake, limits, metrics, rights, sessions }: Handling): PacketHandlers {
  const forgetOldest = (received: Subscriber['received']) => {
    const [oldest = 0] = received.keys();
    received.delete(oldest);
    metrics.packetIdsForgotten.inc();
  };
  /** Until its PUBREL a packet id is the same message, and goes nowhere twice; MQTT-4.3.3-2. */
  const publishTwice = (client: ClientInside, connection: Session, packet: PacketInside) => {
    const { messageId, topic } = packet;
    const received = sessions.of(client)?.received;
    if (received === undefined) return client._nextBatch();
    const accept = (error?: Error) => {
      if (error !== undefined) return client._nextBatch(error);
      received.set(messageId, 'kept');
      answerWith(client, pubrecBytes(messageId));
    };
    const earlier = received.get(messageId);
    if (earlier !== undefined) return earlier === 'kept' ? accept() : client._nextBatch(); // the first is answered for both
    // Refusing it could refuse an alarm; to take a repeat of the oldest for a new report does no harm.
    if (received.size >= limits.receivedPerDevice) forgetOldest(received);
    received.set(messageId, 'taken');
    if (!rights.routes(topic)) return intake.receive(connection, packet, accept);
    sessions.publish(packet);
    accept();
  };
  return {
    publish(client, packet) {
      const { topic, qos, messageId } = packet;
      const connection = connections.session(client);
      if (connection === undefined) return client._nextBatch(new Cut('unidentified', 'a publish without a sender'));
      if (!isTopicName(topic)) return client._nextBatch(new Cut('malformed', 'a publish to no topic name'));
      if (!isWithin(topic, limits)) return client._nextBatch(new Cut('topic', 'a topic that is too long'));
      if (qos === 2) return publishTwice(client, connection, packet);
      if (!rights.routes(topic)) return intake.receive(connection, packet, client._nextBatch);
      sessions.publish(packet);
      if (qos === 0) client._nextBatch();
      else answerWith(client, pubackBytes(messageId));
    },
    pubrel(client, { messageId }) {
      sessions.of(client)?.received.delete(messageId);
      answerWith(client, pubcompBytes(messageId));
    },
  };
}

function subscribing({ connections, sessions }: Handling): PacketHandlers {
  return {
    subscribe(client, { messageId, subscriptions = [] }) {
      const sender = connections.session(client)?.sender;
      if (sender === undefined) return client._nextBatch();
      const granted = subscriptions.map((one) => ({ ...one, qos: sessions.subscribe(client, sender, one) }));
      const codes = granted.map(({ qos }) => qos);
      answerWith(client, subackBytes(messageId, codes));
      for (const { topic, qos } of granted) if (qos !== 128) sessions.greet(client, topic, qos);
    },
    unsubscribe(client, { messageId, unsubscriptions = [] }) {
      for (const filter of unsubscriptions) sessions.unsubscribe(client, filter);
      answerWith(client, unsubackBytes(messageId));
    },
  };
}

function acknowledging({ sessions }: Handling): PacketHandlers {
  const tell = (what: 'acknowledge' | 'release' | 'complete') => (client: ClientInside, packet: PacketInside) => {
    sessions.of(client)?.[what](packet.messageId);
    client._nextBatch();
  };
  return { puback: tell('acknowledge'), pubrec: tell('release'), pubcomp: tell('complete') };
}
