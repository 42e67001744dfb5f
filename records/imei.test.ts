import { expect, test } from 'vitest';
import { imeiProblem } from './imei.ts';

test('every mistyped digit of an IMEI is found, and what would be right is said', () => {
  // The example of GSMA TS.06.
  const imei = '490154203237518';
  expect(imeiProblem(imei)).toBeUndefined();
  for (const [at, digit] of [...imei].entries())
    for (let other = 0; other < 10; other++)
      if (other !== Number(digit))
        expect(imeiProblem([...imei].with(at, String(other)).join(''))).toContain('is no IMEI');
  expect(imeiProblem('490154203237511')).toContain('the last would be 8');
});

test('a number with a digit too few or too many is told so; what is no such number is nobody’s IMEI', () => {
  expect(imeiProblem('49015420323751')).toContain('has 14 digits');
  expect(imeiProblem('4901542032375180')).toContain('has 16 digits');
  for (const id of ['smoke-1', '17', '49015420323751x', '12345678901234567']) expect(imeiProblem(id)).toBeUndefined();
});
