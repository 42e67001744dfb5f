import { expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import type { Command } from '../records/command.ts';
import { FoldState } from '../records/fold-state.ts';
import type { OutcomeRecord } from '../records/journal-record.ts';
import { normalPhone } from '../records/phone.ts';
import { createCarriage } from './carriage.ts';
import type { Channel, Inbound, Receipt } from './channel.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS, settled, testClock } from './home.test-support.ts';
import { openInbound } from './inbound.ts';

/** A process with one provider, that can be asked about `known`. */
function listening({ known = [] as Receipt[], state = new FoldState(), isFull = (): boolean => false } = {}) {
  const clock = testClock();
  const { receipts } = createCarriage({ state });
  const records: OutcomeRecord[] = [];
  const commands: Command[] = [];
  const asked: string[][] = [];
  const whom: unknown[] = [];
  let heard: Inbound | undefined;
  const channel: Channel = {
    name: 'sms:aliyun',
    send: async () => ({ type: 'delivered' }),
    listen: (inbound) => {
      heard = inbound;
    },
    async poll(ids, _signal, sentTo) {
      asked.push([...ids]);
      whom.push(...ids.map((id) => sentTo?.(id)));
      return known.filter(({ messageId }) => ids.includes(messageId));
    },
  };
  const opened = openInbound({
    ...{ channels: [channel], receipts, clock, log: silentLog, metrics: createMetrics() },
    async record(outcome) {
      records.push(outcome);
      receipts.outcome(outcome, clock.now());
    },
    async send(command) {
      if (isFull()) throw new Error('the journal takes nothing');
      commands.push(command);
    },
    phoneKey: (phone) => normalPhone(phone).padEnd(22, '-'),
    phoneOf: (contactId) => (contactId === 'bao' ? '+86 13800001111' : undefined),
    unique: () => 'unique',
    now: () => clock.now(),
  });
  const inbound: Inbound = heard ?? expect.fail('nobody listens');
  return {
    ...{ clock, state, records, commands, asked, whom, inbound, opened },
    accepted: (messageId: string, noticeId = `notice of ${messageId}`, digestOf?: string) =>
      receipts.outcome(
        {
          ...{ kind: 'outcome', noticeId, channel: 'sms:aliyun', attempt: 2, result: 'accepted', messageId },
          ...(digestOf !== undefined && { digestOf }),
        },
        clock.now(),
      ),
  };
}
const arrived = (messageId: string): Receipt => ({ messageId, result: 'delivered', detail: 'DELIVERED 13800000000' });

test('a receipt is the outcome of the attempt that it speaks of, and keeps no telephone number', async () => {
  const { inbound, accepted, records } = listening();
  accepted('biz-1');
  await inbound.receipt('sms:aliyun', arrived('biz-1'));
  expect(records).toEqual([
    {
      ...{ kind: 'outcome', noticeId: 'notice of biz-1', channel: 'sms:aliyun', attempt: 2, messageId: 'biz-1' },
      ...{ result: 'delivered', detail: 'DELIVERED …', receipt: true },
    },
  ]);
});

test('the receipt of a message that said three alarms is the outcome of each', async () => {
  const { inbound, accepted, records } = listening();
  accepted('biz-1', 'n1');
  for (const noticeId of ['n2', 'n3']) accepted('biz-1', noticeId, 'n1');
  await inbound.receipt('sms:aliyun', arrived('biz-1'));
  await inbound.receipt('sms:aliyun', arrived('biz-1'));
  expect(records.map(({ noticeId, digestOf, result }) => [noticeId, digestOf, result]).toSorted()).toEqual([
    ['n1', undefined, 'delivered'],
    ['n2', 'n1', 'delivered'],
    ['n3', 'n1', 'delivered'],
  ]);
});

test('no way of writing a number or a mailbox gets into what is kept of a receipt', async () => {
  const { inbound, accepted, records } = listening();
  for (const [at, detail] of [
    '138 0000-0000',
    '１３８００００００００',
    '(138)00000000',
    'bao@example.com said no',
  ].entries()) {
    accepted(`biz-${at}`);
    await inbound.receipt('sms:aliyun', { messageId: `biz-${at}`, result: 'failed', detail });
  }
  expect(records.map(({ detail }) => detail)).toEqual(['…', '…', '(…', '… said no']);
});

test('a receipt that is repeated, also at the same moment, is one outcome; one that was made up is none', async () => {
  const { inbound, accepted, records } = listening();
  accepted('biz-1');
  await Promise.all([inbound.receipt('sms:aliyun', arrived('biz-1')), inbound.receipt('sms:aliyun', arrived('biz-1'))]);
  await inbound.receipt('sms:aliyun', arrived('biz-1'));
  await inbound.receipt('sms:aliyun', arrived('made-up'));
  await inbound.receipt('sms:modem', arrived('biz-1'));
  expect(records).toHaveLength(1);
});

test('a receipt that is faster than our own disk is not lost', async () => {
  const { inbound, accepted, records, clock } = listening();
  await inbound.receipt('sms:aliyun', arrived('biz-1'));
  await clock.advance(5 * SECOND_MS);
  accepted('biz-1');
  await clock.advance(10);
  expect(records).toMatchObject([{ noticeId: 'notice of biz-1', receipt: true }]);
});

test('what the provider says nothing of for a minute is asked for, and then ever less often', async () => {
  const { accepted, asked, clock, records } = listening();
  accepted('biz-1');
  await clock.advance(50 * SECOND_MS);
  expect(asked).toEqual([]);
  await clock.advance(HOUR_MS);
  expect(asked.length).toBeGreaterThan(3);
  expect(asked.length).toBeLessThan(9);
  expect(records).toEqual([]);
});

test('a receipt that got lost is found by asking, once', async () => {
  const { accepted, asked, clock, records } = listening({ known: [arrived('biz-1')] });
  accepted('biz-1');
  await clock.advance(10 * MINUTE_MS);
  expect(records).toHaveLength(1);
  expect(asked).toEqual([['biz-1']]);
});

test('what was accepted before a restart is asked for by the number of whom it went to', async () => {
  const before = listening();
  before.accepted('biz-1', 'i:1/v1/1/contact:bao');
  before.accepted('biz-2', 'i:1/v1/1/contact:gone');
  const at = before.clock.now();
  const state = new FoldState();
  for (const entry of before.state.entries()) state.load(structuredClone(entry));
  const { asked, whom, clock, records } = listening({ state, known: [arrived('biz-1')] });
  await clock.advance(90 * SECOND_MS);
  expect(asked[0]).toEqual(['biz-1', 'biz-2']);
  expect(whom.slice(0, 2)).toEqual([{ phone: '+86 13800001111', at }, undefined]);
  expect(records).toMatchObject([{ noticeId: 'i:1/v1/1/contact:bao', result: 'delivered', receipt: true }]);
});

test('an answer is a command that is named by the provider’s id and says whose number it was, and what it answers', async () => {
  const { inbound, accepted, commands } = listening();
  accepted('call-1', 'i:1/v1/1/contact:bao');
  const reply = { id: 'dtmf-1', phone: '+86 138-0000-0000', text: '１', messageId: 'call-1' };
  await inbound.reply('sms:aliyun', reply);
  expect(commands[0]).toMatchObject({
    ...{ type: 'reply', by: { type: 'system', id: 'sms:aliyun' }, via: 'sms:aliyun', answer: 'going' },
    ...{ phoneKey: '13800000000'.padEnd(22, '-'), about: 'i:1/v1/1/contact:bao' },
  });
});

test('a key that is pressed after the receipt of the call still says which notice it answers', async () => {
  const { inbound, accepted, commands } = listening();
  accepted('call-1');
  await inbound.receipt('sms:aliyun', arrived('call-1'));
  await inbound.reply('sms:aliyun', { id: 'k', phone: '13800000000', text: '1', messageId: 'call-1' });
  expect(commands).toMatchObject([{ about: 'notice of call-1' }]);
});

test('a number that writes without an end is not heard for a while; others are', async () => {
  const { inbound, commands, clock } = listening();
  for (let at = 0; at < 100; at++) await inbound.reply('sms:aliyun', { id: `t${at}`, phone: '13900000000', text: '1' });
  expect(commands).toHaveLength(30);
  await inbound.reply('sms:aliyun', { id: 'other', phone: '13800000000', text: '1' });
  await clock.advance(11 * MINUTE_MS);
  await inbound.reply('sms:aliyun', { id: 'later', phone: '13900000000', text: '1' });
  expect(commands).toHaveLength(32);
});

test('an answer that comes again and again because the disk is full is heard when there is room', async () => {
  let isFull = true;
  const { inbound, commands } = listening({ isFull: () => isFull });
  const help = { id: 'on-the-sim', phone: '13900000000', text: '9' };
  for (let time = 0; time < 40; time++)
    await expect(inbound.reply('sms:aliyun', help)).rejects.toThrow('takes nothing');
  isFull = false;
  await inbound.reply('sms:aliyun', help);
  expect(commands).toMatchObject([{ type: 'reply', answer: 'help' }]);
});

test('a SIM that deletes nothing tells an answer for ever, and the next one is heard all the same', async () => {
  const { inbound, commands } = listening();
  for (let time = 0; time < 100; time++)
    await inbound.reply('sms:aliyun', { id: 'old', phone: '13900000000', text: '1' });
  await inbound.reply('sms:aliyun', { id: 'new', phone: '13900000000', text: '9' });
  expect(commands).toMatchObject([{ answer: 'going' }, { answer: 'help' }]);
});

test('a provider that began to count anew speaks of its last message by that id', async () => {
  const { inbound, accepted, records, clock } = listening();
  accepted('1', 'of this morning');
  await clock.advance(HOUR_MS);
  accepted('1', 'of now');
  await inbound.receipt('sms:aliyun', arrived('1'));
  expect(records).toMatchObject([{ noticeId: 'of now', result: 'delivered' }]);
});

test('a call that nobody picked up is on record with its number', async () => {
  const { inbound, commands } = listening();
  await inbound.missedCall('sms:aliyun', { id: 'ring-1', phone: '13800000000' });
  expect(commands).toMatchObject([{ type: 'call-log', what: 'missed', number: '13800000000' }]);
});

test('after a stop nobody is asked any more', async () => {
  const { accepted, asked, clock, opened } = listening();
  accepted('biz-1');
  opened.stop();
  await clock.advance(HOUR_MS);
  await settled();
  expect(asked).toEqual([]);
});
