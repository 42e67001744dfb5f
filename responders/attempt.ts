import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { AttemptingRecord, OutcomeRecord } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import type { RegistryView } from '../records/registry.ts';
import type { Language } from '../records/texts/texts.ts';
import { type Address, type Channel, channelNames, idempotencyId, misconfigured, type Sent } from './channel.ts';
import type { Due } from './outbox.ts';
import { noticeClass } from './retry-schedule.ts';
import type { CountyTime } from './texts/county-time.ts';
import { messageText } from './texts/message.ts';

/** A contact with what is needed to reach it, unsealed. */
export type Addressee = { language: Language; channels: Address[] };
export type AddressBook = { contact(contactId: string): Addressee | undefined };

export type AttemptPorts = {
  channels: readonly Channel[];
  addressBook: AddressBook;
  registry: Pick<RegistryView, 'place' | 'site' | 'area' | 'device'>;
  /** Resolves when the record is durable. */
  record: (record: AttemptingRecord | OutcomeRecord) => Promise<void>;
  /** The journal's time, epoch ms: what notices and their schedules are stamped with. */
  now: () => number;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  time: CountyTime;
};

/** A receiver that has not answered by then does not answer, ms. Standard Webhooks asks for 15 to 30 s. */
export const attemptTimeoutMs = 15_000;

/** Where an attempt would go: a channel and an address, or why there is none. */
export type Route = { channel: Channel; address: Address; language: Language } | { problem: string };

export function routeOf(ports: AttemptPorts, { notice, channel: name }: Due): Route {
  const { channels } = ports;
  const addressee = addresseeOf(ports, notice);
  if (!addressee) return { problem: 'the contact is not in the registry, or cannot be unsealed' };
  const address = addressee.channels[channelNames(addressee.channels).indexOf(name)];
  if (!address) return { problem: `the contact has no channel ${name}` };
  const channel = channels.find((one) => one.name === address.type);
  if (!channel) return { problem: `channel ${address.type} is not configured` };
  return { channel, address, language: addressee.language };
}

/** What has to share a receiver's patience: the same address, whoever reads there. */
export function targetOf(route: Route, { notice }: Due): string {
  if ('problem' in route || route.address.type === 'log') return `notice ${notice.noticeId}`;
  return `${route.address.type} ${route.address.url}`;
}

/**
 * Tries once, and answers with the outcome, which the caller keeps; nothing, when it was not tried or `stop` aborted it
 * (then it is not known what became of it, and the next start says so).
 * The `attempting` record accompanies life safety and precedes everything else.
 * Errors: the journal's, when that record cannot be kept and the attempt is not life safety.
 */
export async function attempt(
  ports: AttemptPorts,
  due: Due,
  route: Route,
  options: Options,
): Promise<OutcomeRecord | undefined> {
  const { provisional, stop } = options;
  const named = { noticeId: due.notice.noticeId, channel: due.channel, attempt: due.attempt };
  const mark = provisional && ({ provisional: true } as const);
  const recorded = ports.record({ kind: 'attempting', ...named, ...mark });
  if (noticeClass(due.notice) !== 'life-safety') await recorded;
  else recorded.catch((err) => ports.log.warn({ ...named, err }, 'a critical attempt is not on record'));
  if (stop.aborted) return undefined;

  if (due.attempt === 1 && due.notice.purpose === 'alarm' && due.activeAt === due.notice.at) {
    ports.metrics.receiptToNotice.observe(Math.max(0, ports.now() - due.notice.at) / 1_000);
  }
  const sent = await sendInTime(ports, due, route, options);
  if (!sent) return undefined;
  const outcome: OutcomeRecord = { kind: 'outcome', ...named, ...outcomeOf(sent), ...mark };
  ports.metrics.notices.inc({ channel: due.channel, outcome: outcome.result });
  ports.log.info(
    { ...named, incidentId: due.notice.incidentId, result: outcome.result, detail: outcome.detail },
    'attempt',
  );
  return outcome;
}
type Options = { provisional: boolean; stop: AbortSignal };

/** The channel's answer, or that there was none in time; nothing when `stop` came first. */
async function sendInTime(
  ports: AttemptPorts,
  due: Due,
  route: Route,
  { provisional, stop }: Options,
): Promise<Sent | undefined> {
  if ('problem' in route) return misconfigured(due.notice, route.problem);
  const { notice } = due;
  const { channel, address, language } = route;
  const controller = new AbortController();
  const { promise: interrupted, resolve } = Promise.withResolvers<Sent | undefined>();
  // An answer in time leaves the connection to the channel; it is cut only when nobody waits for it any more.
  const interrupt = (sent: Sent | undefined) => {
    resolve(sent);
    controller.abort('nobody waits for the answer any more');
  };
  const onStop = () => interrupt(undefined);
  stop.addEventListener('abort', onStop);
  const cancel = ports.clock.after(attemptTimeoutMs, () =>
    interrupt({ type: 'later', reason: `no answer within ${attemptTimeoutMs / 1_000} s` }),
  );
  try {
    const { registry, time } = ports;
    const text = messageText(notice, { language, registry, time, now: ports.now(), provisional });
    const id = idempotencyId(notice.noticeId, due.channel);
    const answer = channel.send({ idempotencyId: id, notice, text, address, signal: controller.signal });
    return await Promise.race([answer, interrupted]);
  } catch (err) {
    // A fault of our own in one channel is a failed attempt: the next channel and the next person are tried all the same.
    ports.log.error({ noticeId: notice.noticeId, channel: due.channel, err }, 'a channel threw');
    return { type: 'later', reason: 'internal error' };
  } finally {
    cancel();
    stop.removeEventListener('abort', onStop);
  }
}

function outcomeOf(sent: Sent): Pick<OutcomeRecord, 'result' | 'detail' | 'retryAfterMs'> {
  switch (sent.type) {
    case 'delivered':
    case 'accepted':
      return { result: sent.type };
    case 'refused':
      return { result: 'refused', detail: sent.reason };
    case 'later': {
      const { reason, retryAfterMs } = sent;
      return { result: 'failed', detail: reason, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    }
  }
}

function addresseeOf({ addressBook, log }: AttemptPorts, { noticeId, recipient }: Notice): Addressee | undefined {
  if (recipient.type === 'desk') return { language: 'zh-CN', channels: [{ type: 'log' }] };
  try {
    return addressBook.contact(recipient.contactId);
  } catch (err) {
    log.error({ noticeId, contactId: recipient.contactId, err }, 'a contact could not be unsealed');
    return undefined;
  }
}
