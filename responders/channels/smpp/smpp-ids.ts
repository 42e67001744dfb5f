import { normalPhone } from '../../../records/phone.ts';

/**
 * Every name under which a receipt may speak of a message: centres answer in hexadecimal and report in decimal, or the other way round, with
 * zeros before it or without. What is only another way to write the id counts together with the number that it went to.
 */
export function namesOfSubmitted(id: string, phone: string): string[] {
  const written = plain(id);
  const others = [
    ...(/^[0-9a-f]+$/.test(written) ? [BigInt(`0x${written}`).toString(10)] : []),
    ...(/^[0-9]+$/.test(written) ? [BigInt(written).toString(16)] : []),
  ];
  return [`id ${written}`, ...others.map((other) => `like ${other} ${normalPhone(phone)}`)];
}

export function namesInReceipt(id: string, phone: string): string[] {
  return [`id ${plain(id)}`, `like ${plain(id)} ${normalPhone(phone)}`];
}

const plain = (id: string): string => id.toLowerCase().replace(/^0+(?=.)/, '');
