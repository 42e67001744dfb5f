import type { Clock } from '../../platform/clock.ts';
import { alarmAway } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Chance } from '../../platform/random.ts';
import type { Command, CommandResult, Look } from '../../records/command.ts';
import type { Access } from '../../records/rights.ts';

/**
 * Puts on record who saw what is personal, and who was refused it. The answer waits until it is on record. While the alarm process is away,
 * or takes longer than people wait, life comes first: the answer is shown, and the look waits here until it can be kept; it is lost when
 * this process is killed in that time. Whoever looks at the same again within a minute is on record once: pages ask
 * again at every change. Bounded: past 1,000 that wait, the oldest is lost, which is counted and logged.
 */
export function createLooks({ commands, clock, chance, log, metrics }: LooksParts) {
  const waiting: Waiting[] = [];
  /** By who, what and how: when it was last asked to be put on record, and that it was. The oldest first. */
  const recent = new Map<string, { at: number; kept: Promise<void> }>();
  let isSending = false;
  let cancelRetry: (() => void) | undefined;

  const look = (access: Access, of: Looked, how: Look['how'], reason?: string): Look => {
    const commandId = `look-${Buffer.from(chance.bytes(15)).toString('base64url')}`;
    return { type: 'look', commandId, by: access.actor, of, how, ...(reason !== undefined && { reason }) };
  };

  /** What was asked for within the last minute is the same look. */
  function once({ by, of, how }: Look, keepIt: () => Promise<void>): Promise<void> {
    const key = [by.type, by.id, of.type, of.id, how].join(' ');
    const now = clock.monotonic();
    const before = recent.get(key);
    if (before && now - before.at < repeatMs) return before.kept;
    recent.delete(key);
    const kept = keepIt();
    recent.set(key, { at: now, kept });
    const [oldest] = recent.keys();
    if (recent.size > mostRecent && oldest !== undefined) recent.delete(oldest);
    return kept;
  }

  /** Resolves when it is on record, or when nobody should wait for that any longer. */
  function keep(look: Look): Promise<void> {
    metrics.looks.inc({ how: look.how });
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancelPatience = clock.after(patienceMs, resolve);
    const letGo = () => {
      cancelPatience();
      resolve();
    };
    waiting.push({ look, letGo });
    if (waiting.length > mostWaiting) {
      waiting.shift()?.letGo();
      lose(1, 'too many wait for the alarm process');
    }
    if (cancelRetry !== undefined) letGo();
    else if (!isSending) void send();
    return promise;
  }

  /** One at a time, in their order. What was kept, and not answered, is sent again under the same id. */
  async function send(): Promise<void> {
    cancelRetry = undefined;
    isSending = true;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const sent = next;
      const result = await commands.apply(sent.look).catch(() => undefined);
      // Too many commands wait there: that passes.
      if (!result || (!result.ok && result.problem === 'not-allowed')) break;
      if (!result.ok) lose(1, result.message);
      if (waiting[0] === sent) waiting.shift();
      sent.letGo();
    }
    isSending = false;
    for (const { letGo } of waiting) letGo();
    if (waiting.length > 0) cancelRetry = clock.after(retryMs, () => void send());
  }

  function lose(count: number, why: string): void {
    metrics.looksLost.inc(count);
    log.error({ count, why }, 'looks at personal data are not on record');
  }

  return {
    /** Whoever shows it waits for this first, which takes half a second at most. */
    shown(access: Access, of: Looked): Promise<void> {
      const one = look(access, of, 'shown');
      return once(one, () => keep(one));
    },
    refused(access: Access, of: Looked): void {
      const one = look(access, of, 'refused');
      void once(one, () => {
        log.warn({ by: access.actor.id, of }, 'a thing of a foreign area was asked for, and not shown');
        return keep(one);
      });
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

/** `letGo`: whoever waits for it goes on. */
type Waiting = { look: Look; letGo: () => void };

const repeatMs = 60_000;
const patienceMs = 500;
const retryMs = 5_000;
const mostWaiting = 1_000;
const mostRecent = 10_000;
