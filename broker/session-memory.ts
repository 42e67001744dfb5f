import { Readable } from 'node:stream';

/**
 * What aedes asks of sessions while a client connects; everything else about them is in sessions.ts. It takes a session for
 * present when it has subscriptions, so one is invented for a client that comes back (and refused by `authorizeSubscribe`):
 * the CONNACK has to say so without any, too; MQTT-3.2.2-2.
 */
export function createSessionMemory(cameBack: (clientId: string) => boolean) {
  return {
    async setup() {},
    async subscriptionsByClient({ id }: { id: string }) {
      return cameBack(id) ? [{ topic: 'session', qos: 0 }] : [];
    },
    async cleanSubscriptions() {},
    outgoingStream: () => Readable.from([]),
    streamWill: () => Readable.from([]),
    async putWill() {},
    async delWill() {},
  };
}
