import { z } from 'zod';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import type { Chance } from '../../../platform/random.ts';
import type { Window } from '../../../records/providers.ts';
import type { Channel, Receipt } from '../../channel.ts';
import { PartReceipts } from '../sms/part-receipts.ts';
import { type PartOrder, type PartSent, SmsSending } from '../sms/sms-sending.ts';
import { type LineState, troubleTeller } from '../sms/trouble-teller.ts';
import { namesOfSubmitted } from './smpp-ids.ts';
import { createSmppIncoming } from './smpp-incoming.ts';
import { isSameEverywhere, queriedState, queryBody, resultOf, submitBody } from './smpp-messages.ts';
import { bodyReader, commandIds } from './smpp-pdu.ts';
import { hex, SmppSession } from './smpp-session.ts';

/**
 * `source`: the number or name that the contract gives as sender, empty where the centre sets it. `ca`: a certificate in PEM that the centre's is
 * checked by, instead of the system's. `window`: messages on their way at once. `password` is a secret.
 */
export const smppSettings = z.strictObject({
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535).default(2_775),
  tls: z.boolean().default(false),
  ca: z.string().includes('BEGIN CERTIFICATE').optional(),
  systemId: z.string().min(1).max(15),
  password: z.string().max(8, 'SMPP has room for 8 characters'),
  systemType: z.string().max(12).default(''),
  source: z
    .string()
    .regex(/^(\+?[0-9]{1,20}|[A-Za-z0-9 ]{1,11}|)$/, 'a number, or a name of up to 11 letters')
    .default(''),
  window: z.number().int().min(1).max(10).default(10),
});
export type SmppSettings = z.infer<typeof smppSettings>;
export type SmppPorts = { clock: Clock; chance: Chance; log: Log };

/**
 * SMS through a centre that speaks SMPP 3.4: accepted when it took every part, delivered when its receipt says so for every part; where
 * receipts are lost, `poll` asks it. Texts that it delivers are replies.
 */
export function createSmppChannel({ id, ...settings }: SmppSettings & { id: string }, ports: SmppPorts): Channel {
  const name = `sms:${id}`;
  const { clock, log } = ports;
  const receipts = new PartReceipts({ clock });
  const incoming = createSmppIncoming({ name, clock, log, receipts });
  let onState: (state: LineState) => void = () => {};
  const session = new SmppSession({
    ...{ ...ports, peer: settings, onDeliver: incoming.take },
    onState: (state) => onState(state),
  });
  const sending = new SmsSending({
    submit: submitter({ session, clock, source: settings.source }),
    taken: (ids, phone) =>
      receipts.expect(
        ids.join(idGap),
        ids.map((id) => namesOfSubmitted(id, phone)),
      ),
    ...{ width: settings.window, mostWaiting: 100 },
    coding: (text) => (isSameEverywhere(text) ? 'gsm7' : 'ucs2'),
  });
  return {
    name,
    send: (message) => sending.send(message),
    poll: (messageIds, signal) => poll({ session, source: settings.source, messageIds, signal }),
    listen(inbound) {
      incoming.listen(inbound);
      onState = troubleTeller({ name, inbound, clock, log }).state;
      session.open();
    },
    async close() {
      await session.close();
      incoming.close();
    },
  };
}

/** What a contract allows is in the contract. The centre's own word and the window hold us back. */
export const smppWindows: readonly Window[] = [];

/** Between the ids of the parts of one message. */
const idGap = ' ';

/** A centre that says "not so fast" is left alone for 1 s, then 2, 4, up to 30, until it takes something again. */
function submitter({ session, clock, source }: { session: SmppSession; clock: Clock; source: string }) {
  let restsUntil = -Infinity;
  let refusals = 0;
  return async ({ part, phone, validityMs, isFirst }: PartOrder): Promise<PartSent> => {
    const { state } = session;
    if (state.phase === 'away') return { type: 'later', reason: state.reason, trouble: state.trouble };
    const restMs = restsUntil - clock.monotonic();
    if (restMs > 0) return { type: 'later', reason: 'the centre wants rest', retryAfterMs: restMs, trouble: 'limit' };
    const body = submitBody({ part, phone, source, validityMs, isFirst });
    const answer = await session.request(commandIds.submitSm, body);
    if (answer.type === 'failed') return { type: 'later', reason: answer.reason, trouble: 'unreachable' };
    if (answer.status === 0) {
      refusals = 0;
      return { type: 'taken', id: bodyReader(answer.body).text() };
    }
    if (!tooFast.has(answer.status)) return submitProblem(answer.status);
    const retryAfterMs = Math.min(longestRestMs, 1_000 * 2 ** refusals);
    refusals = Math.min(refusals + 1, 10);
    restsUntil = clock.monotonic() + retryAfterMs;
    return { type: 'later', reason: `the centre answers ${hex(answer.status)}`, retryAfterMs, trouble: 'limit' };
  };
}

/** Source: SMPP 3.4, 5.1.3. */
function submitProblem(status: number): PartSent {
  const reason = `the centre answers ${hex(status)}`;
  if (wrongNumber.has(status)) return { type: 'misconfigured', reason };
  return { type: 'later', reason, ...(wrongSender.has(status) && { trouble: 'credentials' as const }) };
}

/** ESME_RTHROTTLED, ESME_RMSGQFUL. */
const tooFast: ReadonlySet<number> = new Set([0x58, 0x14]);
/** Of the receiver: invalid address, type of number, numbering plan. */
const wrongNumber: ReadonlySet<number> = new Set([0x0b, 0x50, 0x51]);
/** Of the sender: invalid address, type of number, numbering plan. */
const wrongSender: ReadonlySet<number> = new Set([0x0a, 0x48, 0x49]);
const longestRestMs = 30_000;

type Poll = { session: SmppSession; source: string; messageIds: readonly string[]; signal: AbortSignal };

/** Asks for the parts of each message, one after another; a centre that cannot be asked about a message says so, and nothing is known of it. */
async function poll({ session, source, messageIds, signal }: Poll): Promise<Receipt[]> {
  const found: Receipt[] = [];
  for (const messageId of messageIds) {
    const results: (Receipt['result'] | undefined)[] = [];
    for (const id of messageId.split(idGap)) {
      if (signal.aborted) return found;
      const answer = await session.request(commandIds.querySm, queryBody(id, source));
      results.push(answer.type === 'answered' && answer.status === 0 ? resultOf(queriedState(answer.body)) : undefined);
    }
    if (results.includes('failed')) found.push({ messageId, result: 'failed', detail: 'asked' });
    else if (results.every((one) => one === 'delivered'))
      found.push({ messageId, result: 'delivered', detail: 'asked' });
  }
  return found;
}
