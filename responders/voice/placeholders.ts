import { writeFileSync } from 'node:fs';
import { voiceLanguages } from '../../records/registry.ts';
import { samplesPerSecond, waveOf } from './wave.ts';

/** Writes what calls play where nobody has recorded a language yet: half a second of a tone, of another pitch for each. */
const hertz = { 'zh-CN': 440, en: 550, mn: 660 } as const;
const loudness = 15_000;

for (const language of voiceLanguages) {
  const tone = Int16Array.from(
    { length: samplesPerSecond / 2 },
    (_, at) => loudness * Math.sin((2 * Math.PI * hertz[language] * at) / samplesPerSecond),
  );
  writeFileSync(new URL(`placeholder-${language}.wav`, import.meta.url), waveOf(tone));
}
