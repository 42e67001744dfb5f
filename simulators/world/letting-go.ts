import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import type { Incident } from '../../records/incident.ts';
import { msBetween, oneOf } from '../seeded-chance.ts';
import type { Asked } from './evidence.ts';
import { putQuestion } from './put-question.ts';

export type LettingGoParts = {
  clock: Clock;
  chance: Chance;
  /** When the machine is back, ms from now. */
  afterMs: number;
  /** What is open, as desk shows it at this moment; nothing while it is down. */
  see: () => readonly Incident[] | undefined;
  send: (command: Command) => Promise<CommandResult>;
  /** Gains every question. */
  asked: Asked[];
};

/** Whoever put a backup back goes through what the system holds, and sends or drops each. What changed meanwhile they see the next time. */
export function startLettingGo(parts: LettingGoParts): { heal(): void } {
  const { clock, chance, see } = parts;
  let isOver = false;
  let count = 0;

  function look(): void {
    if (isOver) return;
    for (const { incidentId, version: expectedVersion, ladder } of see() ?? []) {
      if (ladder.phase !== 'held' || ladder.dropped) continue;
      count += 1;
      const commandId = `held-${String(count).padStart(4, '0')}`;
      const choice = oneOf(chance, ['send', 'send', 'drop'] as const);
      putQuestion(parts, { type: 'let-go', commandId, by: zhao, incidentId, expectedVersion, choice });
    }
    clock.after(msBetween(chance, 2 * minuteMs, 30 * minuteMs), look);
  }

  clock.after(parts.afterMs, look);
  return {
    heal(): void {
      isOver = true;
    },
  };
}

const zhao = { type: 'account', id: 'zhao' } as const;
const minuteMs = 60_000;
