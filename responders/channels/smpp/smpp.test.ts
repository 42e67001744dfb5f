import { expect, test, vi } from 'vitest';
import { Authority } from '../../../broker/authority.test-support.ts';
import { MINUTE_MS, SECOND_MS } from '../../home.test-support.ts';
import { message } from '../modem/modem.test-support.ts';
import { center, channelTo } from './smpp.test-support.ts';
import { namesInReceipt, namesOfSubmitted } from './smpp-ids.ts';
import { deliveredOf } from './smpp-messages.ts';
import { decodePdus, encodePdu } from './smpp-pdu.ts';
import type { Center, PeerPdu } from './smpp-peer.test-support.ts';

const until = (check: () => unknown) => vi.waitUntil(check, { timeout: 10_000, interval: 20 });
const submitted = ({ got }: Center) => got.filter(({ command }) => command === 'submit_sm');
const bodyOf = (pdu: PeerPdu | undefined) => pdu?.short_message as { message: string | Buffer; udh?: Buffer[] };

async function bound(changes: Parameters<typeof channelTo>[1] = {}) {
  const peer = await center();
  const there = channelTo(peer, changes);
  await until(() => peer.got.some(({ command }) => command === 'bind_transceiver'));
  await until(async () => (await there.channel.send(message('probe', 'probe'))).type === 'accepted');
  peer.got.length = 0;
  return { ...there, peer };
}

test('a neighbour reads where it burns, and the receipt says when it arrived', async () => {
  const { channel, peer, heard } = await bound({ source: '106912345' });
  const sent = await channel.send(message('n1', '纳林 井西:烟雾报警。回复1去'));
  expect(sent).toEqual({ type: 'accepted', messageId: 'M2' });
  expect(submitted(peer)).toMatchObject([
    {
      ...{ destination_addr: '13800001111', source_addr: '106912345', data_coding: 8, registered_delivery: 1 },
      ...{ esm_class: 0, priority_flag: 1 },
    },
  ]);
  expect(bodyOf(submitted(peer)[0]).message).toBe('纳林 井西:烟雾报警。回复1去');
  const receipt = 'id:M2 sub:001 dlvrd:001 submit date:2611231200 done date:2611231200 stat:DELIVRD err:000 text:';
  peer.sessions[0]?.deliver_sm({ esm_class: 4, source_addr: '13800001111', short_message: receipt });
  await until(() => heard.receipts.length > 0);
  expect(heard.receipts).toEqual([{ messageId: 'M2', result: 'delivered', detail: 'DELIVRD' }]);
});

test('the centre is told to drop a call for help after ten minutes, and service after a day', async () => {
  const { channel, peer } = await bound();
  await channel.send(message('n1', 'smoke'));
  await channel.send(message('n2', 'battery', { notice: { severity: 'service' } }));
  const raw = submitted(peer).map((pdu) => pdu.validity_period as Date);
  const asked = Date.now();
  expect(raw.map((at) => Math.round((at.getTime() - asked) / MINUTE_MS))).toEqual([10, 1_440]);
});

test('a long message goes out in parts, and is delivered with the last receipt, also where ids are written otherwise', async () => {
  const { channel, peer, heard } = await bound();
  let id = 0x1a0;
  peer.answers.submit_sm = () => {
    id += 1;
    return { message_id: `00${id.toString(16).toUpperCase()}` };
  };
  const text = '火'.repeat(140);
  expect(await channel.send(message('n1', text))).toEqual({ type: 'accepted', messageId: '001A1 001A2 001A3' });
  const parts = submitted(peer);
  expect(parts.map((pdu) => bodyOf(pdu).message).join('')).toBe(text);
  const udh = parts.map((pdu) => (bodyOf(pdu).udh ?? []).map((element) => [...element]));
  expect(udh.map((elements) => elements[0]?.slice(0, 2).concat(elements[0].slice(3)))).toEqual([
    [0, 3, 3, 1],
    [0, 3, 3, 2],
    [0, 3, 3, 3],
  ]);
  const receive = (receiptId: string, source: string, state = 'DELIVRD') =>
    peer.sessions[0]?.deliver_sm({
      esm_class: 4,
      source_addr: source,
      short_message: `id:${receiptId} stat:${state} err:000`,
    });
  receive(String(0x1a1), '13800001111');
  receive('1a2', '8613800001111');
  receive(String(0x1a3), '13900002222');
  receive(String(0x1a3), '13800001111', 'ACCEPTD');
  await until(() => heard.receipts.length > 0);
  expect(heard.receipts).toEqual([{ messageId: String(0x1a3), result: 'delivered', detail: 'DELIVRD' }]);
  receive(String(0x1a3), '+86 13800001111');
  await until(() => heard.receipts.length > 1);
  expect(heard.receipts[1]).toEqual({ messageId: '001A1 001A2 001A3', result: 'delivered', detail: 'DELIVRD' });
});

