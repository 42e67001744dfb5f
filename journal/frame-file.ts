import type { Disk } from '../platform/disk.ts';
import { readFrame } from './frame.ts';

/** A verified frame: at `at` in the bytes that were read, at `fileAt` in its file. */
export type Frame = { bytes: Uint8Array; at: number; fileAt: number; firstSequence: number; count: number };
/** `bad`: what follows the frame before does not belong there, whatever its checksums say. */
export type Visit = (frame: Frame) => 'go-on' | 'stop' | 'bad';
/** `at` is where reading ended. `cut`: a frame begins there that is not all there; `bad`: no right frame does. */
export type Walk = { at: number; reason: 'stopped' | 'end' | 'cut' | 'bad' };

/** Goes through the frames of a file from byte `from` up to byte `to`, verifying each before it is visited. */
export async function walkFrames(
  { disk, name, seed, from, to }: { disk: Disk; name: string; seed: number; from: number; to: number },
  visit: Visit,
): Promise<Walk> {
  let at = from;
  for (let wanted = CHUNK_BYTES; at < to; ) {
    const asked = Math.min(wanted, to - at);
    const bytes = await disk.read(name, at, asked);
    wanted = CHUNK_BYTES;
    const start = at;
    while (at - start < bytes.length) {
      const frame = readFrame(bytes, at - start, seed);
      if (frame.type === 'bad') return { at, reason: 'bad' };
      if (frame.type === 'cut') {
        if (at + frame.needs > to || bytes.length < asked) return { at, reason: 'cut' };
        wanted = Math.max(CHUNK_BYTES, frame.needs);
        break;
      }
      const { firstSequence, count } = frame;
      const answer = visit({ bytes, at: at - start, fileAt: at, firstSequence, count });
      if (answer === 'bad') return { at, reason: 'bad' };
      at += frame.bytes;
      if (answer === 'stop') return { at, reason: 'stopped' };
    }
    if (bytes.length === 0) return { at, reason: 'cut' };
  }
  return { at, reason: 'end' };
}

const CHUNK_BYTES = 512 * 1024;
