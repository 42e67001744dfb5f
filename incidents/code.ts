/**
 * Letters and digits that are not taken for each other when they are written or said: no B/8, 0/O/Q, 1/I, 2/Z, 5/S,
 * G/6.
 */
export const alphabet = 'ACDEFHJKLMNPRTUVWXY3479';
const length = 4;
const codeCount = alphabet.length ** length;

/** Four characters for the telephone, from the incident's id; the next free one when another incident has them. */
export function codeFor(incidentId: string, isTaken: (code: string) => boolean): string {
  const start = hash(incidentId) % codeCount;
  for (let offset = 0; offset < codeCount; offset++) {
    const code = spell((start + offset) % codeCount);
    if (!isTaken(code)) return code;
  }
  throw new Error(`all ${codeCount} codes are in use`);
}

function spell(number: number): string {
  let code = '';
  for (let rest = number; code.length < length; rest = Math.floor(rest / alphabet.length)) {
    code += alphabet[rest % alphabet.length];
  }
  return code;
}

/** FNV-1a, 32 bits: spreads ids that differ in their last digit. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}
