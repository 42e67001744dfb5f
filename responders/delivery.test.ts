import { expect, test } from 'vitest';
import { idempotencyId, type Sent } from './channel.ts';
import { delivered, down, hangs, watch } from './delivery.test-support.ts';
import { closing, HOUR_MS, MINUTE_MS, notice, resolved, SECOND_MS } from './home.test-support.ts';

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
  expect(home.times()).toEqual([0, 0]);
  await home.issue(notice('n1'));
  expect(home.outcomes()).toMatchObject([{ noticeId: 'n1', result: 'delivered' }]);
});

/** A hundred calls for help to people behind one gateway: how many reach it at once, wave by wave. */
async function waves(answer: () => Sent | Promise<Sent>) {
  const home = watch(answer);
  const notices = Array.from({ length: 100 }, (_, n) =>
    notice(`n${n}`, { contactId: `gateway-${n}`, incidentId: `i:${n}` }),
  );
  await home.issue(...notices);
  await home.clock.advance(200);
  const sizes = Map.groupBy(home.rang, ({ after }) => Math.round(after * 1_000));
  return [...sizes.values()].map(({ length }) => length);
}

test('a gateway that answers quickly is given more at once, and one that fails fewer', async () => {
  const quick = await waves(() => ({ type: 'delivered' }));
  expect(quick.slice(0, 4)).toEqual([4, 8, 16, 32]);
  expect(Math.max(...quick)).toBe(32);
  const failing = await waves(() => ({ type: 'later', reason: 'HTTP 503' }));
  expect(failing.slice(0, 4)).toEqual([4, 2, 2, 2]);
});

test('five hundred telephones of a provider that hangs leave half of all places to everybody else', async () => {
  const home = watch((url, message) => (url.includes('slow.example') ? hangs(url, message) : delivered(url, message)));
  const ofProvider = (n: number) => notice(`h${n}`, { contactId: `slow.example/${n}`, incidentId: `i:${n}` });
  await home.issue(...Array.from({ length: 500 }, (_, n) => ofProvider(n)));
  await home.clock.advance(14 * SECOND_MS);
  expect(home.rang.length).toBe(128);
  await home.issue(notice('n1'));
  expect(home.times()).toEqual([14]);
  // Those of the first moment are given up after 15 s, and fewer are tried at once from then on.
  await home.clock.advance(15 * SECOND_MS);
  expect(home.rang.length).toBe(128 + 1 + 64);
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

test('an alarm that hangs at the provider is not the last word: that it is over is sent when it has ended', async () => {
  const { promise, resolve } = Promise.withResolvers<Sent>();
  const home = watch((_url, { notice: one }) => (one.purpose === 'alarm' ? promise : { type: 'delivered' }));
  await home.issue(notice('n1', { contactId: 'two-bao' }), notice('n2', { contactId: 'saran' }));
  const over = (noticeId: string, contactId: string) => ({
    ...closing(noticeId, 'stand-down'),
    recipient: { type: 'contact' as const, contactId },
  });
  await home.issue(over('over-1', 'two-bao'), over('over-2', 'tsetseg'));
  home.outbox.follow(resolved());
  await home.clock.advance(8 * SECOND_MS);
  const said = () => home.rang.map(({ message }) => message.notice.noticeId);
  expect(said()).toEqual(['n1', 'n2', 'over-2']);
  resolve({ type: 'delivered' });
  await home.clock.advance(SECOND_MS);
  expect(said()).toEqual(['n1', 'n2', 'over-2', 'over-1']);
});

test('who never answers an alarm holds up word that it is over until the alarm is given up, on no way for longer', async () => {
  const home = watch((_url, { notice: one }) =>
    one.purpose === 'alarm' ? new Promise(() => {}) : { type: 'delivered' },
  );
  await home.issue(notice('n1'));
  await home.clock.advance(5 * SECOND_MS);
  await home.issue(closing('over', 'stand-down'));
  await home.clock.advance(11 * SECOND_MS);
  expect(home.rang.map(({ message, after }) => [message.notice.noticeId, Math.round(after)])).toEqual([
    ['n1', 0],
    ['over', 15],
  ]);
  expect(home.outbox.open()).toBe(0);
});

test('what operators watch: each outcome by channel, and the time from receipt to the first attempt', async () => {
  const home = watch(down);
  home.outbox.issue(notice('n1'));
  await home.clock.advance(2 * SECOND_MS);
  const text = await home.metrics.registry.metrics();
  expect(text).toContain('steppewatch_notices_total{channel="webhook",outcome="failed"} 1');
  expect(text).toContain('steppewatch_receipt_to_notice_seconds_count 1');
});

test('a way that hangs keeps the next one waiting for 15 s, and longer only where it is slow by its nature', async () => {
  for (const [patienceMs, waits] of [
    [undefined, 15],
    [30_000, 30],
  ] as const) {
    const home = watch((url) => (url.endsWith('/1') ? hangs(url, {} as never) : { type: 'delivered' }), { patienceMs });
    home.issue(notice('n1', { contactId: 'two-bao' }));
    await home.clock.advance(40 * SECOND_MS);
    expect(home.rang.find(({ url }) => url.endsWith('/2'))?.after).toBeCloseTo(waits, 1);
  }
});
