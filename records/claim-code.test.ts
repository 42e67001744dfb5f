import fc from 'fast-check';
import { expect, test } from 'vitest';
import { claimCodeFrom, labelText, randomSymbols, readClaimCode } from './claim-code.ts';

const bytes = fc.uint8Array({ minLength: randomSymbols, maxLength: randomSymbols });
const settled = { seed: 20261123, numRuns: 200 };
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const read = (text: string) => readClaimCode(text, 'd1');

test('a code is four groups of letters that cannot be mistaken for others', () => {
  fc.assert(
    fc.property(bytes, (random) => {
      const code = claimCodeFrom(random);
      expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
      expect(read(code)).toEqual({ ok: true, code });
    }),
    settled,
  );
});

test('fewer random bytes than a code needs make none', () => {
  expect(() => claimCodeFrom(new Uint8Array(randomSymbols - 1))).toThrow('15 random bytes');
});

test('however somebody spells it, or on whatever keyboard, it is the same code', () => {
  const code = claimCodeFrom(Uint8Array.from([0, 1, 2, 0, 1, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22]));
  expect(code).toMatch(/^0120-1ZYX-WVTS-RQP.$/);
  const spelt = code.toLowerCase().replace('0120', 'oL2O');
  const wide = [...code].map((letter) => (letter === '-' ? '－' : String.fromCharCode(letter.charCodeAt(0) + 0xfee0)));
  for (const text of [
    spelt,
    code.replaceAll('-', ''),
    ` ${code.replaceAll('-', ' ')} `,
    code.replaceAll('-', '–'),
    wide.join(''),
  ])
    expect(read(text), text).toEqual({ ok: true, code });
});

test('every single wrong letter and every two that changed places are found', () => {
  fc.assert(
    fc.property(bytes, (random) => {
      const letters = [...claimCodeFrom(random).replaceAll('-', '')];
      const isRead = (changed: string[]) => read(changed.join('')).ok;
      for (const [at, letter] of letters.entries()) {
        for (const other of alphabet) if (other !== letter) expect(isRead(letters.with(at, other))).toBe(false);
        for (let to = at + 1; to < letters.length; to++) {
          const swapped = letters.with(at, letters[to] ?? '').with(to, letter);
          if (letters[to] !== letter) expect(isRead(swapped), `${at} and ${to}`).toBe(false);
        }
      }
    }),
    { ...settled, numRuns: 20 },
  );
});

test("a label says whose it is: another device's is named, its own is read", () => {
  const code = claimCodeFrom(new Uint8Array(randomSymbols).fill(9));
  expect(read(labelText('d1', code))).toEqual({ ok: true, code });
  expect(read(labelText('d1', code).toUpperCase().replace('D1', 'd1'))).toEqual({ ok: true, code });
  expect(read(labelText('d2', code))).toEqual({ ok: false, problem: 'this is the label of another device, d2' });
});

test('what is no code is told what a code is', () => {
  const problem = (text: string) => {
    const answer = read(text);
    return answer.ok ? 'none' : answer.problem;
  };
  expect(problem('')).toContain('here are 0');
  expect(problem('K7QM-2F9D-XW3T')).toContain('16 letters and digits, here are 12');
  expect(problem('K7QM-2F9D-XW3T-8BNU')).toContain('"U" is in no code');
  expect(problem(`${'9'.repeat(16)}`)).toContain('compare with the label');
});
