import { OperationalError } from '../platform/errors.ts';
import { FoldState } from '../records/fold-state.ts';
import type { OutcomeRecord } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import { ownLimit } from '../records/providers.ts';
import { type AttemptPorts, attempt, type Route, routeOf, takersOf, takesDigests } from './attempt.ts';
import { createOutbox, type Due, type Outbox, type OutboxParts } from './outbox.ts';
import { isAlarm, isClosing, noticeClass, oldestCauseMs } from './retry-schedule.ts';
import { type Ended, type SlotLimits, Slots, slotLimits, type Takers } from './slots.ts';
import { countyTime } from './texts/county-time.ts';
import { mostInDigest } from './texts/digest.ts';

/** Carries out what the outbox says is due, until `stop`. Nothing of the journal's past goes out before `begin`. */
export function startDelivery(parts: DeliveryParts): Delivery {
  return new Delivery(parts);
}

export type DeliveryParts = Omit<AttemptPorts, 'time'> & {
  outbox: Outbox;
  /** The county's time zone, like `Asia/Shanghai`. */
  timeZone: string;
  registry: AttemptPorts['registry'] & OutboxParts['registry'];
  limits?: SlotLimits;
};

/** When the journal cannot take a record now, it is offered again after so long, ms. */
const recordAgainMs = 1_000;

/** An outcome that is not on record by then holds up no retry of life safety any more, ms. */
const hungAfterMs = 2_000;

/** An attempt that a crash cut off: nobody knows whether it arrived. */
const unknownAfterRestart = 'unknown after restart';
const tooOld = 'too old to send';

/** As many alarms as that reach somebody each by itself; further ones together. */
const mostSingly = 5;
const mostRemembered = 10_000;

/**
 * Guards which attempts are under way. An attempt is under way from the moment it starts until the outbox has seen its
 * outcome in the journal, which is later than its record: `#started` bridges the time between.
 * Bounds: attempts under way by `SlotLimits`, everything else by the outbox's.
 */
export class Delivery {
  readonly #parts: DeliveryParts & AttemptPorts;
  readonly #slots: Slots;
  /**
   * What cannot wait for the disk: notices whose cause is not durable, and those of `#ahead`. The journal's own word takes
   * over when it comes.
   */
  readonly #provisional: Outbox;
  readonly #provisionalState = new FoldState();
  /** The record that a provisional notice was made of. */
  readonly #causes = new Map<string, number>();
  /** Notices of the outbox that go on from memory, because the journal does not take the outcome of their last attempt. */
  readonly #ahead = new Set<string>();
  /** The highest attempt that this process started, by notice and channel. */
  readonly #started = new Map<string, number>();
  /** How many attempts to call somebody about an incident are under way, by both: a provider that hangs may still carry them out. */
  readonly #calling = new Map<string, number>();
  readonly #jobs = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #state: { phase: 'holding' } | { phase: 'delivering'; beganAt: number } | { phase: 'stopped' } = { phase: 'holding' };
  #cancelTimer: (() => void) | undefined;
  /** Who was last known to be asked, by recipient and channel, so that what waits for somebody busy need not be unsealed each time. */
  readonly #takers = new Map<string, Takers>();
  #passIsComing = false;
  #droppedBefore = 0;

  constructor(parts: DeliveryParts) {
    this.#parts = { ...parts, time: countyTime(parts.timeZone) };
    this.#slots = new Slots(parts.limits ?? slotLimits);
    this.#provisional = createOutbox({
      ...{ state: this.#provisionalState, registry: parts.registry, mostOpen: 1_000, providers: parts.providers },
    });
    parts.outbox.onChange(() => this.#passSoon());
  }

