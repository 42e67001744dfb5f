import type { Clock } from '../../platform/clock.ts';
import { alarmAway } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Chance } from '../../platform/random.ts';
import type { Command, CommandResult, Look } from '../../records/command.ts';
import type { Access } from '../../records/rights.ts';

/**
 * Puts on record who saw what is personal, and who was refused it. While the alarm process is away life comes first: the answer is
 * shown, and the look waits here until it can be kept. Whoever looks at the same again within a minute is on record once: pages ask
 * again at every change. Bounded: past 1,000 that wait, the oldest is lost, which is counted and logged.
 */
export function createLooks({ commands, clock, chance, log, metrics }: LooksParts) {
  const waiting: Look[] = [];
  /** By who, what and how: when it was last put on record. The oldest first. */
  const recent = new Map<string, number>();
  let isSending = false;
  let cancelRetry: (() => void) | undefined;

  const look = (access: Access, of: Looked, how: Look['how'], reason?: string): Look => {
    const commandId = `look-${Buffer.from(chance.bytes(15)).toString('base64url')}`;
    return { type: 'look', commandId, by: access.actor, of, how, ...(reason !== undefined && { reason }) };
  };

  function isRepeat({ by, of, how }: Look): boolean {
    const key = [by.type, by.id, of.type, of.id, how].join(' ');
    const now = clock.monotonic();
    const isRecent = now - (recent.get(key) ?? Number.NEGATIVE_INFINITY) < repeatMs;
    if (isRecent) return true;
    recent.delete(key);
    recent.set(key, now);
    const [oldest] = recent.keys();
    if (recent.size > mostRecent && oldest !== undefined) recent.delete(oldest);
    return false;
  }

  function keep(one: Look): void {
    metrics.looks.inc({ how: one.how });
    waiting.push(one);
    if (waiting.length > mostWaiting) {
      waiting.shift();
      lose(1, 'too many wait for the alarm process');
    }
    if (!isSending && cancelRetry === undefined) void send();
  }

  /** One at a time, in their order. What was kept, and not answered, is sent again under the same id. */
  async function send(): Promise<void> {
    cancelRetry = undefined;
    isSending = true;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const sent = next;
      const result = await commands.apply(sent).catch(() => undefined);
      // Too many commands wait there: that passes.
      if (!result || (!result.ok && result.problem === 'not-allowed')) break;
      if (!result.ok) lose(1, result.message);
      if (waiting[0] === sent) waiting.shift();
    }
    isSending = false;
    if (waiting.length > 0) cancelRetry = clock.after(retryMs, () => void send());
  }

  function lose(count: number, why: string): void {
    metrics.looksLost.inc(count);
    log.error({ count, why }, 'looks at personal data are not on record');
  }

  return {
    shown(access: Access, of: Looked): void {
      const one = look(access, of, 'shown');
      if (!isRepeat(one)) keep(one);
    },
    refused(access: Access, of: Looked): void {
      const one = look(access, of, 'refused');
      if (isRepeat(one)) return;
      log.warn({ by: access.actor.id, of }, 'a thing of a foreign area was asked for, and not shown');
      keep(one);
    },
    /** Errors: ALARM_AWAY, try later, also when it took no more: what is not on record is not handed out. */
    async exported(access: Access, of: Looked): Promise<void> {
      const result = await commands.apply(look(access, of, 'exported'));
      if (!result.ok) throw alarmAway({ cause: new Error(result.message) });
      metrics.looks.inc({ how: 'exported' });
    },
    /** Errors: ALARM_AWAY, try later. It is on record before anything may be shown for it. */
    async glass(access: Access, of: Looked, reason: string): Promise<{ commandId: string; result: CommandResult }> {
      const one = look(access, of, 'glass', reason);
      const result = await commands.apply(one);
      if (result.ok) metrics.looks.inc({ how: 'glass' });
      return { commandId: one.commandId, result };
    },
    close(): void {
      cancelRetry?.();
      if (waiting.length > 0) lose(waiting.length, 'the process ends before the alarm process answered');
    },
  };
}

export type Looks = ReturnType<typeof createLooks>;
export type Looked = Look['of'];
type LooksParts = {
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
  clock: Clock;
  chance: Chance;
  log: Log;
  metrics: Pick<Metrics, 'looks' | 'looksLost'>;
};

const repeatMs = 60_000;
const retryMs = 5_000;
const mostWaiting = 1_000;
const mostRecent = 10_000;
