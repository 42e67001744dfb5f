import type { AlertShown, ContactShown, IncidentCard, IncidentDetail, NamedActor, ToldShown } from '../api/answers.ts';
import type { TimelineEntry } from '../records/incident.ts';
import { duration, type Language, recordTexts } from '../records/texts/texts.ts';
import type { Texts } from './texts/en.ts';
import { texts } from './texts/texts.ts';

/** Everything that is needed to say something: the words, the county's time zone, and who is reading. */
export type Speech = { language: Language; texts: Texts; timeZone: string; accountId: string };

export const speechOf = (language: Language, timeZone: string, accountId: string): Speech => {
  return { language, texts: texts[language], timeZone, accountId };
};

/** What it is, by its conditions, the most urgent first: "Fall + Emergency call". */
export function titleOf({ alerts }: Pick<IncidentCard, 'alerts'>, { language }: Speech): string {
  const conditions = new Set([...alerts].sort((a, b) => rank(a) - rank(b)).map(({ condition }) => condition));
  return [...conditions].map((condition) => recordTexts[language].conditions[condition]).join(' + ');
}
const rank = ({ severity }: AlertShown): number => ['critical', 'urgent', 'service'].indexOf(severity);

/** Each place with the rooms that are named, at most three places: a fire names every unit. */
export function placeOf({ where, alerts, category }: IncidentCard, { texts, language }: Speech): string {
  const rooms = new Map<string, Set<string>>();
  for (const { site, place = '', room } of alerts) {
    // A work order of a village names the house of many with each of its rooms.
    const unit = where.site === undefined && site !== undefined ? `${site} ${place}` : place;
    const named = rooms.get(unit) ?? new Set();
    rooms.set(unit, room === undefined ? named : named.add(room));
  }
  const units = [...rooms].map(([place, named]) => [place, ...named].filter(Boolean).join(texts.list)).filter(Boolean);
  const named = units.slice(0, mostUnits);
  if (units.length > named.length) named.push(texts.andMore(units.length - named.length));
  const parts = [where.site, ...named].filter((part) => part !== undefined);
  if (parts.length > 0) return parts.join(recordTexts[language].semicolon);
  if (where.unregistered && where.deviceId) return `${texts.unregistered} ${where.deviceId}`;
  if (where.deviceId) return texts.device(where.deviceId);
  return where.areas[0] ?? (category === 'system' ? texts.systemPlace : texts.unknownPlace);
}
const mostUnits = 3;

export const areaOf = ({ where }: IncidentCard, { texts }: Speech): string => where.areas.slice(0, 2).join(texts.list);

export function actorName(actor: NamedActor, { texts, accountId }: Speech): string {
  if (actor.type === 'system') return texts.system;
  if (actor.type === 'account' && actor.id === accountId) return texts.you;
  return actor.name ?? actor.id;
}

export function stateWords({ state }: Pick<IncidentCard, 'state'>, speech: Speech): string {
  const { texts } = speech;
  return state.phase === 'open' ? texts.state.open : texts.state[state.phase](actorName(state.by, speech));
}

/** Why an alert stands. */
export function reasonWords(alert: AlertShown, { language }: Speech): string {
  return alert.why[language];
}

export function toldWords({ reached, failed = [], attempt }: ToldShown, { texts }: Speech): string {
  const words = texts.reached;
  if (attempt?.heard) return texts.duty.heard(channelWords(attempt.channel, texts));
  if (reached === 'delivered') return words.delivered;
  if (reached === 'unreachable') return words.unreachable;
  if (attempt && attempt.result === undefined)
    return words.trying(channelWords(attempt.channel, texts), attempt.attempt);
  if (attempt?.result === 'accepted') return words.accepted(channelWords(attempt.channel, texts));
  const tried = failed.map((channel) => channelWords(channel, texts));
  return tried.length > 0 ? words.failedOn(tried.join(texts.list)) : words.unknown;
}

/** A channel that the page has no word for keeps its own name. */
export function channelWords(channel: string, { channels, duty }: Texts): string {
  // The second web message of somebody is one as well; of a provider the medium comes first.
  const [medium = channel, provider] = channel.split(':');
  const type = medium.replace(/-\d+$/, '');
  const name = Object.hasOwn(channels, type) ? channels[type as keyof typeof channels] : medium;
  return provider === undefined ? name : duty.channelOf(name, provider);
}

/** One line of what happened. Contacts are named as the registry knows them now. */
export function timelineWords(
  { what, details, by }: IncidentDetail['timeline'][number],
  contacts: IncidentDetail['contacts'],
  speech: Speech,
): string {
  const said = timelineSentence({ what, details }, contacts, speech);
  const own = ownSentences.has(what);
  return by && !own ? speech.texts.by(said, actorName(by, speech)) : said;
}

/** They name who it was themselves. */
const ownSentences: ReadonlySet<TimelineEntry['what']> = new Set([
  ...(['accepted', 'declined', 'claim-expired', 'reported', 'help-asked', 'replied', 'arrival-doubted'] as const),
]);

