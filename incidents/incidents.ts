import type { AlertChange } from '../records/alert.ts';
import type { CommandResult } from '../records/command.ts';
import { createCommandAnswers } from '../records/command-answers.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { Incident, IncidentChange } from '../records/incident.ts';
import type { OutcomeRecord } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import type { RegistryView } from '../records/registry.ts';
import type { Failure } from '../rules/engine.ts';
import { stepAlerts } from './alerts.ts';
import { type IncidentCommand, stepCommand } from './commands.ts';
import { isLifeSafety } from './correlation.ts';
import { createIncidentTable, deadlineOf } from './incident-table.ts';
import { stepOutcome } from './outcomes.ts';
import { beginRound, type Round, type RoundParts } from './round.ts';
import { happen } from './transition.ts';
import { nextVersion, write } from './turn.ts';

/**
 * The work people do about alerts: opened, claimed, answered, ended, and who is told meanwhile. It steps on alerts,
 * commands, outcomes of messages and deadlines, in the journal's order, and holds no timer.
 * Shapes: what it knows is in the fold's tables `incidents` and `incident-commands`; everything else is an index of
 * them.
 * Units: epoch ms of journal time. Errors: it throws only for mistakes of the program, and the step is undone.
 * Source: docs/incidents.md, docs/decisions/0009-incidents.md.
 */
export function createIncidents({ state, registry }: { state: FoldState; registry: RegistryView }) {
  const table = createIncidentTable(state);
  const answers = createCommandAnswers(state);
  const parts = { state, table, registry };

  return {
    step(input: IncidentInput): IncidentAnswer {
      const round = beginRound(parts, input.at);
      if (input.type === 'command') {
        const result = answers.once(input.command, () => stepCommand(round, input.command));
        return { ...conclude(round), result };
      }
      if (input.type === 'alerts') stepAlerts(round, input.changes);
      else stepOutcome(round, input.outcome);
      return conclude(round);
    },

    /**
     * Fires every deadline up to `dueAt`, the earliest first, then by incident. `now` is the time at which that
     * happens: after a long silence each incident goes on once, from now, and does not make up for every rung that it
     * missed. One that throws is as it was, and its turn comes again later: it holds up no other.
     */
    fire: (dueAt: number, now = dueAt): IncidentAnswer => fireAll(parts, dueAt, now),

    /**
     * The system was not there for `downMs`: after hours nothing of before goes on by itself. Somebody may have come by
     * now, or the journal was put back. Ladders hold, and the system's own incident says what was left open. Incidents
     * of the system itself speak of the present, to who runs it, and go on.
     */
    stoodStill(at: number, downMs: number): IncidentAnswer {
      const round = beginRound(parts, at);
      if (downMs < longestStandMs) return round.answer();
      for (const incident of [...table.open()]) {
        if (incident.category === 'system' || deadlineOf(incident) === undefined) continue;
        const turn = round.turnOf(incident);
        nextVersion(turn);
        write(turn, 'held', { downMs });
        happen(turn, 'stood still');
        round.keep(turn);
      }
      return conclude(round);
    },

    nextDeadline: (): number | undefined => table.nextDeadline()?.dueAt,
    deadlineCount: table.deadlineCount,
    /** Makes the indexes anew, after rows were loaded. */
    rebuild: table.rebuild,

    /**
     * History's word wins: its incidents stand as they were decided. `mine` is what this version had decided in their
     * place; what it alone opened is forgotten.
     */
    applyDecided(decided: readonly IncidentChange[], mine: readonly IncidentChange[] = []): void {
      for (const { incident } of mine.filter(isOpening)) table.remove(incident.incidentId);
      for (const { incident } of decided) table.put(incident);
    },

    get: (incidentId: string): Incident | undefined => table.get(incidentId),
    /** Whether an alert is in an incident that is still kept. */
    knows: (alertId: string): boolean => table.ofAlert(alertId) !== undefined,
    openIncidents: (): Iterable<Incident> => table.open(),
    openCounts: table.openCounts,
  };
}

export type Incidents = ReturnType<typeof createIncidents>;

/** `at`: journal time, epoch ms. */
export type IncidentInput =
  | { type: 'alerts'; at: number; changes: readonly AlertChange[] }
  | { type: 'command'; at: number; command: IncidentCommand }
  | { type: 'outcome'; at: number; outcome: OutcomeRecord };

/** What changed, and whom to tell. `result` answers a command; `failures` are incidents whose deadline threw. */
export type IncidentAnswer = {
  incidents: IncidentChange[];
  notices: Notice[];
  result?: CommandResult;
  failures?: Failure[];
};

/** A ladder goes on by itself after a shorter absence; as old as a critical message may be that is still sent. Ms. */
const longestStandMs = 2 * 3_600_000;

/** How long an incident whose deadline threw is left alone, ms: somebody is told each time. */
const stalledMs = 15 * 60_000;

const isOpening = ({ timeline }: IncidentChange): boolean => timeline.some(({ what }) => what === 'opened');

function fireAll(parts: RoundParts & { state: FoldState }, dueAt: number, now: number): IncidentAnswer {
  const fired: IncidentAnswer[] = [];
  const failures: Failure[] = [];
  for (let next = parts.table.nextDeadline(); next && next.dueAt <= dueAt; next = parts.table.nextDeadline()) {
    const { incidentId, dueAt: wasDueAt } = next;
    try {
      fired.push(parts.state.attempt(() => fireOne(beginRound(parts, now, wasDueAt), incidentId)));
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

function fireOne(round: Round, incidentId: string): IncidentAnswer {
  const incident = round.table.get(incidentId);
  if (!incident) return conclude(round);
  const { state } = incident;
  if (state.phase === 'resolved') {
    round.table.remove(incidentId);
    return conclude(round);
  }
  const turn = round.turnOf(incident);
  if (state.phase === 'claimed' && !state.acted && state.expiresAt <= round.dueAt) {
    nextVersion(turn);
    write(turn, 'claim-expired', {}, state.by);
    happen(turn, 'claim expires');
  } else {
    happen(turn, 'rung due');
  }
  round.keep(turn);
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
