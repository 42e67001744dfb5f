import { smsParts } from '../channels/sms/sms-parts.ts';

/** How many messages a telephone joins to that text. */
export const segmentsOf = (text: string): number => smsParts(text, 0).length;

/** What stands before every message, and is the provider's: the name of the sender in brackets. */
export const longestSign = 10;

/** Of the GSM alphabet: one sign of another writing would make a message of letters more than twice as long. */
const cut = '..';

/**
 * Words of people, safe in a message that carriers read: no brackets that stand for a sender, no telephone number, no pictures or
 * signs, one line. Units: characters.
 */
export function smsWords(words: string, longest: number): string {
  const harmless = words
    .normalize('NFC')
    .replaceAll(/[【】〖〗［］[\]{}$]/g, ' ')
    .replaceAll(/https?:\S*|www\.\S*/gi, ' ')
    .replaceAll(/\d{7,}/g, '..')
    .replaceAll(/[\p{Cc}\p{Cf}\p{So}\p{Cs}\p{Co}\p{Cn}]/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const characters = [...harmless];
  return characters.length <= longest ? harmless : `${characters.slice(0, longest - cut.length).join('')}${cut}`;
}