  /** The outbox holds everything up to the head found at the start: from now on it is acted on. */
  begin(): void {
    if (this.#state.phase !== 'holding') return;
    this.#state = { phase: 'delivering', beganAt: this.#parts.now() };
    for (const { notice, channel, attempt: number } of this.#parts.outbox.unanswered()) {
      if (this.#started.has(keyOf(notice.noticeId, channel))) continue;
      // Life safety is sent again under the same id. Anything else is not doubled: people see that it is unknown.
      const final = noticeClass(notice) !== 'life-safety' && ({ final: true } as const);
      const named = { noticeId: notice.noticeId, channel, attempt: number };
      this.#run(this.#keep({ kind: 'outcome', ...named, result: 'failed', detail: unknownAfterRestart, ...final }));
    }
    this.#pass();
  }

  /** Looks at once for what is due. Changes of the outbox are noticed anyway, a millisecond later. */
  poke(): void {
    this.#pass();
  }

  /** Sends before the cause, that record, is durable, under the id that the notice will have, and says so in the text. */
  provisional(notice: Notice, cause: number): void {
    this.#provisional.issue(notice);
    this.#causes.set(notice.noticeId, cause);
    this.#pass();
  }

  /** The outbox has seen the journal up to there: about those causes its word takes over, also where it knows better. */
  reached(sequence: number): void {
    for (const [noticeId, cause] of this.#causes) {
      if (cause > sequence) continue;
      this.#causes.delete(noticeId);
      if (!this.#ahead.has(noticeId)) this.#provisional.withdraw(noticeId);
    }
  }

  /**
   * Starts nothing more, gives attempts under way `graceMs` to end and be written down, and then cuts them off: what
   * became of them is unknown, and the next start says so.
   */
  async stop(graceMs = 3_000): Promise<void> {
    this.#state = { phase: 'stopped' };
    this.#cancelTimer?.();
    const { promise: cutOff, resolve } = Promise.withResolvers<void>();
    const cancel = this.#parts.clock.after(graceMs, () => resolve());
    await Promise.race([Promise.all(this.#jobs), cutOff]);
    cancel();
    this.#stopping.abort();
  }

  #pass(): void {
    if (this.#state.phase === 'stopped') return;
    const now = this.#parts.now();
    this.#forget(now);
    for (const due of this.#provisional.due(now)) this.#consider(due, !this.#ahead.has(due.notice.noticeId));
    if (this.#state.phase === 'delivering') {
      for (const due of this.#parts.outbox.due(now)) {
        // They are in the order of their rank, so that nothing behind this one finds room either.
        if (this.#slots.isFull(due.rank)) break;
        if (this.#isOver(due, now)) this.#giveUp(due);
        else this.#consider(due, false);
      }
    }
    this.#arm(now);
  }

  #consider(due: Due, provisional: boolean): void {
    if (this.#wasStarted(due) || this.#slots.isFull(due.rank)) return;
    // That it is over is the last word: it waits for the end, or the time limit, of what still calls them, on whichever way.
    if (isClosing(due.notice) && this.#calling.has(callKey(due.notice))) return;
    const lastTakers = this.#takers.get(recipientKey(due));
    if (lastTakers && this.#slots.isBusy(lastTakers, due.rank)) return;
    const route = routeOf(this.#parts, due);
    const takers = takersOf(route);
    this.#takers.set(recipientKey(due), takers);
    if (this.#slots.isBusy(takers, due.rank)) return;
    const others = !provisional && takesDigests(route) ? this.#othersWith(due) : [];
    for (const one of [due, ...others]) this.#started.set(keyOf(one.notice.noticeId, one.channel), one.attempt);
    this.#run(this.#carryOut(due, { route, provisional, others, release: this.#slots.take(takers) }));
  }

  /** Somebody to whom many alarms are open reads in one message what is due by now: each would take its turn, and none waits for another. */
  #othersWith(due: Due): Due[] {
    const { outbox, now } = this.#parts;
    const { recipient } = due.notice;
    if (recipient.type !== 'contact' || !isAlarm(due.notice)) return [];
    if (outbox.alarmsTo(recipient.contactId) <= mostSingly) return [];
    const at = now();
    const isAnother = (one: Due): boolean =>
      one.channel === due.channel &&
      one.notice.recipient.type === 'contact' &&
      one.notice.recipient.contactId === recipient.contactId &&
      one.notice.noticeId !== due.notice.noticeId &&
      isAlarm(one.notice) &&
      !this.#isOver(one, at) &&
      !this.#wasStarted(one);
    return outbox
      .due(at)
      .filter(isAnother)
      .take(mostInDigest - 1)
      .toArray();
  }

  /** It came too late to be sent at all. */
  #isOver({ activeAt, notice }: Due, now: number): boolean {
    const beganAt = this.#state.phase === 'delivering' ? this.#state.beganAt : Number.NEGATIVE_INFINITY;
    return activeAt < beganAt - oldestCauseMs[noticeClass(notice)] || (notice.until ?? Infinity) <= now;
  }

  async #carryOut(due: Due, { route, provisional, others, release }: Carried): Promise<void> {
    const { now, clock, log } = this.#parts;
    const beganAt = clock.monotonic();
    const named = { noticeId: due.notice.noticeId, channel: due.channel, attempt: due.attempt };
    this.#provisional.attempting({ kind: 'attempting', ...named, ...(provisional && { provisional }) }, now());
    const notices = [due, ...others].map(({ notice }) => notice);
    const calls = notices.filter((notice) => !isClosing(notice)).map(callKey);
    for (const key of calls) this.#countCall(key, 1);
    let outcomes: OutcomeRecord[] = [];
    try {
      outcomes = await attempt(this.#parts, due, route, { provisional, others, stop: this.#stopping.signal });
    } catch (err) {
      // The record that must precede it could not be written: nothing was sent, and it is due again.
      log.warn({ ...named, err }, 'an attempt waits for the journal');
      clock.after(recordAgainMs, () => {
        this.#started.delete(keyOf(named.noticeId, named.channel));
        this.#pass();
      });
    } finally {
      release({ result: wordOf(outcomes[0]), tookMs: clock.monotonic() - beganAt });
      for (const key of calls) this.#countCall(key, -1);
      this.#passSoon();
    }
    await Promise.all(
      outcomes.map((outcome, index) => this.#conclude(notices[index] ?? due.notice, outcome, provisional)),
    );
  }

  #countCall(key: string, change: 1 | -1): void {
    const count = (this.#calling.get(key) ?? 0) + change;
    if (count > 0) this.#calling.set(key, count);
    else this.#calling.delete(key);
  }

  async #conclude(notice: Notice, outcome: OutcomeRecord, provisional: boolean): Promise<void> {
    this.#provisional.outcome(outcome, this.#parts.now());
    const kept = this.#keep(outcome);
    if (!provisional && noticeClass(notice) === 'life-safety') this.#goOnFromMemory(notice, outcome, kept);
    await kept;
  }

  /** The schedule follows the journal. While the disk hangs, life safety is tried on beside it, until it has caught up. */
  #goOnFromMemory(notice: Notice, outcome: OutcomeRecord, kept: Promise<void>): void {
    const { now, clock } = this.#parts;
    const endedAt = now();
    const cancel = clock.after(hungAfterMs, () => {
      this.#ahead.add(notice.noticeId);
      this.#provisional.issue(notice);
      this.#provisional.outcome(outcome, endedAt);
      this.#pass();
    });
    kept.finally(() => {
      cancel();
      if (this.#ahead.delete(notice.noticeId)) this.#provisional.withdraw(notice.noticeId);
    });
  }

  /** Offers an outcome to the journal until it takes it: without it the schedule would stand still. */
  async #keep(outcome: OutcomeRecord): Promise<void> {
    const { record, clock, log } = this.#parts;
    for (;;) {
      try {
        await record(outcome);
        return;
      } catch (err) {
        const { noticeId, channel } = outcome;
        log.warn({ noticeId, channel, err }, 'an outcome is not on record yet');
        // A journal that has failed for good ends the process; the next start finds an attempt without an outcome.
        if (!(err instanceof OperationalError) || err.retry === 'never' || this.#state.phase === 'stopped') return;
        await new Promise<void>((resolve) => clock.after(recordAgainMs, resolve));
      }
    }
  }

  /** Found at the start, and older than its class allows: it is closed, on record, and nobody is sent out for it. */
  #giveUp(due: Due): void {
    if (this.#wasStarted(due)) return;
    const { channel, attempt: number } = due;
    const { noticeId } = due.notice;
    this.#started.set(keyOf(noticeId, channel), number);
    this.#run(
      this.#keep({
        kind: 'outcome',
        noticeId,
        channel,
        attempt: number,
        result: 'failed',
        detail: tooOld,
        final: true,
      }),
    );
  }

  #wasStarted({ notice, channel, attempt: number }: Due): boolean {
    return (this.#started.get(keyOf(notice.noticeId, channel)) ?? 0) >= number;
  }

  /** What is over needs no memory; what the outbox had no room for is said aloud. */
  #forget(now: number): void {
    const { outbox, log, metrics } = this.#parts;
    for (const { noticeId, at } of this.#provisional.notices()) {
      // A provisional notice stays until the outbox has it; one that went ahead, as long as the outbox has it.
      const isYoung = now - at <= oldestCauseMs['life-safety'];
      const stays = this.#ahead.has(noticeId) ? outbox.has(noticeId) : !outbox.has(noticeId) && isYoung;
      if (stays) continue;
      this.#provisional.withdraw(noticeId);
      this.#causes.delete(noticeId);
    }
    // Nobody saves this state, so that the list of its changes is only in the way.
    this.#provisionalState.takeChanges();
    if (this.#takers.size > mostRemembered) this.#takers.clear();
    if (this.#started.size > mostRemembered + outbox.open()) {
      for (const key of this.#started.keys()) {
        const noticeId = key.slice(0, key.lastIndexOf('\n'));
        if (!outbox.has(noticeId) && !this.#provisional.has(noticeId)) this.#started.delete(key);
      }
    }
    const dropped = outbox.dropped() - this.#droppedBefore;
    if (dropped === 0) return;
    this.#droppedBefore += dropped;
    metrics.notices.inc({ channel: 'none', outcome: 'dropped' }, dropped);
    log.error(
      { dropped, open: outbox.open() },
      'more notices are open than the outbox holds: the least urgent were dropped',
    );
  }

  #run(job: Promise<void>): void {
    this.#jobs.add(job);
    job.finally(() => this.#jobs.delete(job));
  }

  #passSoon(): void {
    if (this.#passIsComing || this.#state.phase === 'stopped') return;
    this.#passIsComing = true;
    this.#parts.clock.after(1, () => {
      this.#passIsComing = false;
      this.#pass();
    });
  }

  #arm(now: number): void {
    this.#cancelTimer?.();
    const { outbox, clock } = this.#parts;
    const delivering = this.#state.phase === 'delivering';
    const nextAt = Math.min(
      this.#provisional.nextDueAt(now) ?? Infinity,
      (delivering && outbox.nextDueAt(now)) || Infinity,
    );
    this.#cancelTimer = nextAt === Infinity ? undefined : clock.after(Math.max(1, nextAt - now), () => this.#pass());
  }
}

type Carried = { route: Route; provisional: boolean; others: readonly Due[]; release: (ended: Ended) => void };

/** What an outcome says of how much whoever was asked can take. A refusal, and a limit that we keep ourselves, say nothing. */
function wordOf(outcome: OutcomeRecord | undefined): Ended['result'] {
  if (outcome?.result === 'failed') return outcome.detail === ownLimit ? 'unknown' : 'failed';
  return outcome?.result === 'delivered' || outcome?.result === 'accepted' ? 'answered' : 'unknown';
}

function keyOf(noticeId: string, channel: string): string {
  return `${noticeId}\n${channel}`;
}

function callKey({ incidentId, recipient }: Notice): string {
  return `${incidentId}\n${recipient.type === 'desk' ? `desk ${recipient.areaId}` : `contact ${recipient.contactId}`}`;
}

function recipientKey({ notice: { recipient }, channel }: Due): string {
  return recipient.type === 'desk' ? `desk ${recipient.areaId}` : `contact ${recipient.contactId} ${channel}`;
}
