import { createHash } from 'node:crypto';
import { carrierOf } from '../../records/channel-names.ts';
import type { Incident, TimelineEntry } from '../../records/incident.ts';
import type { ProviderEntry } from '../../records/providers.ts';
import type { Evidence, Heard, Texted } from './evidence.ts';
import type { Window } from './faults.ts';
import { heldUp } from './held-up.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import { endsOf } from './notice-ends.ts';
import {
  attemptsOf,
  contactsIn,
  type Decision,
  decisionsOf,
  hindrances,
  isClosing,
  isLifeSafety,
  issuedIn,
  longestCalmMs,
  providersIn,
  type Step,
  stepsOf,
  waysTo,
} from './reading.ts';

/** What goes to telephones keeps to the limits of those who carry it, and what comes back from them is believed of whom it may be. */
export const telephoneInvariants: readonly Invariant[] = [
  invariant(5, 'no provider is given more than its windows allow', overLimits),
  invariant(5, 'life safety does not wait behind a provider that refuses', stuckBehind),
  invariant(6, 'an answer changes an incident once, for somebody who was told of it', strangeAnswers),
  invariant(6, 'the end is told once', endToldAgain),
  invariant(5, 'nothing rings at an emergency number', dialled),
];

/** By what the provider saw. A crash or a disk may hide an attempt from whoever counts them, and a clock that is set forward the time. */
function* overLimits(evidence: Evidence): Iterable<Violation> {
  const away = hindrances(evidence, 'alarm', 'disk');
  const { clockSteps, stormMs } = evidence.faults;
  // When everything is healed the clock is right again.
  const behindMs = -clockSteps.reduce((sum, { byMs }) => sum + byMs, 0);
  const forward = [...clockSteps, { atMs: stormMs, byMs: behindMs }].filter(({ byMs }) => byMs > 0);
  const isCalm = (window: Window) =>
    longestCalmMs(window, away) === window.toMs - window.fromMs &&
    !forward.some(({ atMs }) => atMs >= window.fromMs && atMs <= window.toMs);
  for (const provider of providersIn(evidence)) {
    const own = evidence.messages.filter(({ channel, given }) => given && carrierOf(channel) === lineOf(provider));
    for (const { per, count, perMs } of provider.windows) {
      const groups = Map.groupBy(own, ({ given }) => (per === 'provider' ? '' : given?.phone));
      for (const group of groups.values()) {
        const times = group.flatMap(({ given }) => given?.atMs ?? []).sort((a, b) => a - b);
        const at = times.findIndex((time, index) => {
          const last = times[index + count];
          return last !== undefined && last - time < perMs - slackMs && isCalm({ fromMs: time - aroundMs, toMs: last });
        });
        const says = `${lineOf(provider)} was given more than ${count} within ${perMs / 1000} s`;
        if (at >= 0) yield { says, atMs: times[at + count] };
      }
    }
  }
}
/** Of the clocks of two who count. */
const slackMs = 1_000;
/** What was sent while nothing could be written is on record a little later. */
const aroundMs = 60_000;

/** The first time that one way fails, the next one is tried, as long as there is one and it is not over. */
function* stuckBehind(evidence: Evidence): Iterable<Violation> {
  const decisions = decisionsOf(evidence);
  const ends = endsOf(evidence, decisions);
  const attempts = attemptsOf(evidence.journal);
  const inTheWay = heldUp(evidence);
  const waysOf = waysTo(evidence);
  for (const { notice } of issuedIn(decisions)) {
    const { noticeId, recipient, via } = notice;
    if (!isLifeSafety(notice) || via !== undefined || recipient.type !== 'contact') continue;
    const count = waysOf(notice);
    const own = attempts.get(noticeId) ?? [];
    const begun = firstTimes(own.map(({ record, atMs }) => ({ channel: record.channel, atMs })));
    const failed = firstTimes(
      own.flatMap(({ record, atMs }) =>
        record.kind === 'outcome' && (record.result === 'failed' || record.result === 'refused')
          ? { channel: record.channel, atMs }
          : [],
      ),
    );
    const endMs = Math.min(ends.get(noticeId)?.atMs ?? Infinity, evidence.endedAtMs);
    for (const [index, fromMs] of failed.entries()) {
      if (index + 1 >= count || fromMs >= endMs) continue;
      const toMs = Math.min(begun[index + 1] ?? endMs, endMs);
      if (longestCalmMs({ fromMs, toMs }, inTheWay(notice)) <= nextWayMs) continue;
      yield {
        says: `${noticeId} had failed by ${index + 1} of ${count} ways, and the next was not tried`,
        atMs: fromMs,
      };
    }
  }
}
/** Its place may be taken by others for as long as one attempt takes. */
const nextWayMs = 20_000;

function firstTimes(all: readonly { channel: string; atMs: number }[]): number[] {
  const first = new Map<string, number>();
  for (const { channel, atMs } of all) first.set(channel, Math.min(atMs, first.get(channel) ?? Infinity));
  return [...first.values()].sort((a, b) => a - b);
}

