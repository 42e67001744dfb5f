import { existsSync } from 'node:fs';
import type { Condition } from '../../records/alert.ts';
import type { VoiceLanguage } from '../../records/registry.ts';
import { type TemplateName, templateNames, templateOf } from '../texts/templates.ts';
import { spoken } from './spoken.ts';

/** A recording: what is said in it, and the file; a placeholder is a tone, and says nothing of it. */
export type Clip = { says: string; file: URL; isPlaceholder: boolean };

/** The recordings of a call in their order: what has happened, where to read whose home it is, and what to press. */
export function voiceClips(template: TemplateName, asksForKeys: boolean, isDrill: boolean): string[] {
  const keys = ofPerson.has(template) ? 'keys-self' : template === 'agree' ? 'keys-agree' : 'keys';
  return [
    ...(isDrill ? ['say-drill'] : []),
    `say-${template}`,
    ...(namesHome.has(template) ? ['home-in-message'] : []),
    ...(asksForKeys ? [keys] : []),
  ];
}

/** What calls about these conditions are put together from and nobody has recorded in that language, by name; empty when all is there. */
export function missingClips(language: VoiceLanguage, conditions: readonly (Condition | 'any')[]): string[] {
  const of = (condition: Condition): TemplateName =>
    templateOf({ purpose: 'alarm', severity: 'critical', text: { ...nothing, condition } });
  const wanted = conditions.includes('any')
    ? templateNames
    : [...always, ...conditions.flatMap((one) => (one === 'any' ? [] : of(one)))];
  const names = new Set(wanted.flatMap((template) => voiceClips(template, true, false)));
  return [...names].filter((name) => clipOf(language, name) === undefined);
}

/** Undefined: nobody has recorded it. */
export function clipOf(language: VoiceLanguage, name: string): Clip | undefined {
  const says = spoken[name]?.[language];
  if (says === undefined) return undefined;
  const recorded = new URL(`${language}/${name}.wav`, import.meta.url);
  if (existsSync(recorded)) return { says, file: recorded, isPlaceholder: false };
  const placeholder = new URL(`placeholder-${language}.wav`, import.meta.url);
  return existsSync(placeholder) ? { says, file: placeholder, isPlaceholder: true } : undefined;
}

/** Everything that can be said, for who records it. */
export const clipNames = (): string[] => Object.keys(spoken);

/** However it goes, people hear that somebody goes, and how it ended. */
const always: TemplateName[] = ['update', 'over', 'turn-back', 'are-you-well', 'leave', 'help-called', 'drill'];
/** What the person themselves is asked. */
const ofPerson: ReadonlySet<TemplateName> = new Set(['are-you-well', 'leave', 'help-called'] as const);
export const namesHome: ReadonlySet<TemplateName> = new Set([
  ...(['fire', 'co', 'gas', 'unreadable', 'call', 'fall', 'quiet', 'lost', 'other', 'informed', 'update'] as const),
  ...(['over', 'turn-back'] as const),
]);
const nothing = { incidentCode: '', openedAt: 0, occurredAt: 0, placeIds: [], rooms: [], alertCount: 1 };
