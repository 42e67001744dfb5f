import type { Command, CommandResult } from './command.ts';
import { createCommandAnswers } from './command-answers.ts';
import { entityVersion } from './entity-version.ts';
import type { FoldState } from './fold-state.ts';
import type { EntityType, RegistryChange } from './registry.ts';
import { idOf } from './registry-check.ts';
import type { Applied, CommitAnswer, Registry } from './registry-fold.ts';

/** What people ask of the registry. Every fold of it carries these out alike. */
export type RegistryCommand = Extract<Command, { type: 'registry-part' | 'registry-commit' | 'registry-change' }>;

export function isRegistryCommand(command: Command): command is RegistryCommand {
  const { type } = command;
  return type === 'registry-part' || type === 'registry-commit' || type === 'registry-change';
}

/** What a command asks to change; of an import, this part of it. */
export function changesIn(command: Command): readonly RegistryChange[] {
  if (command.type === 'registry-part') return command.changes;
  return command.type === 'registry-change' ? [command.change] : [];
}

/** The same command with other changes in their place, as when they have been sealed. */
export function withChanges(command: Command, changes: RegistryChange[]): Command {
  if (command.type === 'registry-part') return { ...command, changes };
  const [change] = changes;
  return command.type === 'registry-change' && change ? { ...command, change } : command;
}

/** `applied`: what became true by it; absent when nothing did. */
export function carryOut(registry: Registry, command: RegistryCommand): { result: CommandResult; applied?: Applied } {
  switch (command.type) {
    case 'registry-part': {
      const staged = registry.stage(command.importId, command.part, command.changes);
      return { result: staged.ok ? staged : invalid(staged.problems) };
    }
    case 'registry-commit':
      return answered(registry.commit(command.importId, command.parts));
    case 'registry-change':
      return changeOne(registry, command.change);
  }
}

/**
 * A copy of the registry that follows the journal. A command that was sent again is done once here too: the alarm process, which
 * answers it, remembers that as well.
 */
export function followRegistry({ state, registry }: { state: FoldState; registry: Registry }) {
  const answers = createCommandAnswers(state);
  return {
    /** What became true by it; undefined when nothing did. */
    follow(command: Command): Applied | undefined {
      if (!isRegistryCommand(command)) return undefined;
      let applied: Applied | undefined;
      answers.once(command, () => {
        const done = carryOut(registry, command);
        applied = done.applied;
        return done.result;
      });
      return applied;
    },
    /** What a command came to that was seen here, as long as it is remembered. */
    answerTo: answers.get,
  };
}

/** `version` in the answer is that of what stands there then; absent when it is the end. */
function changeOne(registry: Registry, change: RegistryChange): { result: CommandResult; applied?: Applied } {
  const { entity, expectedVersion } = change;
  const id = idOf(change);
  const version = entityVersion(registry.get(entity, id));
  if (expectedVersion !== undefined && version !== expectedVersion) return { result: conflict(entity, id, version) };
  const answer = answered(registry.applyChecked([change]));
  if (!answer.applied || change.type === 'remove') return answer;
  return { ...answer, result: { ok: true, version: entityVersion(change.value) } };
}

function conflict(entity: EntityType, id: string, currentVersion: number): CommandResult {
  if (currentVersion === 0) {
    const message = `there is no ${entity} "${id}"; it was retired, or never added`;
    return { ok: false, problem: 'not-found', message };
  }
  const message = `${entity} "${id}" is registered, and not as you saw it: look at it again`;
  return { ok: false, problem: 'version-conflict', message, currentVersion };
}

function answered(answer: CommitAnswer): { result: CommandResult; applied?: Applied } {
  if (!answer.ok) return { result: invalid(answer.problems) };
  const { ok: _, ...applied } = answer;
  return { result: { ok: true }, applied };
}

const invalid = (problems: string[]): CommandResult => ({
  ok: false,
  problem: 'invalid',
  message: problems.join('\n'),
});
