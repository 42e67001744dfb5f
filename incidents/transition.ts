import type { IncidentAlert, IncidentState } from '../records/incident.ts';
import { moveLadder } from './climb.ts';
import { type Happening, lifecycle, type Refusal } from './lifecycle.ts';
import type { Turn } from './turn.ts';

/**
 * Lets something happen by the table. `entering` is the state that the table leads to, where it is more than `open`;
 * `about` is the alert that messages speak of. Errors: what the table refuses or excludes is a mistake of the caller.
 */
export function happen(turn: Turn, happening: Happening, { entering, about }: Entry = {}): void {
  const { state } = turn.incident;
  const cell = lifecycle[happening][state.phase];
  if (cell === 'never' || 'refused' in cell) {
    throw new Error(`"${happening}" cannot happen to an incident that is ${state.phase}`);
  }
  const to = cell.to ?? state.phase;
  if (entering?.phase === to) turn.incident = { ...turn.incident, state: entering };
  else if (to !== state.phase) turn.incident = { ...turn.incident, state: { phase: 'open', since: turn.at } };
  moveLadder(turn, cell.ladder, about);
}

/** Why the table refuses it now; undefined when it may happen. */
export function refusalOf({ incident }: Turn, happening: Happening): Refusal | undefined {
  const cell = lifecycle[happening][incident.state.phase];
  return cell !== 'never' && 'refused' in cell ? cell.refused : undefined;
}

type Entry = { entering?: IncidentState | undefined; about?: IncidentAlert | undefined };
