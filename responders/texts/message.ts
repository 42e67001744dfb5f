import type { ReplyLine } from '../../incidents/reply-line.ts';
import type { Condition } from '../../records/alert.ts';
import type { Outcome } from '../../records/incident.ts';
import type { Notice, NoticePurpose, NoticeText } from '../../records/notice.ts';
import type { Contact, Device, VoiceLanguage } from '../../records/registry.ts';
import { isInstalled } from '../../records/registry-links.ts';
import { duration, type Language, recordTexts } from '../../records/texts/texts.ts';
import { isClosing } from '../retry-schedule.ts';
import type { CountyTime, LocalTime } from './county-time.ts';
import { en } from './en.ts';
import { plain } from './plain.ts';
import { type ShortTexts, shortTexts } from './short-texts.ts';
import { type PlaceNames, type PlaceWords, whereabouts } from './whereabouts.ts';
import { zhCN } from './zh-CN.ts';

/** A notice as a person reads it. It holds places and the code, no names of people and no illness. */
export type MessageText = {
  language: Language;
  title: string;
  body: string;
  /** The same for a telephone without a screen worth the name: plain, short, by the rules of those who carry it. */
  sms: string;
  /** By the name and the variables of what providers let through; a provider's settings say which template of its own that is. */
  template?: { name: string; variables: Record<string, string> };
  /**
   * Of a call: recordings in their order, the same to be read out, and what may be pressed, in words. `home`: the place whose name may be
   * heard by whoever is called.
   */
  voice?: { language: VoiceLanguage; clips: string[]; tts: string; keys: string; home?: string };
  /** To the page of whoever reads it, where the way lets links through. Ours: nobody wrote it. */
  link?: string;
  /** The places as the body names them; empty when none is known. */
  where: string;
  /** Simulated devices alone have a part in it: nobody is in danger. */
  drill: boolean;
  /** It goes out before its cause is on disk. */
  provisional: boolean;
};

/** The sentences of one language. `where` and `time` arrive ready to stand in them. */
export type NoticeTexts = {
  drill: { title: string; body: string };
  title: Record<NoticePurpose, (what: string, where: string) => string>;
  happened: (what: string, where: string, time: string) => string;
  opening: Partial<Record<NoticePurpose, string>>;
  /** Of an escalation while somebody is on the way, and late. */
  awaited: { title: (what: string, where: string) => string; opening: (who: string) => string; sms: string };
  toDo: Record<Condition, string>;
  /** To the person: whether all is well. A press calls people; where a home was only silent, moving about is an answer. */
  asked: (until: string | undefined, isMovingEnough: boolean) => string;
  /** The same while people are called already: of a fire, gas, or their own call for help. */
  askedBeside: (what: string, mustLeave: boolean) => string;
  /** Its title: whoever reads no further knows what to do. */
  titleBeside: (what: string, mustLeave: boolean) => string;
  anyAlarm: { name: string; toDo: string };
  informed: string;
  over: (purpose: NoticePurpose, where: string, openedAt: string, outcome: string | undefined) => string;
  outcomes: Record<Outcome, string>;
  mayHaveLainSince: (time: string) => string;
  reportedLate: (lateness: string) => string;
  unregistered: (deviceId: string) => string;
  /** Registered, and bound to no home yet. */
  inStock: (deviceId: string) => string;
  unread: (what: string) => string;
  aboutIncident: (code: string) => string;
  alerts: (count: number) => string;
  sentLate: (lateness: string) => string;
  /** Behind somebody who goes, or one alarm of several, where there is no room for more: how long ago that was said. */
  saidBefore: (lateness: string) => string;
  provisional: string;
  code: (code: string) => string;
  clock: (time: LocalTime, isToday: boolean) => string;
  place: PlaceWords;
  /** Between two sentences. */
  gap: string;
  update: (who: string, where: string) => string;
  handOver: (time: string) => string;
  /** Several alarms to one person, in one message. */
  digest: {
    title: (count: number) => string;
    opening: (count: number) => string;
    line: (one: { what: string; where: string; code: string }) => string;
    between: string;
    more: (count: number) => string;
  };
  /** Nothing has happened: a way is proved. */
  proof: string;
  /** What whoever answered reads back; `codes`: among which they choose. */
  lines: Record<ReplyLine, (codes: string) => string>;
  /** Before an SMS, as far as there is room. */
  smsOpening: Partial<Record<NoticePurpose, string>>;
  smsDrill: string;
  /** Somebody who goes, to whom does not know them. */
  roles: Record<Contact['role'], string>;
  /** Of a call: what to press when people are asked to go, and the person whether all is well. */
  keys: { alarm: string; prompt: string; agree: string };
};

