import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type VoiceLanguage, voiceLanguages } from '../../records/registry.ts';
import { type TemplateName, templateNames } from '../texts/templates.ts';
import { clipOf, voiceClips } from './clips.ts';
import { joined, samplesOf, waveOf } from './wave.ts';

/**
 * What a call says as one recording, put together from its clips: for providers that play whole recordings and read no text in that
 * language. `placeholders`: clips that nobody has spoken yet, a tone each.
 */
export type WholeMessage = { template: TemplateName; says: string; wave: Buffer; placeholders: string[] };

/** One for each template, or what is wrong with the clips, each by its name. */
export function wholeMessages(
  language: VoiceLanguage,
  read: (file: URL) => Buffer = readFileSync,
): { messages: WholeMessage[]; problems: string[] } {
  const problems = new Set<string>();
  const messages = templateNames.map((template) => {
    const clips = voiceClips(template, !withoutKeys.has(template), false).flatMap((name) => {
      const clip = clipOf(language, name);
      const samples = clip && samplesOf(read(clip.file));
      if (!clip) problems.add(`${name}: nobody has recorded it`);
      else if (!samples) problems.add(`${name}: is no WAV file of 8,000 samples a second, one channel and 16 bits`);
      return clip && samples ? { ...clip, name, samples } : [];
    });
    return {
      template,
      says: clips.map(({ says }) => says).join(' '),
      wave: waveOf(joined(clips.map(({ samples }) => samples))),
      placeholders: clips.flatMap(({ name, isPlaceholder }) => (isPlaceholder ? name : [])),
    };
  });
  return { messages, problems: [...problems] };
}

/** They tell, and ask nothing. */
const withoutKeys: ReadonlySet<TemplateName> = new Set([
  ...(['informed', 'update', 'over', 'turn-back', 'reply', 'hand-over', 'drill'] as const),
]);

/** Writes them to a folder: `node responders/voice/whole-messages.ts mn FOLDER`. */
function write([wanted, folder]: readonly (string | undefined)[]): number {
  const language = voiceLanguages.find((one) => one === wanted);
  if (!language || folder === undefined) {
    process.stderr.write(`usage: node responders/voice/whole-messages.ts ${voiceLanguages.join('|')} FOLDER\n`);
    return 64;
  }
  const { messages, problems } = wholeMessages(language);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) return 1;
  mkdirSync(folder, { recursive: true });
  for (const { template, says, wave, placeholders } of messages) {
    writeFileSync(join(folder, `${template}.wav`), wave);
    const missing = placeholders.length > 0 ? `  (a tone in the place of ${placeholders.join(', ')})` : '';
    process.stdout.write(`${template}.wav: ${says}${missing}\n`);
  }
  return 0;
}

if (import.meta.main) process.exitCode = write(process.argv.slice(2));
