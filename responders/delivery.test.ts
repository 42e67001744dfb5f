import { expect, test } from 'vitest';
import { journalBusy } from '../platform/errors.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { FoldState } from '../records/fold-state.ts';
import type { AttemptingRecord, OutcomeRecord } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import { type Address, idempotencyId, type Message, type Sent } from './channel.ts';
import { startDelivery } from './delivery.ts';
import {
  closing,
  HOUR_MS,
  MINUTE_MS,
  night,
  notice,
  registry,
  resolved,
  SECOND_MS,
  settled,
  testClock,
} from './home.test-support.ts';
import { createOutbox } from './outbox.ts';

type Answer = (url: string, message: Message) => Sent | Promise<Sent>;
type Entry = (AttemptingRecord | OutcomeRecord) & { at: number };
const delivered: Answer = () => ({ type: 'delivered' });
const down: Answer = () => ({ type: 'later', reason: 'ECONNREFUSED' });
const hangs: Answer = () => new Promise(() => {});

/** An alarm process: its outbox, its delivery, a journal that folds what is recorded, and everybody's telephone. */
function watch(
  answer: Answer,
  { clock = testClock(), state = new FoldState(), begun = true, journalAfter = async () => {} } = {},
) {
  const outbox = createOutbox({ state, registry });
  const metrics = createMetrics();
  outbox.rebuild();
  const journal: Entry[] = [];
  const rang: { url: string; after: number; id: string; message: Message }[] = [];
  const startedAt = clock.now();
  const delivery = startDelivery({
    ...{ outbox, registry, clock, log: silentLog, metrics, timeZone: 'Asia/Shanghai', now: () => clock.now() },
    addressBook: {
      contact: (id) => ({
        language: 'en',
        channels: registry.contact(id)?.channels.map((_, index) => addressOf(id, index)) ?? [],
      }),
    },
    channels: [
      { name: 'log', send: async () => ({ type: 'delivered' }) },
      {
        name: 'webhook',
        async send(message) {
          const url = message.address.type === 'webhook' ? message.address.url : '';
          rang.push({ url, after: (clock.now() - startedAt) / SECOND_MS, id: message.idempotencyId, message });
          return answer(url, message);
        },
      },
    ],
    async record(record) {
      await journalAfter();
      journal.push({ ...record, at: clock.now() });
      if (record.kind === 'attempting') outbox.attempting(record, clock.now());
      else outbox.outcome(record, clock.now());
    },
  });
  if (begun) delivery.begin();
  return {
    ...{ clock, state, outbox, delivery, journal, rang, metrics },
    async issue(...notices: Notice[]) {
      for (const one of notices) outbox.issue(one);
      delivery.poke();
      await settled();
    },
    times: (contact = 'bao') =>
      rang.filter(({ url }) => url.includes(`//${contact}/`)).map(({ after }) => Math.round(after)),
    outcomes: () => journal.flatMap((record) => (record.kind === 'outcome' ? [record] : [])),
  };
}

const addressOf = (id: string, index: number): Address => ({
  type: 'webhook',
  url: `http://${id}/${index + 1}`,
  secret: 'x',
});

/** The same state in a new process: what a checkpoint and the journal give back. */
function restarted(state: FoldState): FoldState {
  const loaded = new FoldState();
  for (const change of state.entries()) loaded.load(structuredClone(change));
  return loaded;
}

test('a neighbour whose telephone is off is tried at 0, 5, 15, 45 s and then every minute', async () => {
  const home = watch(down);
  await home.issue(notice('n1'));
  await home.clock.advance(4 * MINUTE_MS);
  expect(home.times()).toEqual([0, 5, 15, 45, 105, 165, 225]);
});

test('a message that arrived is not sent again', async () => {
  const home = watch(delivered);
  await home.issue(notice('n1'));
  await home.clock.advance(HOUR_MS);
  expect(home.times()).toEqual([0]);
  expect(home.outcomes()).toMatchObject([{ noticeId: 'n1', channel: 'webhook', attempt: 1, result: 'delivered' }]);
  expect(home.outbox.open()).toBe(0);
});