test('what every centre reads alike goes out in small letters, everything else as UCS-2', async () => {
  const { channel, peer } = await bound();
  for (const text of ['Narin: smoke, go and look (K7QM)', 'a_b', 'costs 5 €']) await channel.send(message(text, text));
  expect(submitted(peer).map((pdu) => pdu.data_coding)).toEqual([0, 8, 8]);
  expect(submitted(peer).map((pdu) => bodyOf(pdu).message)).toEqual([
    'Narin: smoke, go and look (K7QM)',
    'a_b',
    'costs 5 €',
  ]);
});

test.each([
  ['DELIVRD', 2, 'delivered'],
  ['EXPIRED', 3, 'failed'],
  ['UNDELIV', 5, 'failed'],
  ['REJECTD', 8, 'failed'],
  ['DELETED', 4, 'failed'],
  ['ENROUTE', 1, undefined],
  ['UNKNOWN', 7, undefined],
])('a receipt of %s, in words or in fields, is understood', async (word, state, result) => {
  const { peer, heard } = await bound();
  const [session] = peer.sessions;
  session?.deliver_sm({ esm_class: 4, source_addr: '1', short_message: `id:a1 stat:${word} err:001` });
  session?.deliver_sm({
    esm_class: 4,
    source_addr: '1',
    receipted_message_id: 'a2',
    message_state: state,
    short_message: 'x',
  });
  session?.deliver_sm({ esm_class: 0x20, source_addr: '1', short_message: 'id:a3 stat:ENROUTE' });
  session?.deliver_sm({ esm_class: 4, source_addr: '1', short_message: 'id:last stat:DELIVRD' });
  await until(() => heard.receipts.at(-1)?.messageId === 'last');
  expect(heard.replies).toEqual([]);
  const others = heard.receipts.slice(0, -1).map((receipt) => [receipt.messageId, receipt.result]);
  expect(others).toEqual(
    result
      ? [
          ['a1', result],
          ['a2', result],
        ]
      : [],
  );
});

test('replies are read in whatever letters and parts they come, and each is answered when it is kept', async () => {
  const { peer, heard } = await bound();
  const [session] = peer.sessions;
  const answered: number[] = [];
  const deliver = (fields: Record<string, unknown>) =>
    new Promise<void>((resolve) => {
      session?.deliver_sm({ source_addr: '13800001111', destination_addr: '106', ...fields }, (pdu) => {
        answered.push(pdu.command_status);
        resolve();
      });
    });
  await deliver({ short_message: '1' });
  await deliver({ short_message: '1 到了', data_coding: 8 });
  await deliver({ short_message: Buffer.from('CAD5B5BD', 'hex'), data_coding: 15 });
  const udh = (number: number) => Buffer.from([5, 0, 3, 7, 2, number]);
  await deliver({ esm_class: 0x40, short_message: { udh: udh(2), message: 'the well' } });
  await deliver({ esm_class: 0x40, short_message: { udh: udh(1), message: 'I am near ' } });
  await deliver({ short_message: 'b', sar_msg_ref_num: 9, sar_total_segments: 2, sar_segment_seqnum: 2 });
  await deliver({ short_message: 'a', sar_msg_ref_num: 9, sar_total_segments: 2, sar_segment_seqnum: 1 });
  await deliver({ short_message: '', message_payload: Buffer.from('by payload') });
  await deliver({ short_message: '2', source_addr_ton: 1, source_addr: '8613800001111' });
  expect(heard.replies.map(({ text }) => text)).toEqual([
    '1',
    '1 到了',
    '收到',
    'I am near the well',
    'ab',
    'by payload',
    '2',
  ]);
  expect(heard.replies.at(-1)?.phone).toBe('+8613800001111');
  expect(new Set(heard.replies.map(({ id }) => id)).size).toBe(7);
  heard.isFull = true;
  await deliver({ short_message: '9' });
  expect(answered).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0x64]);
});

