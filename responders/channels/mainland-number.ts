import { normalPhone } from '../../records/phone.ts';

/** A mobile number of the mainland, as its people write it. */
export function mobileOf(phone: string): string | undefined {
  const digits = normalPhone(phone);
  return /^1[3-9]\d{9}$/.test(digits) ? digits : undefined;
}

/** A mobile number, or a landline with the code of its area. */
export function numberOf(phone: string): string | undefined {
  const digits = normalPhone(phone);
  return mobileOf(phone) ?? (/^0\d{9,11}$/.test(digits) ? digits : undefined);
}
