/**
 * The code on a device's label: 15 random letters and digits and a check letter, in fours, `K7QM-2F9D-XW3T-8BNE`. 75 bits, so that
 * a fast hash of it cannot be searched. Crockford's alphabet has no I, L, O and U; whoever writes them anyway is understood.
 * The check letter finds every single mistake and every two letters that changed places.
 * Source: https://www.crockford.com/base32.html; the check letter is ours, because theirs needs five more characters.
 */
export function claimCodeFrom(random: Uint8Array): string {
  const symbols = [...random.subarray(0, randomSymbols)].map((byte) => byte % alphabet.length);
  if (symbols.length < randomSymbols) throw new Error(`a claim code takes ${randomSymbols} random bytes`);
  return inFours([...symbols, checkOf(symbols)].map((symbol) => alphabet[symbol]).join(''));
}

/** How many random bytes a code is made from. */
export const randomSymbols = 15;

/** What a label's QR code says. */
export function labelText(deviceId: string, code: string): string {
  return `${labelPrefix}${deviceId}/${code}`;
}

export type ReadCode = { ok: true; code: string } | { ok: false; problem: string };

/**
 * The code as it is kept, from what somebody typed or scanned: a code in any spelling, or the whole text of that device's label.
 */
export function readClaimCode(text: string, deviceId: string): ReadCode {
  const plain = text.normalize('NFKC').trim();
  const isLabel = plain.toLowerCase().startsWith(labelPrefix);
  const [labelled, code = ''] = isLabel ? plain.slice(labelPrefix.length).split('/') : [deviceId, plain];
  if (labelled !== deviceId)
    return { ok: false, problem: `this is the label of another device, ${labelled?.slice(0, 32)}` };
  const letters = code
    .toUpperCase()
    .replaceAll(/[\s\p{Pd}_.]/gu, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
  const symbols = [...letters].map((letter) => alphabet.indexOf(letter));
  const strange = [...letters].find((_, at) => symbols[at] === -1);
  if (strange !== undefined)
    return { ok: false, problem: `"${strange}" is in no code: it has digits and letters without I, L, O, U` };
  if (symbols.length !== randomSymbols + 1)
    return { ok: false, problem: `a code has ${randomSymbols + 1} letters and digits, here are ${symbols.length}` };
  if (checkOf(symbols.slice(0, -1)) !== symbols.at(-1))
    return { ok: false, problem: 'a letter is wrong, or two have changed places: compare with the label' };
  return { ok: true, code: inFours(letters) };
}

const labelPrefix = 'steppewatch:claim/';
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const inFours = (letters: string): string => (letters.match(/.{4}/g) ?? []).join('-');

/** A polynomial over the field of 32 elements (x^5 + x^2 + 1), at its generator: no two places weigh the same. */
function checkOf(symbols: readonly number[]): number {
  return symbols.reduce((sum, symbol) => timesGenerator(sum ^ symbol), 0);
}

function timesGenerator(symbol: number): number {
  const doubled = symbol << 1;
  return doubled >= alphabet.length ? doubled ^ 0b100101 : doubled;
}
