import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { voiceLanguages } from '../../records/registry.ts';
import { recordTexts } from '../../records/texts/texts.ts';
import { templateNames } from '../texts/templates.ts';
import { clipNames, clipOf, missingClips, voiceClips } from './clips.ts';

const conditions = Object.keys(recordTexts.en.conditions) as (keyof typeof recordTexts.en.conditions)[];

test('a call about anything can be put together in every language', () => {
  for (const language of voiceLanguages) {
    expect(missingClips(language, conditions)).toEqual([]);
    expect(missingClips(language, ['any'])).toEqual([]);
  }
});

test('what nobody has recorded is named', () => {
  expect(missingClips('fr' as 'en', ['smoke'])).toContain('say-fire');
  expect(missingClips('fr' as 'en', ['smoke'])).not.toContain('say-gas');
});

test('a recording that is missing is a tone, and says that it is a placeholder', () => {
  for (const language of voiceLanguages)
    for (const name of clipNames()) {
      const clip = clipOf(language, name);
      expect(clip?.isPlaceholder).toBe(true);
      expect(clip?.file.pathname).toMatch(/placeholder-/);
      expect(readFileSync(clip?.file ?? '').toString('latin1')).toMatch(/^RIFF....WAVEfmt /s);
    }
});

test('who is asked to go hears what happened, where to read whose home it is, and what to press; a drill says so first', () => {
  expect(voiceClips('fire', true, false)).toEqual(['say-fire', 'home-in-message', 'keys']);
  expect(voiceClips('turn-back', false, false)).toEqual(['say-turn-back', 'home-in-message']);
  expect(voiceClips('are-you-well', true, false)).toEqual(['say-are-you-well', 'keys-self']);
  expect(voiceClips('fall', true, true)[0]).toBe('say-drill');
  expect(
    templateNames.flatMap((name) => voiceClips(name, true, true)).every((name) => clipNames().includes(name)),
  ).toBe(true);
});
