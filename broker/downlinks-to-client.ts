import { downlinkTopic } from '../firmware-contracts/topics.ts';
import type { Connections } from './connections.ts';
import type { DownlinkPort } from './downlinks.ts';
import type { Sessions } from './sessions.ts';
import type { Qos, Subscriber } from './subscriber.ts';

/**
 * Commands to the device's newest connection, as it subscribes to them: at once or not at all. While it waits for a PUBACK nothing
 * is sent to it: what it is saying may be a call for help, and its own acknowledgement will ask again.
 */
export function downlinksToClients(connections: Connections, sessions: Pick<Sessions, 'of'>): DownlinkPort {
  const listening = (deviceId: string, topic: string) => {
    const client = connections.device(deviceId);
    const subscriber = client && sessions.of(client);
    const qos = subscriber && grantedQos(subscriber, topic);
    return client && subscriber && qos !== undefined ? { client, subscriber, qos } : undefined;
  };
  return {
    hears: (deviceId, command) => listening(deviceId, downlinkTopic({ deviceId, command })) !== undefined,
    send(deviceId, command, payload) {
      const topic = downlinkTopic({ deviceId, command });
      const ear = listening(deviceId, topic);
      if (!ear || connections.session(ear.client)?.waiting !== 0) return false;
      return ear.subscriber.deliverNow({ topic, payload, qos: ear.qos, retain: false });
    },
  };
}

/** The best that was granted, at most 1; undefined when it does not subscribe to it. */
function grantedQos({ subscriptions }: Subscriber, topic: string): Qos | undefined {
  const ofAll = topic.slice(0, topic.lastIndexOf('/') + 1);
  const granted = [topic, `${ofAll}+`, `${ofAll}#`].flatMap((filter) => subscriptions.get(filter) ?? []);
  if (granted.length === 0) return undefined;
  return granted.some((qos) => qos > 0) ? 1 : 0;
}