function timelineSentence(
  { what, details }: Pick<TimelineEntry, 'what' | 'details'>,
  contacts: IncidentDetail['contacts'],
  speech: Speech,
): string {
  const words = speech.texts.timelineWords;
  const one = contactName(details.contactId, contacts, speech);
  switch (what) {
    case 'opened':
    case 'alert':
    case 'alert-cleared':
      return alertSentence(what, details, speech);
    case 'accepted':
      return words.accepted(one, hourMinute(Number(details.expectedAt), speech));
    case 'declined':
      return words.declined(one);
    case 'resolved':
      return words.resolved(
        wordOf({ ...speech.texts.outcomes, merged: words.mergedOutcome }, details.outcome),
        speech.texts.contacts[details.contact as keyof Texts['contacts']],
      );
    case 'rung': {
      const told = [details.told, details.informed].flat().filter((id) => typeof id === 'string');
      if (told.length === 0) return words.rungSilent(Number(details.rung));
      const who = names(told, contacts, speech);
      return details.purpose === 'worse' ? words.rungWorse(who) : words.rung(Number(details.rung), who);
    }
    case 'rung-empty':
      return words['rung-empty'](Number(details.rung));
    case 'notified':
      return words.notified(names(details.contacts, contacts, speech));
    case 'delivered':
      return words.delivered(one, channelWords(String(details.channel), speech.texts));
    case 'undelivered':
      return details.everyone === true
        ? words.undeliveredAll
        : words.undelivered(one, channelWords(String(details.channel), speech.texts));
    case 'reported':
      return words.reported(
        one,
        wordOf(speech.texts.outcomes, details.outcome),
        wordOf(speech.texts.contacts, details.contact),
      );
    case 'help-asked':
      return words['help-asked'](one);
    case 'replied':
      return words.replied(one, typeof details.text === 'string' ? details.text : '');
    case 'handed-up':
      return words['handed-up'](wordOf(words.levels, details.to));
    case 'merged':
      return words.merged(String(details.into));
    case 'merged-in':
      return words['merged-in'](String(details.code));
    case 'transferred':
      return words.transferred(String(details.to));
    case 'transfer-outcome':
      return words['transfer-outcome'](String(details.to), wordOf(words.transferResults, details.result));
    case 'reclassed':
      return words.reclassed(wordOf(words.calls, details.to));
    case 'updated':
      return words.updated(names(details.contacts, contacts, speech), one);
    case 'arrival-doubted':
      return words['arrival-doubted'](one);
    case 'person-answered':
      return words['person-answered'](wordOf(words.personAnswers, details.answer));
    case 'call-logged': {
      const said = [details.what, details.kind, details.topic === 'request' ? undefined : details.topic];
      const known = said.filter((one) => one !== undefined).map((one) => wordOf(words.calls, one));
      return words['call-logged'](known.join(speech.texts.list));
    }
    default:
      return words[what];
  }
}

/** A later release may say what this page has no word for. */
const wordOf = (words: Readonly<Record<string, string>>, name: unknown): string => words[String(name)] ?? String(name);

function alertSentence(what: 'opened' | 'alert' | 'alert-cleared', details: TimelineEntry['details'], speech: Speech) {
  const words = speech.texts.timelineWords;
  const { note, condition, strengthened } = details;
  if (typeof note === 'string' && Object.hasOwn(words.notes, note))
    return words.notes[note as keyof typeof words.notes];
  const { conditions } = recordTexts[speech.language];
  const said = strengthened === true ? words.strengthened : words[what];
  const name = Object.hasOwn(conditions, String(condition)) ? conditions[condition as keyof typeof conditions] : '';
  return name === '' ? said : `${said}${recordTexts[speech.language].colon}${name}`;
}

function names(ids: unknown, contacts: IncidentDetail['contacts'], speech: Speech): string {
  return [ids]
    .flat()
    .map((id) => contactName(id, contacts, speech))
    .join(speech.texts.list);
}

function contactName(id: unknown, contacts: { [id: string]: ContactShown }, { texts }: Speech): string {
  if (typeof id !== 'string') return texts.somebody;
  const contact = contacts[id];
  return contact ? (contact.name ?? texts.roles[contact.role]) : id;
}

/** For clocks that run: after two days nobody counts seconds. */
export const clockWords = (ms: number, speech: Pick<Speech, 'language'>): string =>
  ms < twoDaysMs ? clockText(ms) : ageText(ms, speech);
const twoDaysMs = 48 * 3_600_000;

/** "3:07", "1:02:45": for clocks that run. Below zero it says how much too late. */
export function clockText(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (part: number) => String(part).padStart(2, '0');
  const text = hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`;
  return ms < 0 ? `+${text}` : text;
}

export const ageText = (ms: number, { language }: Pick<Speech, 'language'>): string => duration(ms, language);

export const hourMinute = (at: number, speech: Speech): string => timeText(at, speech, false);
export const hourMinuteSecond = (at: number, speech: Speech): string => timeText(at, speech, true);

function timeText(at: number, { language, timeZone }: Speech, seconds: boolean): string {
  const form = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat(language, { timeZone, ...form, ...(seconds && { second: '2-digit' }) }).format(at);
}

/** The day too, where it was not today: an incident may wait for weeks. */
export const dayAndTime = (at: number, now: number, speech: Speech): string =>
  withDay(hourMinuteSecond(at, speech), at, now, speech);
export const dayAndMinute = (at: number, now: number, speech: Speech): string =>
  withDay(hourMinute(at, speech), at, now, speech);

function withDay(time: string, at: number, now: number, { language, timeZone }: Speech): string {
  const day = new Intl.DateTimeFormat(language, { timeZone, month: 'short', day: 'numeric' });
  return day.format(at) === day.format(now) ? time : `${day.format(at)} ${time}`;
}

/** With day and year, for what lies days or months away. */
export function dateAndTime(at: number, { language, timeZone }: Pick<Speech, 'language' | 'timeZone'>): string {
  const form = { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat(language, { timeZone, ...form }).format(at);
}
