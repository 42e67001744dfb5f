import type { Notice } from '../../records/notice.ts';
import type { VoiceLanguage } from '../../records/registry.ts';
import { isClosing } from '../retry-schedule.ts';
import { voiceClips } from '../voice/clips.ts';
import {
  clockText,
  conditionOf,
  isAwaited,
  latenessOf,
  lineOf,
  type MessageContext,
  type MessageText,
  type NoticeTexts,
  openingOf,
  sentLate,
  whoGoes,
} from './message.ts';
import { longestSign, segmentsOf, smsWords } from './sms.ts';
import { longestVariable } from './template-check.ts';
import { filled, type TemplateName, templateOf, templates } from './templates.ts';
import { whereabouts } from './whereabouts.ts';

/** The words of one notice for a small screen, for what providers let through, and for a call. */
export function shortTexts(notice: Notice, parts: ShortParts): ShortTexts {
  const { language, texts, drill } = parts;
  // Nobody must set out for a simulated device because a provider knows no word for it.
  const name = drill && notice.purpose !== 'reply' ? 'drill' : templateOf(notice);
  return {
    sms: notice.purpose === 'reply' ? lineOf(notice.text, texts) : smsOf(notice, parts),
    template: { name, variables: onlyUsed(name, variablesOf(notice, parts, longestVariable)) },
    voice: voiceOf(notice, templateOf(notice), { ...parts, voiceLanguage: parts.voiceLanguage ?? language }),
  };
}

export type ShortTexts = Required<Pick<MessageText, 'sms' | 'template' | 'voice'>>;
type ShortParts = MessageContext & { texts: NoticeTexts; drill: boolean; what: string };

/** In two parts at most: where a long place would make three, it is cut, and after it what stands before. */
function smsOf(notice: Notice, parts: ShortParts): string {
  const { texts, drill, language } = parts;
  const template = templates[templateOf(notice)][language];
  const variables = variablesOf(notice, parts, longestHome);
  const opening = isAwaited(notice) ? texts.awaited.sms : (texts.smsOpening[notice.purpose] ?? '');
  const openings = [`${drill ? texts.smsDrill : ''}${opening}`, drill ? texts.smsDrill : ''];
  for (const before of openings) {
    for (let longest = longestHome; longest >= shortestHome; longest -= 4) {
      const home = smsWords(variables.home ?? '', longest);
      const sms = `${before}${filled(template, { ...variables, home })}`;
      if (segmentsOf(`${'-'.repeat(longestSign)}${sms}`) <= mostSegments) return sms;
    }
  }
  // A third part rather than somebody who sets out for a drill.
  return `${drill ? texts.smsDrill : ''}${filled(template, { ...variables, home: smsWords(variables.home ?? '', shortestHome) })}`;
}

const mostSegments = 2;
const longestHome = 80;
/** Of everything else that varies. */
const longestWords = 50;
/** Where one name of another writing makes English take twice the room, who it is still fits. */
const shortestHome = 16;

function variablesOf(notice: Notice, parts: ShortParts, longest: number): Record<string, string> {
  const { language, texts, what, now, time, pageCode } = parts;
  const { text, until } = notice;
  const words = {
    home: homeOf(notice, parts, longest),
    time: clockText(
      notice.purpose === 'all-clear' || notice.purpose === 'stand-down' ? text.openedAt : text.occurredAt,
      now,
      time,
      texts,
    ),
    code: pageCode ?? text.incidentCode,
    what,
    who: whoSetOut(notice, parts, longest),
    outcome: outcomeOf(text.detail, texts, language),
    line: lineOf(text, texts),
    until: until === undefined ? '--' : clockText(until, now, time, texts),
  };
  return Object.fromEntries(
    Object.entries(words).map(([name, word]) => [
      name,
      smsWords(word, name === 'home' ? longest : Math.min(longest, longestWords)),
    ]),
  );
}