test('from the first failure the second way is tried beside the first, and its success ends both', async () => {
  const home = watch((url, message) =>
    url.endsWith('/2') && home.rang.length > 3 ? delivered(url, message) : down(url, message),
  );
  await home.issue(notice('n1', { contactId: 'two-ways' }));
  await home.clock.advance(10 * MINUTE_MS);
  expect(home.rang.map(({ url, after }) => `${url.slice(-1)} at ${Math.round(after)}`)).toEqual([
    '1 at 0',
    '2 at 0',
    '1 at 5',
    '2 at 5',
  ]);
});

test('every attempt on one way carries one id, and each way its own', async () => {
  const home = watch(down);
  await home.issue(notice('n1', { contactId: 'two-ways' }));
  await home.clock.advance(MINUTE_MS);
  const ids = new Set(home.rang.map(({ url, id }) => `${url.slice(-1)} ${id}`));
  expect([...ids].sort()).toEqual([`1 ${idempotencyId('n1', 'webhook')}`, `2 ${idempotencyId('n1', 'webhook-2')}`]);
});

test('an urgent message is given up before it is a quarter of an hour old', async () => {
  const home = watch(down);
  await home.issue(notice('n1', { severity: 'urgent' }));
  await home.clock.advance(2 * HOUR_MS);
  expect(home.times()).toEqual([0, 15, 60, 180, 420, 840]);
  expect(home.outbox.open()).toBe(0);
});

test('a provider that wants rest gets it, and for life safety no more than a minute', async () => {
  const home = watch(() => ({ type: 'later', reason: 'HTTP 429', retryAfterMs: 400 * SECOND_MS }));
  await home.issue(notice('n1'), notice('n2', { contactId: 'urgent', severity: 'urgent' }));
  await home.clock.advance(3 * MINUTE_MS);
  expect(home.times()).toEqual([0, 60, 120, 180]);
  expect(home.times('urgent')).toEqual([0]);
});

test('a refusal ends one way and opens the next', async () => {
  const home = watch((url) => (url.endsWith('/1') ? { type: 'refused', reason: 'HTTP 410' } : { type: 'delivered' }));
  await home.issue(notice('n1', { contactId: 'two-ways' }));
  await home.clock.advance(HOUR_MS);
  expect(home.rang.map(({ url }) => url.slice(-1))).toEqual(['1', '2']);
  expect(home.outcomes().map(({ result }) => result)).toEqual(['refused', 'delivered']);
});

test('a receiver that hangs is cut off after 15 s, and its neighbour has heard at once', async () => {
  const home = watch((url, message) => (url.includes('hanging') ? hangs(url, message) : delivered(url, message)));
  await home.issue(notice('n1', { contactId: 'hanging' }), notice('n2'));
  expect(home.times()).toEqual([0]);
  await home.clock.advance(20 * SECOND_MS);
  expect(home.outcomes()[1]).toMatchObject({ noticeId: 'n1', result: 'failed', detail: 'no answer within 15 s' });
  expect(home.rang[0]?.message.signal.aborted).toBe(true);
  expect(home.times('hanging')).toEqual([0, 15]);
});

test('three hundred receivers that hang for an hour leave room for a new alarm', async () => {
  const home = watch((url, message) => (url.includes('hanging') ? hangs(url, message) : delivered(url, message)));
  await home.issue(
    ...Array.from({ length: 300 }, (_, n) => notice(`h${n}`, { contactId: `hanging-${n}`, incidentId: `i:${n}` })),
  );
  await home.clock.advance(30 * SECOND_MS);
  const under = home.journal.filter(({ kind }) => kind === 'attempting').length - home.outcomes().length;
  expect(under).toBeGreaterThan(100);
  expect(under).toBeLessThanOrEqual(192);
  await home.issue(notice('n1'));
  expect(home.times()).toEqual([30]);
});

test('a hundred service messages to one gateway that hangs do not hold up the call for help behind them', async () => {
  const home = watch((_url, { notice: one }) =>
    one.severity === 'service' ? new Promise(() => {}) : { type: 'delivered' },
  );
  await home.issue(
    ...Array.from({ length: 100 }, (_, n) => notice(`s${n}`, { incidentId: `i:${n}`, severity: 'service' })),
  );
  expect(home.times()).toEqual([0]);
  await home.issue(notice('n1'));
  expect(home.outcomes()).toMatchObject([{ noticeId: 'n1', result: 'delivered' }]);
});

