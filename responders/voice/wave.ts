/** Every recording of ours has them, and one channel of 16 bits: what telephone systems take. */
export const samplesPerSecond = 8_000;

/** Samples as a WAV file. */
export function waveOf(samples: Int16Array): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.write('RIFF', 0);
  header.writeUInt32LE(headerBytes - 8 + samples.byteLength, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(samplesPerSecond, 24);
  header.writeUInt32LE(2 * samplesPerSecond, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.byteLength, 40);
  const body = Buffer.alloc(samples.byteLength);
  for (const [at, sample] of samples.entries()) body.writeInt16LE(sample, 2 * at);
  return Buffer.concat([header, body]);
}

/** The samples of a WAV file; undefined: it is another kind of file, or of another form than our recordings. */
export function samplesOf(file: Buffer): Int16Array | undefined {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') return undefined;
  let isOurs = false;
  // What editors write of themselves stands in chunks of other names, before or behind.
  for (let at = 12; at + 8 <= file.length; ) {
    const name = file.toString('latin1', at, at + 4);
    const bytes = file.readUInt32LE(at + 4);
    const chunk = file.subarray(at + 8, at + 8 + bytes);
    if (name === 'fmt ') isOurs = isOurForm(chunk);
    if (name === 'data')
      return isOurs ? Int16Array.from({ length: chunk.length >> 1 }, (_, of) => chunk.readInt16LE(2 * of)) : undefined;
    at += 8 + bytes + (bytes % 2);
  }
  return undefined;
}

/** One after another, with a rest between them. */
export function joined(parts: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0) + rest * Math.max(0, parts.length - 1));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length + rest;
  }
  return all;
}

const headerBytes = 44;
/** A third of a second. */
const rest = Math.round(samplesPerSecond / 3);

/** Plain samples, one channel, the rate, 16 bits. */
function isOurForm(format: Buffer): boolean {
  if (format.length < 16) return false;
  const form = [format.readUInt16LE(0), format.readUInt16LE(2), format.readUInt32LE(4), format.readUInt16LE(14)];
  return form.join() === [1, 1, samplesPerSecond, 16].join();
}
