import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type VoiceLanguage, voiceLanguages } from '../../records/registry.ts';
import { type TemplateName, templateNames } from '../texts/templates.ts';
import { type Clip, clipOf, namesHome, voiceClips } from './clips.ts';
import { joined, samplesOf, waveOf } from './wave.ts';

/**
 * What a call says as one recording, put together from its clips: for providers that play whole recordings and read no text in that
 * language. `placeholders`: clips that nobody has spoken yet, a tone each. `home`: the place whose recording says whose home it is.
 */
export type WholeMessage = {
  template: TemplateName;
  home?: string;
  says: string;
  wave: Buffer;
  placeholders: string[];
};

/** A place, and the recording that says whose home it is, by the name that was agreed with them. */
export type HomeClip = { placeId: string; file: URL };

/** One for each template, and where one names a home one for each of `homes`; or what is wrong with the clips, each by its name. */
export function wholeMessages(
  language: VoiceLanguage,
  { homes = [], read = readFileSync }: { homes?: readonly HomeClip[]; read?: (file: URL) => Buffer } = {},
): { messages: WholeMessage[]; problems: string[] } {
  const problems = new Set<string>();
  const wanted: { template: TemplateName; home?: HomeClip }[] = templateNames.flatMap((template) => [
    { template },
    ...(namesHome.has(template) ? homes.map((home) => ({ template, home })) : []),
  ]);
  const messages = wanted.map(({ template, home }) => {
    const clips = voiceClips(template, !withoutKeys.has(template), false).flatMap((name) => {
      const own = name === 'home-in-message' ? home : undefined;
      const clip = own ? clipOfHome(own) : clipOf(language, name);
      const samples = clip && samplesOf(read(clip.file));
      const called = own ? `home of ${own.placeId}` : name;
      if (!clip) problems.add(`${name}: nobody has recorded it`);
      else if (!samples) problems.add(`${called}: is no WAV file of 8,000 samples a second, one channel and 16 bits`);
      return clip && samples ? { ...clip, name, samples } : [];
    });
    return {
      ...{ template, ...(home && { home: home.placeId }) },
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

const clipOfHome = ({ placeId, file }: HomeClip): Clip => ({ says: `[${placeId}]`, file, isPlaceholder: false });

/** `<placeId>.wav` each. */
function homesIn(folder: string): HomeClip[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.wav'));
  return files.map((name) => ({ placeId: name.slice(0, -4), file: pathToFileURL(join(folder, name)) }));
}

/** Writes them to a folder: `node responders/voice/whole-messages.ts mn FOLDER HOMES`. */
function write([wanted, folder, homes]: readonly (string | undefined)[]): number {
  const language = voiceLanguages.find((one) => one === wanted);
  if (!language || folder === undefined) {
    process.stderr.write(`usage: node responders/voice/whole-messages.ts ${voiceLanguages.join('|')} FOLDER [HOMES]\n`);
    return 64;
  }
  const { messages, problems } = wholeMessages(language, homes === undefined ? {} : { homes: homesIn(homes) });
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) return 1;
  mkdirSync(folder, { recursive: true });
  for (const { template, home, says, wave, placeholders } of messages) {
    const name = `${template}${home === undefined ? '' : `@${home}`}.wav`;
    writeFileSync(join(folder, name), wave);
    const missing = placeholders.length > 0 ? `  (a tone in the place of ${placeholders.join(', ')})` : '';
    process.stdout.write(`${name}: ${says}${missing}\n`);
  }
  return 0;
}

if (import.meta.main) process.exitCode = write(process.argv.slice(2));
