import type { Prompt } from '../../records/alert.ts';
import type { RegistryChange, Roster } from '../../records/registry.ts';
import type { Evidence } from './evidence.ts';
import type { Window } from './faults.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import {
  type Attempt,
  attemptsOf,
  contactsIn,
  type Decision,
  decisionsOf,
  entriesOf,
  hinderedMs,
  hindrances,
  issuedIn,
  raisedIn,
  stepsOf,
} from './reading.ts';

/** Whoever has a duty is asked, relieved, missed and tried, as was agreed. */
export const dutyInvariants: readonly Invariant[] = [
  invariant(7, 'who can be asked is asked before anybody hears of their silence', unasked),
  invariant(7, 'a desk at which nobody sits is missed, and the township hears of it', unmissed),
  invariant(7, 'each night the way to people is proved, or an alert says that it was not', untried),
  invariant(6, 'who is off duty is not told in the place of whoever is on duty', offDuty),
];

/** An answer that help is needed is reason enough by itself. */
function* unasked(evidence: Evidence): Iterable<Violation> {
  const selves = contactsIn(evidence).filter(({ role }) => role === 'self');
  const homes = new Map(evidence.homes.map(({ id, person }) => [`${id}-h`, person.id]));
  const canAsk = (householdId: string) =>
    selves.some(({ of }) => of.id === householdId || of.id === homes.get(householdId));
  const asked = new Map<string, Prompt[]>();
  for (const decision of decisionsOf(evidence)) {
    for (const change of decision.record.alerts ?? []) {
      if (change.type !== 'prompt' || change.prompt.about !== 'inactivity') continue;
      const { householdId = '' } = change.prompt.where;
      asked.set(householdId, [...(asked.get(householdId) ?? []), change.prompt]);
    }
    const { record } = decision.cause;
    if (record.kind === 'command' && record.command.type === 'prompt-answer') continue;
    for (const { condition, where, alertId, at } of raisedIn(decision)) {
      const { householdId = '' } = where;
      if (condition !== 'inactivity' || !canAsk(householdId)) continue;
      const answered = asked.get(householdId)?.findIndex(({ until }) => until <= at) ?? -1;
      if (answered >= 0) asked.get(householdId)?.splice(0, answered + 1);
      else
        yield {
          says: `${alertId} was raised, and nobody had asked in the home`,
          homeId: where.placeId,
          sequence: decision.entry.sequence,
          atMs: decision.entry.atMs,
        };
    }
  }
}

/**
 * In each stretch in which nobody was there and nothing was in the way: after a while an alert stands that says so, and
 * whoever is responsible for the township was told since it came.
 */
function* unmissed(evidence: Evidence): Iterable<Violation> {
  const { watch } = evidence;
  if (!watch) return;
  const above = new Set(contactsIn(evidence).flatMap(({ id, role }) => (role === 'township' ? id : [])));
  const missed = standings(evidence, 'desk-empty');
  const steps = [...stepsOf(decisionsOf(evidence)).values()].flat();
  const issued = issuedIn(decisionsOf(evidence));
  const away = hindrances(evidence, 'alarm', 'disk');
  for (const window of watch.unwatched) {
    for (const { fromMs, toMs } of calmIn(window, away)) {
      const dueMs = fromMs + missedWithinMs;
      if (toMs < dueMs || isLost(dueMs, evidence)) continue;
      const alert = missed.find((one) => one.fromMs <= dueMs && dueMs < one.toMs);
      const incidents = new Set(
        steps.flatMap(({ incident }) =>
          incident.alerts.some(({ alertId }) => alertId === alert?.alertId) ? incident.incidentId : [],
        ),
      );
      const isTold = issued.some(
        ({ notice: { incidentId, recipient }, decision }) =>
          incidents.has(incidentId) &&
          decision.entry.atMs <= dueMs &&
          recipient.type === 'contact' &&
          above.has(recipient.contactId),
      );
      if (!alert) yield { says: 'nobody was at the desk, and no alert says so', atMs: dueMs };
      else if (!isTold) yield { says: `the township did not hear of ${alert.alertId}`, atMs: dueMs };
      break;
    }
  }
}
/** A minute of silence, four for a line that was bad before, and what telling takes. */
const missedWithinMs = 6.5 * 60_000;

/** When such alerts stood: `toMs` is when it was cleared. */
function standings(evidence: Evidence, condition: string): (Window & { alertId: string })[] {
  const found: { fromMs: number; toMs: number; alertId: string }[] = [];
  for (const decision of decisionsOf(evidence)) {
    const { atMs } = decision.entry;
    for (const raised of raisedIn(decision))
      if (raised.condition === condition) found.push({ alertId: raised.alertId, fromMs: atMs, toMs: Infinity });
    for (const change of decision.record.alerts ?? []) {
      const one = change.type === 'clear' ? found.find(({ alertId }) => alertId === change.alertId) : undefined;
      if (one) one.toMs = atMs;
    }
  }
  return found;
}

/** What of the window was free. `inTheWay` is in order and without overlaps. */
function* calmIn({ fromMs, toMs }: Window, inTheWay: readonly Window[]): Iterable<Window> {
  let calmSince = fromMs;
  for (const one of inTheWay) {
    if (one.toMs <= calmSince || one.fromMs >= toMs) continue;
    if (one.fromMs > calmSince) yield { fromMs: calmSince, toMs: one.fromMs };
    calmSince = one.toMs;
  }
  if (calmSince < toMs) yield { fromMs: calmSince, toMs };
}

const isLost = (atMs: number, { faults: { restore } }: Evidence): boolean =>
  restore !== undefined && atMs >= restore.takenAtMs - hourMs && atMs < restore.backAtMs + hourMs;