/** Who goes; of all that varies alone without a time in its sentence, so that a late one says here how old it is. */
function whoSetOut(notice: Notice, parts: ShortParts, longest: number): string {
  const { texts, going } = parts;
  const lateness = latenessOf(notice, parts);
  const ago = lateness === undefined ? '' : texts.saidBefore(lateness);
  return `${smsWords(whoGoes(going, texts), Math.min(longest, longestWords) - ago.length)}${ago}`;
}

function onlyUsed(name: TemplateName, variables: Record<string, string>): Record<string, string> {
  const used = templates[name]['zh-CN'];
  return Object.fromEntries(Object.entries(variables).filter(([variable]) => used.includes(`{${variable}}`)));
}

/** "Batu, west of the well"; where nobody is named, the village and the room too, as far as there is room for them. */
function homeOf({ text }: Notice, { registry, texts, callName }: ShortParts, longest: number): string {
  const where = whereabouts(text, registry, texts.place, longest);
  const [placeId] = text.placeIds;
  const place = (placeId === undefined ? undefined : registry.place(placeId)?.name) ?? where;
  if (callName !== undefined) return [callName, place].join(texts.place.within);
  return where.length <= longest ? where : place;
}

function outcomeOf(
  detail: string | undefined,
  { outcomes }: NoticeTexts,
  language: MessageContext['language'],
): string {
  if (detail !== undefined && Object.hasOwn(outcomes, detail)) return outcomes[detail as keyof typeof outcomes];
  return language === 'zh-CN' ? '已处理。' : 'It has been dealt with.';
}

/** What is said in a call; keys are asked for where an answer is wanted. */
function voiceOf(
  notice: Notice,
  name: TemplateName,
  parts: ShortParts & { voiceLanguage: VoiceLanguage },
): NonNullable<MessageText['voice']> {
  const { language, texts, what, voiceLanguage } = parts;
  const { home = '', outcome = '', who = '', time = '' } = variablesOf(notice, parts, longestHome);
  const condition = conditionOf(notice);
  const end = language === 'zh-CN' ? '。' : '. ';
  const keys = asks.has(notice.purpose) ? texts.keys.alarm : askedOf(notice.purpose, texts);
  const toDo = Object.hasOwn(texts.toDo, condition) ? texts.toDo[condition as keyof NoticeTexts['toDo']] : '';
  const own: Partial<Record<Notice['purpose'], string>> = {
    update: texts.update(who, home),
    prompt: name === 'are-you-well' ? texts.title.prompt('', '') : texts.askedBeside(what, name === 'leave'),
    'stand-down': `${texts.title['stand-down']('', home)}${end}${outcome}`,
    'all-clear': `${texts.title['all-clear']('', home)}${end}${outcome}`,
    agree: `${texts.title.agree('', home)}${end}`.trimEnd(),
    'hand-over': texts.handOver(time),
    drill: texts.proof,
  };
  const news = [what, home, asks.has(notice.purpose) ? toDo : texts.informed].join(end);
  const tts = own[notice.purpose] ?? [openingOf(notice, texts, parts.going), news].filter(Boolean).join(texts.gap);
  const late = isClosing(notice) || notice.purpose === 'update' ? '' : sentLate(notice, parts);
  const said = [parts.drill ? texts.drill.body : '', tts, late].filter(Boolean).join(texts.gap);
  const [placeId, another] = notice.text.placeIds;
  const isNamed = parts.callName !== undefined && placeId !== undefined && another === undefined;
  return {
    ...{ language: voiceLanguage, clips: voiceClips(name, keys !== '', parts.drill), tts: said, keys },
    ...(isNamed && { home: placeId }),
  };
}

function askedOf(purpose: Notice['purpose'], { keys }: NoticeTexts): string {
  return purpose === 'prompt' ? keys.prompt : purpose === 'agree' ? keys.agree : '';
}

const asks: ReadonlySet<Notice['purpose']> = new Set(['alarm', 'worse', 'escalation']);
