import type { Alert, AlertChange } from '../records/alert.ts';
import type {
  CallLog,
  CommandResult,
  OpenCall,
  PromptAnswer,
  Reply,
  Suppress,
  Unsuppress,
} from '../records/command.ts';
import { createCommandAnswers } from '../records/command-answers.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { Incident, IncidentChange } from '../records/incident.ts';
import type { OutcomeRecord, StartedRecord } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import { providersOf } from '../records/providers.ts';
import type { RegistryView } from '../records/registry.ts';
import { earliest } from '../rules/cause.ts';
import type { Failure } from '../rules/engine.ts';
import type { LocalTime } from '../rules/local-time.ts';
import { stepAlerts, stepWaiting } from './alerts.ts';
import { logCall, openCall } from './calls.ts';
import { type IncidentCommand, stepCommand } from './commands.ts';
import { createContactProofs } from './contact-proofs.ts';
import { isLifeSafety } from './correlation.ts';
import { createCrew } from './crew.ts';
import { createDrills } from './drills.ts';
import { createHandOvers } from './hand-overs.ts';
import { createIncidentTable, deadlineOf, isOpen } from './incident-table.ts';
import { leadingAlert } from './notices.ts';
import { stepOutcome } from './outcomes.ts';
import { type Answered, createPrompts, incidentAsked } from './prompts.ts';
import { type ReplyAnswer, stepReply } from './replies.ts';
import { beginRound, type Round, type RoundParts, type Stand, versionsLost } from './round.ts';
import { createSilences, isPartOfOutage } from './silences.ts';
import { createSuppressions } from './suppressions.ts';
import { happen } from './transition.ts';
import { nextVersion, soundDesk, type Turn, write } from './turn.ts';

/**
 * The work people do about alerts: opened, claimed, answered, ended, and who is told meanwhile. It steps on alerts,
 * commands, outcomes of messages and deadlines, in the journal's order, and holds no timer.
 * Shapes: what it knows is in the fold's tables `incidents` and `incident-commands`; everything else is an index of
 * them.
 * Units: epoch ms of journal time. Errors: it throws only for mistakes of the program, and the step is undone.
 * Source: docs/incidents.md, docs/decisions/0009-incidents.md.
 */