test('a channel that throws is a failed attempt and nothing worse', async () => {
  const home = watch((url) => {
    if (url.includes('bao')) throw new TypeError('a fault of ours');
    return { type: 'delivered' };
  });
  await home.issue(notice('n1'), notice('n2', { contactId: 'saran' }));
  await home.clock.advance(6 * SECOND_MS);
  expect(home.times()).toEqual([0, 5]);
  expect(home.times('saran')).toEqual([0]);
});

test('a contact that is gone from the registry is an undelivered message, on record', async () => {
  const home = watch(delivered);
  await home.issue(notice('n1', { contactId: 'no-one' }), notice('n2', { contactId: 'no-two', severity: 'urgent' }));
  expect(home.outcomes()).toMatchObject([
    { noticeId: 'n1', channel: 'none', result: 'failed' },
    { noticeId: 'n2', channel: 'none', result: 'refused' },
  ]);
});

test('when the incident ends, nobody is called any more, and everybody who was called hears that it is over', async () => {
  const home = watch(down);
  await home.issue(notice('n1'), notice('n2', { contactId: 'saran' }));
  await home.clock.advance(10 * SECOND_MS);
  await home.issue(closing('over', 'all-clear'));
  home.outbox.follow(resolved());
  await home.clock.advance(50 * SECOND_MS);
  expect(home.times('saran')).toEqual([0, 5]);
  expect(home.rang.filter(({ message }) => message.notice.noticeId === 'over').length).toBe(4);
  await home.clock.advance(3 * HOUR_MS);
  expect(home.outbox.open()).toBe(0);
});

test('nothing of the past goes out before everything is known', async () => {
  const home = watch(delivered, { begun: false });
  await home.issue(notice('n1'));
  await home.clock.advance(MINUTE_MS);
  expect(home.rang).toEqual([]);
  home.delivery.begin();
  await settled();
  expect(home.times()).toEqual([60]);
});

test('after a crash in the middle of an attempt a critical message is sent again under its id', async () => {
  const before = watch(hangs);
  await before.issue(notice('n1'));
  const after = watch(delivered, { state: restarted(before.state), clock: testClock(night + 20 * SECOND_MS) });
  await after.clock.advance(SECOND_MS);
  expect(after.outcomes()).toMatchObject([
    { attempt: 1, result: 'failed', detail: 'unknown after restart' },
    { attempt: 2, result: 'delivered' },
  ]);
  expect(after.rang[0]?.id).toBe(before.rang[0]?.id);
});

test('after a crash in the middle of an attempt a service message is not doubled, and people see that it is unknown', async () => {
  const before = watch(hangs);
  await before.issue(notice('n1', { contactId: 'two-ways', severity: 'service' }));
  expect(before.rang.length).toBe(1);
  const after = watch(delivered, { state: restarted(before.state), clock: testClock(night + 20 * SECOND_MS) });
  await after.clock.advance(HOUR_MS);
  expect(after.rang).toEqual([]);
  expect(after.outcomes()).toMatchObject([{ attempt: 1, result: 'failed', detail: 'unknown after restart' }]);
  expect(after.outbox.open()).toBe(0);
});

test('retries go on where the last process left them', async () => {
  const before = watch(down);
  await before.issue(notice('n1'));
  await before.clock.advance(16 * SECOND_MS);
  const after = watch(delivered, { state: restarted(before.state), clock: testClock(night + 20 * SECOND_MS) });
  await after.clock.advance(MINUTE_MS);
  expect(after.times()).toEqual([25]);
  expect(after.outcomes()).toMatchObject([{ attempt: 4, result: 'delivered' }]);
});

test.each([
  { severity: 'critical', hours: 1, sent: 1 },
  { severity: 'critical', hours: 3, sent: 0 },
  { severity: 'urgent', hours: 0.2, sent: 1 },
  { severity: 'urgent', hours: 0.3, sent: 0 },
] as const)(
  'a $severity message found $hours h late in the journal is sent $sent times',
  async ({ severity, hours, sent }) => {
    const before = watch(delivered, { begun: false });
    await before.issue(notice('n1', { severity, contactId: 'two-ways' }));
    const clock = testClock(night + hours * HOUR_MS);
    const after = watch(delivered, { state: restarted(before.state), clock });
    await after.clock.advance(MINUTE_MS);
    expect(after.rang.length).toBe(sent);
    expect(after.outcomes()).toMatchObject([
      sent ? { result: 'delivered' } : { result: 'failed', detail: 'too old to send' },
    ]);
    expect(after.outbox.open()).toBe(0);
  },
);

