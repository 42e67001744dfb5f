import { gsm7Septets } from './gsm7.ts';

/** One message of the network. `concat`: which of how many, under a reference of 0 to 255 that all of them share. */
export type SmsPart = { coding: Coding; text: string; concat?: Concat };
export type Coding = 'gsm7' | 'ucs2';
export type Concat = { reference: number; total: number; number: number };

/**
 * A text as the messages that carry it: 160 characters of the GSM alphabet (of its extension count two), 70 of any other; 153 and 67 where
 * there are several. No character is cut in two. What does not fit into `mostParts` is left out.
 * Source: 3GPP TS 23.040, 9.2.3.24.1 (a header of 6 octets in 140).
 */
export function smsParts(text: string, reference: number, coding: Coding = codingOf(text)): SmsPart[] {
  const { alone, together } = room[coding];
  const whole = pieces(text, coding, alone);
  if (whole.length <= 1) return [{ coding, text }];
  const parts = pieces(text, coding, together).slice(0, mostParts);
  return parts.map((part, index) => {
    return { coding, text: part, concat: { reference, total: parts.length, number: index + 1 } };
  });
}

export const codingOf = (text: string): Coding => (gsm7Septets(text) ? 'gsm7' : 'ucs2');

const mostParts = 10;
const room: Record<Coding, { alone: number; together: number }> = {
  gsm7: { alone: 160, together: 153 },
  ucs2: { alone: 70, together: 67 },
};

/** Units: septets, or UTF-16 code units. */
function pieces(text: string, coding: Coding, most: number): string[] {
  const found: string[] = [];
  let piece = '';
  let used = 0;
  for (const character of text) {
    const size = coding === 'gsm7' ? (gsm7Septets(character)?.length ?? 1) : character.length;
    if (used + size > most) {
      found.push(piece);
      piece = '';
      used = 0;
    }
    piece += character;
    used += size;
  }
  return piece === '' ? found : [...found, piece];
}
