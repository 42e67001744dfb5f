import type { CommandProblem, CommandResult } from '../records/command.ts';
import type { Actor, Incident, IncidentState, TimelineEntry } from '../records/incident.ts';
import type { Happening, Refusal } from './lifecycle.ts';
import { happen, refusalOf } from './transition.ts';
import { nextVersion, type Turn, write } from './turn.ts';

/** A transition that is all there is to a command; `undefined`: done. */
export function transit(
  turn: Turn,
  happening: Happening,
  { entering, what, by, details = {} }: Transition,
): CommandResult | undefined {
  const refusal = problemOf(turn, happening);
  if (refusal) return refusal;
  nextVersion(turn);
  write(turn, what, details, by);
  happen(turn, happening, { entering });
  return undefined;
}
type Transition = {
  entering?: IncidentState | undefined;
  what: TimelineEntry['what'];
  by: Actor;
  details?: TimelineEntry['details'];
};

/** Why the state table refuses it now, naming who has the incident. */
export function problemOf(turn: Turn, happening: Happening): CommandResult | undefined {
  const refusal = refusalOf(turn, happening);
  const { incident } = turn;
  return (
    refusal &&
    refused(incident, 'not-allowed', `${refusals[refusal]}: incident ${incident.code} is ${phrase(incident.state)}`)
  );
}

export function refused({ version }: Incident, problem: CommandProblem, message: string): CommandResult {
  return { ok: false, problem, message, currentVersion: version };
}

/** What is true now, naming who: for the person who comes second. */
export function phrase(state: IncidentState): string {
  switch (state.phase) {
    case 'open':
      return 'open';
    case 'claimed':
      return `claimed by ${state.by.type} ${state.by.id}`;
    case 'responding':
      return `in the hands of ${state.by.type} ${state.by.id}, who is on the way`;
    case 'on-scene':
      return `in the hands of ${state.by.type} ${state.by.id}, who is there`;
    case 'resolved':
      return `resolved by ${state.by.type} ${state.by.id}`;
  }
}

export const isPerson = ({ type }: Actor): boolean => type === 'account' || type === 'contact';
export const isSame = (a: Actor, b: Actor): boolean => a.type === b.type && a.id === b.id;

const refusals: Record<Refusal, string> = {
  taken: 'somebody has it already',
  'not claimed': 'claim it first',
  'on the way': 'a responder is on the way',
  'on scene': 'somebody is there',
  over: 'it is over',
  'not over': 'it is not over',
};
