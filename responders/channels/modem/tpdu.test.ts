import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deliverTpdu, readSubmit } from '../../../simulators/modem-tpdu.ts';
import { gsm7Septets } from '../sms/gsm7.ts';
import { smsParts } from '../sms/sms-parts.ts';
import { incomingTpdu, submitTpdu } from './tpdu.ts';

/** The example that descriptions of SMS in PDU mode share: dreamfabric.com/sms. */
test('a published message that came in is read', () => {
  const hex = '07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37';
  expect(incomingTpdu(hex)).toEqual({
    ...{ type: 'deliver', phone: '27838890001', text: 'hellohello', stamp: '99309251619580' },
  });
});

test('what goes out has the octets of the published example', () => {
  const part = { coding: 'gsm7', text: 'hellohello' } as const;
  const { hex, octets } = submitTpdu({ part, phone: '+46708251358', validityMs: 600_000 });
  expect(hex).toBe('0031000B916407281553F8000001' + '0AE8329BFD4697D9EC37');
  expect(octets).toBe(hex.length / 2 - 1);
});

test.each([
  [1, 5],
  [5 * 60_000, 5],
  [10 * 60_000, 10],
  [720 * 60_000, 720],
  [721 * 60_000, 750],
  [24 * 3_600_000, 1_440],
  [100 * 3_600_000, 1_440],
])('a validity of %i ms becomes %i minutes', (validityMs, validityMinutes) => {
  const { hex, octets } = submitTpdu({ part: { coding: 'ucs2', text: '火' }, phone: '138', validityMs });
  expect(readSubmit(hex, octets)).toMatchObject({ validityMinutes });
});

test('any text to any number is read by the other side as it was written', () => {
  const characters = fc.constantFrom(...'abcXYZ 0189.,?@£€^{}[]~|\\_è\n', '火', '🔥', 'Ω', 'm');
  const phones = fc.stringMatching(/^\+?[1-9][0-9]{4,14}$/);
  fc.assert(
    fc.property(fc.array(characters, { maxLength: 400 }), phones, fc.nat(255), (all, phone, reference) => {
      const text = all.join('');
      const parts = smsParts(text, reference).map((part) => {
        const { hex, octets } = submitTpdu({ part, phone, validityMs: 600_000 });
        return readSubmit(hex, octets);
      });
      expect(parts.map((part) => part.text).join('')).toBe(asShown(text));
      for (const part of parts) expect([part.phone, part.part?.reference ?? reference]).toEqual([phone, reference]);
    }),
    { seed: 1, numRuns: 300 },
  );
});

/** The other side shows every septet that it has no letter for by its number. */
function asShown(text: string): string {
  const letters: Record<number, string> = { 0: '@', 1: '£', 2: '$', 4: 'è', 10: '\n', 17: '_' };
  const shown = (septet: number) => {
    const character = String.fromCharCode(septet);
    return /[A-Za-z0-9 .,?=/<>()]/.test(character) ? character : (letters[septet] ?? `<${septet.toString(16)}>`);
  };
  return gsm7Septets(text)?.map(shown).join('') ?? text;
}

test('any reply is read as it was written, whole or in parts', () => {
  const texts = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9 .,?!]{0,150}$/),
    fc.array(fc.constantFrom('收', '到', '1', ' '), { maxLength: 60 }).map((all) => all.join('')),
  );
  const parts = fc.option(
    fc.record({ reference: fc.nat(65_535), total: fc.integer({ min: 2, max: 9 }), wide: fc.constant(true) }),
    { nil: undefined },
  );
  fc.assert(
    fc.property(texts, fc.stringMatching(/^\+?[0-9]{3,15}$/), parts, (text, phone, part) => {
      const concat = part && { reference: part.reference, total: part.total, number: part.total };
      const { hex } = deliverTpdu({ phone, text, ...(part && concat && { part: { ...concat, wide: true } }) });
      expect(incomingTpdu(hex)).toMatchObject({ type: 'deliver', phone, text, ...(concat && { concat }) });
    }),
    { seed: 2, numRuns: 300 },
  );
});

test('a sender that is a name is read by it', () => {
  // 'Carrier' in septets: 49 bits, so 13 half octets.
  const hex = '00040DD0C3B05C9E2ECB0100006211323021432301B1';
  expect(incomingTpdu(hex)).toMatchObject({ type: 'deliver', phone: 'Carrier', text: '1' });
});

test('no octets that a modem could say are read beyond their end, or throw', () => {
  const octets = fc.uint8Array({ maxLength: 180 }).map((bytes) => Buffer.from(bytes).toString('hex'));
  fc.assert(
    fc.property(octets, (hex) => {
      const read = incomingTpdu(hex);
      if (read?.type === 'deliver') expect(read.text.length).toBeLessThanOrEqual(255);
    }),
    { seed: 3, numRuns: 5_000 },
  );
  const { hex } = deliverTpdu({ phone: '13800001111', text: 'help', second: 1 });
  for (let cut = 0; cut < hex.length; cut++) expect(incomingTpdu(hex.slice(0, cut))).toBeUndefined();
});
