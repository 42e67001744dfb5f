import { expect, test } from 'vitest';
import { FoldState } from '../records/fold-state.ts';
import { adoptProviders, type ProviderEntry } from '../records/providers.ts';
import { Budgets, type Counted } from './budgets.ts';
import { restarted } from './delivery.test-support.ts';
import { HOUR_MS, MINUTE_MS, night, SECOND_MS } from './home.test-support.ts';

const DAY_MS = 24 * HOUR_MS;
const table: ProviderEntry[] = [
  {
    ...{ id: 'aliyun', type: 'aliyun-sms', medium: 'sms' },
    windows: [{ per: 'target-and-template', count: 50, perMs: DAY_MS }],
  },
  {
    ...{ id: 'calls', type: 'aliyun-voice', medium: 'voice' },
    windows: [
      { per: 'target', count: 1, perMs: MINUTE_MS },
      { per: 'target', count: 5, perMs: HOUR_MS },
      { per: 'target', count: 20, perMs: DAY_MS },
    ],
  },
];

function county(state = new FoldState()) {
  adoptProviders(state, table);
  const budgets = new Budgets({ state });
  let notices = 0;
  const counted = (channel: string, words: Partial<Counted> = {}): Counted => ({
    ...{ noticeId: `n${++notices}`, channel, attempt: 1, target: 'bao', template: 'alarm' },
    ...words,
  });
  return {
    ...{ budgets, state },
    /** Plans an attempt, and when there is room makes it. */
    send(channel: string, at: number, { isLifeSafety = true, ...words }: Partial<Counted> & Options = {}) {
      const planned = counted(channel, words);
      const full = budgets.take(planned, { at, isLifeSafety });
      return full ?? { near: budgets.attempting({ kind: 'attempting', ...planned }, at) };
    },
    plan: (channel: string, at: number, words: Partial<Counted> = {}) =>
      budgets.take(counted(channel, words), { at, isLifeSafety: true }),
  };
}
type Options = { isLifeSafety?: boolean };

test('a telephone is called once a minute, and told in how long it may be called again', () => {
  const { send } = county();
  send('voice:calls', night);
  expect(send('voice:calls', night + 20 * SECOND_MS)).toEqual({ retryAfterMs: 40 * SECOND_MS });
  expect(send('voice:calls', night + 20 * SECOND_MS, { target: 'wulan' })).toEqual({ near: undefined });
  expect(send('voice:calls', night + MINUTE_MS)).toEqual({ near: undefined });
});

test('the sixth call within an hour waits until the first is an hour old', () => {
  const { send } = county();
  for (let call = 0; call < 5; call++) send('voice:calls', night + call * 2 * MINUTE_MS);
  expect(send('voice:calls', night + 20 * MINUTE_MS)).toEqual({ retryAfterMs: 40 * MINUTE_MS });
});

test('the last fifth of what may be sent to a number is for life safety, and its end is for nobody', () => {
  const { send } = county();
  for (let sent = 0; sent < 40; sent++) send('sms:aliyun', night + sent * SECOND_MS, { isLifeSafety: false });
  const later = night + MINUTE_MS;
  expect(send('sms:aliyun', later, { isLifeSafety: false })).toEqual({ retryAfterMs: DAY_MS - MINUTE_MS });
  for (let sent = 0; sent < 10; sent++) expect(send('sms:aliyun', later + sent)).toEqual({ near: undefined });
  expect(send('sms:aliyun', later + 10)).toHaveProperty('retryAfterMs');
  expect(send('sms:aliyun', later + 10, { template: 'all-clear' })).not.toHaveProperty('retryAfterMs');
  expect(send('sms:aliyun', night + DAY_MS)).toEqual({ near: undefined });
});

test('what is planned and not yet on record counts, so that two messages of one moment do not both take the last room', () => {
  const { plan } = county();
  expect(plan('voice:calls', night)).toBeUndefined();
  expect(plan('voice:calls', night)).toEqual({ retryAfterMs: MINUTE_MS });
});

test('what was planned and never came into the journal is forgotten', () => {
  const { plan } = county();
  for (let call = 0; call < 5; call++) plan('voice:calls', night + call * MINUTE_MS);
  expect(plan('voice:calls', night + 11 * MINUTE_MS)).toBeUndefined();
});

test('people are told once when four fifths of a window are used', () => {
  const { send } = county();
  const said = Array.from({ length: 50 }, (_, sent) => send('sms:aliyun', night + sent * SECOND_MS));
  expect(said.flatMap((one, sent) => ('near' in one && one.near ? { sent: sent + 1, ...one.near } : []))).toEqual([
    { sent: 40, channel: 'sms:aliyun', used: 40, count: 50, perMs: DAY_MS },
  ]);
});

test('a restart forgets nothing of what was sent', () => {
  const before = county();
  before.send('voice:calls', night);
  const after = county(restarted(before.state));
  expect(after.send('voice:calls', night + SECOND_MS)).toHaveProperty('retryAfterMs');
});

test('a chat room is written to twenty times a minute, whoever of it is meant; a webhook as often as need be', () => {
  const { send } = county();
  for (let sent = 0; sent < 20; sent++) send(sent % 2 === 0 ? 'dingtalk' : 'dingtalk-2', night);
  expect(send('dingtalk', night + SECOND_MS)).toEqual({ retryAfterMs: 59 * SECOND_MS });
  expect(send('dingtalk', night + SECOND_MS, { target: 'another-room' })).toEqual({ near: undefined });
  for (let sent = 0; sent < 200; sent++) expect(send('webhook', night)).toEqual({ near: undefined });
});

test('more numbers than are remembered push out those that were written to longest ago', () => {
  const { send, state } = county();
  for (let person = 0; person < 20_001; person++) send('voice:calls', night + person, { target: `p${person}` });
  expect(state.table('budgets').size).toBeLessThanOrEqual(20_000);
  expect(send('voice:calls', night + 20_002, { target: 'p0' })).toEqual({ near: undefined });
  expect(send('voice:calls', night + 20_002, { target: 'p20000' })).toHaveProperty('retryAfterMs');
});
