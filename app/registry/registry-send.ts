import { sendChanges } from '../../api/registry/registry-send.ts';
import type { Chance } from '../../platform/random.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import type { RegistryChange } from '../../records/registry.ts';

/**
 * What a command line asks of the running system; answers why it was refused.
 * Errors: ALARM_AWAY, try later: whether it was carried out is not known then.
 */
export async function sendAsSystem(
  { system, chance }: { system: { command(command: Command): Promise<CommandResult> }; chance: Chance },
  changes: RegistryChange[],
): Promise<string | undefined> {
  const importId = `import-${Buffer.from(chance.bytes(9)).toString('base64url')}`;
  const by = { type: 'system', id: 'registry' } as const;
  const result = await sendChanges(system.command, { changes, importId, by });
  return result.ok ? undefined : result.message;
}
