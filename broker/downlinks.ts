import type { Format } from '../firmware-contracts/codec.ts';
import { type DeviceCommand, encodeCommand } from '../firmware-contracts/commands.ts';
import type { Clock } from '../platform/clock.ts';
import { OperationalError } from '../platform/errors.ts';
import type { Metrics } from '../platform/metrics.ts';
import { type Downlink, isWaiting, sentAfterLifeSafety } from '../records/downlink.ts';

/** The way to devices. Both answer at once, and wait for nothing. */
export type DownlinkPort = {
  /** Whether the device is connected, and subscribes to that command. */
  hears(deviceId: string, command: string): boolean;
  /** Hands a command to the device's newest connection; false when it is not there, or is saying something itself. */
  send(deviceId: string, command: string, payload: Uint8Array): boolean;
};

/** What the fold of the journal knows about commands to devices. */
export type DownlinkFold = {
  /** Whether there may be any. */
  has(deviceId: string): boolean;
  /** What may be sent at `at`, by all that the fold has seen. Journal time, epoch ms. */
  due(deviceId: string, at: number): Downlink[];
};

/**
 * Sends what waits for a device after its uplink was acknowledged, while it listens: 3 s, and 60 s after a life-safety report, in
 * answer to which only lamp, locate, time and a matching hush go out. A command is on record before it is sent, and is sent again
 * after a later uplink until the device is done with it. Nothing here is waited for by anybody, and it holds no timer.
 * Units: `headSequence` and `reached` are sequences of the journal. Source: docs/commands.md.
 */
export class DownlinkSender {
  readonly #parts: DownlinkSenderParts;
  readonly #ears = new Map<string, { untilMs: number; format: Format }>();
  /** Until when a device that called for help hears nothing else. */
  readonly #urgent = new Map<string, number>();
  /** Whom the fold has not heard to the end: up to which sequence it has to read. */
  readonly #unread = new Map<string, number>();
  /** By command. A number is when it was last sent, ms. */
  readonly #progress = new Map<string, 'recording' | 'recorded' | number>();

  constructor(parts: DownlinkSenderParts) {
    this.#parts = parts;
  }

