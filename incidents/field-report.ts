import type { Command, CommandResult } from '../records/command.ts';
import { problemOf, refused } from './refusals.ts';
import { nextVersion, type Turn, write } from './turn.ts';

/**
 * Somebody who was there says how it ended; whoever is at the desk may write it down for them. It ends nothing: where a life is at stake
 * the desk does that, and reads this first. A later word replaces an earlier one. `undefined`: done.
 */
export function fieldReport(turn: Turn, { by, contactId, outcome, contact }: Report): CommandResult | undefined {
  const { incident, at } = turn;
  const refusal = problemOf(turn, 'accept');
  if (refusal) return refusal;
  if (!incident.told.some((one) => one.contactId === contactId))
    return refused(incident, 'invalid', `contact ${contactId} was not told about incident ${incident.code}`);
  nextVersion(turn);
  turn.incident = { ...turn.incident, report: { contactId, at, outcome, contact } };
  write(turn, 'reported', { contactId, outcome, contact }, by);
  return undefined;
}

type Report = Extract<Command, { type: 'report' }>;
