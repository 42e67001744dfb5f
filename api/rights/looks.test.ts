import { expect, test } from 'vitest';
import { alarmAway } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { systemChance } from '../../platform/random.ts';
import type { Command, CommandProblem } from '../../records/command.ts';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import { createLooks } from './looks.ts';

const li = { actor: { type: 'account', id: 'li' }, grants: [] } as const;
const of = (id: string) => ({ type: 'incident', id }) as const;

function looking() {
  const clock = new VirtualClock({ startAt: 0 });
  const metrics = createMetrics();
  const kept: Command[] = [];
  const alarm: { isAway: boolean; refuses?: CommandProblem | undefined; hangs?: PromiseWithResolvers<void> } = {
    isAway: false,
  };
  const commands = {
    async apply(command: Command) {
      if (alarm.isAway) throw alarmAway({});
      if (alarm.refuses) return { ok: false as const, problem: alarm.refuses, message: 'not now' };
      await alarm.hangs?.promise;
      kept.push(command);
      return { ok: true as const };
    },
  };
  const looks = createLooks({ commands, clock, chance: systemChance, log: silentLog, metrics });
  const ids = () => kept.map((command) => (command.type === 'look' ? command.of.id : ''));
  const lost = async () => (await metrics.looksLost.get()).values[0]?.value ?? 0;
  return { clock, kept, alarm, looks, ids, lost };
}

test('while the alarm process is away what was shown waits, and goes on record in its order when it is back', async () => {
  const { clock, alarm, looks, ids } = looking();
  alarm.isAway = true;
  for (const id of ['one', 'two', 'three']) looks.shown(li, of(id));
  await clock.advance(60_000);
  expect(ids()).toEqual([]);
  alarm.isAway = false;
  await clock.advance(5_000);
  expect(ids()).toEqual(['one', 'two', 'three']);
  await clock.advance(60_000);
  expect(ids()).toHaveLength(3);
});

test('what waits is bounded: the oldest is lost, and that is counted', async () => {
  const { clock, alarm, looks, ids, lost } = looking();
  alarm.isAway = true;
  for (let count = 0; count < 1_200; count++) looks.shown(li, of(`i${count}`));
  expect(await lost()).toBe(200);
  alarm.isAway = false;
  await clock.advance(10_000);
  expect(ids()).toHaveLength(1_000);
  expect(ids().at(-1)).toBe('i1199');
});

test('the same look within a minute is one; another person, another thing, or later is another', async () => {
  const { clock, looks, ids } = looking();
  looks.shown(li, of('one'));
  looks.shown(li, of('one'));
  looks.shown({ ...li, actor: { type: 'account', id: 'wang' } }, of('one'));
  looks.refused(li, of('one'));
  await clock.advance(61_000);
  looks.shown(li, of('one'));
  await clock.advance(0);
  expect(ids()).toEqual(['one', 'one', 'one', 'one']);
});

test('an alarm process that has no room for commands gets the look later; what it will never take is counted as lost', async () => {
  const { clock, alarm, looks, ids, lost } = looking();
  alarm.refuses = 'not-allowed';
  looks.shown(li, of('one'));
  await clock.advance(4_000);
  alarm.refuses = undefined;
  await clock.advance(5_000);
  expect(ids()).toEqual(['one']);
  alarm.refuses = 'invalid';
  looks.shown(li, of('two'));
  await clock.advance(60_000);
  expect([ids(), await lost()]).toEqual([['one'], 1]);
});

test('what still waits when the process ends is counted as lost, and not passed over', async () => {
  const { alarm, looks, lost } = looking();
  alarm.isAway = true;
  for (const id of ['one', 'two']) looks.shown(li, of(id));
  looks.close();
  expect(await lost()).toBe(2);
});

test('what is personal is shown when the look is on record, and after half a second where the alarm process has no answer', async () => {
  const { clock, alarm, looks, ids } = looking();
  const seen: string[] = [];
  const show = (id: string) => looks.shown(li, of(id)).then(() => seen.push(`${id} of ${ids().length} on record`));
  await show('one');
  expect(seen).toEqual(['one of 1 on record']);
  alarm.hangs = Promise.withResolvers<void>();
  show('two');
  show('two');
  await clock.advance(499);
  expect(seen).toHaveLength(1);
  await clock.advance(1);
  expect(seen.slice(1)).toEqual(['two of 1 on record', 'two of 1 on record']);
  alarm.hangs.resolve();
  await clock.advance(0);
  expect(ids()).toEqual(['one', 'two']);
});

test('nobody waits for an alarm process that is away', async () => {
  const { clock, alarm, looks } = looking();
  alarm.isAway = true;
  await looks.shown(li, of('one'));
  await looks.shown(li, of('two'));
  expect(clock.monotonic()).toBe(0);
});