export function createIncidents({ state, registry, localTime }: IncidentsParts) {
  const table = createIncidentTable(state);
  const answers = createCommandAnswers(state);
  const silences = createSilences({ state });
  const suppressions = createSuppressions({ state, registry });
  const proofs = createContactProofs({ state, registry, localTime });
  const handOvers = createHandOvers({ state, registry, localTime, hasCode: table.hasCode });
  const drills = createDrills({ state, registry, localTime, hasCode: table.hasCode });
  const crew = createCrew({ state, registry, localTime, table, handOvers });
  const stands = state.table<Stand>('stands');
  const parts = { state, table, registry, crew, silences, suppressions, localTime, stands };
  const prompts = createPrompts({ state, registry, hasCode: table.hasCode });

  /** What people and devices said, and beside the first rung, holding it up in nothing, the question to the person. */
  function concludeAsking(round: Round): IncidentAnswer {
    const answer = conclude(round);
    const { alerts, notices } = prompts.askBeside(round);
    return alerts.length === 0 ? answer : { ...answer, notices: [...answer.notices, ...notices], alerts };
  }

  return {
    step(input: IncidentInput): IncidentAnswer {
      const round = beginRound(parts, input.at);
      if (input.type === 'command') {
        const result = answers.once(input.command, () => stepCommand(round, input.command));
        return { ...concludeAsking(round), result };
      }
      if (input.type === 'call') {
        const { result, alert } = openCall(round, input.command);
        const answer = concludeAsking(round);
        return { ...answer, ...(alert && { alerts: [{ type: 'raise', alert }, ...(answer.alerts ?? [])] }), result };
      }
      if (input.type === 'call-log') {
        const result = logCall(round, input.command);
        return { ...conclude(round), result };
      }
      if (input.type === 'suppression') {
        const { command } = input;
        const result = command.type === 'suppress' ? suppressions.begin(command, input.at) : suppressions.end(command);
        stepWaiting(round, suppressions.release(input.at));
        return { ...conclude(round), result };
      }
      if (input.type === 'outcome') {
        stepOutcome(round, input.outcome, providersOf(state));
        return conclude(round);
      }
      stepAlerts(round, input.changes);
      const answer = concludeAsking(round);
      const asked = [...prompts.ask(input.changes), ...drills.hear(input.changes, input.at)];
      return { ...answer, notices: [...answer.notices, ...asked] };
    },

    /** Somebody answers by telephone. `prompt`: it was the person, and whether all is well. `handOver`: they take over a shift. */
    reply(command: Reply, at: number): IncidentAnswer & Pick<ReplyAnswer, 'prompt' | 'handOver'> {
      const round = beginRound(parts, at);
      const openShift = (contactId: string, code?: string) => handOvers.askedOf(contactId, code);
      const ports = { providers: providersOf(state), openPrompt: prompts.openFor, openShift };
      const { notices, ...said } = stepReply(round, command, ports);
      const answer = conclude(round);
      return { ...answer, ...said, notices: [...answer.notices, ...notices] };
    },

    /** Somebody answers a question that was put to a person. What it says about an incident stands in that one's timeline. */
    answerPrompt(command: PromptAnswer, at: number): Answered & IncidentAnswer {
      const answered = prompts.answer(command, at);
      const round = beginRound(parts, at);
      if (answered.event) noteAnswer(round, command);
      return { ...answered, ...conclude(round) };
    },

    /**
     * Fires every deadline up to `dueAt`, the earliest first, then by incident. `now` is the time at which that
     * happens: after a long silence each incident goes on once, from now, and does not make up for every rung that it
     * missed. One that throws is as it was, and its turn comes again later: it holds up no other.
     */
    fire: (dueAt: number, now = dueAt): IncidentAnswer => fireAll(parts, dueAt, now),

    /**
     * The system was not there for hours, or its journal was put back from a backup: what is older than a critical message
     * may be, or is not critical, does not go on by itself. Somebody may have come by now, or it may have been over long
     * ago. Ladders hold, and the system's own incident says what was left open. Incidents of the system itself speak of
     * the present, to who runs it, and go on. What was put back knows nothing of whoever had it in hand then: no claim of
     * before holds anybody off, and where it is not held the next rung is told. What waits to be work waits anew: its device may be
     * speaking by now.
     */
    stoodStill(at: number, started: Stop): IncidentAnswer {
      const { downMs, restored } = started;
      const round = beginRound(parts, at);
      if (!isLongStop(started)) return round.answer();
      parts.stands.set('latest', { at, downMs, ...(restored && { restored: true }) });
      silences.waitAnew(at);
      for (const incident of table.all()) {
        if (restored) skipVersions(round, incident);
        const isClaimed = restored !== undefined && incident.state.phase === 'claimed';
        if (isOfBefore(incident, at) || (isClaimed && isOld(incident, at))) hold(round, incident, downMs);
        else if (isClaimed) endClaim(round.turnOf(incident), round);
      }
      return conclude(round);
    },

    /**
     * The wall clock went by `byMs`. Where it goes back soon after a start, and with that little is left of the hours for which the
     * system seemed away, it was ahead then: what that start held goes on.
     */
    clockStepped(at: number, byMs: number): IncidentAnswer {
      const round = beginRound(parts, at);
      const stand = parts.stands.get('latest');
      if (!stand || stand.restored || byMs >= 0 || at - stand.at > soonMs || stand.downMs + byMs >= longestStandMs)
        return round.answer();
      for (const incident of [...table.open()]) {
        const { ladder } = incident;
        if (ladder.phase === 'held' && ladder.heldAt === stand.at && !ladder.dropped) goOn(round, incident);
      }
      return conclude(round);
    },

    nextDeadline: (): number | undefined =>
      earliest([table.nextDeadline()?.dueAt, silences.nextDeadline(), suppressions.nextDeadline()]),
    deadlineCount: table.deadlineCount,
    /** Makes the indexes anew, after rows were loaded. */
    rebuild(): void {
      table.rebuild();
      silences.rebuild();
      suppressions.rebuild();
      handOvers.rebuild();
    },

    /**
     * History's word wins: its incidents stand as they were decided. `mine` is what this version had decided in their
     * place; what it alone opened is forgotten.
     */
    applyDecided(decided: readonly IncidentChange[], mine: readonly IncidentChange[] = []): void {
      for (const { incident } of mine.filter(isOpening)) table.remove(incident.incidentId);
      for (const { incident } of decided) {
        for (const { alertId } of incident.alerts)
          for (const waiting of [silences, suppressions]) waiting.drop(alertId);
        table.put(incident);
      }
    },

    /** Shifts that have to be taken over, whether contacts can be reached, and drills: their deadlines are their own. */
    handOvers,
    proofs,
    drills,
    get: (incidentId: string): Incident | undefined => table.get(incidentId),
    /** Whether an alert is in an incident that is still kept, or waits to become one. */
    knows: (alertId: string): boolean =>
      silences.has(alertId) || suppressions.has(alertId) || table.ofAlert(alertId) !== undefined,
    openIncidents: (): Iterable<Incident> => table.open(),
    openCounts: table.openCounts,
  };
}

