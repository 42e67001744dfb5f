import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { carrierOf, waysOf } from '../records/channel-names.ts';
import type { AttemptingRecord, OutcomeRecord } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import { normalPhone } from '../records/phone.ts';
import { ownLimit, type ProviderEntry } from '../records/providers.ts';
import type { RegistryView, VoiceLanguage } from '../records/registry.ts';
import type { Language } from '../records/texts/texts.ts';
import type { Budgets } from './budgets.ts';
import {
  type Address,
  type Channel,
  digestId,
  idempotencyId,
  type Message,
  misconfigured,
  type Sent,
} from './channel.ts';
import type { Due } from './outbox.ts';
import { type PageCodes, pageLink } from './page-code.ts';
import { noticeClass } from './retry-schedule.ts';
import type { Takers } from './slots.ts';
import type { CountyTime } from './texts/county-time.ts';
import { digestText, type Part, partOfDigest } from './texts/digest.ts';
import { messageText } from './texts/message.ts';

/** A contact with what is needed to reach it, unsealed. */
export type Addressee = {
  language: Language;
  voiceLanguage?: VoiceLanguage;
  phone?: string;
  /** The contact's channels in their order. */
  ways: readonly { type: string }[];
  /** The address of each; nothing, where what is needed is missing or cannot be unsealed. */
  channels: (Address | undefined)[];
};
export type AddressBook = {
  contact(contactId: string): Addressee | undefined;
  /** What messages call that person, as it was agreed with them. */
  callName(personId: string): string | undefined;
  nameOf(contactId: string): string | undefined;
};

