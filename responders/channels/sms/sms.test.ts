import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { silentLog } from '../../../platform/log.ts';
import { MINUTE_MS, SECOND_MS, settled, testClock } from '../../home.test-support.ts';
import { dialable } from './dialable.ts';
import { gsm7Septets, gsm7Text, packSeptets, unpackSeptets } from './gsm7.ts';
import { type IncomingText, LongMessages } from './long-messages.ts';
import { PartReceipts } from './part-receipts.ts';
import { smsParts } from './sms-parts.ts';
import { troubleTeller } from './trouble-teller.ts';
import { readHeader } from './user-data-header.ts';
import { WaitingRoom } from './waiting-room.ts';

/** Another author's table of the same alphabet. */
const { encodings } = createRequire(import.meta.url)('smpp') as {
  encodings: { ASCII: { encode(text: string): Buffer; match(text: string): boolean } };
};

test('every character of the GSM alphabet is what an independent table says', () => {
  const codes = Array.from({ length: 0x2100 }, (_, code) => String.fromCharCode(code)).filter((one) => one !== '\x1b');
  let known = 0;
  for (const character of codes) {
    const septets = gsm7Septets(character);
    expect(septets !== undefined, JSON.stringify(character)).toBe(encodings.ASCII.match(character));
    if (!septets) continue;
    known += 1;
    expect(septets, character).toEqual([...encodings.ASCII.encode(character)]);
    expect(gsm7Text(septets)).toBe(character);
  }
  expect(known).toBe(137);
});

test('septets are packed as the published example says, and come back at every alignment', () => {
  const hello = gsm7Septets('hellohello') ?? [];
  expect(Buffer.from(packSeptets(hello)).toString('hex').toUpperCase()).toBe('E8329BFD4697D9EC37');
  for (let fill = 0; fill < 7; fill++)
    for (let count = 0; count < 20; count++) {
      const septets = Array.from({ length: count }, (_, index) => (index * 37 + fill) % 128);
      expect(unpackSeptets(packSeptets(septets, fill), count, fill)).toEqual(septets);
    }
});

test.each([
  ['火'.repeat(70), [70]],
  ['火'.repeat(71), [67, 4]],
  ['火'.repeat(134), [67, 67]],
  ['火'.repeat(135), [67, 67, 1]],
  ['a'.repeat(160), [160]],
  ['a'.repeat(161), [153, 8]],
  ['€'.repeat(80), [80]],
  ['€'.repeat(81), [76, 5]],
  [`${'火'.repeat(66)}🔥🔥🔥`, [66, 6]],
  ['火'.repeat(1_000), Array.from({ length: 10 }, () => 67)],
  ['', [0]],
])('%s goes out in parts of %j, no character cut', (text, lengths) => {
  const parts = smsParts(text, 7);
  expect(parts.map((part) => part.text.length)).toEqual(lengths);
  expect(text.startsWith(parts.map((part) => part.text).join(''))).toBe(true);
  for (const part of parts) expect(part.text.isWellFormed()).toBe(true);
  const concats = parts.map(({ concat }) => concat);
  if (parts.length === 1) expect(concats).toEqual([undefined]);
  else expect(concats).toEqual(parts.map((_, index) => ({ reference: 7, total: parts.length, number: index + 1 })));
});

test('a header names its part by a short or a wide reference, also behind another element; nonsense names none', () => {
  expect(readHeader(Uint8Array.of(5, 0, 3, 9, 2, 1))).toEqual({
    length: 6,
    concat: { reference: 9, total: 2, number: 1 },
  });
  const wide = Uint8Array.of(10, 4, 2, 1, 1, 8, 4, 1, 2, 3, 3);
  expect(readHeader(wide)).toEqual({ length: 11, concat: { reference: 258, total: 3, number: 3 } });
  expect(readHeader(Uint8Array.of(5, 0, 3, 9, 2, 3))).toEqual({ length: 6 });
  expect(readHeader(Uint8Array.of(5, 0, 3, 9, 0, 0))).toEqual({ length: 6 });
  expect(readHeader(Uint8Array.of(9, 0, 3))).toBeUndefined();
  expect(readHeader(new Uint8Array())).toBeUndefined();
  expect(readHeader(Uint8Array.of(1, 0, 0))).toEqual({ length: 2 });
});

