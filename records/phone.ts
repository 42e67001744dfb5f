/**
 * The number as everybody would have written it: its digits, without the code of the country. `+86 138-0000-0000`, `0086…` and `86…` of
 * 13 digits are one number. A number of another country keeps its code.
 */
export function normalPhone(phone: string): string {
  const plain = phone.normalize('NFKC').trim();
  const digits = plain.replaceAll(/[^0-9]/g, '');
  if (plain.startsWith('+86')) return digits.slice(2);
  if (digits.startsWith('0086')) return digits.slice(4);
  return digits.length === 13 && digits.startsWith('86') ? digits.slice(2) : digits;
}
