import type { Command } from '../../records/command.ts';
import type { Actor, Incident } from '../../records/incident.ts';
import type { Notice } from '../../records/notice.ts';
import type { Evidence } from './evidence.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import {
  type Decision,
  decisionsOf,
  entriesOf,
  hindrances,
  isClosing,
  isOfLife,
  longestCalmMs,
  type Step,
  stepsOf,
} from './reading.ts';

/** Nothing times out to closed: incidents of life safety end by a person, and everyone who was told is told. */
export const peopleInvariants: readonly Invariant[] = [
  invariant(6, 'only a person ends an incident', endedByNobody),
  invariant(6, 'nobody reached takes two people', endedAlone),
  invariant(6, 'everyone who was told hears the end', toldNoEnd),
  invariant(6, 'a claim without action is taken back', idleClaims),
];

/** Work on devices, and the system's own, is over when nothing stands any more; everything else when somebody says so. */
function* endedByNobody(evidence: Evidence): Iterable<Violation> {
  for (const { before, step } of endings(evidence)) {
    const { incident, decision } = step;
    const command = resolveIn(decision);
    if (command && command.by.type !== 'system' && decision.record.result?.result.ok) continue;
    const { category, severity, alerts } = incident;
    const standing = alerts.filter(({ clearedAt }) => clearedAt === undefined).length;
    const mayEnd =
      (category === 'supervision' || category === 'system' || (category === 'wandering' && severity === 'urgent')) &&
      standing === 0;
    // A clock that is set forward may open it and end it in one step.
    const wasOpen = before === undefined || before.incident.state.phase === 'open';
    if (mayEnd && !isOfLife(incident) && wasOpen) continue;
    yield { ...placeOf(step), says: `${incident.incidentId} (${category}) ended, and nobody had said so` };
  }
}

/** One person alone has not found out that nobody was to be reached. */
function* endedAlone(evidence: Evidence): Iterable<Violation> {
  const commands = entriesOf(evidence.journal, 'command');
  for (const { step, since } of endings(evidence)) {
    const { incident, decision } = step;
    const command = resolveIn(decision);
    if (!command || command.contact === 'reached' || !isOfLife(incident)) continue;
    const isAgreement = ({ command: other }: { command: Command }) =>
      other.type === 'resolve' && other.incidentId === incident.incidentId && nameOf(other.by) !== nameOf(command.by);
    const agreed = commands.some(
      ({ sequence, record }) => sequence > since && sequence < decision.cause.sequence && isAgreement(record),
    );
    if (!agreed)
      yield { ...placeOf(step), says: `${incident.incidentId} ended as "nobody reached" by one person alone` };
  }
}

/** Whoever had a message of it, or is on its list, gets one that it is over. Word that they have no part in it is none of it. */
function* toldNoEnd(evidence: Evidence): Iterable<Violation> {
  const byIncident = Map.groupBy(evidence.messages, ({ notice }) => notice.incidentId);
  const decided = new Set(
    decisionsOf(evidence).flatMap(({ record }) => (record.notices ?? []).map(({ noticeId }) => noticeId)),
  );
  for (const { step } of endings(evidence)) {
    const { incident, decision } = step;
    const heard = (byIncident.get(incident.incidentId) ?? []).filter(
      ({ notice, arrived, atMs }) =>
        arrived &&
        !isClosing(notice) &&
        !saysNotYours(notice) &&
        decided.has(notice.noticeId) &&
        atMs < decision.cause.atMs,
    );
    const closing = new Set(
      (decision.record.notices ?? [])
        .filter((notice) => notice.incidentId === incident.incidentId && isClosing(notice))
        .flatMap(({ recipient }) => (recipient.type === 'contact' ? recipient.contactId : [])),
    );
    const told = new Set([
      ...heard.map(({ contactId }) => contactId),
      ...incident.told.map(({ contactId }) => contactId),
    ]);
    told.delete('desk');
    const forgotten = [...told.difference(closing)];
    if (forgotten.length === 0) continue;
    yield { ...placeOf(step), says: `${incident.incidentId} ended, and nobody says so to ${forgotten.join(', ')}` };
  }
}

/** To somebody who answered about what they were never told of. */
const saysNotYours = ({ purpose, text }: Notice): boolean => purpose === 'reply' && text.detail === 'not-yours';

/** Two minutes, where a life is at stake: then it is open again, unless somebody acted, went or ended it. */
function* idleClaims(evidence: Evidence): Iterable<Violation> {
  const away = hindrances(evidence, 'alarm', 'disk');
  for (const steps of stepsOf(decisionsOf(evidence)).values()) {
    for (const [index, step] of steps.entries()) {
      const { state, severity } = step.incident;
      if (state.phase !== 'claimed' || state.acted || severity !== 'critical') continue;
      if (state.expiresAt - Math.max(state.since, criticalSince(steps, index)) > claimMs)
        yield { ...placeOf(step), says: `${step.incident.incidentId} is claimed for longer than two minutes` };
      const next = steps.slice(index + 1).find(({ incident }) => !isSameClaim(incident, state.since));
      const toMs = next?.decision.entry.atMs ?? evidence.endedAtMs;
      const fromMs = step.decision.entry.atMs;
      const heldMs = longestCalmMs({ fromMs, toMs }, away);
      if (heldMs <= claimMs * slower + slackMs) continue;
      const says = `${step.incident.incidentId} was held by an idle claim for ${Math.round(heldMs / 1000)} s`;
      yield { ...placeOf(step), says };
    }
  }
}
const claimMs = 2 * 60_000;
/** While a clock that was set back is waited for, journal time runs a fiftieth slower. */
const slower = 1.03;
const slackMs = 10_000;

const isSameClaim = ({ state }: Incident, since: number): boolean =>
  state.phase === 'claimed' && !state.acted && state.since === since;

/** A claim of something that becomes critical is shortened then. */
function criticalSince(steps: readonly Step[], index: number): number {
  const before = steps.slice(0, index).findLastIndex(({ incident }) => incident.severity !== 'critical');
  return steps[before + 1]?.decision.cause.receivedAt ?? 0;
}

/** The steps by which incidents end. `since`: the record that opened it, or opened it again. */
function* endings(evidence: Evidence): Iterable<{ before: Step | undefined; step: Step; since: number }> {
  for (const steps of stepsOf(decisionsOf(evidence)).values()) {
    let since = 0;
    for (const [index, step] of steps.entries()) {
      const before = steps[index - 1];
      const wasOver = !before || before.incident.state.phase === 'resolved';
      if (step.incident.state.phase !== 'resolved') {
        if (wasOver) since = step.decision.cause.sequence;
      } else if (before?.incident.state.phase !== 'resolved') yield { before, step, since };
    }
  }
}

/** Who ended it. By telephone somebody agrees to what another one wanted. */
function resolveIn({ cause }: Decision): { by: Actor; contact: string } | undefined {
  const command = cause.record.kind === 'command' ? cause.record.command : undefined;
  if (command?.type === 'resolve') return command;
  if (command?.type !== 'reply' || command.answer !== 'false-alarm') return undefined;
  return { by: { type: 'contact', id: command.phoneKey }, contact: 'not-reached' };
}

const nameOf = ({ type, id }: Actor): string => `${type}:${id}`;
const placeOf = ({ incident, decision: { entry } }: Step) => ({
  ...{ homeId: incident.where.placeId, sequence: entry.sequence, atMs: entry.atMs },
});