/** By the journal's clock, since the last time that the county had that minute while somebody was there to see it. */
function* untried(evidence: Evidence): Iterable<Violation> {
  const { journal } = evidence;
  const last = journal.at(-1);
  const plan = entriesOf(journal, 'command').find(({ record }) => record.command.type === 'drill-plan');
  const command = plan?.record.command;
  if (!plan || !last || command?.type !== 'drill-plan' || !command.plan) return;
  const failed = decisionsOf(evidence).filter((one) =>
    raisedIn(one).some(({ condition }) => condition === 'drill-failed'),
  );
  const drills = issuedIn(decisionsOf(evidence)).filter(({ notice }) => notice.purpose === 'drill');
  const attempts = attemptsOf(journal);
  const inTheWay = hindrances(evidence, 'alarm', 'disk');
  const minuteAt = dayStart(plan.receivedAt) + command.plan.minuteOfDay * 60_000;
  for (let nightAt = minuteAt; nightAt < last.receivedAt; nightAt += dayMs) {
    const begun = journal.find(({ receivedAt }) => receivedAt >= nightAt);
    const isJumpedOver = begun && (begun.receivedAt > nightAt + hourMs || nightAt < plan.receivedAt);
    if (!begun || isJumpedOver || isLost(begun.atMs, evidence)) continue;
    const untilMs =
      begun.atMs + triedWithinMs + hinderedMs({ fromMs: begun.atMs, toMs: begun.atMs + dayMs / 2 }, inTheWay);
    if (untilMs > evidence.endedAtMs) continue;
    const isOfNight = ({ entry }: Decision) => entry.atMs >= begun.atMs - hourMs / 2 && entry.atMs <= untilMs;
    const own = drills.filter(({ decision }) => isOfNight(decision));
    const hasArrived = own.length > 0 && own.every(({ notice }) => attempts.get(notice.noticeId)?.some(isDelivered));
    if (hasArrived || failed.some(isOfNight)) continue;
    const says = 'the drill of a night did not go well, and no alert says so';
    yield { says, sequence: begun.sequence, atMs: begun.atMs };
  }
}
const isDelivered = ({ record }: Attempt): boolean => record.kind === 'outcome' && record.result === 'delivered';
/** A quarter of an hour, and what the clock of the journal is behind while it is slewed. */
const triedWithinMs = 30 * 60_000;

/** Whoever was relieved is off duty; until somebody took over whoever had the shift has it still. */
function* offDuty(evidence: Evidence): Iterable<Violation> {
  const rosters = rostersIn(evidence);
  const taken = takenOver(evidence);
  for (const { entry, record } of decisionsOf(evidence)) {
    for (const { incident, timeline } of record.incidents ?? []) {
      const { incidentId } = incident;
      const hasDeclined = (id: string) => incident.told.some((one) => one.contactId === id && one.answer === 'cannot');
      for (const { what, at, details } of timeline) {
        if (what !== 'rung' || details.rung !== 1 || details.purpose !== 'alarm') continue;
        const told = Array.isArray(details.told) ? details.told : [];
        for (const roster of rosters) {
          const shift = shiftOf(roster, at);
          if (!shift || told.includes(shift.contactId) || hasDeclined(shift.contactId)) continue;
          const hasTaken = taken.some((one) => isOf(one, roster, shift) && one.at <= at);
          const instead = roster.shifts.find(({ contactId }) => told.includes(contactId));
          if (!hasTaken || !instead) continue;
          const says = `${instead.contactId} was told of ${incidentId}, and ${shift.contactId} is on duty`;
          yield { says, incidentId, sequence: entry.sequence, atMs: entry.atMs };
        }
      }
    }
  }
}

type Shift = { contactId: string; sinceAt: number };
type Taken = { rosterId: string; contactId: string; at: number };
const isOf = (taken: Taken, { id }: Roster, { contactId, sinceAt }: Shift): boolean =>
  taken.rosterId === id && taken.contactId === contactId && taken.at >= sinceAt;

/** Who said that they have the shift, and was not refused. */
function takenOver(evidence: Evidence): Taken[] {
  return decisionsOf(evidence).flatMap(({ cause: { record, receivedAt }, record: { result } }) => {
    const command = record.kind === 'command' ? record.command : undefined;
    if (command?.type !== 'hand-over' || command.step.type !== 'accept' || !result?.result.ok) return [];
    return [{ rosterId: command.rosterId, contactId: command.step.contactId, at: receivedAt }];
  });
}

const rostersIn = (evidence: Evidence): Roster[] =>
  entriesOf(evidence.journal, 'command').flatMap(({ record: { command } }) => {
    const changes: readonly RegistryChange[] = command.type === 'registry-part' ? command.changes : [];
    return changes.flatMap((change) => (change.type === 'put' && change.entity === 'roster' ? change.value : []));
  });

/** By the roster alone, in the county's time: of shifts that recur every day, with their swaps. */
function shiftOf({ shifts, swaps }: Roster, at: number): Shift | undefined {
  const today = dayStart(at);
  for (const midnight of [today, today - dayMs]) {
    const date = new Date(midnight + countyAheadMs).toISOString().slice(0, 10);
    for (const { contactId, from, to } of shifts) {
      const sinceAt = midnight + msOfDay(from);
      const untilAt = midnight + msOfDay(to) + (to <= from ? dayMs : 0);
      if (at < sinceAt || at >= untilAt) continue;
      return {
        contactId: swaps.find((swap) => swap.date === date && swap.from === contactId)?.to ?? contactId,
        sinceAt,
      };
    }
  }
  return undefined;
}

function msOfDay(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return (hours * 60 + minutes) * 60_000;
}

/** Midnight in the county before that time, epoch ms. */
const dayStart = (at: number): number => at - ((at + countyAheadMs) % dayMs);
const countyAheadMs = 8 * 3_600_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
