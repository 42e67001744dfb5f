import { gsm7Text } from '../sms/gsm7.ts';
import type { Concat, SmsPart } from '../sms/sms-parts.ts';
import { ucs2Bytes, ucs2Text } from '../sms/ucs2.ts';
import { concatHeader, readHeader } from '../sms/user-data-header.ts';
import { bodyReader, cString } from './smpp-pdu.ts';

export type BindAs = { systemId: string; password: string; systemType: string };

export function bindBody({ systemId, password, systemType }: BindAs): Uint8Array {
  const version = 0x34;
  return Buffer.concat([
    ...[cString(systemId, 16), cString(password, 9), cString(systemType, 13)],
    ...[Uint8Array.of(version, 0, 0), cString('', 41)],
  ]);
}

/** `validityMs` in the relative form; a receipt is asked for. What GSM and ASCII share goes out as it is, everything else as UCS-2. */
export function submitBody({ part, phone, source, validityMs, isFirst }: Submit): Uint8Array {
  const header = part.concat ? concatHeader(part.concat) : new Uint8Array();
  const content = part.coding === 'ucs2' ? ucs2Bytes(part.text) : Buffer.from(part.text, 'latin1');
  const message = Buffer.concat([header, content]);
  return Buffer.concat([
    ...[cString('', 6), addressBody(source), addressBody(phone)],
    Uint8Array.of(part.concat ? 0x40 : 0, 0, isFirst ? 1 : 0),
    ...[cString('', 17), cString(relativeTime(validityMs), 17)],
    Uint8Array.of(1, 0, part.coding === 'ucs2' ? 8 : 0, 0, message.length),
    message,
  ]);
}
export type Submit = { part: SmsPart; phone: string; source: string; validityMs: number; isFirst: boolean };

/** Centres differ in what they take the alphabet 0 for, GSM's or ASCII. What is the same in both can be read by everybody. */
export const isSameEverywhere = (text: string): boolean => /^[A-Za-z0-9 \r\n!"#%&'()*+,\-./:;<=>?]*$/.test(text);

export function queryBody(messageId: string, source: string): Uint8Array {
  return Buffer.concat([cString(messageId, 65), addressBody(source)]);
}

/** The state of the message that was asked for. Source: SMPP 3.4, 4.8.2. */
export function queriedState(body: Uint8Array): number {
  const read = bodyReader(body);
  read.text();
  read.text();
  return read.octet();
}

/**
 * What a centre delivers: a receipt, with what became of a message (undefined: it is still under way), or a text that somebody sent.
 * Nothing where its content cannot be read.
 */
export type Delivered =
  | { type: 'receipt'; messageId: string; phone: string; state: number | undefined; word: string }
  | { type: 'text'; phone: string; text: string; concat?: Concat };

export function deliveredOf(body: Uint8Array): Delivered | undefined {
  const read = bodyReader(body);
  read.text();
  const [typeOfNumber] = read.take(2);
  const number = read.text();
  const phone = typeOfNumber === 1 && !number.startsWith('+') ? `+${number}` : number;
  read.take(2);
  read.text();
  const esmClass = read.octet();
  read.take(2);
  read.text();
  read.text();
  read.take(2);
  const coding = read.octet();
  read.octet();
  const short = read.take(read.octet());
  const tlvs = read.tlvs();
  const content = short.length > 0 ? short : (tlvs.get(tags.messagePayload) ?? short);
  const kind = esmClass & 0x3c;
  if (kind === kinds.receipt || kind === kinds.underWay) return receiptOf(content, tlvs, phone);
  const header = (esmClass & 0x40) !== 0 ? readHeader(content) : { length: 0 };
  if (!header) return undefined;
  const concat = 'concat' in header ? header.concat : sarOf(tlvs);
  const text = textIn(content.subarray(header.length), coding);
  return { type: 'text', phone, text, ...(concat && { concat }) };
}

/** In the fields that the standard has for it, or in the text that centres write by custom (its appendix B). */
function receiptOf(content: Uint8Array, tlvs: Map<number, Uint8Array>, phone: string): Delivered | undefined {
  const text = Buffer.from(content).toString('latin1');
  const named = tlvs.get(tags.receiptedMessageId);
  const messageId = named ? bodyReader(named).text() : /\bid:(\S+)/i.exec(text)?.[1];
  const word = /\bstat:(\w+)/i.exec(text)?.[1]?.toUpperCase() ?? '';
  const state = tlvs.get(tags.messageState)?.[0] ?? states.get(word);
  return messageId ? { type: 'receipt', messageId, phone, state, word: word || `state ${state}` } : undefined;
}

/** Delivered, failed for good, or not known yet. Source: SMPP 3.4, 5.2.28. */
export function resultOf(state: number | undefined): 'delivered' | 'failed' | undefined {
  if (state === 2) return 'delivered';
  return state === 3 || state === 4 || state === 5 || state === 8 ? 'failed' : undefined;
}

const states = new Map<string, number>([
  ...([
    ['ENROUTE', 1],
    ['DELIVRD', 2],
    ['EXPIRED', 3],
    ['DELETED', 4],
    ['UNDELIV', 5],
  ] as const),
  ...([
    ['ACCEPTD', 6],
    ['UNKNOWN', 7],
    ['REJECTD', 8],
  ] as const),
]);
/** In `esm_class`: a receipt, and word on the way to one. Source: SMPP 3.4, 5.2.12. */
const kinds = { receipt: 0x04, underWay: 0x20 };

const tags = {
  receiptedMessageId: 0x1e,
  sarReference: 0x20c,
  sarTotal: 0x20e,
  sarNumber: 0x20f,
  messagePayload: 0x424,
  messageState: 0x427,
};

function sarOf(tlvs: Map<number, Uint8Array>): Concat | undefined {
  const [high = 0, low = 0] = tlvs.get(tags.sarReference) ?? [];
  const total = tlvs.get(tags.sarTotal)?.[0] ?? 0;
  const number = tlvs.get(tags.sarNumber)?.[0] ?? 0;
  return total > 1 && number >= 1 && number <= total ? { reference: high * 256 + low, total, number } : undefined;
}

/** 15 is what Chinese gateways use for GB 18030 and its forerunners. Source of the others: SMPP 3.4, 5.2.19. */
function textIn(content: Uint8Array, coding: number): string {
  if (coding === 8) return ucs2Text(content);
  if (coding === 15) return new TextDecoder('gb18030').decode(content);
  if (coding === 0) return gsm7Text([...content]);
  return Buffer.from(content).toString('latin1');
}

/** Type of number, numbering plan, and the digits. What is no number is a name that the contract gave. */
function addressBody(address: string): Uint8Array {
  const kind = address.startsWith('+') ? [1, 1] : /^[0-9]*$/.test(address) ? [0, address === '' ? 0 : 1] : [5, 0];
  return Buffer.concat([Uint8Array.of(...kind), cString(address.replace('+', ''), 21)]);
}

/** `YYMMDDhhmmss000R`. Source: SMPP 3.4, 7.1.1.2. */
function relativeTime(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `0000${two(Math.floor(minutes / 1_440))}${two(Math.floor(minutes / 60) % 24)}${two(minutes % 60)}00000R`;
}
