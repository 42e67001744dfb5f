import type { Command, CommandResult } from './command.ts';
import { createCommandAnswers } from './command-answers.ts';
import { deviceVersion } from './device-version.ts';
import type { FoldState } from './fold-state.ts';
import type { RegistryChange } from './registry.ts';
import type { Applied, CommitAnswer, Registry } from './registry-fold.ts';

/** What people ask of the registry. Every fold of it carries these out alike. */
export type RegistryCommand = Extract<Command, { type: 'registry-part' | 'registry-commit' | 'device-change' }>;

export function isRegistryCommand(command: Command): command is RegistryCommand {
  const { type } = command;
  return type === 'registry-part' || type === 'registry-commit' || type === 'device-change';
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
    case 'device-change':
      return changeDevice(registry, command);
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

type DeviceChange = Extract<Command, { type: 'device-change' }>;

function changeDevice(registry: Registry, { deviceId, device, expectedVersion }: DeviceChange) {
  const before = registry.device(deviceId);
  const version = before && deviceVersion(before);
  if (version !== expectedVersion) return { result: conflict(deviceId, version) };
  if (device && device.id !== deviceId)
    return { result: invalid([`device "${deviceId}" cannot become "${device.id}"`]) };
  const change: RegistryChange = device
    ? { type: 'put', entity: 'device', value: device }
    : { type: 'remove', entity: 'device', id: deviceId };
  const answer = answered(registry.applyChecked([change]));
  return answer.applied && device
    ? { ...answer, result: { ok: true as const, version: deviceVersion(device) } }
    : answer;
}

function conflict(deviceId: string, currentVersion: number | undefined): CommandResult {
  if (currentVersion === undefined)
    return {
      ok: false,
      problem: 'not-found',
      message: `there is no device "${deviceId}"; it was retired, or never added`,
    };
  const message = `device "${deviceId}" is registered, and not as you saw it: look at it again`;
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
