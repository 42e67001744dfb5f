import { journalBusy } from '../../platform/errors.ts';
import type { Vault } from '../../platform/vault.ts';
import { type Command, type CommandResult, command as commandSchema } from '../../records/command.ts';
import { keepConsents } from '../../records/consent.ts';
import type { JournalRecord } from '../../records/journal-record.ts';
import { emergencyPhones } from '../../records/registry-check.ts';
import { changesIn, withChanges } from '../../records/registry-commands.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { keyOf } from '../../records/registry-links.ts';
import { installationTexts, ownerOfText, sealTexts, type TextWorld } from '../../records/sealed-text.ts';
import { foreignSeals, holdsSealed, sealChanges } from '../../records/sealing.ts';
import { withPhoneKeys } from '../alarm/phone-keys.ts';

const mostWaitingCommands = 1_000;

/** Commands wait here for their answer; personal fields, and what people write, are sealed before they become a record. */
export function commandDesk({ append, onKeysRefused, ...keeping }: CommandDeskParts) {
  const waiting = new Map<string, ((result: CommandResult) => void)[]>();
  async function flush(): Promise<void> {
    try {
      await keeping.vault.flush();
    } catch (error) {
      onKeysRefused();
      throw error;
    }
  }
  const sealing = { ...keeping, flush };
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
      const command = parsed.data;
      if (waiting.size >= mostWaitingCommands) {
        // What a provider handed over nobody can repeat by themselves: who brings it has to keep it, and bring it again.
        if (command.by.type === 'system') throw journalBusy({}, waiting.size);
        return { ok: false, problem: 'not-allowed', message: `${waiting.size} commands wait already: try again` };
      }
      const { promise, resolve } = Promise.withResolvers<CommandResult>();
      waiting.set(command.commandId, [...(waiting.get(command.commandId) ?? []), resolve]);
      try {
        const sealed = await sealCommand(command, sealing);
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
type CommandDeskParts = {
  append: (record: JournalRecord) => Promise<void>;
  vault: Vault;
  registry: Registry;
  incidents: TextWorld['incidents'];
  /** The disk of the keys did not take a new one. */
  onKeysRefused: () => void;
};
type Sealing = Omit<CommandDeskParts, 'append' | 'onKeysRefused'> & { flush: () => Promise<void> };

/** Personal fields never enter the journal open, and a key is on disk before the first record that needs it. */
async function sealCommand(command: Command, keeping: Sealing): Promise<Command | CommandResult> {
  const { vault, registry } = keeping;
  const asked = changesIn(command);
  if (asked.length === 0) return sealWords(command, keeping);
  const foreign = foreignSeals(asked, vault);
  if (foreign.length > 0) {
    const message = foreign
      .map(({ owner, field }) => `${owner}: ${field} is sealed under a key that is not here`)
      .join('\n');
    return { ok: false, problem: 'invalid', message };
  }
  const emergency = emergencyPhones(asked);
  if (emergency.length > 0) {
    const message = emergency.map(({ entity, id, problem }) => `${entity} "${id}": ${problem}`).join('\n');
    return { ok: false, problem: 'invalid', message };
  }
  const sealed = sealChanges(withPhoneKeys(keepConsents(asked, registry), vault), { vault, current: registry });
  const owners = sealed.flatMap((change) =>
    change.type === 'put' && holdsSealed(change.value) ? keyOf(change.entity, change.value.id) : [],
  );
  if (!owners.every(vault.isKept)) await keeping.flush();
  return withChanges(command, sealed);
}

/** Where a new key cannot be written, what people do must be taken all the same: then their words are the installation's. */
async function sealWords(command: Command, { vault, flush, ...world }: Sealing): Promise<Command> {
  const owner = ownerOfText(command, world);
  const said = sealTexts(command, owner, vault);
  if (said === command || vault.isKept(owner)) return said;
  try {
    await flush();
    return said;
  } catch (error) {
    if (!vault.isKept(installationTexts)) throw error;
    return sealTexts(command, installationTexts, vault);
  }
}
