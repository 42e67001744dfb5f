/**
 * The GSM default alphabet with its extension: a character is one septet, or two. Nothing where a character is in neither.
 * Source: 3GPP TS 23.038, 6.2.1.
 */
export function gsm7Septets(text: string): number[] | undefined {
  const septets: number[] = [];
  for (const character of text) {
    const of = septetsOf.get(character);
    if (!of) return undefined;
    septets.push(...of);
  }
  return septets;
}

/** An escape that the table does not know is a space, as the standard asks. */
export function gsm7Text(septets: readonly number[]): string {
  let text = '';
  for (let index = 0; index < septets.length; index++) {
    const septet = septets[index] ?? 0;
    if (septet !== escapeSeptet) text += alphabet[septet] ?? ' ';
    else {
      index += 1;
      text += extensionCharacters.get(septets[index] ?? -1) ?? ' ';
    }
  }
  return text;
}

/** Septets into octets from the lowest bit up, behind `fillBits` zeros. */
export function packSeptets(septets: readonly number[], fillBits = 0): Uint8Array {
  const octets = new Uint8Array(Math.ceil((septets.length * 7 + fillBits) / 8));
  for (const [index, septet] of septets.entries()) {
    const bit = index * 7 + fillBits;
    const shifted = septet << (bit % 8);
    const at = Math.floor(bit / 8);
    octets[at] = (octets[at] ?? 0) | (shifted & 0xff);
    if (shifted > 0xff) octets[at + 1] = (octets[at + 1] ?? 0) | (shifted >> 8);
  }
  return octets;
}

export function unpackSeptets(octets: Uint8Array, count: number, fillBits = 0): number[] {
  return Array.from({ length: count }, (_, index) => {
    const bit = index * 7 + fillBits;
    const at = Math.floor(bit / 8);
    const pair = (octets[at] ?? 0) | ((octets[at + 1] ?? 0) << 8);
    return (pair >> (bit % 8)) & 0x7f;
  });
}

const escapeSeptet = 0x1b;
/** By septet; where the escape stands is a space. */
const alphabet = [
  ...'@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ',
  ...' ÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
];
const extension: readonly (readonly [string, number])[] = [
  ...([
    ['\f', 0x0a],
    ['^', 0x14],
    ['{', 0x28],
    ['}', 0x29],
    ['\\', 0x2f],
  ] as const),
  ...([
    ['[', 0x3c],
    ['~', 0x3d],
    [']', 0x3e],
    ['|', 0x40],
    ['€', 0x65],
  ] as const),
];
const extensionCharacters = new Map(extension.map(([character, septet]) => [septet, character]));
const septetsOf = new Map<string, readonly number[]>([
  ...alphabet.map((character, septet) => [character, [septet]] as const).filter(([, [at]]) => at !== escapeSeptet),
  ...extension.map(([character, septet]) => [character, [escapeSeptet, septet]] as const),
]);