test.each([
  ['13800001111', '13800001111'],
  ['+86 138-0000-1111', '+8613800001111'],
  ['008613800001111', '+8613800001111'],
  ['１３８ 0000 1111', '13800001111'],
  ['(0479) 5112349', '04795112349'],
  ['96111', '96111'],
])('%s is dialled as %s', (phone, number) => expect(dialable(phone)).toBe(number));

test.each([
  '119',
  '120',
  '110',
  '0479119',
  '+86120',
  '+86479119',
  '0086 110',
  '12110',
  '1211012',
  '',
  '+',
  '138',
  'AT+CFUN=0',
])('"%s" is never dialled', (phone) => expect(dialable(phone)).toBeUndefined());
test.each(['13800001111;ATD110', '13800001111\rATD110', '1380000111a', '+86+13800001111', '1'.repeat(16)])(
  '"%s" reaches no modem',
  (phone) => expect(dialable(phone)).toBeUndefined(),
);

function joining() {
  const clock = testClock();
  const heard: IncomingText[] = [];
  const long = new LongMessages({ clock, handOn: (text) => heard.push(text) });
  const part = (number: number, text: string, { phone = '138', reference = 1, total = 3 } = {}) =>
    long.take({ id: `${phone}-${reference}-${number}`, phone, text, concat: { reference, total, number } });
  return { clock, heard, long, part };
}

test('a long reply is read when its last part is there, in whatever order and however often they come', () => {
  const { heard, part } = joining();
  part(3, 'the well');
  part(1, 'I am ');
  part(1, 'I am ');
  part(2, 'lost', { phone: '139' });
  expect(heard).toEqual([]);
  part(2, 'near ');
  expect(heard).toEqual([{ ids: ['138-1-1', '138-1-2', '138-1-3'], phone: '138', text: 'I am near the well' }]);
});

test('half a call for help is read after a minute, and what is missing shows', async () => {
  const { clock, heard, part } = joining();
  part(1, 'help, ');
  part(3, 'the ford');
  await clock.advance(59 * SECOND_MS);
  expect(heard).toEqual([]);
  await clock.advance(2 * SECOND_MS);
  expect(heard.map(({ text }) => text)).toEqual(['help,  … the ford']);
  await clock.advance(10 * MINUTE_MS);
  expect(heard).toHaveLength(1);
});

test('somebody who sends first parts alone fills no memory', () => {
  const { heard, part } = joining();
  for (let reference = 0; reference < 60; reference++) part(1, String(reference), { reference });
  expect(heard.map(({ text }) => text)).toEqual(Array.from({ length: 10 }, (_, index) => `${index} …  … `));
});

test('a message is delivered with its last part, and failed with the first that fails', () => {
  const receipts = new PartReceipts({ clock: testClock() });
  receipts.expect('m1', [['a'], ['b']]);
  receipts.expect('m2', [['c'], ['d']]);
  expect(receipts.take(['b'], { result: 'delivered', detail: '0' })).toBe('incomplete');
  expect(receipts.take(['b'], { result: 'delivered', detail: '0' })).toBe('incomplete');
  expect(receipts.take(['a'], { result: 'delivered', detail: '0' })).toEqual({
    messageId: 'm1',
    result: 'delivered',
    detail: '0',
  });
  expect(receipts.take(['a'], { result: 'delivered', detail: '0' })).toBe('unknown');
  expect(receipts.take(['c'], { result: 'failed', detail: '65' })).toEqual({
    messageId: 'm2',
    result: 'failed',
    detail: '65',
  });
  expect(receipts.take(['d'], { result: 'delivered', detail: '0' })).toBe('unknown');
});

test('a receipt that is here before its message is out counts, for a minute', async () => {
  const clock = testClock();
  const receipts = new PartReceipts({ clock });
  const delivered = { result: 'delivered', detail: '0' } as const;
  expect(receipts.take(['a'], delivered)).toBe('unknown');
  expect(receipts.expect('m1', [['a'], ['b']])).toEqual({ type: 'accepted', messageId: 'm1' });
  expect(receipts.take(['b'], delivered)).toEqual({ messageId: 'm1', ...delivered });
  receipts.take(['c'], delivered);
  expect(receipts.expect('m2', [['c']])).toEqual({ type: 'delivered' });
  receipts.take(['d'], { result: 'failed', detail: 'barred' });
  expect(receipts.expect('m3', [['d'], ['e']])).toEqual({ type: 'later', reason: 'barred' });
  receipts.take(['f'], delivered);
  await clock.advance(61 * SECOND_MS);
  expect(receipts.expect('m4', [['f']])).toEqual({ type: 'accepted', messageId: 'm4' });
});