export type MessageContext = {
  language: Language;
  registry: PlaceNames & {
    device(id: string): Pick<Device, 'simulated' | 'placeId' | 'personId'> | undefined;
  };
  time: CountyTime;
  /** What the person is called, as it was agreed with them; to the contacts of their own household alone. */
  callName?: string;
  /** Who goes: by name to those contacts, and to all others by role. */
  going?: { name?: string; role?: Contact['role'] };
  /** What stands in an SMS for the incident's code. */
  pageCode?: string;
  voiceLanguage?: VoiceLanguage;
  /** When it is sent, journal time in epoch ms. */
  now: number;
  provisional: boolean;
  link?: string;
};

/** Writes a notice for its reader: what, where, when, what to do, the code. */
export function messageText(notice: Notice, context: MessageContext): MessageText {
  const { language, registry, provisional, link } = context;
  const { text, purpose } = notice;
  const texts = noticeTexts[language];
  const drill = text.deviceId !== undefined && !text.isReal && registry.device(text.deviceId)?.simulated === true;
  const where = whereabouts(text, registry, texts.place, longestWhere);
  const shortWhere = whereabouts(text, registry, texts.place, longestTitleWhere);
  const what = nameOf(conditionOf(notice), language);
  const isBeside = purpose === 'prompt' && besides.has(text.condition);
  const toTitle = isAwaited(notice) ? texts.awaited.title : texts.title[purpose];
  const title = isBeside ? texts.titleBeside(what, mustLeave(text)) : toTitle(what, shortWhere);
  const sentences = sentencesOf(notice, what, where, context);
  if (drill) sentences.unshift(texts.drill.body);
  if (provisional) sentences.push(texts.provisional);
  if (purpose !== 'reply') sentences.push(texts.code(text.incidentCode));
  const body = sentences.filter((sentence) => sentence !== '').join(texts.gap);
  let short: ShortTexts | undefined;
  const shortly = () => (short ??= shortTexts(notice, { ...context, texts, drill, what }));
  return {
    ...{ language, where, drill, provisional, body, ...(link !== undefined && { link }) },
    title: drill ? `${texts.drill.title}${title}` : title,
    // Dear to make, and most ways carry none of them.
    get sms() {
      return shortly().sms;
    },
    get template() {
      return shortly().template;
    },
    get voice() {
      return shortly().voice;
    },
  };
}

export const noticeTexts: Record<Language, NoticeTexts> = { 'zh-CN': zhCN, en };

/** Characters. A title is read on the lock screen of a telephone; the body names every unit of a site within reason. */
const longestTitleWhere = 60;
const longestWhere = 600;
const longestDetail = 200;
const longestCode = 8;

/** Lateness of a report below this is the network's, and of a message below that is its first retries'. */
const lateReportMs = 2 * 60_000;
const lateMessageMs = 5 * 60_000;

function sentencesOf(notice: Notice, what: string, where: string, context: MessageContext): string[] {
  const own = ownSentence(notice, where, context);
  if (own !== undefined) return [own, sentLate(notice, context)];
  return isClosing(notice) ? closing(notice, where, context) : news(notice, what, where, context);
}

/** Of what is not about something that has happened just now. */
function ownSentence(notice: Notice, where: string, context: MessageContext): string | undefined {
  const { language, time, now, going } = context;
  const { purpose, text } = notice;
  const texts = noticeTexts[language];
  switch (purpose) {
    case 'prompt':
      return asked(notice, context);
    case 'update':
      return texts.update(whoGoes(going, texts), where);
    case 'reply':
      return lineOf(text, texts);
    case 'hand-over':
      return texts.handOver(clockText(text.occurredAt, now, time, texts));
    case 'drill':
      return texts.proof;
    default:
      return undefined;
  }
}

/** A line that another release knows says no more than that it arrived. */
export function lineOf({ detail = '' }: NoticeText, { lines }: NoticeTexts): string {
  const [what = '', ...codes] = detail.split(' ');
  return Object.hasOwn(lines, what) ? lines[what as ReplyLine](codes.join(' ')) : lines['not-now']('');
}

