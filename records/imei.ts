/**
 * Why a number of 14 to 16 digits is no IMEI; undefined for an IMEI, and for ids that do not look like one. A device whose id was
 * mistyped can never connect, and nobody would know why.
 * Source: 3GPP TS 23.003, annex B (the check digit is Luhn's).
 */
export function imeiProblem(id: string): string | undefined {
  if (!/^\d{14,16}$/.test(id)) return undefined;
  if (id.length !== 15) return `${id} has ${id.length} digits, and an IMEI has 15`;
  const right = checkDigitOf(id.slice(0, -1));
  if (id.endsWith(right)) return undefined;
  return `${id} is no IMEI: after its other digits the last would be ${right}, so that one of them is wrong`;
}

function checkDigitOf(digits: string): string {
  const sum = [...digits].reduce((total, digit, at) => {
    const weighed = Number(digit) * (at % 2 === digits.length % 2 ? 1 : 2);
    return total + (weighed > 9 ? weighed - 9 : weighed);
  }, 0);
  return String((10 - (sum % 10)) % 10);
}
