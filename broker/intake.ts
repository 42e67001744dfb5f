import { isLifeSafety } from '../firmware-contracts/report.ts';
import type { Clock } from '../platform/clock.ts';
import { OperationalError } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Chance } from '../platform/random.ts';
import type { ReportRecord } from '../records/journal-record.ts';
import { answerWith, type ClientInside } from './aedes-inside.ts';
import type { BrokerLimits } from './limits.ts';
import { Cut } from './packet-guards.ts';
import { pubackBytes } from './packets-out.ts';
import { PublishRates } from './publish-rate.ts';
import { judgeUplink, type Sender } from './topic-rights.ts';

/** A publish as the journal gets it: who sent it, what its topic calls it, and the bytes, not understood yet. */
export type Incoming = Pick<ReportRecord, 'deviceId' | 'standing' | 'report' | 'payload'>;
/**
 * Resolves when the report is durable. Errors: an OperationalError; `later` is offered again, at `never` the sender is cut
 * without PUBACK. Anything else is our own fault and ends the process.
 */
export type Keep = (incoming: Incoming, lifeSafety: boolean) => Promise<unknown>;
/** Its PUBACK is on its way, and the device that sent it listens. Waited for by nobody; must not throw. */
export type Acknowledged = (incoming: Incoming, lifeSafety: boolean) => void;

/** An authenticated connection, and how much of what it sent still waits. */
export type Session = {
  readonly client: ClientInside;
  readonly sender: Sender;
  waiting: number;
  paused: boolean;
  /** It is paused because it publishes too fast. */
  slowed: boolean;
};

export function openSession(client: ClientInside, sender: Sender): Session {
  return { client, sender, waiting: 0, paused: false, slowed: false };
}

export type UplinkPacket = { topic: string; qos: number; messageId?: number | undefined; payload: Uint8Array };
type Answer = (error?: Error) => void;

/**
 * One publish between its arrival and its PUBACK. `offered`: the journal has it. `kept` and `dropped` wait for their turn to be
 * acknowledged. `moved`: it left the line, refused for good or to be offered again.
 */
type Publish = {
  readonly session: Session;
  readonly incoming: Incoming;
  readonly lifeSafety: boolean;
  readonly arrivedAt: number;
  /** At QoS 1, when the PUBACK is ours to send. */
  readonly messageId: number | undefined;
  /** Lets the connection go on with the next packet, or end. */
  readonly answer: Answer;
  phase: 'offered' | 'kept' | 'dropped' | 'moved';
  next: Publish | undefined;
};

/**
 * From publish to PUBACK. What the journal keeps is acknowledged first in, first out; what it refuses for now leaves that line,
 * so that telemetry without room never holds up an alarm, and is offered again. What waits is bounded per device and in all.
 */
export class Intake {
  readonly #keep: Keep;
  readonly #acknowledged: Acknowledged;
  readonly #limits: BrokerLimits;
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #onStall: () => void;
  readonly #rates: PublishRates;
  readonly #slowed = new Set<Session>();
  #first: Publish | undefined;
  #last: Publish | undefined;
  #held: Publish[] = [];
  #bytes = 0;
  #publishes = 0;
  #stalled = false;
  #whenIdle: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;

  constructor(options: {
    keep: Keep;
    acknowledged?: Acknowledged | undefined;
    limits: BrokerLimits;
    clock: Clock;
    chance: Chance;
    log: Log;
    metrics: Metrics;
    /** Called at every check while the journal is stalled, or much waits for it. */
    onStall: () => void;
  }) {
    this.#keep = options.keep;
    this.#acknowledged = options.acknowledged ?? (() => {});
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#chance = options.chance;
    this.#log = options.log;
    this.#metrics = options.metrics;
    this.#onStall = options.onStall;
    this.#rates = new PublishRates(options);
  }