test('a name that went round belongs to the newest message, and the oldest are forgotten', () => {
  const receipts = new PartReceipts({ clock: testClock() });
  receipts.expect('old', [['7/138']]);
  receipts.expect('new', [['7/138']]);
  expect(receipts.take(['8/138', '7/138'], { result: 'delivered', detail: '0' })).toMatchObject({ messageId: 'new' });
  for (let index = 0; index < 2_001; index++) receipts.expect(`m${index}`, [[`part ${index}`]]);
  expect(receipts.take(['part 0'], { result: 'delivered', detail: '0' })).toBe('unknown');
  expect(receipts.take(['part 1'], { result: 'delivered', detail: '0' })).toMatchObject({ messageId: 'm1' });
});

test('a call for help waits for nothing but the line, and whoever waits last in a full room is sent away', async () => {
  const room = new WaitingRoom({ width: 1, mostWaiting: 2 });
  const { signal } = new AbortController();
  const order: string[] = [];
  const enter = async (name: string, isFirst: boolean) => {
    const place = await room.enter({ isFirst, signal });
    order.push(typeof place === 'function' ? name : `${name} ${place}`);
    return place;
  };
  const first = await enter('visit', false);
  const waiting = [enter('battery', false), enter('signal', false), enter('smoke', true)];
  await settled();
  expect(order).toEqual(['visit', 'signal full']);
  if (typeof first === 'function') {
    first();
    first();
  }
  const [, , smoke] = await Promise.all([undefined, undefined, waiting[2]]);
  expect(order).toEqual(['visit', 'signal full', 'smoke']);
  if (typeof smoke === 'function') smoke();
  await waiting[0];
  expect(order.at(-1)).toBe('battery');
});

test('a line that comes back within a minute troubles nobody, one that does not is told once, and so is its return', async () => {
  const clock = testClock();
  const told: string[] = [];
  const trouble = async (_channel: string, kind: string) => void told.push(kind);
  const nothing = async () => {};
  const inbound = { trouble, receipt: nothing, reply: nothing, missedCall: nothing };
  const teller = troubleTeller({ name: 'sms:modem-1', inbound, clock, log: silentLog });
  const away = { phase: 'away', reason: 'gone', trouble: 'unreachable' } as const;
  teller.state(away);
  await clock.advance(59 * SECOND_MS);
  teller.state({ phase: 'ready' });
  await clock.advance(MINUTE_MS);
  expect(told).toEqual([]);
  for (let time = 0; time < 5; time++) {
    teller.state(away);
    await clock.advance(20 * SECOND_MS);
  }
  expect(told).toEqual(['unreachable']);
  teller.state({ ...away, trouble: 'credentials' });
  teller.state({ phase: 'ready' });
  teller.state({ phase: 'ready' });
  expect(told).toEqual(['unreachable', 'credentials', 'none']);
});

test('that a line works again is told until it is on record', async () => {
  const clock = testClock();
  const told: string[] = [];
  const nothing = async () => {};
  const trouble = async (_name: string, what: string) => {
    told.push(what);
    if (told.length === 2) throw new Error('the journal takes nothing');
  };
  const inbound = { receipt: nothing, reply: nothing, missedCall: nothing, trouble };
  const teller = troubleTeller({ name: 'sms:modem-1', inbound, clock, log: silentLog });
  teller.state({ phase: 'away', reason: 'the SIM asks for its PIN', trouble: 'credentials' });
  for (let look = 0; look < 4; look++) {
    teller.state({ phase: 'ready' });
    await settled();
  }
  expect(told).toEqual(['credentials', 'none', 'none']);
});

test('whoever gives up leaves the room', async () => {
  const room = new WaitingRoom({ width: 1, mostWaiting: 1 });
  const stay = new AbortController();
  const leave = new AbortController();
  await room.enter({ isFirst: true, signal: stay.signal });
  const left = room.enter({ isFirst: true, signal: leave.signal });
  leave.abort();
  expect(await left).toBe('left');
  expect(await room.enter({ isFirst: true, signal: leave.signal })).toBe('left');
  const next = room.enter({ isFirst: false, signal: stay.signal });
  const displaced = room.enter({ isFirst: false, signal: stay.signal });
  expect(await displaced).toBe('full');
  stay.abort();
  expect(await next).toBe('left');
});