test.each([
  [0x58, { type: 'later', trouble: 'limit', retryAfterMs: 1_000 }],
  [0x14, { type: 'later', trouble: 'limit', retryAfterMs: 1_000 }],
  [0x45, { type: 'later', reason: 'the centre answers 0x00000045' }],
  [0x0a, { type: 'later', trouble: 'credentials' }],
  [0x0b, { type: 'later', retryAfterMs: 60_000 }],
])('a centre that refuses with %i is understood', async (command_status, sent) => {
  const { channel, peer } = await bound();
  peer.answers.submit_sm = () => ({ command_status });
  expect(await channel.send(message('n1', 'smoke'))).toMatchObject(sent);
});

test('a centre that wants rest gets it, longer each time, and then the message', async () => {
  const { channel, peer, clock } = await bound();
  const takes = peer.answers.submit_sm;
  peer.answers.submit_sm = () => ({ command_status: 0x58 });
  for (const retryAfterMs of [1_000, 2_000, 4_000]) {
    expect(await channel.send(message('n1', 'smoke'))).toMatchObject({ retryAfterMs, trouble: 'limit' });
    expect(await channel.send(message('n2', 'smoke'))).toMatchObject({ reason: 'the centre wants rest', retryAfterMs });
    await clock.advance(retryAfterMs);
  }
  expect(submitted(peer)).toHaveLength(3);
  if (takes) peer.answers.submit_sm = takes;
  expect(await channel.send(message('n1', 'smoke'))).toMatchObject({ type: 'accepted' });
});

test('no more than the window is on its way at once', async () => {
  const { channel, peer } = await bound({ window: 3 });
  const held: (() => void)[] = [];
  peer.answers.submit_sm = (pdu, session) => {
    held.push(() => session.send(pdu.response({ message_id: `H${held.length}` })));
    return undefined;
  };
  const sending = Array.from({ length: 5 }, (_, index) => channel.send(message(`n${index}`, 'smoke')));
  await until(() => held.length === 3);
  held.shift()?.();
  await until(() => submitted(peer).length === 4);
  peer.answers.submit_sm = () => ({ message_id: 'x' });
  for (const answer of held) answer();
  expect((await Promise.all(sending)).map(({ type }) => type)).toEqual(Array.from({ length: 5 }, () => 'accepted'));
});

test('wrong credentials are told at once, and tried once a minute', async () => {
  const peer = await center();
  const { channel, heard, clock } = channelTo(peer, { password: 'wrong' });
  await until(() => heard.troubles.length > 0);
  expect(heard.troubles).toEqual([['credentials', 'the centre refuses us: 0x0000000e']]);
  expect(await channel.send(message('n1', 'smoke'))).toMatchObject({ type: 'later', trouble: 'credentials' });
  await clock.advance(20 * SECOND_MS);
  expect(peer.sessions).toHaveLength(1);
  await until(async () => {
    await clock.advance(SECOND_MS);
    return peer.sessions.length > 1;
  });
});

test('a centre that goes away is trouble after a minute, and is bound again when it is back', async () => {
  const { channel, peer, heard, clock } = await bound();
  await peer.stop();
  await until(async () => (await channel.send(message('n1', 'smoke'))).type === 'later');
  expect(heard.troubles).toEqual([]);
  await until(async () => {
    await clock.advance(10 * SECOND_MS);
    return heard.troubles.length > 0;
  });
  expect(heard.troubles).toMatchObject([['unreachable', expect.any(String)]]);
  const again = await center({ port: peer.port });
  await until(async () => {
    await clock.advance(SECOND_MS);
    return (await channel.send(message('n1', 'smoke'))).type === 'accepted';
  });
  expect(heard.troubles.at(-1)?.[0]).toBe('none');
  expect(submitted(again).length).toBeGreaterThan(0);
});

test('a centre that hangs is noticed by its silence, and its messages are tried again', async () => {
  const { channel, peer, clock } = await bound();
  peer.answers.enquire_link = () => undefined;
  peer.answers.submit_sm = () => undefined;
  const sent = channel.send(message('n1', 'smoke'));
  await until(() => submitted(peer).length > 0);
  await clock.advance(11 * SECOND_MS);
  expect(await sent).toMatchObject({ type: 'later', reason: 'no answer from the centre', trouble: 'unreachable' });
  await until(async () => {
    await clock.advance(10 * SECOND_MS);
    return peer.sessions.length > 1;
  });
});