type IncidentsParts = { state: FoldState; registry: RegistryView; localTime: (at: number) => LocalTime };
export type Incidents = ReturnType<typeof createIncidents>;

/** `at`: journal time, epoch ms. */
export type IncidentInput =
  | { type: 'alerts'; at: number; changes: readonly AlertChange[] }
  | { type: 'command'; at: number; command: IncidentCommand }
  | { type: 'call'; at: number; command: OpenCall }
  | { type: 'call-log'; at: number; command: CallLog }
  | { type: 'suppression'; at: number; command: Suppress | Unsuppress }
  | { type: 'outcome'; at: number; outcome: OutcomeRecord };

/** What changed, and whom to tell. `alerts` are those that come from here. `result` answers a command; `failures` are incidents whose deadline threw. */
export type IncidentAnswer = {
  incidents: IncidentChange[];
  notices: Notice[];
  alerts?: AlertChange[];
  result?: CommandResult;
  failures?: Failure[];
};

/** A ladder goes on by itself after a shorter absence; as old as a critical message may be that is still sent, ms. */
const longestStandMs = 2 * 3_600_000;

/** Whether what is old does not go on by itself after that start. */
export function isLongStop({ downMs, restored }: Stop): boolean {
  return downMs >= longestStandMs || restored !== undefined;
}
type Stop = Pick<StartedRecord, 'downMs' | 'restored'>;

/** A machine that starts with a wrong clock has the right one by then, ms. */
const soonMs = 30 * 60_000;

/** How long an incident whose deadline threw is left alone, ms: somebody is told each time. */
const stalledMs = 15 * 60_000;

const isOpening = ({ timeline }: IncidentChange): boolean => timeline.some(({ what }) => what === 'opened');

type Parts = RoundParts & { state: FoldState };

/** Whether nothing of it goes on by itself, when the system stood still or was put back until `at`. */
function isOfBefore(incident: Incident, at: number): boolean {
  return isOpen(incident) && deadlineOf(incident) !== undefined && isOld(incident, at);
}

function isOld({ category, severity, lastAlertAt }: Incident, at: number): boolean {
  return category !== 'system' && !(severity === 'critical' && lastAlertAt > at - longestStandMs);
}

/**
 * What happened after the backup is lost, and may have led to messages that bear versions which come next. A receiver would take a new
 * message under such a name for one that it has; also of what was over then, and is opened again.
 */
function skipVersions(round: Round, incident: Incident): void {
  const turn = round.turnOf(incident);
  turn.incident = { ...turn.incident, version: turn.incident.version + versionsLost };
  round.keep(turn);
}

function hold(round: Round, incident: Incident, downMs: number): void {
  const turn = round.turnOf(incident);
  nextVersion(turn);
  write(turn, 'held', { downMs });
  happen(turn, 'stood still');
  round.keep(turn);
}

function goOn(round: Round, incident: Incident): void {
  const turn = round.turnOf(incident);
  nextVersion(turn);
  write(turn, 'held-sent');
  happen(turn, 'clock set back');
  round.keep(turn);
}

function endClaim(turn: Turn, round: Round): void {
  const { state } = turn.incident;
  nextVersion(turn);
  write(turn, 'claim-expired', {}, 'by' in state ? state.by : undefined);
  happen(turn, 'claim expires');
  round.keep(turn);
}

