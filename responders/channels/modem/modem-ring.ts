import { z } from 'zod';
import type { Clock } from '../../../platform/clock.ts';
import { saidNothing, type Window } from '../../../records/providers.ts';
import { type Channel, type Message, misconfigured, type Sent } from '../../channel.ts';
import { dialable } from '../sms/dialable.ts';
import type { ModemLine } from './modem-line.ts';

/** `modem`: the id of the provider whose line it is. `seconds`: how long it rings. */
export const modemRingSettings = z.strictObject({
  modem: z.string().min(1),
  seconds: z.number().int().min(5).max(60).default(25),
});
export type ModemRingSettings = z.infer<typeof modemRingSettings>;

/**
 * Lets a telephone ring and says nothing: whoever sees the number reads the SMS, or calls back. Accepted as soon as it rings; that it rang
 * is no proof that anybody woke. It rings on after the answer, and a call that is picked up is ended at once.
 * One call at a time, since there is one line: whom it cannot call now reads the SMS at once, and is called when it is free. No number of the
 * emergency services is ever dialled.
 */
export function createModemRingChannel(
  { id, seconds }: ModemRingSettings & { id: string },
  { line, clock }: ModemRingPorts,
): Channel {
  const ringMs = seconds * 1_000;
  /** While it rings: about when that is over, by the monotonic clock. */
  let freeAt: number | undefined;
  return {
    name: `voice:${id}`,
    patienceMs,
    async send(message) {
      const { address, notice, signal } = message;
      if (address.type !== 'voice') throw new Error(`a telephone cannot ring at ${address.type}`);
      const phone = dialable(address.phone);
      if (phone === undefined) return misconfigured(notice, 'not a number that may be dialled');
      const now = clock.monotonic();
      if (freeAt !== undefined)
        return { type: 'later', reason: 'the line rings elsewhere', retryAfterMs: Math.max(1_000, freeAt - now) };
      freeAt = now + usualConnectMs + ringMs;
      const release = () => {
        freeAt = undefined;
      };
      return ring({ line, clock, phone, ringMs, signal, release });
    },
  };
}
export type ModemRingPorts = { line: ModemLine; clock: Clock };

/** A telephone that rings in vain three times an hour is silenced by its owner. Our own choice. */
export const modemRingWindows: readonly Window[] = [
  { per: 'target', count: 6, perMs: 3_600_000 },
  { per: 'target', count: 20, perMs: 24 * 3_600_000 },
];

type Ring = {
  line: ModemLine;
  clock: Clock;
  phone: string;
  ringMs: number;
  signal: Message['signal'];
  release: () => void;
};

async function ring({ line, clock, phone, ringMs, signal, release }: Ring): Promise<Sent> {
  const { state } = line;
  if (state.phase === 'away') {
    release();
    return { type: 'later', reason: state.reason, trouble: state.trouble };
  }
  const dialled = await line.command(`ATD${phone};`, { timeoutMs: dialMs });
  if (!dialled.ok) {
    release();
    return { type: 'later', reason: `not dialled: ${dialled.error}` };
  }
  // What is dialled next stands behind this on the line.
  const hangUp = () => {
    void line.command('ATH');
    release();
  };
  const startedAt = clock.monotonic();
  let rangSince: number | undefined;
  const { promise: sent, resolve } = Promise.withResolvers<Sent>();
  const look = async (): Promise<void> => {
    const stage = await callStage(line);
    const now = clock.monotonic();
    if (stage === 'ringing' || stage === 'picked-up') {
      rangSince ??= now;
      resolve({ type: 'accepted', detail: saidNothing });
    }
    const isOver =
      stage === 'over' ||
      stage === 'picked-up' ||
      (rangSince === undefined ? signal.aborted || now - startedAt > connectMs : now - rangSince > ringMs);
    if (!isOver) {
      clock.after(lookEveryMs, () => void look());
      return;
    }
    resolve({ type: 'later', reason: stage === 'over' ? 'busy, or not to be reached' : 'it did not ring' });
    hangUp();
  };
  await look();
  return sent;
}

/** How far the call is that we make. Source: 3GPP TS 27.007, 7.18: direction 0 is ours; 0 active, 2 dialling, 3 alerting. */
async function callStage(line: ModemLine): Promise<'dialling' | 'ringing' | 'picked-up' | 'over'> {
  const listed = await line.command('AT+CLCC');
  if (!listed.ok) return 'over';
  const stage = listed.lines.map((one) => /^\+CLCC: ?\d+,0,(\d),/.exec(one)?.[1]).find((one) => one !== undefined);
  if (stage === undefined) return 'over';
  return stage === '0' ? 'picked-up' : stage === '3' ? 'ringing' : 'dialling';
}

const lookEveryMs = 500;
const dialMs = 15_000;
/** From the dialling to the first ring, in coverage. Our own choice. */
const usualConnectMs = 3_000;
/** A call that does not ring by then is given up, ms. */
const connectMs = 30_000;
/** The words that say what has happened go by the next way, and must not wait for the ring for long. */
const patienceMs = 30_000;
