import type { FastifyReply } from 'fastify';
import type { Clock } from '../platform/clock.ts';
import type { Command, CommandResult } from '../records/command.ts';
import type { Actor } from '../records/incident.ts';
import type { RegistryChange } from '../records/registry.ts';
import type { DutyView } from './incidents/duty-view.ts';
import { refuse } from './problem.ts';
import { untilFolded } from './until-folded.ts';

/** Who carries changes out, and who knows which were. */
export type ChangeParts = {
  view: Pick<DutyView, 'answerTo'>;
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
  clock: Clock;
};

/**
 * Asks for one change of the registry; sent again under its id it is done once. `isFolded`: what it led to can be read here, too.
 * Errors: ALARM_AWAY, try later.
 */
export async function changeOnce(
  { commands, view, clock }: ChangeParts,
  { commandId, by, change }: { commandId: string; by: Actor; change: RegistryChange },
): Promise<{ result: CommandResult; isFolded: boolean }> {
  const result = await commands.apply({ type: 'registry-change', commandId, by, change });
  const isFolded = result.ok && (await untilFolded(clock, () => view.answerTo(commandId))) !== undefined;
  return { result, isFolded };
}

/** Whether a command of that id was carried out before, as far as it is remembered. */
export const wasDone = ({ view }: Pick<ChangeParts, 'view'>, commandId: string): boolean =>
  view.answerTo(commandId)?.ok === true;

/** To somebody who asks again for what is shown once: `made` is what that was, `instead` what to do. */
export function answerRepeat(reply: FastifyReply, { made, instead }: { made: string; instead: string }, more = {}) {
  return refuse(reply, 'not-allowed', `this was done before, and ${made} shown then, once: ${instead}`, more);
}
