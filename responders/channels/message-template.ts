import { z } from 'zod';
import type { Language } from '../../records/texts/texts.ts';
import type { Message, Sent } from '../channel.ts';
import { templates } from '../texts/templates.ts';
import { sentOf } from './provider-answer.ts';

/**
 * The codes under which a provider let our templates through: `fire` is the Chinese one, `fire.en` the English one. Where a language has
 * none, people get the Chinese sentence with their own words in it.
 */
export const templateCodes = (code: z.ZodString) =>
  z.record(z.string().refine(isTemplate, 'is a template like fire, or fire.en; docs/channels.md lists them'), code);

/** The same for recordings, which are of one language, and of one home where it is said whose that is: `fire`, `fire@place`. */
export const recordingCodes = (code: z.ZodString) =>
  z.record(z.string().refine(isOfHome, 'is a template like fire, or fire@PLACE; docs/channels.md lists them'), code);

const isOfHome = (key: string): boolean => /^[\w-]+(@.+)?$/.test(key) && isTemplate(key.split('@', 1)[0] ?? '');

const languages: readonly Language[] = ['zh-CN', 'en'];

function isTemplate(key: string): boolean {
  const [name = '', language, ...more] = key.split('.');
  const isKnown = language === undefined || (languages as readonly string[]).includes(language);
  return Object.hasOwn(templates, name) && isKnown && more.length === 0;
}

/** What a message is for a provider that lets through templates alone, or what it comes to when it has none. */
export function codedTemplate(
  { text }: Pick<Message, 'text'>,
  codes: Readonly<Record<string, string>>,
): Coded | { sent: Sent } {
  if (!text.template) return { sent: { type: 'refused', reason: 'no template for this message' } };
  const { name, variables } = text.template;
  const own = codes[`${name}.${text.language}`];
  const code = own ?? codes[name];
  if (code === undefined) return { sent: sentOf('operator', `no template of the provider for ${name}`) };
  return { code, name, language: own === undefined ? 'zh-CN' : text.language, variables };
}
/** `language`: of the sentence that the provider knows under `code`. */
export type Coded = { code: string; name: string; language: Language; variables: Readonly<Record<string, string>> };

/** An empty variable is refused, and so is a long one: what is cut still says more than a message that nobody got. Units: characters. */
export function fittedVariable(value: string, longest: number): string {
  const characters = [...value];
  return characters.length <= longest ? value || '-' : characters.slice(0, longest).join('');
}
