import { expect, test } from 'vitest';
import { FoldState } from '../records/fold-state.ts';
import type { OutcomeRecord } from '../records/journal-record.ts';
import { ownLimit } from '../records/providers.ts';
import { limitNear, outcomeTroubles, toldTroubles } from './channel-troubles.ts';

const at = 1_800_000_000_000;
const outcome = (words: Partial<OutcomeRecord>): OutcomeRecord => ({
  ...{ kind: 'outcome', noticeId: 'i:1/v1/1/contact:bao', channel: 'sms:aliyun', attempt: 1, result: 'failed' },
  ...words,
});
const expired = outcome({ detail: 'password expired', trouble: 'credentials' });
const brief = (changes: ReturnType<typeof outcomeTroubles>) =>
  changes.map((change) =>
    change.type === 'raise' ? `${change.alert.severity} ${JSON.stringify(change.alert.reason)}` : change.type,
  );

test('an expired password is told once, and is over when a message goes through', () => {
  const state = new FoldState();
  expect(brief(outcomeTroubles(state, expired, at))).toEqual([
    'urgent {"channel":"sms:aliyun","trouble":"credentials","detail":"password expired"}',
  ]);
  expect(outcomeTroubles(state, { ...expired, attempt: 2 }, at + 1)).toEqual([]);
  expect(outcomeTroubles(state, outcome({ channel: 'sms:modem', result: 'accepted' }), at + 2)).toEqual([]);
  expect(brief(outcomeTroubles(state, outcome({ result: 'accepted' }), at + 3))).toEqual(['clear']);
  expect(brief(outcomeTroubles(state, { ...expired, attempt: 9 }, at + 4))).toHaveLength(1);
});

test('that our own limit held a message back, or that somebody does not pick up, is no trouble of the provider', () => {
  const state = new FoldState();
  expect(outcomeTroubles(state, outcome({ detail: ownLimit, trouble: 'limit' }), at)).toEqual([]);
  expect(outcomeTroubles(state, outcome({ detail: 'no answer' }), at)).toEqual([]);
});

test("one chat room's trouble is not another's", () => {
  const state = new FoldState();
  const room = (contactId: string, words: Partial<OutcomeRecord>) =>
    outcome({ noticeId: `i:1/v1/1/contact:${contactId}`, channel: 'dingtalk', ...words });
  expect(outcomeTroubles(state, room('station', { trouble: 'credentials', detail: '310000' }), at)).toHaveLength(1);
  expect(outcomeTroubles(state, room('team', { result: 'delivered' }), at)).toEqual([]);
  expect(brief(outcomeTroubles(state, room('station', { result: 'delivered' }), at))).toEqual(['clear']);
});

test('a line that is lost is told by the channel itself, and that it is back', () => {
  const state = new FoldState();
  const told = (trouble: 'unreachable' | 'none', commandId: string) =>
    toldTroubles(
      state,
      {
        type: 'channel-trouble',
        commandId,
        by: { type: 'system', id: 'sms:modem' },
        channel: 'sms:modem',
        trouble,
        reason: 'no SIM',
      },
      at,
    );
  expect(brief(told('unreachable', 'trouble-1'))).toHaveLength(1);
  expect(told('unreachable', 'trouble-2')).toEqual([]);
  expect(brief(told('none', 'trouble-3'))).toEqual(['clear']);
  expect(told('none', 'trouble-4')).toEqual([]);
});

test('that little is left of a limit is told once a window, and not again until it has passed', () => {
  const state = new FoldState();
  const near = { channel: 'sms:aliyun', used: 40, count: 50, perMs: 3_600_000 };
  expect(brief(limitNear(state, near, '7', at))).toEqual([
    'service {"channel":"sms:aliyun","trouble":"limit-near","used":40,"count":50,"perMinutes":60}',
  ]);
  expect(limitNear(state, near, '8', at + 60_000)).toEqual([]);
  expect(outcomeTroubles(state, outcome({ result: 'accepted' }), at + 60_000)).toEqual([]);
  expect(brief(outcomeTroubles(state, outcome({ result: 'accepted' }), at + 3_600_000))).toEqual(['clear']);
  expect(brief(limitNear(state, near, '9', at + 3_700_000))).toHaveLength(1);
});