test('an idle connection is kept alive, also by the centre, and what we do not know is refused', async () => {
  const { peer, clock } = await bound();
  await clock.advance(31 * SECOND_MS);
  await until(() => peer.got.some(({ command }) => command === 'enquire_link'));
  const [session] = peer.sessions;
  const alive = await new Promise<PeerPdu>((resolve) => session?.enquire_link(resolve));
  expect(alive.command).toBe('enquire_link_resp');
  const unknown = await new Promise<PeerPdu>((resolve) => session?.data_sm({ source_addr: '1' }, resolve));
  expect([unknown.command, unknown.command_status]).toEqual(['generic_nack', 3]);
  const bye = await new Promise<PeerPdu>((resolve) => session?.unbind(resolve));
  expect(bye.command).toBe('unbind_resp');
});

test('a peer that speaks no SMPP is left at once, and looked for again', async () => {
  const { channel, peer, clock } = await bound();
  peer.sessions[0]?.socket.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await until(async () => (await channel.send(message('n1', 'smoke'))).type === 'later');
  await clock.advance(2 * SECOND_MS);
  await until(() => peer.sessions.length > 1);
});

test('over TLS a centre is believed by its certificate alone', async () => {
  const authority = await Authority.make('County');
  const { cert, key } = await authority.issue({ name: 'localhost', dns: ['localhost'] });
  const peer = await center({ options: { cert, key } });
  const trusting = { host: 'localhost', tls: true, ca: authority.certificate.toString('pem') };
  const { channel } = channelTo(peer, trusting);
  await until(async () => (await channel.send(message('n1', 'smoke'))).type === 'accepted');
  const doubting = channelTo(peer, { ...trusting, ca: undefined });
  const sent = () => doubting.channel.send(message('n2', 'smoke'));
  await until(async () => JSON.stringify(await sent()).includes('UNABLE_TO'));
  expect(peer.got.filter(({ command }) => command === 'bind_transceiver')).toHaveLength(1);
});

test('we say goodbye', async () => {
  const { channel, peer } = await bound();
  await channel.close?.();
  expect(peer.got.at(-1)?.command).toBe('unbind');
});

test('of messages whose receipts were lost the centre is asked', async () => {
  const { channel, peer } = await bound({ source: '106' });
  const states: Record<string, number> = { a: 2, b: 2, c: 5, d: 1 };
  peer.answers.query_sm = (pdu) => {
    const state = states[String(pdu.message_id)];
    return state === undefined ? { command_status: 0x67 } : { message_id: pdu.message_id, message_state: state };
  };
  const { signal } = new AbortController();
  expect(await channel.poll?.(['a b', 'a c', 'a d', 'lost'], signal)).toEqual([
    { messageId: 'a b', result: 'delivered', detail: 'asked' },
    { messageId: 'a c', result: 'failed', detail: 'asked' },
  ]);
  expect(peer.got.filter(({ command }) => command === 'query_sm').map((pdu) => pdu.source_addr)).toContain('106');
});

test('any bytes at all are PDUs, or a rest, or broken, and bodies of any bytes are read without a fault', () => {
  const chance = { at: 1 };
  const next = () => {
    chance.at = (chance.at * 48_271) % 0x7fffffff;
    return chance.at & 0xff;
  };
  for (let round = 0; round < 2_000; round++) {
    const body = Uint8Array.from({ length: next() }, next);
    deliveredOf(body);
    const whole = encodePdu({ command: 5, sequence: round + 1, body });
    const cut = next() % whole.length;
    const first = decodePdus(whole.subarray(0, cut));
    const second = decodePdus(Buffer.concat([first.rest, whole.subarray(cut)]));
    expect([...first.pdus, ...second.pdus].map(({ sequence }) => sequence)).toEqual([round + 1]);
    expect(Buffer.from(second.pdus[0]?.body ?? []).equals(body)).toBe(true);
  }
});

test('an id is known again in the other base for the same number alone', () => {
  const known = (id: string, phone: string, receipt: string, from: string) =>
    namesInReceipt(receipt, from).some((name) => namesOfSubmitted(id, phone).includes(name));
  expect(known('1A2B', '138', '6699', '86138')).toBe(false);
  expect(known('1A2B', '13800001111', '6699', '8613800001111')).toBe(true);
  expect(known('6699', '13800001111', '1a2b', '13800001111')).toBe(true);
  expect(known('0006699', '1', '6699', '2')).toBe(true);
  expect(known('abc-def', '1', 'ABC-DEF', '2')).toBe(true);
  expect(known('6699', '1', '1a2b', '2')).toBe(false);
});
