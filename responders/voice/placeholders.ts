import { writeFileSync } from 'node:fs';
import { voiceLanguages } from '../../records/registry.ts';

/** Writes what calls play where nobody has recorded a language yet: half a second of a tone, of another pitch for each. */
const hertz = { 'zh-CN': 440, en: 550, mn: 660 } as const;
const samplesPerSecond = 8_000;
const samples = samplesPerSecond / 2;

for (const language of voiceLanguages) {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  // Plain samples, one channel, eight bits: what every telephone system takes.
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(samplesPerSecond, 24);
  header.writeUInt32LE(samplesPerSecond, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples, 40);
  const tone = Buffer.from(
    Array.from(
      { length: samples },
      (_, at) => 128 + 60 * Math.sin((2 * Math.PI * hertz[language] * at) / samplesPerSecond),
    ),
  );
  writeFileSync(new URL(`placeholder-${language}.wav`, import.meta.url), Buffer.concat([header, tone]));
}