function fireAll(parts: Parts, dueAt: number, now: number): IncidentAnswer {
  const fired: IncidentAnswer[] = [];
  const failures: Failure[] = [];
  const { silences, suppressions } = parts;
  if ((silences.nextDeadline() ?? Infinity) <= dueAt) {
    const lasted = silences.take(dueAt, (alert) => isPartOfOutage(parts.table, parts.registry, alert));
    fired.push(...fireWaiting(parts, lasted, { dueAt, now, failures }));
  }
  // What was kept from people and still stands is work now.
  if ((suppressions.nextDeadline() ?? Infinity) <= dueAt)
    fired.push(...fireWaiting(parts, suppressions.release(dueAt), { dueAt, now, failures }));
  for (let next = parts.table.nextDeadline(); next && next.dueAt <= dueAt; next = parts.table.nextDeadline()) {
    const { incidentId, dueAt: wasDueAt } = next;
    try {
      const stand = parts.stands.get('latest');
      fired.push(parts.state.attempt(() => fireOne(beginRound(parts, now, wasDueAt), incidentId, stand)));
    } catch (error) {
      parts.table.stall(incidentId, now + stalledMs);
      failures.push(failureOf(incidentId, parts.table.get(incidentId), error));
    }
  }
  return {
    incidents: fired.flatMap(({ incidents }) => incidents),
    notices: fired.flatMap(({ notices }) => notices),
    ...(failures.length > 0 && { failures }),
  };
}

/** Its people must hear of it some other way: where a life hangs on it, the device that it is about is told of again. */
function failureOf(incidentId: string, incident: Incident | undefined, error: unknown): Failure {
  const deviceId = incident?.where.deviceId;
  const lifeSafety = incident !== undefined && isLifeSafety(incident);
  return { rule: 'incidents', subject: incidentId, lifeSafety, error, ...(deviceId !== undefined && { deviceId }) };
}

/** A person who needs help said so: the desk sounds. Whatever they say ends nothing. */
function noteAnswer(round: Round, { promptId, answer, by }: PromptAnswer): void {
  const incident = round.table.wholeOf(round.table.get(incidentAsked(promptId) ?? ''));
  if (!incident || !isOpen(incident)) return;
  const turn = round.turnOf(incident);
  if (answer === 'help') nextVersion(turn);
  write(turn, 'person-answered', { answer }, by);
  const about = leadingAlert(incident, turn.registry);
  if (answer === 'help' && about) soundDesk(turn, about);
  round.keep(turn);
}

/** Together, so that one message names them all; where one of them throws, each by itself, and that one again later. */
function fireWaiting(parts: Parts, lasted: readonly Alert[], { dueAt, now, failures }: Firing): IncidentAnswer[] {
  const { silences, state } = parts;
  const tell = (alerts: readonly Alert[]) =>
    state.attempt(() => {
      const round = beginRound(parts, now, dueAt);
      stepWaiting(round, alerts);
      return conclude(round);
    });
  try {
    return [tell(lasted)];
  } catch {
    return lasted.flatMap((alert) => {
      try {
        return [tell([alert])];
      } catch (error) {
        silences.wait(alert, now);
        const { deviceId } = alert.where;
        const lifeSafety = isLifeSafety({ alerts: [alert] });
        const words = { rule: 'incidents', subject: alert.alertId, lifeSafety, error };
        failures.push({ ...words, ...(deviceId !== undefined && { deviceId }) });
        return [];
      }
    });
  }
}

type Firing = { dueAt: number; now: number; failures: Failure[] };

function fireOne(round: Round, incidentId: string, stand: Stand | undefined): IncidentAnswer {
  const incident = round.table.get(incidentId);
  if (!incident) return conclude(round);
  const { state } = incident;
  if (state.phase === 'resolved') {
    round.table.remove(incidentId);
    return conclude(round);
  }
  // What a rule had still to say when the system stopped is of before, too, though it is only said now.
  if (stand?.at === round.at && isOfBefore(incident, round.at)) {
    hold(round, incident, stand.downMs);
    return conclude(round);
  }
  const turn = round.turnOf(incident);
  if (state.phase === 'claimed' && !state.acted && state.expiresAt <= round.dueAt) {
    endClaim(turn, round);
  } else {
    happen(turn, 'rung due');
    round.keep(turn);
  }
  return conclude(round);
}

/** What the system has to say about its own incidents becomes one of them, once: about those it says nothing more. */
function conclude(round: Round): IncidentAnswer {
  const alarms = round.takeAlarms();
  if (alarms.length > 0)
    stepAlerts(
      round,
      alarms.map((alert) => ({ type: 'raise', alert })),
    );
  return round.answer();
}