  /** A life-safety report has come in, by whichever way, before anything else is known of it. */
  calledForHelp(deviceId: string): void {
    remember(this.#urgent, deviceId, this.#parts.clock.monotonic() + listensAfterLifeSafetyMs);
  }

  /** The device has its PUBACK, and listens from now on. */
  acknowledged({ deviceId, payload }: { deviceId: string; payload: Uint8Array }, lifeSafety: boolean): void {
    const { fold, clock, headSequence } = this.#parts;
    if (!lifeSafety && !fold.has(deviceId)) return;
    // A journal that hung may have kept it hours ago; it is now that the device is answered.
    if (lifeSafety) this.calledForHelp(deviceId);
    const listensMs = lifeSafety ? listensAfterLifeSafetyMs : listensAfterReportMs;
    const untilMs = Math.max(clock.monotonic() + listensMs, this.#ears.get(deviceId)?.untilMs ?? 0);
    remember(this.#ears, deviceId, { untilMs, format: formatOf(payload) });
    remember(this.#unread, deviceId, headSequence());
  }

  /** The fold has read the journal up to there: those who were heard by then get their answer. */
  reached(sequence: number): void {
    for (const [deviceId, upTo] of this.#unread) {
      if (upTo > sequence) continue;
      this.#unread.delete(deviceId);
      this.#offer(deviceId);
    }
  }

  /** What was decided about commands: whoever listens gets a new one at once. */
  decided(changed: Downlink[]): void {
    for (const row of changed) {
      if (isWaiting(row)) this.#offer(row.deviceId);
      else this.#progress.delete(row.id);
    }
  }

  #offer(deviceId: string): void {
    for (const row of this.#sendable(deviceId)) {
      const { id, ask } = row;
      if (!this.#isTime(id) || !this.#parts.port.hears(deviceId, ask.name)) continue;
      this.#send(row).catch(this.#parts.fail);
    }
  }

  async #send({ id, deviceId, ask }: Downlink): Promise<void> {
    const { port, record, clock } = this.#parts;
    if (this.#progress.get(id) !== 'recorded') {
      remember(this.#progress, id, 'recording');
      try {
        await record({ kind: 'downlink', id, deviceId });
      } catch (error) {
        this.#progress.delete(id);
        if (!(error instanceof OperationalError)) throw error;
        return this.#count(ask.name, 'not-recorded');
      }
      remember(this.#progress, id, 'recorded');
    }
    // Much may have come meanwhile: a call for help, another alarm, a word that it was cancelled.
    const row = this.#sendable(deviceId).find((one) => one.id === id);
    const ear = this.#ears.get(deviceId);
    if (!row || !ear || !port.send(deviceId, ask.name, this.#payload(row, ear.format))) return;
    remember(this.#progress, id, clock.monotonic());
    this.#count(ask.name, 'sent');
  }

  /** Empty where it does not listen any more, or has said what the fold has not read yet. */
  #sendable(deviceId: string): Downlink[] {
    const { fold, clock, now } = this.#parts;
    const atMs = clock.monotonic();
    if ((this.#ears.get(deviceId)?.untilMs ?? 0) <= atMs || this.#unread.has(deviceId)) return [];
    const isUrgent = (this.#urgent.get(deviceId) ?? 0) > atMs;
    return fold
      .due(deviceId, now())
      .filter(({ expiresAt }) => expiresAt - now() >= 1_000)
      .filter(({ ask }) => !isUrgent || sentAfterLifeSafety.has(ask.name));
  }

  /** A device that sends several reports in a row is not told the same after each of them. */
  #isTime(id: string): boolean {
    const progress = this.#progress.get(id);
    if (typeof progress !== 'number') return progress !== 'recording';
    return this.#parts.clock.monotonic() - progress >= restMs;
  }

  #payload(row: Downlink, format: Format): Uint8Array {
    const { now, clock } = this.#parts;
    const expires = Math.min(mostExpiresSeconds, Math.floor((row.expiresAt - now()) / 1_000));
    return encodeCommand(commandOf(row, expires, clock.now()), format);
  }

  #count(command: string, outcome: 'sent' | 'not-recorded'): void {
    this.#parts.metrics.downlinks.inc({ command, outcome });
  }
}

export type DownlinkSenderParts = {
  fold: DownlinkFold;
  port: DownlinkPort;
  /** Resolves when it is on record. Errors: those of the journal; then nothing is sent. */
  record: (record: { kind: 'downlink'; id: string; deviceId: string }) => Promise<unknown>;
  /** The last sequence that is durable. */
  headSequence: () => number;
  /** Journal time, epoch ms. */
  now: () => number;
  clock: Clock;
  metrics: Pick<Metrics, 'downlinks'>;
  /** Called with what is our own fault. */
  fail: (error: unknown) => void;
};

/** How long a device listens after its last PUBACK. Source: docs/firmware.md. */
const listensAfterReportMs = 3_000;
const listensAfterLifeSafetyMs = 60_000;
/** Longer than a device listens after a report that is no call for help, so that it hears a command once for each time it wakes. */
const restMs = 10_000;
/** The longest life that the contract lets a packet name, seconds; who waits longer is told so again. */
const mostExpiresSeconds = 86_400;
/** Devices, or commands, of which something is remembered here; of the oldest the journal knows enough. */
const mostRemembered = 20_000;

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > mostRemembered && oldest !== undefined) map.delete(oldest);
}

/** A device is answered in the encoding that it speaks: CBOR begins with a map or a list. */
function formatOf([first = 0]: Uint8Array): Format {
  return first >= 0x80 && first <= 0xbf ? 'cbor' : 'json';
}

function commandOf({ id, ask }: Downlink, expires: number, at: number): DeviceCommand {
  const head = { v: 1 as const, id, expires };
  switch (ask.name) {
    case 'time':
      return { ...head, name: ask.name, at };
    case 'hush':
      return { ...head, name: ask.name, boot: ask.boot, seq: ask.seq };
    default:
      return { ...head, ...ask };
  }
}
