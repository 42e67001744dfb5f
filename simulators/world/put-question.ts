import type { Clock } from '../../platform/clock.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import type { Asked } from './evidence.ts';

/** Asks once, and keeps what was asked and answered as evidence. The answer may never come; then nobody asks again. */
export function putQuestion({ clock, asked, send }: QuestionParts, command: Command): void {
  const question: Asked = { atMs: clock.monotonic(), command };
  asked.push(question);
  send(command).then(
    (result) => {
      question.result = result;
      question.answeredAtMs = clock.monotonic();
    },
    () => {},
  );
}

type QuestionParts = {
  clock: Clock;
  /** Gains every question. */
  asked: Asked[];
  send: (command: Command) => Promise<CommandResult>;
};
