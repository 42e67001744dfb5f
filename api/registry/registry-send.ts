import type { Command, CommandResult } from '../../records/command.ts';
import type { Actor } from '../../records/incident.ts';
import type { RegistryChange } from '../../records/registry.ts';

/** The process that seals a part has alarms to attend to: a part is what it seals in a few milliseconds. */
const changesInPart = 200;

/**
 * Sends changes in parts, then the commit that makes all of them true or none; answers what came of it. `importId` is also the commit's
 * command id: the same import sent again is done once.
 * Errors: ALARM_AWAY, try later: whether the commit was carried out is not known then.
 */
export async function sendChanges(
  apply: (command: Command) => Promise<CommandResult>,
  { changes, importId, by, reason }: Sent,
): Promise<CommandResult> {
  const parts = Math.ceil(changes.length / changesInPart);
  if (parts === 0) return { ok: true };
  for (let part = 0; part < parts; part++) {
    const some = changes.slice(part * changesInPart, (part + 1) * changesInPart);
    const commandId = `${importId}-${part}`;
    const result = await apply({ type: 'registry-part', commandId, by, importId, part, changes: some });
    if (!result.ok) return result;
  }
  return apply({
    type: 'registry-commit',
    commandId: importId,
    by,
    importId,
    parts,
    ...(reason !== undefined && { reason }),
  });
}

/** `reason`: why, where that has to be said. */
type Sent = { changes: readonly RegistryChange[]; importId: string; by: Actor; reason?: string };
