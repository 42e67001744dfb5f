import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import type { Incident } from '../../records/incident.ts';
import type { Home } from '../home.ts';
import { between, msBetween, oneOf } from '../seeded-chance.ts';
import type { Asked } from './evidence.ts';
import { putQuestion } from './put-question.ts';

export type OfficeParts = {
  clock: Clock;
  chance: Chance;
  homes: readonly Home[];
  /** What is open, as desk shows it at this moment; nothing while it is down. */
  see: () => readonly Incident[] | undefined;
  send: (command: Command) => Promise<CommandResult>;
  /** Gains every question. */
  asked: Asked[];
};

/**
 * What is done in an office besides: somebody looks at what is personal, is refused it, breaks the glass, takes an export away, enters
 * visits, and edits the settings of a rule, to what they are. The answer may never come; then nobody asks again.
 */
export function startOffice(parts: OfficeParts): { heal(): void } {
  const { clock, chance, homes } = parts;
  let isOver = false;
  let count = 0;

  function ask(words: Words): void {
    count += 1;
    const command = { commandId: `office-${String(count).padStart(6, '0')}`, by: wu, ...words } as Command;
    putQuestion(parts, command);
  }

  function work(): void {
    const home = oneOf(chance, homes);
    const draw = between(chance, 0, 5);
    if (draw < 2) ask(lookAt(home, parts.see(), chance));
    else if (draw < 4) ask(visitTo(home, clock.now(), chance));
    else ask(sameSettings(home));
    if (!isOver) clock.after(msBetween(chance, 2 * minuteMs, 40 * minuteMs), work);
  }

  clock.after(5 * minuteMs, work);
  return {
    heal(): void {
      isOver = true;
    },
  };
}

type Wanted<C> = C extends unknown ? Omit<C, 'commandId' | 'by'> : never;
type Words = Wanted<Extract<Command, { type: 'look' | 'visit' | 'registry-change' }>>;

function lookAt({ id, person }: Home, open: readonly Incident[] | undefined, chance: Chance): Words {
  const how = oneOf(chance, ['shown', 'refused', 'glass', 'exported'] as const);
  const incident = open && open.length > 0 ? oneOf(chance, open) : undefined;
  const of = oneOf(chance, [
    { type: 'person' as const, id: person.id },
    { type: 'household' as const, id: `${id}-h` },
    ...(incident ? [{ type: 'incident' as const, id: incident.incidentId }] : []),
  ]);
  return { type: 'look', of, how, ...(how === 'glass' && { reason: 'her daughter is on the telephone' }) };
}

/** Some are of the day before; of some nobody can know yet, and they are refused. */
function visitTo({ id }: Home, now: number, chance: Chance): Words {
  const visitedAt = Math.round(now - between(chance, -2, 24) * 60 * minuteMs);
  const result = oneOf(chance, ['well', 'helped', 'nobody-there'] as const);
  return { type: 'visit', householdId: `${id}-h`, visitedAt, why: 'round', result };
}

/** A setting that changes nothing, or one that is only tried and would change much: nobody is to be missed, or told, for either. */
function sameSettings({ id }: Home): Words {
  const scope = { type: 'household', id: `${id}-h` } as const;
  const isTried = id.charCodeAt(id.length - 1) % 2 === 1;
  const value = isTried
    ? {
        id: 'trial',
        rule: 'device-silent',
        mode: 'shadow' as const,
        scope,
        settings: { missedReports: 1, graceMs: 300_000 },
      }
    : { id: `quiet-${id}`, rule: 'battery-low', scope, settings: { lowPercent: 20 } };
  return { type: 'registry-change', change: { type: 'put', entity: 'ruleSetting', value } };
}

const wu = { type: 'account', id: 'wu' } as const;
const minuteMs = 60_000;
