import type { Chance } from '../platform/random.ts';
import type { Command, CommandResult } from '../records/command.ts';

type Send = (command: Command) => Promise<CommandResult>;

/**
 * Makes the first account of an empty registry, "duty". Answers its password, to be printed once; undefined when there is
 * an account already. `accounts`: those of the registry, caught up.
 * Errors: ALARM_AWAY, try later.
 */
export async function ensureFirstAccount(_parts: {
  accounts: Iterable<unknown>;
  send: Send;
  chance: Chance;
}): Promise<{ id: string; password: string } | undefined> {
  throw new Error('not yet');
}
