import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import type { Inbound } from '../../channel.ts';
import { LongMessages } from '../sms/long-messages.ts';
import type { PartReceipts } from '../sms/part-receipts.ts';
import { namesInReceipt } from './smpp-ids.ts';
import { deliveredOf, resultOf } from './smpp-messages.ts';

export type SmppIncoming = {
  /** Resolves when it is kept; rejects when the centre should deliver it again. `id` is the delivery's own. */
  take(body: Uint8Array, id: string): Promise<void>;
  listen(inbound: Inbound): void;
  close(): void;
};

/** What a centre delivers: receipts to their messages, texts as replies, long ones joined. What cannot be read is answered and dropped. */
export function createSmppIncoming({ name, clock, log, receipts }: IncomingParts): SmppIncoming {
  let inbound: Inbound | undefined;
  let handed: Promise<void> | undefined;
  const long = new LongMessages({
    clock,
    handOn({ ids: [id = ''], phone, text }) {
      handed = inbound?.reply(name, { id, phone, text });
      handed?.catch((err) => log.warn({ channel: name, err }, 'a text that came in could not be kept'));
    },
  });
  return {
    async take(body, id) {
      const delivered = deliveredOf(body);
      if (!delivered) log.warn({ channel: name }, 'the centre delivered what cannot be read');
      else if (delivered.type === 'text') {
        handed = undefined;
        long.take({ ...delivered, id });
        await handed;
      } else {
        const result = resultOf(delivered.state);
        if (!result) return;
        const { messageId, phone, word: detail } = delivered;
        const receipt = receipts.take(namesInReceipt(messageId, phone), { result, detail });
        if (receipt === 'incomplete') return;
        // After a restart nobody here remembers it, and the journal does.
        await inbound?.receipt(name, receipt === 'unknown' ? { messageId, result, detail } : receipt);
      }
    },
    listen(heard) {
      inbound = heard;
    },
    close: () => long.close(),
  };
}
type IncomingParts = { name: string; clock: Clock; log: Log; receipts: PartReceipts };