function asked({ until, text }: Notice, { language, time, now }: MessageContext): string {
  const texts = noticeTexts[language];
  const untilText = until === undefined ? undefined : clockText(until, now, time, texts);
  const { condition } = text;
  if (besides.has(condition)) return texts.askedBeside(nameOf(condition, language), mustLeave(text));
  return texts.asked(untilText, condition === 'inactivity');
}
const mustLeave = ({ condition }: NoticeText): boolean => condition !== 'call-emergency';
const besides: ReadonlySet<string> = new Set<Condition>(['smoke', 'heat', 'co', 'gas', 'call-emergency']);

/** A fall after which the person went about is a call to check in, and nobody lies there. */
export const conditionOf = ({ text, severity }: Notice): string =>
  text.condition === 'fall' && severity !== 'critical' ? 'fall-suspected' : text.condition;

function news(notice: Notice, what: string, where: string, context: MessageContext): string[] {
  const { language, time, now, registry, going } = context;
  const { text, purpose } = notice;
  const texts = noticeTexts[language];
  const happenedAt = clockText(text.occurredAt, now, time, texts);
  const isLate = text.lateMs !== undefined && text.lateMs >= lateReportMs;
  const condition = conditionOf(notice);
  const lay = condition === 'fall' ? texts.mayHaveLainSince(happenedAt) : '';
  const toDo = isCondition(condition) ? texts.toDo[condition] : texts.anyAlarm.toDo;
  return [
    openingOf(notice, texts, going),
    texts.happened(what, where, happenedAt),
    isLate ? lay || texts.reportedLate(duration(text.lateMs ?? 0, language)) : '',
    text.unregistered ? texts.unregistered(plain(text.deviceId ?? '', 32)) : '',
    isOfStock(text, registry) ? texts.inStock(plain(text.deviceId ?? '', 32)) : '',
    text.detail === undefined ? '' : texts.unread(plain(text.detail, longestDetail)),
    text.aboutCode === undefined ? '' : texts.aboutIncident(plain(text.aboutCode, longestCode)),
    text.alertCount > 1 ? texts.alerts(text.alertCount) : '',
    purpose === 'agree' ? '' : purpose === 'information' ? texts.informed : toDo,
    sentLate(notice, context),
  ];
}

/** Empty where it is not. */
export function sentLate(notice: Notice, context: Pick<MessageContext, 'language' | 'now'>): string {
  const lateness = latenessOf(notice, context);
  return lateness === undefined ? '' : noticeTexts[context.language].sentLate(lateness);
}

/** In words, how long ago it was written; nothing where that is no more than its first retries'. */
export function latenessOf({ at, text }: Notice, { now, language }: Pick<MessageContext, 'language' | 'now'>) {
  const lateMs = now - at + (text.heldMs ?? 0);
  return lateMs < lateMessageMs ? undefined : duration(lateMs, language);
}

/** Before what has happened; empty where that stands for itself. */
export function openingOf(notice: Notice, texts: NoticeTexts, going: MessageContext['going']): string {
  return isAwaited(notice) ? texts.awaited.opening(whoGoes(going, texts)) : (texts.opening[notice.purpose] ?? '');
}

/** Somebody is on the way already, and late. */
export const isAwaited = ({ purpose, text }: Notice): boolean => purpose === 'escalation' && text.goingId !== undefined;

export const whoGoes = (going: MessageContext['going'], { roles }: NoticeTexts): string =>
  going?.name ?? roles[going?.role ?? 'neighbour'];

function isOfStock({ placeIds, deviceId, unregistered }: NoticeText, registry: MessageContext['registry']): boolean {
  const device = deviceId === undefined || unregistered ? undefined : registry.device(deviceId);
  return placeIds.length === 0 && device !== undefined && !isInstalled(device);
}

function closing({ text, purpose }: Notice, where: string, { language, time, now }: MessageContext): string[] {
  const texts = noticeTexts[language];
  const { detail = '' } = text;
  const outcome = Object.hasOwn(texts.outcomes, detail) ? texts.outcomes[detail as Outcome] : undefined;
  return [texts.over(purpose, where, clockText(text.openedAt, now, time, texts), outcome)];
}

export function clockText(at: number, now: number, time: CountyTime, texts: NoticeTexts): string {
  const then = time.at(at);
  const today = time.at(now);
  const isToday = then.day === today.day && then.month === today.month && then.year === today.year;
  return texts.clock(then, isToday);
}

export function nameOf(condition: string, language: Language): string {
  return isCondition(condition) ? recordTexts[language].conditions[condition] : noticeTexts[language].anyAlarm.name;
}

/** A notice of another version may name a condition that this one has no words for: it is an alarm all the same. */
function isCondition(name: string): name is Condition {
  return Object.hasOwn(recordTexts.en.conditions, name);
}