export type AttemptPorts = {
  channels: readonly Channel[];
  addressBook: AddressBook;
  registry: Pick<RegistryView, 'place' | 'site' | 'area' | 'device' | 'contact'>;
  /** What the installation can send by, in the order of preference. */
  providers: () => readonly ProviderEntry[];
  /** What stands in an SMS for the incident's code, by which a responder finds their page. */
  pageCodes?: Pick<PageCodes, 'codeOf' | 'linkTo'>;
  /** Where that page is reached from outside; without it there are no links. */
  pageAddress?: string;
  budgets: Pick<Budgets, 'take' | 'windowsOf'>;
  /** A name for an address that says nothing of it. */
  blind: (address: string) => string;
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
export type Route = ReadyRoute | { problem: string };
type ReadyRoute = { channel: Channel; address: Address; addressee: Addressee };

/** Whether one message on that route may say several notices: to a person. What a program reads speaks of one incident. */
export function takesDigests(route: Route): boolean {
  return 'address' in route && route.address.type !== 'webhook' && route.address.type !== 'log';
}

export function routeOf(ports: AttemptPorts, { notice, channel: name }: Due): Route {
  const addressee = addresseeOf(ports, notice);
  if (!addressee) return { problem: 'the contact is not in the registry, or cannot be unsealed' };
  const way = wayTo(addressee, name, ports.providers());
  if (!way) return { problem: `the contact has no channel ${name}` };
  const { carrier, address } = way;
  if (!address) return { problem: `what channel ${name} needs of the contact is missing, or cannot be unsealed` };
  const channel = ports.channels.find((one) => one.name === carrier);
  if (!channel) return { problem: `channel ${carrier} is not configured` };
  return { channel, address, addressee };
}

function wayTo({ ways, phone, channels }: Addressee, name: string, providers: readonly ProviderEntry[]) {
  const way = waysOf(ways, providers).find((one) => one.name === name);
  if (way) return { carrier: way.carrier, address: channels[way.index] };
  // An answer goes back to the number that it came from, whatever the contact is usually told by.
  const [type] = name.split(':');
  if (phone === undefined || (type !== 'sms' && type !== 'voice')) return undefined;
  return { carrier: name, address: { type, phone } as const };
}

/** Whose patience is shared: of the same address, whoever reads there, and of the provider or the host that it is reached through. */
export function takersOf(route: Route): Takers {
  if ('problem' in route || route.address.type === 'log') return {};
  const { address, channel } = route;
  const carrier = 'url' in address ? (URL.parse(address.url)?.host ?? channel.name) : channel.name;
  return { target: `${address.type} ${placeOf(address)}`, carrier };
}

/** What of an address is one telephone, one mailbox, one room. */
export function placeOf(address: Exclude<Address, { type: 'log' }>): string {
  switch (address.type) {
    case 'sms':
    case 'voice':
      return normalPhone(address.phone);
    case 'email':
      return address.address;
    default:
      return address.url;
  }
}

/**
 * Tries once, and answers with the outcome, which the caller keeps, and after it those of `others`, which the same message says; none,
 * when it was not tried or `stop` aborted it (then it is not known what became of it, and the next start says so).
 * The `attempting` record accompanies life safety and precedes everything else; where a limit of the provider leaves no room, there is
 * none, and the outcome says when there is.
 * Errors: the journal's, when that record cannot be kept and the attempt is not life safety.
 */
export async function attempt(ports: AttemptPorts, due: Due, route: Route, options: Options): Promise<OutcomeRecord[]> {
  const { notice, channel } = due;
  const { others } = options;
  const named = { noticeId: notice.noticeId, channel, attempt: due.attempt };
  const mark = options.provisional && ({ provisional: true } as const);
  const isLifeSafety = noticeClass(notice) === 'life-safety';
  const prepared = prepare(ports, due, route, options);
  const counted = { ...named, ...('send' in prepared && prepared.counted) };
  const full = ports.budgets.take(counted, { at: ports.now(), isLifeSafety });
  if (full) return outcomesOf(ports, due, { type: 'later', reason: ownLimit, trouble: 'limit', ...full }, options);
  const recorded = ports.record({ kind: 'attempting', ...counted, ...mark });
  if (!isLifeSafety) await recorded;
  else recorded.catch((err) => ports.log.warn({ ...named, err }, 'a critical attempt is not on record'));
  for (const { notice: other, attempt: number } of others) {
    const ofOther = { noticeId: other.noticeId, channel, attempt: number, digestOf: notice.noticeId };
    ports
      .record({ kind: 'attempting', ...ofOther, ...mark })
      .catch((err) => ports.log.warn({ ...ofOther, err }, 'a critical attempt is not on record'));
  }
  if (options.stop.aborted) return [];

  if (due.attempt === 1 && notice.purpose === 'alarm' && due.activeAt === notice.at) {
    ports.metrics.receiptToNotice.observe(Math.max(0, ports.now() - notice.at) / 1_000);
  }
  const sent = 'send' in prepared ? await sendInTime(ports, due, prepared, options) : prepared;
  return sent ? outcomesOf(ports, due, sent, options) : [];
}
type Options = { provisional: boolean; stop: AbortSignal; others: readonly Due[] };

function outcomesOf(ports: AttemptPorts, due: Due, sent: Sent, options: Options): OutcomeRecord[] {
  const digestOf = due.notice.noticeId;
  const ofOthers = options.others.map((other) => ({ ...outcomeOf(ports, other, sent, options), digestOf }));
  return [outcomeOf(ports, due, sent, options), ...ofOthers];
}

/** A message that is ready to go, and what it is counted by. */
type Prepared = {
  send: (signal: AbortSignal) => Promise<Sent>;
  counted: Pick<AttemptingRecord, 'target' | 'template'>;
  timeoutMs: number;
};

function prepare(ports: AttemptPorts, due: Due, route: Route, options: Options): Prepared | Sent {
  const { notice, channel: name } = due;
  if ('problem' in route) return misconfigured(notice, route.problem);
  const { channel, address } = route;
  try {
    const message = { ...messageOf(ports, due, route, options), address };
    const { text } = message;
    const isLimited = address.type !== 'log' && ports.budgets.windowsOf(name).length > 0;
    const template = address.type === 'sms' && text.template ? { template: text.template.name } : {};
    return {
      send: (signal) => channel.send({ ...message, signal }),
      counted: isLimited ? { target: ports.blind(placeOf(address)), ...template } : {},
      timeoutMs: channel.patienceMs ?? attemptTimeoutMs,
    };
  } catch (err) {
    return ourFault(ports, due, err);
  }
}

function messageOf(
  ports: AttemptPorts,
  due: Due,
  { address, addressee }: ReadyRoute,
  { provisional, others }: Options,
): Pick<Message, 'idempotencyId' | 'notice' | 'others' | 'text'> {
  const { notice, channel } = due;
  const contextOf = (one: Due) => ({ ...textContext(ports, one, addressee), now: ports.now(), provisional });
  if (others.length === 0) {
    const link = pageLink(ports, notice, address.type);
    const text = messageText(notice, { ...contextOf(due), ...(link !== undefined && { link }) });
    return { idempotencyId: idempotencyId(notice.noticeId, channel), notice, text };
  }
  const partOf = (one: Due): Part => {
    const context = contextOf(one);
    return partOfDigest(one.notice, messageText(one.notice, context), context);
  };
  const notices = others.map((one) => one.notice);
  const ids = [notice, ...notices].map(({ noticeId }) => noticeId);
  const text = digestText([partOf(due), ...others.map(partOf)]);
  return { idempotencyId: digestId(ids, channel), notice, others: notices, text };
}

/** The household's own contacts read whose home it is, and who goes, by name; everybody else where it is. */
function textContext(ports: AttemptPorts, { notice }: Due, { language, voiceLanguage }: Addressee) {
  const { registry, time, addressBook, pageCodes } = ports;
  const { recipient, incidentId, text } = notice;
  const contactId = recipient.type === 'contact' ? recipient.contactId : undefined;
  const of = contactId === undefined ? undefined : registry.contact(contactId)?.of.type;
  const isOwn = of === 'person' || of === 'household' || of === 'place';
  const callName = isOwn && text.personId !== undefined ? addressBook.callName(text.personId) : undefined;
  const goingName = isOwn && text.goingId !== undefined ? addressBook.nameOf(text.goingId) : undefined;
  const role = text.goingId === undefined ? undefined : registry.contact(text.goingId)?.role;
  const pageCode =
    contactId !== undefined && pageCodes?.codeOf({ incidentId, incidentCode: text.incidentCode, contactId });
  return {
    ...{ language, registry, time, going: { ...(goingName && { name: goingName }), ...(role && { role }) } },
    ...(voiceLanguage && { voiceLanguage }),
    ...(callName !== undefined && { callName }),
    ...(pageCode && notice.purpose !== 'reply' && { pageCode }),
  };
}

/** A fault of our own in one channel is a failed attempt: the next channel and the next person are tried all the same. */
function ourFault({ log }: AttemptPorts, { notice: { noticeId }, channel }: Due, err: unknown): Sent {
  log.error({ noticeId, channel, err }, 'a channel threw');
  return { type: 'later', reason: 'internal error' };
}

/** The channel's answer, or that there was none in time; nothing when `stop` came first. */
async function sendInTime(
  ports: AttemptPorts,
  due: Due,
  { send, timeoutMs }: Prepared,
  { stop }: Options,
): Promise<Sent | undefined> {
  const controller = new AbortController();
  const { promise: interrupted, resolve } = Promise.withResolvers<Sent | undefined>();
  // An answer in time leaves the connection to the channel; it is cut only when nobody waits for it any more.
  const interrupt = (sent: Sent | undefined) => {
    resolve(sent);
    controller.abort('nobody waits for the answer any more');
  };
  const onStop = () => interrupt(undefined);
  stop.addEventListener('abort', onStop);
  const cancel = ports.clock.after(timeoutMs, () =>
    interrupt({ type: 'later', reason: `no answer within ${timeoutMs / 1_000} s` }),
  );
  try {
    return await Promise.race([send(controller.signal), interrupted]);
  } catch (err) {
    return ourFault(ports, due, err);
  } finally {
    cancel();
    stop.removeEventListener('abort', onStop);
  }
}

function outcomeOf(ports: AttemptPorts, due: Due, sent: Sent, { provisional }: Options): OutcomeRecord {
  const { notice, channel, attempt: number } = due;
  const named = { noticeId: notice.noticeId, channel, attempt: number };
  const outcome: OutcomeRecord = {
    ...{ kind: 'outcome', ...named, ...resultOf(sent) },
    ...(provisional && { provisional }),
  };
  const { result, detail } = outcome;
  ports.metrics.notices.inc({ channel: carrierOf(channel), outcome: detail === ownLimit ? ownLimit : result });
  ports.log.info({ ...named, incidentId: notice.incidentId, result, detail }, 'attempt');
  return outcome;
}

function resultOf(sent: Sent): Omit<OutcomeRecord, 'kind' | 'noticeId' | 'channel' | 'attempt'> {
  switch (sent.type) {
    case 'delivered':
      return { result: 'delivered', ...(sent.detail !== undefined && { detail: withoutNumbers(sent.detail) }) };
    case 'accepted':
      return {
        result: 'accepted',
        ...(sent.messageId !== undefined && { messageId: sent.messageId }),
        ...(sent.detail !== undefined && { detail: withoutNumbers(sent.detail) }),
      };
    case 'refused':
      return { result: 'refused', detail: withoutNumbers(sent.reason) };
    case 'later': {
      const { reason, retryAfterMs, trouble } = sent;
      const rest = { ...(retryAfterMs !== undefined && { retryAfterMs }), ...(trouble && { trouble }) };
      return { result: 'failed', detail: withoutNumbers(reason), ...rest };
    }
  }
}

/** What a provider says of an attempt, without the telephone number or the mailbox that it may repeat: it is kept and logged. */
export function withoutNumbers(words: string): string {
  const plain = words.normalize('NFKC').replaceAll(/[^\s<>@]+@[^\s<>@]+/g, '…');
  return plain.replaceAll(/\+?\d(?:[ ()-]{0,2}\d){6,}/g, '…').slice(0, longestDetail);
}
const longestDetail = 200;

const deskItself: Addressee = { language: 'zh-CN', ways: [{ type: 'log' }], channels: [{ type: 'log' }] };

function addresseeOf({ addressBook, log }: AttemptPorts, { noticeId, recipient }: Notice): Addressee | undefined {
  if (recipient.type === 'desk') return deskItself;
  try {
    return addressBook.contact(recipient.contactId);
  } catch (err) {
    log.error({ noticeId, contactId: recipient.contactId, err }, 'a contact could not be unsealed');
    return undefined;
  }
}
