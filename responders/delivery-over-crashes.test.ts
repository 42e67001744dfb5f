import { expect, test } from 'vitest';
import { journalBusy } from '../platform/errors.ts';
import { delivered, down, hangs, restarted, watch } from './delivery.test-support.ts';
import { HOUR_MS, MINUTE_MS, night, notice, resolved, SECOND_MS, settled, testClock } from './home.test-support.ts';

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

test('a disk that hangs for a minute holds up no retry, and doubles none when it answers', async () => {
  const journal = Promise.withResolvers<void>();
  const home = watch(down, { journalAfter: () => journal.promise });
  await home.issue(notice('n1', { contactId: 'two-ways' }));
  await home.clock.advance(MINUTE_MS);
  expect(home.times('two-ways')).toEqual([0, 2, 5, 7, 15, 17, 45, 47]);
  expect(home.rang.some(({ message }) => message.text.provisional)).toBe(false);
  journal.resolve();
  await home.clock.advance(2 * MINUTE_MS);
  expect(home.times('two-ways').slice(8).length).toBe(4);
  expect(home.outcomes().map(({ channel, attempt }) => `${channel} ${attempt}`).length).toBe(12);
  home.outbox.follow(resolved());
  await home.clock.advance(HOUR_MS);
  expect(home.rang.length).toBe(12);
});

test('while the disk hangs, a call for help goes out marked, and not a second time when the disk answers', async () => {
  const home = watch(delivered);
  home.delivery.provisional(notice('n1'), 1);
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
  home.delivery.provisional(notice('n1'), 1);
  home.delivery.provisional(notice('n1'), 1);
  await home.clock.advance(10 * SECOND_MS);
  expect(home.times()).toEqual([0, 5]);
  await home.issue(notice('n1'));
  await home.clock.advance(40 * SECOND_MS);
  expect(home.times()).toEqual([0, 5, 15, 45]);
});

test('a call that went out before its cause was stored ends with its incident', async () => {
  const home = watch(down);
  home.delivery.provisional(notice('n1'), 1);
  await settled();
  await home.issue(notice('n1'));
  home.outbox.follow(resolved());
  await home.clock.advance(HOUR_MS);
  expect(home.times()).toEqual([0]);
});

test('a call that was overtaken while the journal caught up is not sent on', async () => {
  const home = watch(down);
  home.delivery.provisional(notice('n1'), 1);
  await settled();
  home.outbox.issue(notice('n1'));
  home.outbox.issue(notice('n2'));
  home.delivery.reached(1);
  await home.clock.advance(10 * MINUTE_MS);
  const sent = home.rang.map(({ message }) => message.notice.noticeId);
  expect([sent.filter((id) => id === 'n1').length, sent.includes('n2')]).toEqual([1, true]);
});

test('a call that is under way when everything is known is not taken for one of the past', async () => {
  const home = watch(hangs, { begun: false });
  home.delivery.provisional(notice('n1'), 1);
  await settled();
  await home.issue(notice('n1'));
  home.delivery.begin();
  await home.clock.advance(10 * SECOND_MS);
  expect(home.outcomes()).toEqual([]);
  expect(home.times()).toEqual([0]);
});

test('a service message whose record comes when the process has ended is not sent', async () => {
  const journal = Promise.withResolvers<void>();
  const home = watch(delivered, { journalAfter: () => journal.promise });
  await home.issue(notice('s1', { severity: 'service' }));
  const ended = home.delivery.stop();
  await home.clock.advance(10 * SECOND_MS);
  await ended;
  journal.resolve();
  await settled();
  expect(home.rang).toEqual([]);
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
