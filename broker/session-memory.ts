import { Readable } from 'node:stream';

/**
 * What the broker remembers of sessions for aedes: the ids of QoS 2 publishes that wait for their PUBREL, as long as their
 * connection lasts. Nothing else: every session is clean, wills and retained messages are not taken, and commands are kept
 * elsewhere until the device is there.
 */
export function createSessionMemory() {
  const halfDone = new WeakMap<object, Set<number>>();
  const idsOf = (client: object) => {
    const ids = halfDone.get(client) ?? new Set();
    halfDone.set(client, ids);
    return ids;
  };
  return {
    async setup() {},
    async incomingStorePacket(client: object, { messageId }: { messageId: number }) {
      idsOf(client).add(messageId);
    },
    /** Rejects when there is no such packet: aedes asks in this way. */
    async incomingGetPacket(client: object, { messageId }: { messageId: number }) {
      if (!idsOf(client).has(messageId)) throw new Error('no such packet');
      return { messageId };
    },
    async incomingDelPacket(client: object, { messageId }: { messageId: number }) {
      idsOf(client).delete(messageId);
    },
    async storeRetained() {},
    createRetainedStreamCombi: () => Readable.from([]),
    outgoingStream: () => Readable.from([]),
    streamWill: () => Readable.from([]),
    async subscriptionsByTopic() {
      return [];
    },
    async cleanSubscriptions() {},
    async outgoingEnqueueCombi() {},
    async outgoingClearMessageId() {},
    async delWill() {},
  };
}
