import type { Chance } from '../platform/random.ts';
import type { Command, CommandResult } from '../records/command.ts';
import type { RegistryChange } from '../records/registry.ts';

/** The process that seals a part has alarms to attend to: a part is what it seals in a few milliseconds. */
const changesInPart = 200;

/**
 * Sends changes in parts, then the commit that makes all of them true or none; answers why it was refused.
 * Errors: ALARM_AWAY, try later: whether the commit was carried out is not known then.
 */
export async function sendChanges(
  { system, chance }: { system: { command(command: Command): Promise<CommandResult> }; chance: Chance },
  changes: RegistryChange[],
): Promise<string | undefined> {
  const importId = `import-${Buffer.from(chance.bytes(9)).toString('base64url')}`;
  const by = { type: 'system', id: 'registry' } as const;
  const parts = Math.ceil(changes.length / changesInPart);
  if (parts === 0) return undefined;
  for (let part = 0; part < parts; part++) {
    const some = changes.slice(part * changesInPart, (part + 1) * changesInPart);
    const commandId = `${importId}-${part}`;
    const result = await system.command({ type: 'registry-part', commandId, by, importId, part, changes: some });
    if (!result.ok) return result.message;
  }
  const commit = { type: 'registry-commit', commandId: `${importId}-commit`, by, importId, parts } as const;
  const result = await system.command(commit);
  return result.ok ? undefined : result.message;
}