/** Nobody is heard for somebody else; and the same words, told twice by a provider, are one answer. */
function* strangeAnswers(evidence: Evidence): Iterable<Violation> {
  const owners = new Map(contactsIn(evidence).map(({ id, phoneKey }) => [id, phoneKey] as const));
  const given = new Set(evidence.texts.map(commandIdOf));
  const applied = new Map<string, Decision>();
  for (const { step, earlier } of changedSteps(evidence)) {
    const { decision, incident, timeline } = step;
    const { record } = decision.cause;
    if (record.kind !== 'command' || record.command.type !== 'reply') continue;
    const { phoneKey, commandId, by } = record.command;
    const about = { incidentId: incident.incidentId, sequence: decision.entry.sequence, atMs: decision.entry.atMs };
    const isTheirs = (contactId: string) =>
      (earlier?.told.some((one) => one.contactId === contactId) || isToldBefore(timeline, contactId)) &&
      (by.type === 'contact' ? by.id === contactId : owners.get(contactId) === phoneKey);
    // A deadline that fell due meanwhile is met in the same step, and is nobody's answer.
    const speakers = [...speakersOf(timeline), ...changedAnswers(earlier, incident)];
    if (speakers.length === 0) continue;
    const foreign = speakers.find((id) => !isTheirs(id));
    if (foreign !== undefined) yield { ...about, says: `an answer was taken for the word of ${foreign}` };
    const before = applied.get(commandId) ?? decision;
    if (before !== decision) yield { ...about, says: `${commandId} made two changes` };
    applied.set(commandId, decision);
    if (!given.has(commandId))
      yield { ...about, says: `${commandId} is an answer that was not given, or not so often` };
  }
}

/** An answer is named by its provider and the id that it has there, so that one which is told twice is one. */
function commandIdOf({ line, id }: Texted): string {
  return `reply-${createHash('sha256').update(`${line}\n${id}`).digest('base64url').slice(0, 32)}`;
}

/** The steps of incidents that something other than a note of a refusal came of. */
function* changedSteps(evidence: Evidence): Iterable<{ step: Step; earlier: Incident | undefined }> {
  for (const steps of stepsOf(decisionsOf(evidence)).values())
    for (const [index, step] of steps.entries())
      if (step.timeline.some(({ what }) => what !== 'refused-reply'))
        yield { step, earlier: steps[index - 1]?.incident };
}

const speakersOf = (timeline: readonly TimelineEntry[]): string[] =>
  timeline.flatMap(({ what, by }) => (by?.type === 'contact' && what !== 'refused-reply' ? by.id : []));

/** By a rung that was due when they answered, and had gone out while nothing could be written. */
function isToldBefore(timeline: readonly TimelineEntry[], contactId: string): boolean {
  const answeredAt = timeline.findIndex((entry) => speakersOf([entry]).includes(contactId));
  return timeline.slice(0, Math.max(0, answeredAt)).some(({ what, details: { told, informed } }) => {
    return what === 'rung' && [told, informed].some((names) => Array.isArray(names) && names.includes(contactId));
  });
}

function changedAnswers(before: Incident | undefined, after: Incident): string[] {
  const textOf = (incident: Incident | undefined, id: string) => {
    const { answer, arrived } = incident?.told.find(({ contactId }) => contactId === id) ?? {};
    return `${answer} ${arrived}`;
  };
  return after.told.map(({ contactId }) => contactId).filter((id) => textOf(before, id) !== textOf(after, id));
}

/** One word that it is over for each time that it is over, and not once more when a way has taken it. */
function* endToldAgain(evidence: Evidence): Iterable<Violation> {
  const open = new Map<string, Set<string>>();
  const phases = new Map<string, string>();
  for (const { record, entry } of decisionsOf(evidence)) {
    for (const { incident } of record.incidents ?? []) {
      const wasOver = phases.get(incident.incidentId) === 'resolved';
      if (wasOver && incident.state.phase !== 'resolved') open.delete(incident.incidentId);
      phases.set(incident.incidentId, incident.state.phase);
    }
    for (const notice of record.notices ?? []) {
      const { incidentId, recipient, purpose } = notice;
      if (recipient.type !== 'contact' || purpose === 'reply') continue;
      const told = open.get(incidentId) ?? new Set<string>();
      open.set(incidentId, told);
      const { contactId } = recipient;
      if (!isClosing(notice)) told.delete(contactId);
      else if (told.has(contactId))
        yield { says: `${contactId} is told twice that ${incidentId} is over`, incidentId, sequence: entry.sequence };
      else told.add(contactId);
    }
  }
  yield* takenAndSentAgain(evidence);
}

function* takenAndSentAgain(evidence: Evidence): Iterable<Violation> {
  const away = hindrances(evidence, 'alarm', 'disk');
  const closing = evidence.messages.filter(({ notice, given }) => isClosing(notice) && given);
  for (const [noticeId, all] of Map.groupBy(closing, ({ notice }) => notice.noticeId)) {
    const sentAt = ({ given, atMs }: Heard) => given?.atMs ?? atMs;
    // A call that was taken may ring where nobody is.
    const taken = all.find(({ answer, channel }) => answer === 'accepted' && channel.startsWith('sms'));
    if (!taken) continue;
    const fromMs = sentAt(taken);
    const again = all.find((one) => sentAt(one) > fromMs + oneTryMs);
    if (!again || longestCalmMs({ fromMs, toMs: sentAt(again) }, away) < sentAt(again) - fromMs) continue;
    yield { says: `${noticeId} was taken, and went out again`, incidentId: again.notice.incidentId, atMs: again.atMs };
  }
}
const oneTryMs = 60_000;

function* dialled({ messages }: Evidence): Iterable<Violation> {
  for (const { given, channel, notice, atMs } of messages) {
    if (!given || !emergency.test(given.phone.replaceAll(/[^0-9+]/g, ''))) continue;
    yield { says: `${given.phone} was reached by ${channel}`, incidentId: notice.incidentId, atMs };
  }
}
const emergency = /^((\+|00)?86)?(119|120|110)$/;

const lineOf = ({ medium, id }: ProviderEntry): string => `${medium}:${id}`;
