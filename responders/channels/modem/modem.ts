import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import { normalPhone } from '../../../records/phone.ts';
import type { Window } from '../../../records/providers.ts';
import type { Channel, Inbound } from '../../channel.ts';
import { PartReceipts } from '../sms/part-receipts.ts';
import { type PartOrder, type PartSent, SmsSending } from '../sms/sms-sending.ts';
import { troubleTeller } from '../sms/trouble-teller.ts';
import { cmsProblem } from './cms-errors.ts';
import type { ModemLine } from './modem-line.ts';
import { submitTpdu } from './tpdu.ts';

/**
 * SMS over a modem: accepted when the network took every part, delivered when a status report came for every part. Texts that come in are
 * replies, calls are missed calls. Closing it closes the line.
 */
export function createModemChannel({ id: provider }: { id: string }, { line, clock, log }: ModemChannelPorts): Channel {
  const name = `sms:${provider}`;
  const receipts = new PartReceipts({ clock });
  const sending = new SmsSending({
    submit: (order) => submit(line, order),
    taken(references, phone) {
      const messageId = `${clock.now().toString(36)}-${references.join('.')}`;
      return receipts.expect(
        messageId,
        references.map((reference) => [partName(reference, phone)]),
      );
    },
    // A part takes a modem some 3 to 6 s. Who would wait longer than an attempt lasts is better told at once.
    ...{ width: 1, mostWaiting: 4 },
  });
  return {
    name,
    send: (message) => sending.send(message),
    listen(inbound: Inbound) {
      const teller = troubleTeller({ name, inbound, clock, log });
      line.listen({
        state: teller.state,
        text: ({ id, phone, text }) => inbound.reply(name, { id, phone, text }),
        call: (call) =>
          void inbound.missedCall(name, call).catch((err) => log.warn({ err }, 'a call that came in is not on record')),
        report({ reference, phone, status }) {
          // From 32 on the centre still tries, from 64 on it has given up. Source: 3GPP TS 23.040, 9.2.3.15.
          if (status >= 32 && status < 64) return;
          const result = status < 32 ? 'delivered' : 'failed';
          const receipt = receipts.take([partName(String(reference), phone)], { result, detail: `status ${status}` });
          if (typeof receipt === 'object')
            inbound.receipt(name, receipt).catch((err) => log.warn({ err }, 'a receipt is not on record'));
        },
      });
    },
    close: () => line.close(),
  };
}

export type ModemChannelPorts = { line: ModemLine; clock: Clock; log: Log };

/**
 * What a SIM of a private contract may send before its carrier takes it for a source of spam, with a margin and two parts a message.
 * Source: docs/channels.md, "Modem".
 */
export const modemWindows: readonly Window[] = [
  { per: 'provider', count: 80, perMs: 3_600_000 },
  { per: 'provider', count: 400, perMs: 24 * 3_600_000 },
];

const partName = (reference: string, phone: string): string => `${reference}/${normalPhone(phone)}`;

async function submit(line: ModemLine, { part, phone, validityMs }: PartOrder): Promise<PartSent> {
  const { state } = line;
  if (state.phase === 'away') return { type: 'later', reason: state.reason, trouble: state.trouble };
  const { octets, hex } = submitTpdu({ part, phone, validityMs });
  const answer = await line.command(`AT+CMGS=${octets}`, { payload: hex, timeoutMs: 60_000 });
  if (!answer.ok) return cmsProblem(answer.error);
  const reference = answer.lines.map((one) => /^\+CMGS: ?(\d+)/.exec(one)?.[1]).find((one) => one !== undefined);
  return { type: 'taken', id: reference ?? '' };
}
