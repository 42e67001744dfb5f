/**
 * What a device or a person wrote, safe to stand in a message: one line, no control or direction characters, at most
 * `longest` characters, and nothing that a chat room would take for a call to everybody, a tag or a link.
 */
export function plain(text: string, longest: number): string {
  const oneLine = text.toWellFormed().replaceAll(invisible, ' ').replaceAll(/ {2,}/g, ' ').trim();
  const harmless = oneLine.replaceAll(/[@<>[\]*`#|\\~]/g, fullWidth).replaceAll('://', ': //');
  const characters = [...harmless];
  return characters.length <= longest ? harmless : `${characters.slice(0, longest - 1).join('')}…`;
}

/** Control characters, line ends and marks that turn the direction of writing; Mongolian needs its own joiners, which stay. */
const invisible = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu;

/** Looks the same and means nothing to a machine: U+FF01 to U+FF5E mirror ASCII. */
function fullWidth(character: string): string {
  return String.fromCodePoint((character.codePointAt(0) ?? 0) + 0xfee0);
}
