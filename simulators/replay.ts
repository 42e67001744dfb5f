import type { Format } from '../firmware-contracts/codec.ts';
import { encodeReport } from '../firmware-contracts/contracts.ts';
import type { Report } from '../firmware-contracts/report.ts';
import type { Clock } from '../platform/clock.ts';
import { openRadio, type Radio } from './radio.ts';
import type { Recorded } from './recordings.ts';
import { chanceOf } from './seeded-chance.ts';

export type ReplayParts = {
  recorded: readonly Recorded[];
  /** Of every device in the recording. */
  secrets: ReadonlyMap<string, string>;
  url: string;
  clock: Clock;
  /** Publishes without their PUBACK at any moment, of all devices together. */
  inFlight: number;
  format: Format;
  onProgress?: (acknowledged: number) => void;
  signal?: AbortSignal;
};

/**
 * Publishes a recording as reports that were stored in their devices: in its order, shifted so that it ends now, each with the
 * `age` that it has when it is sent. What is not acknowledged is sent again. Answers how many were acknowledged.
 * Errors: a device cannot connect at first, or a report is not acknowledged within a minute.
 */
export async function replay(parts: ReplayParts): Promise<number> {
  const { recorded, clock, inFlight, format, onProgress, signal } = parts;
  const radios = await connectAll(parts);
  const shiftMs = clock.now() - Math.max(...recorded.map(({ at }) => at), 0);
  // A counter of restarts of its own for every run: the same recording, shifted, is another month.
  const boot = Math.floor(clock.now() / 1000);
  const nextSeq = new Map<string, number>();
  let acknowledged = 0;
  let next = 0;
  async function publishOneByOne(): Promise<void> {
    for (let one = recorded[next++]; one && !signal?.aborted; one = recorded[next++]) {
      const { deviceId, at, name, fields } = one;
      const seq = nextSeq.get(deviceId) ?? 0;
      nextSeq.set(deviceId, seq + 1);
      const make = () => ({ name, v: 1, boot, seq, age: (clock.now() - at - shiftMs) / 1000, ...fields }) as Report;
      await publishSurely({ radio: radios.get(deviceId), deviceId, make, format, clock });
      acknowledged += 1;
      onProgress?.(acknowledged);
    }
  }
  try {
    await Promise.all(Array.from({ length: inFlight }, publishOneByOne));
  } finally {
    await Promise.all([...radios.values()].map((radio) => radio.off({ inGoodOrder: true })));
  }
  return acknowledged;
}

const patienceMs = 60_000;
const answerMs = 10_000;
const pauseMs = 500;

async function connectAll({ recorded, secrets, url, clock }: ReplayParts): Promise<Map<string, Radio>> {
  const radios = new Map<string, Radio>();
  const connecting = [...new Set(recorded.map(({ deviceId }) => deviceId))].map((deviceId) => {
    const secret = secrets.get(deviceId);
    if (secret === undefined) throw new Error(`the credentials have no secret for ${deviceId}`);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const radio = openRadio({
      ...{ deviceId, secret, url, clock, chance: chanceOf(1, deviceId) },
      onState(state) {
        if (state.phase === 'connected') resolve();
        else if (state.problem !== undefined) reject(new Error(`${deviceId} cannot connect: ${state.problem}`));
      },
    });
    radios.set(deviceId, radio);
    return promise;
  });
  for (const radio of radios.values()) radio.on();
  try {
    await within(clock, patienceMs, Promise.all(connecting), 'not every device could connect');
  } catch (error) {
    await Promise.all([...radios.values()].map((radio) => radio.off()));
    throw error;
  }
  return radios;
}

async function publishSurely({ radio, deviceId, make, format, clock }: Publishing): Promise<void> {
  const giveUpAt = clock.monotonic() + patienceMs;
  for (;;) {
    const report = make();
    try {
      const sent = { deviceId, report, payload: encodeReport(report, format) };
      await within(clock, answerMs, radio?.carry(sent) ?? Promise.reject(new Error('no radio')), 'no PUBACK');
      return;
    } catch (cause) {
      if (clock.monotonic() > giveUpAt) throw new Error(`a report of ${deviceId} was not acknowledged`, { cause });
      await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
    }
  }
}
type Publishing = { radio: Radio | undefined; deviceId: string; make: () => Report; format: Format; clock: Clock };

function within<T>(clock: Clock, ms: number, promise: Promise<T>, otherwise: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new Error(`${otherwise} within ${ms / 1000} s`)));
    promise.then(resolve, reject).finally(cancel);
  });
}
