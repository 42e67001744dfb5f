import type { Vault } from '../platform/vault.ts';
import { type Command, type CommandResult, command as commandSchema } from '../records/command.ts';
import type { JournalRecord } from '../records/journal-record.ts';
import type { Registry } from '../records/registry-fold.ts';
import { foreignSeals, sealChanges } from '../records/sealing.ts';

const mostWaitingCommands = 1_000;

/** Commands wait here for their answer; personal fields are sealed before they become a record. */
export function commandDesk({ append, vault, registry }: CommandDeskParts) {
  const waiting = new Map<string, ((result: CommandResult) => void)[]>();
  function answer({ commandId, result }: { commandId: string; result: CommandResult }): void {
    for (const resolve of waiting.get(commandId) ?? []) resolve(result);
    waiting.delete(commandId);
  }
  return {
    answer,
    async send(input: unknown): Promise<CommandResult> {
      const parsed = commandSchema.safeParse(input);
      if (!parsed.success) {
        const message = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
        return { ok: false, problem: 'invalid', message };
      }
      if (waiting.size >= mostWaitingCommands) {
        return { ok: false, problem: 'not-allowed', message: `${waiting.size} commands wait already: try again` };
      }
      const command = parsed.data;
      const { promise, resolve } = Promise.withResolvers<CommandResult>();
      waiting.set(command.commandId, [...(waiting.get(command.commandId) ?? []), resolve]);
      try {
        const sealed = await sealCommand(command, { vault, registry });
        if ('ok' in sealed) answer({ commandId: command.commandId, result: sealed });
        else await append({ kind: 'command', command: sealed });
      } catch (error) {
        waiting.delete(command.commandId);
        throw error;
      }
      return promise;
    },
    isIdle: () => waiting.size === 0,
  };
}
type CommandDeskParts = { append: (record: JournalRecord) => Promise<void>; vault: Vault; registry: Registry };

/** Personal fields never enter the journal open, and a key is on disk before the first record that needs it. */
async function sealCommand(
  command: Command,
  { vault, registry }: Omit<CommandDeskParts, 'append'>,
): Promise<Command | CommandResult> {
  if (command.type !== 'registry-part') return command;
  const foreign = foreignSeals(command.changes, vault);
  if (foreign.length > 0) {
    const message = foreign
      .map(({ owner, field }) => `${owner}: ${field} is sealed under a key that is not here`)
      .join('\n');
    return { ok: false, problem: 'invalid', message };
  }
  const changes = sealChanges(command.changes, { vault, current: registry });
  await vault.flush();
  return { ...command, changes };
}
