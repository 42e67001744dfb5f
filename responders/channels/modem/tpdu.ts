import { gsm7Septets, gsm7Text, packSeptets, unpackSeptets } from '../sms/gsm7.ts';
import type { Concat, SmsPart } from '../sms/sms-parts.ts';
import { ucs2Bytes, ucs2Text } from '../sms/ucs2.ts';
import { concatHeader, readHeader } from '../sms/user-data-header.ts';

/**
 * SMS-SUBMIT with a status report asked for, in hexadecimal behind an empty address of the service centre (the SIM's own is used). `octets`
 * is what AT+CMGS wants counted: all but that address.
 * Source: 3GPP TS 23.040, 9.2.2.2.
 */
export function submitTpdu({ part, phone, validityMs }: Submit): { octets: number; hex: string } {
  const header = part.concat ? concatHeader(part.concat) : new Uint8Array();
  const first = 0x01 | 0x10 | 0x20 | (part.concat ? 0x40 : 0);
  const dataCoding = part.coding === 'gsm7' ? 0x00 : 0x08;
  const tpdu = Uint8Array.of(
    ...[first, 0, ...destination(phone), 0, dataCoding, relativeValidity(validityMs)],
    ...userData(part, header),
  );
  return { octets: tpdu.length, hex: `00${Buffer.from(tpdu).toString('hex').toUpperCase()}` };
}
type Submit = { part: SmsPart; phone: string; validityMs: number };

/**
 * What a modem hands on. `stamp`: the service centre's time as it stands there, which with sender and text names a message. `status`: TP-ST.
 * Source: 3GPP TS 23.040, 9.2.2.1 and 9.2.2.3.
 */
export type Incoming =
  | { type: 'deliver'; phone: string; text: string; stamp: string; concat?: Concat }
  | { type: 'report'; reference: number; phone: string; status: number };

/** Nothing where it is no message, or is cut off. */
export function incomingTpdu(hex: string): Incoming | undefined {
  if (!/^([0-9A-Fa-f]{2}){1,200}$/.test(hex)) return undefined;
  const octets = reader(Buffer.from(hex, 'hex'));
  octets.take(octets.one());
  const first = octets.one();
  const type = first & 0x03;
  const incoming = type === 0 ? deliver(octets, (first & 0x40) !== 0) : type === 2 ? report(octets) : undefined;
  return octets.isShort() ? undefined : incoming;
}

function deliver(octets: Reader, hasHeader: boolean): Incoming | undefined {
  const phone = address(octets);
  octets.one();
  const alphabet = alphabetOf(octets.one());
  const stamp = Buffer.from(octets.take(7)).toString('hex');
  const length = octets.one();
  const content = octets.take(alphabet === 'gsm7' ? Math.ceil((length * 7) / 8) : length);
  const header = hasHeader ? readHeader(content) : { length: 0 };
  if (!alphabet || !header) return undefined;
  const text = textOf(content, { alphabet, length, skip: header.length });
  return { type: 'deliver', phone, text, stamp, ...('concat' in header && { concat: header.concat }) };
}

function report(octets: Reader): Incoming {
  const reference = octets.one();
  const phone = address(octets);
  octets.take(14);
  return { type: 'report', reference, phone, status: octets.one() };
}

/** Units of `length`: septets or octets, with the header. A text of septets begins at the first whole one behind it. */
function textOf(content: Uint8Array, { alphabet, length, skip }: { alphabet: Alphabet; length: number; skip: number }) {
  if (alphabet === 'ucs2') return ucs2Text(content.subarray(skip));
  if (alphabet === 'octets') return Buffer.from(content.subarray(skip)).toString('latin1');
  return gsm7Text(unpackSeptets(content, length).slice(Math.ceil((skip * 8) / 7)));
}

type Alphabet = 'gsm7' | 'octets' | 'ucs2';

/** Nothing for what is compressed. Source: 3GPP TS 23.038, 4. */
function alphabetOf(dataCoding: number): Alphabet | undefined {
  const group = dataCoding >> 4;
  if (group === 0xf) return (dataCoding & 0x04) === 0 ? 'gsm7' : 'octets';
  if (group === 0xe) return 'ucs2';
  if (group >= 0x8) return 'gsm7';
  if ((dataCoding & 0x20) !== 0) return undefined;
  return (['gsm7', 'octets', 'ucs2', 'gsm7'] as const)[(dataCoding >> 2) & 0x03];
}

/** Digits by pairs, the second of them high. A sender that is a name (of a bank, of a carrier) is in septets. */
function address(octets: Reader): string {
  const digits = octets.one();
  const kind = octets.one();
  const content = octets.take(Math.ceil(digits / 2));
  if ((kind & 0x70) === 0x50) return gsm7Text(unpackSeptets(content, Math.floor((digits * 4) / 7)));
  const pairs = [...content].flatMap((octet) => [octet & 0x0f, octet >> 4]);
  const number = pairs.slice(0, digits).map((digit) => '0123456789*#abc'[digit] ?? '');
  return `${(kind & 0x70) === 0x10 ? '+' : ''}${number.join('')}`;
}

function destination(phone: string): number[] {
  const digits = phone.replace('+', '');
  const pairs = (digits.length % 2 === 0 ? digits : `${digits}F`).match(/../g) ?? [];
  const octets = pairs.map((pair) => Number.parseInt(`${pair[1]}${pair[0]}`, 16));
  return [digits.length, phone.startsWith('+') ? 0x91 : 0x81, ...octets];
}

/** Its length, and what it counts: septets from the start of the header on, with bits that fill up to the first of the text, or octets. */
function userData({ coding, text }: SmsPart, header: Uint8Array): number[] {
  if (coding === 'ucs2') {
    const content = ucs2Bytes(text);
    return [header.length + content.length, ...header, ...content];
  }
  const septets = gsm7Septets(text);
  if (!septets) throw new Error('a text in another alphabet than its message says');
  const headerSeptets = Math.ceil((header.length * 8) / 7);
  const fillBits = headerSeptets * 7 - header.length * 8;
  return [headerSeptets + septets.length, ...header, ...packSeptets(septets, fillBits)];
}

/** In steps of 5 minutes up to 12 hours, of 30 up to 24. Source: 3GPP TS 23.040, 9.2.3.12.1. */
function relativeValidity(validityMs: number): number {
  const minutes = Math.max(5, validityMs / 60_000);
  if (minutes <= 720) return Math.ceil(minutes / 5) - 1;
  return Math.min(167, 143 + Math.ceil((minutes - 720) / 30));
}

/** Reads on from the start; behind the end are zeros, and `isShort` says that it came to that. */
function reader(bytes: Uint8Array): Reader {
  let at = 0;
  const take = (count: number) => {
    const taken = bytes.subarray(at, at + count);
    at += count;
    return taken;
  };
  return { take, one: () => take(1)[0] ?? 0, isShort: () => at > bytes.length };
}
type Reader = { take(count: number): Uint8Array; one(): number; isShort(): boolean };
