import type { AlertChange } from '../records/alert.ts';
import type { CommandResult } from '../records/command.ts';
import type { FoldState, Table } from '../records/fold-state.ts';
import type { Incident, IncidentChange } from '../records/incident.ts';
import type { OutcomeRecord } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import type { RegistryView } from '../records/registry.ts';
import { stepAlerts } from './alerts.ts';
import { type IncidentCommand, stepCommand } from './commands.ts';
import { createIncidentTable } from './incident-table.ts';
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
 * Source: DESIGN, "Incidents, escalation, responders"; docs/incidents.md.
 */
export function createIncidents({ state, registry }: { state: FoldState; registry: RegistryView }) {
  const table = createIncidentTable(state);
  const answers = state.table<CommandResult>('incident-commands');
  const parts = { table, registry };

  return {
    step(input: IncidentInput): IncidentAnswer {
      const round = beginRound(parts, input.at);
      if (input.type === 'command') {
        const result = once(answers, round, input.command);
        return { ...conclude(round), result };
      }
      if (input.type === 'alerts') stepAlerts(round, input.changes);
      else stepOutcome(round, input.outcome);
      return conclude(round);
    },

    /**
     * Fires every deadline up to `dueAt`, the earliest first, then by incident. `now` is the time at which that
     * happens: after a long silence each incident goes on once, from now, and does not make up for every rung that it
     * missed.
     */
    fire: (dueAt: number, now = dueAt): IncidentAnswer => fireAll(parts, dueAt, now),

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

/** What changed, and whom to tell. `result` answers a command. */
export type IncidentAnswer = { incidents: IncidentChange[]; notices: Notice[]; result?: CommandResult };

/** Commands whose answers are remembered, so that a repeat changes nothing. */
const mostAnswers = 5_000;

const isOpening = ({ timeline }: IncidentChange): boolean => timeline.some(({ what }) => what === 'opened');

/** The same command is done once; its answer is remembered as long as the table has room. */
function once(answers: Table<CommandResult>, round: Round, command: IncidentCommand): CommandResult {
  const before = answers.get(command.commandId);
  if (before) return before;
  const result = stepCommand(round, command);
  const [oldest] = answers.keys();
  if (oldest !== undefined && answers.size >= mostAnswers) answers.delete(oldest);
  answers.set(command.commandId, result);
  return result;
}

function fireAll(parts: RoundParts, dueAt: number, now: number): IncidentAnswer {
  const fired: IncidentAnswer[] = [];
  for (let next = parts.table.nextDeadline(); next && next.dueAt <= dueAt; next = parts.table.nextDeadline()) {
    const round = beginRound(parts, now, next.dueAt);
    fireOne(round, next.incidentId);
    fired.push(conclude(round));
  }
  return { incidents: fired.flatMap(({ incidents }) => incidents), notices: fired.flatMap(({ notices }) => notices) };
}

function fireOne(round: Round, incidentId: string): void {
  const incident = round.table.get(incidentId);
  if (!incident) return;
  const { state } = incident;
  if (state.phase === 'resolved') {
    round.table.remove(incidentId);
    return;
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