test('a clock that jumps a day ahead drops no alarm that is under way', async () => {
  const clock = testClock();
  const home = watch(down, { clock });
  await home.issue(notice('n1'));
  const now = clock.now;
  clock.now = () => now() + 24 * HOUR_MS;
  await home.clock.advance(6 * SECOND_MS);
  expect(home.outcomes().length).toBe(2);
});

test('a service message waits for its record; a call for help does not', async () => {
  const journal = Promise.withResolvers<void>();
  const home = watch(delivered, { journalAfter: () => journal.promise });
  await home.issue(notice('n1'), notice('s1', { contactId: 'saran', severity: 'service', incidentId: 'i:2' }));
  expect(home.rang.map(({ message }) => message.notice.noticeId)).toEqual(['n1']);
  journal.resolve();
  await settled();
  expect(home.rang.map(({ message }) => message.notice.noticeId)).toEqual(['n1', 's1']);
});

test('while the journal takes nothing, help is called, service waits, and no outcome is lost', async () => {
  let full = true;
  const journalAfter = async () => {
    if (full) throw journalBusy({}, 9);
  };
  const home = watch(delivered, { journalAfter });
  await home.issue(notice('n1'), notice('s1', { contactId: 'saran', severity: 'service', incidentId: 'i:2' }));
  await home.clock.advance(5 * SECOND_MS);
  expect(home.rang.map(({ message }) => message.notice.noticeId)).toEqual(['n1']);
  full = false;
  await home.clock.advance(2 * SECOND_MS);
  expect(home.rang.map(({ message }) => message.notice.noticeId)).toEqual(['n1', 's1']);
  expect(
    home
      .outcomes()
      .map(({ noticeId }) => noticeId)
      .sort(),
  ).toEqual(['n1', 's1']);
  expect(home.outbox.open()).toBe(0);
});

test('while the disk hangs, a call for help goes out marked, and not a second time when the disk answers', async () => {
  const home = watch(delivered);
  home.delivery.provisional(notice('n1'));
  await settled();
  expect(home.rang[0]?.message.text).toMatchObject({
    provisional: true,
    body: expect.stringContaining('before it was stored'),
  });
  await home.clock.advance(MINUTE_MS);
  await home.issue(notice('n1'));
  await home.clock.advance(HOUR_MS);
  expect(home.times()).toEqual([0]);
  expect(home.outbox.open()).toBe(0);
});

test('a call that failed while the disk hung is tried on, before and after the disk answers', async () => {
  const home = watch(down);
  home.delivery.provisional(notice('n1'));
  home.delivery.provisional(notice('n1'));
  await home.clock.advance(10 * SECOND_MS);
  expect(home.times()).toEqual([0, 5]);
  await home.issue(notice('n1'));
  await home.clock.advance(40 * SECOND_MS);
  expect(home.times()).toEqual([0, 5, 15, 45]);
});

test('a process that ends lets attempts finish, starts no more, and cuts off what hangs', async () => {
  const home = watch((url, message) => (url.includes('hanging') ? hangs(url, message) : delivered(url, message)));
  await home.issue(notice('n1', { contactId: 'hanging' }));
  let ended = false;
  home.delivery.stop().then(() => {
    ended = true;
  });
  await home.issue(notice('n2'));
  await home.clock.advance(2 * SECOND_MS);
  expect(ended).toBe(false);
  await home.clock.advance(2 * SECOND_MS);
  expect(ended).toBe(true);
  expect(home.rang[0]?.message.signal.aborted).toBe(true);
  expect(home.times()).toEqual([]);
  expect(home.outcomes()).toEqual([]);
});

test('what operators watch: each outcome by channel, and the time from receipt to the first attempt', async () => {
  const home = watch(down);
  home.outbox.issue(notice('n1'));
  await home.clock.advance(2 * SECOND_MS);
  const text = await home.metrics.registry.metrics();
  expect(text).toContain('steppewatch_notices_total{channel="webhook",outcome="failed"} 1');
  expect(text).toContain('steppewatch_receipt_to_notice_seconds_count 1');
});
