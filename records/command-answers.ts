import type { Command, CommandResult } from './command.ts';
import type { FoldState } from './fold-state.ts';

/** Commands whose answers are remembered, so that a repeat changes nothing. */
export const mostAnswers = 5_000;

/** The same command is done once, whoever sends it again; its answer is remembered as long as the table has room. */
export function createCommandAnswers(state: FoldState) {
  const answers = state.table<CommandResult>('incident-commands');
  return {
    get: (commandId: string): CommandResult | undefined => answers.get(commandId),
    once({ commandId }: Pick<Command, 'commandId'>, carryOut: () => CommandResult): CommandResult {
      const before = answers.get(commandId);
      if (before) return before;
      const result = carryOut();
      const [oldest] = answers.keys();
      if (oldest !== undefined && answers.size >= mostAnswers) answers.delete(oldest);
      answers.set(commandId, result);
      return result;
    },
  };
}