  stats() {
    return { waitingPublishes: this.#publishes, waitingBytes: this.#bytes, stalled: this.#stalled };
  }

  /** Takes a publish. It is answered in its turn, or never when its sender is gone by then. */
  receive(session: Session, { topic, qos, messageId, payload }: UplinkPacket, answer: Answer): void {
    const { deviceId, standing } = session.sender;
    const uplink = judgeUplink(session.sender, topic, payload);
    const { report, lifeSafety } = 'report' in uplink ? uplink : { report: '', lifeSafety: false };
    if (!this.#hasRoom(payload.length, lifeSafety)) {
      this.#metrics.publishesRefused.inc({ reason: 'overloaded' });
      answer(new Cut('overloaded', 'too much waits for the journal'));
      return;
    }
    const now = this.#clock.monotonic();
    const rate = this.#rates.count(session, lifeSafety, payload.length, now);
    if (rate === 'cut') {
      this.#metrics.publishesRefused.inc({ reason: 'rate' });
      answer(new Cut('rate', 'a device publishes faster than it may'));
      return;
    }
    if (rate === 'slow') this.#slow(session, lifeSafety);
    const publish: Publish = {
      session,
      incoming: { deviceId, standing, report, payload },
      lifeSafety,
      arrivedAt: now,
      messageId: qos === 1 ? messageId : undefined,
      answer,
      phase: 'dropped',
      next: undefined,
    };
    this.#publishes++;
    this.#bytes += payload.length;
    session.waiting++;
    if ('report' in uplink) this.#offer(publish);
    else this.#drop(publish, topic, uplink.refused);
    this.#pauseIfFull(session);
  }

  /** The beginning of a publish that is too large: a call for help is one all the same. There is no PUBACK. */
  salvage(session: Session, topic: string, payload: Uint8Array): void {
    const uplink = judgeUplink(session.sender, topic, payload);
    if ('report' in uplink && isLifeSafety(uplink.report)) this.receive(session, { topic, qos: 0, payload }, () => {});
  }

  /** To be called every `checkMs`: a device that waits for us is not cut for its silence, and nobody waits for ever. */
  check(): void {
    const now = this.#clock.monotonic();
    const isLate = (publish: Publish) => now - publish.arrivedAt > this.#limits.stallMs;
    let stalled = this.#first !== undefined && isLate(this.#first);
    for (let publish = this.#first; publish !== undefined; publish = publish.next)
      this.#attend(publish, isLate(publish));
    const held = this.#held;
    this.#held = [];
    for (const publish of held) {
      const late = isLate(publish);
      stalled ||= late;
      this.#attend(publish, late);
      if (late && publish.session.client.closed) this.#giveUp(publish, 'not-kept');
      else this.#held.push(publish);
    }
    this.#readSlowedAgain();
    if (stalled || this.#isCrowded()) this.#onStall();
    if (stalled !== this.#stalled)
      this.#log.warn(this.stats(), stalled ? 'journal stalls: senders are cut' : 'journal goes on');
    this.#stalled = stalled;
  }

  /** Resolves when nothing waits any more, or after `maxMs`; what still waits then is never acknowledged. */
  async close(maxMs: number): Promise<void> {
    if (this.#publishes > 0) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(maxMs, resolve);
        this.#whenIdle = () => {
          cancel();
          resolve();
        };
      });
    }
    this.#cancelRetry?.();
    this.#held = [];
  }

  #offer(publish: Publish): void {
    publish.phase = 'offered';
    this.#append(publish);
    this.#keep(publish.incoming, publish.lifeSafety).then(
      () => {
        publish.phase = 'kept';
        this.#release();
      },
      (error) => this.#refused(publish, error),
    );
  }

  // Closing would make a misconfigured device come back for ever; acknowledging ends it, after what the device sent before.
  #drop(publish: Publish, topic: string, reason: string): void {
    this.#metrics.publishesRefused.inc({ reason });
    const { deviceId } = publish.incoming;
    this.#log.debug({ deviceId, reason, topic: topic.slice(0, 80) }, 'a publish was acknowledged and dropped');
    this.#append(publish);
    this.#release();
  }

  #refused(publish: Publish, error: unknown): void {
    if (!(error instanceof OperationalError)) throw error;
    publish.phase = 'moved';
    if (error.retry === 'never') {
      this.#giveUp(publish, 'journal-failed');
    } else {
      this.#held.push(publish);
      this.#cancelRetry ??= this.#clock.after(this.#limits.retryMs, () => this.#offerAgain());
    }
    this.#release();
  }

  #offerAgain(): void {
    this.#cancelRetry = undefined;
    const held = this.#held.sort((a, b) => Number(b.lifeSafety) - Number(a.lifeSafety));
    this.#held = held.splice(this.#limits.retriesAtOnce);
    for (const publish of held) this.#offer({ ...publish, next: undefined });
    if (this.#held.length > 0) this.#cancelRetry ??= this.#clock.after(this.#limits.retryMs, () => this.#offerAgain());
  }

  #append(publish: Publish): void {
    if (this.#last === undefined) this.#first = publish;
    else this.#last.next = publish;
    this.#last = publish;
  }

  #release(): void {
    for (let head = this.#first; head !== undefined && head.phase !== 'offered'; head = this.#first) {
      this.#first = head.next;
      if (this.#first === undefined) this.#last = undefined;
      if (head.phase === 'moved') continue;
      this.#end(head);
      if (head.phase !== 'kept') continue;
      this.#metrics.reportsAccepted.inc();
      if (!head.session.client.closed) this.#acknowledged(head.incoming, head.lifeSafety);
    }
  }

  #giveUp(publish: Publish, reason: string): void {
    this.#metrics.publishesRefused.inc({ reason });
    this.#end(publish, new Cut(reason, 'the journal did not keep a publish'));
  }

  #end(publish: Publish, error?: Error): void {
    const { session } = publish;
    this.#publishes--;
    this.#bytes -= publish.incoming.payload.length;
    session.waiting--;
    if (!session.client.closed) {
      if (error !== undefined || publish.messageId === undefined) publish.answer(error);
      else answerWith(session.client, pubackBytes(publish.messageId));
    }
    if (session.paused) this.#resumeIfRoom(session);
    if (this.#publishes === 0) this.#whenIdle?.();
  }

  #attend({ session }: Publish, late: boolean): void {
    if (session.client.closed) return;
    session.client._keepaliveTimer?.refresh();
    // Cut at a random check, so that those who waited do not come back in the same second.
    if (late && this.#chance.fraction() * this.#limits.stallSpreadMs < this.#limits.checkMs) {
      session.client.conn.destroy(new Cut('stalled', 'the journal stalls'));
    }
  }

  #hasRoom(bytes: number, lifeSafety: boolean): boolean {
    const share = lifeSafety ? 1 : SHARE_OF_TELEMETRY;
    const { waitingBytes, waitingPublishes } = this.#limits;
    return this.#bytes + bytes <= waitingBytes * share && this.#publishes < waitingPublishes * share;
  }

  #isCrowded(): boolean {
    return this.#bytes > this.#limits.waitingBytes / 2 || this.#publishes > this.#limits.waitingPublishes / 2;
  }

  #slow(session: Session, lifeSafety: boolean): void {
    if (!session.slowed) this.#metrics.devicesSlowed.inc({ class: lifeSafety ? 'life-safety' : 'telemetry' });
    session.slowed = true;
    this.#slowed.add(session);
  }

  // It is we who do not read them, so their silence does not count.
  #readSlowedAgain(): void {
    this.#rates.check();
    for (const session of this.#slowed) {
      session.client._keepaliveTimer?.refresh();
      if (!session.client.closed && this.#rates.isAhead(session)) continue;
      this.#slowed.delete(session);
      session.slowed = false;
      if (session.paused) this.#resumeIfRoom(session);
    }
  }

  #pauseIfFull(session: Session): void {
    const isFull = session.waiting >= this.#limits.waitingPerDevice || (session.waiting > 0 && this.#isCrowded());
    if (!isFull && !session.slowed) return;
    session.paused = true;
    session.client.pause();
  }

  #resumeIfRoom(session: Session): void {
    const room = session.waiting <= this.#limits.waitingPerDevice / 2 && !this.#isCrowded();
    // A paused sender is resumed with its own last publish at the latest: nobody else would remember it.
    if (session.client.closed || session.slowed || !(room || session.waiting === 0)) return;
    session.paused = false;
    // While it was paused aedes did not count what was answered, and would never read again.
    session.client._parsingBatch = 0;
    session.client.resume();
  }
}

/** Telemetry that waits for a full disk leaves room for an alarm. */
const SHARE_OF_TELEMETRY = 0.75;
