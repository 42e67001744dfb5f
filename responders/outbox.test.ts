import { expect, test } from 'vitest';
import { FoldState } from '../records/fold-state.ts';
import type { Incident } from '../records/incident.ts';
import { closing, MINUTE_MS, night, notice, registry, resolved, SECOND_MS } from './home.test-support.ts';
import { createOutbox } from './outbox.ts';

const newOutbox = (state = new FoldState(), mostOpen = 10) => createOutbox({ state, registry, mostOpen });
const names = (outbox: ReturnType<typeof newOutbox>, now = night) =>
  [...outbox.due(now)].map((due) => `${due.notice.noticeId} ${due.channel}`);
const attempt = { noticeId: 'n1', channel: 'webhook', attempt: 1 };

test('a newer message to the same person overtakes the older one, and nobody else loses theirs', () => {
  const outbox = newOutbox();
  outbox.issue(notice('n1'));
  outbox.issue(notice('n2', { contactId: 'saran' }));
  outbox.issue(notice('n3', { purpose: 'worse' }));
  outbox.issue(notice('n4', { incidentId: 'i:other' }));
  expect(names(outbox).toSorted()).toEqual(['n2 webhook', 'n3 webhook', 'n4 webhook']);
});

test('the end of an incident overtakes what calls people to it, and not the word that it is over', () => {
  const outbox = newOutbox();
  outbox.issue(notice('n1'));
  outbox.issue(closing('over', 'stand-down'));
  outbox.issue(notice('n2', { contactId: 'saran' }));
  outbox.issue(notice('n3', { incidentId: 'i:other' }));
  outbox.follow(resolved());
  expect(names(outbox).toSorted()).toEqual(['n3 webhook', 'over webhook']);
});

test('that an incident is held overtakes what was issued up to then, and nothing that is issued later', () => {
  const outbox = newOutbox();
  const ladder = { phase: 'held', rung: 1, startedAt: night, cause: 1, heldAt: night + SECOND_MS } as const;
  const held: Incident = { ...resolved(), state: { phase: 'open', since: night }, ladder };
  outbox.issue(notice('n1'));
  outbox.issue(notice('n2', { contactId: 'saran', at: night + 2 * SECOND_MS }));
  outbox.follow(held);
  expect(names(outbox)).toEqual(['n2 webhook']);
  const { heldAt: _, ...unknown } = ladder;
  outbox.follow({ ...held, ladder: unknown });
  expect(outbox.open()).toBe(0);
});

test('a withdrawn message is forgotten', () => {
  const outbox = newOutbox();
  outbox.issue(notice('n1'));
  outbox.withdraw('n1');
  expect(outbox.open()).toBe(0);
});

test('life safety comes first, and what nobody has tried yet before retries', () => {
  const outbox = newOutbox();
  outbox.issue(notice('s1', { contactId: 'a', severity: 'service' }));
  outbox.issue(notice('u1', { contactId: 'b', severity: 'urgent' }));
  outbox.issue(notice('n1', { contactId: 'c' }));
  outbox.attempting({ kind: 'attempting', ...attempt }, night);
  outbox.outcome({ kind: 'outcome', ...attempt, result: 'failed' }, night);
  outbox.issue(notice('n2', { contactId: 'd', at: night + SECOND_MS }));
  outbox.issue({ ...closing('over', 'all-clear'), severity: 'service', at: night + 2 * SECOND_MS });
  expect(names(outbox, night + MINUTE_MS)).toEqual([
    'n2 webhook',
    'over webhook',
    'n1 webhook',
    's1 webhook',
    'u1 webhook',
  ]);
});

test('of two fires the first neighbour of each comes before anybody else of one', () => {
  const outbox = newOutbox();
  for (const contactId of ['a', 'b', 'c']) outbox.issue(notice(`n-${contactId}`, { contactId }));
  outbox.issue(notice('other-a', { contactId: 'd', incidentId: 'i:other', at: night + SECOND_MS }));
  expect(names(outbox, night + MINUTE_MS)).toEqual(['n-a webhook', 'other-a webhook', 'n-b webhook', 'n-c webhook']);
});

test('a step that was undone leaves what waits in the order in which it stood', () => {
  const state = new FoldState();
  const outbox = newOutbox(state);
  for (const contactId of ['a', 'b', 'c', 'd']) outbox.issue(notice(`n-${contactId}`, { contactId }));
  const before = names(outbox);
  state.preview(() => {
    outbox.withdraw('n-b');
    outbox.issue(notice('n-x', { contactId: 'x' }));
    outbox.attempting({ kind: 'attempting', noticeId: 'n-c', channel: 'webhook', attempt: 1 }, night);
    outbox.outcome({ kind: 'outcome', noticeId: 'n-c', channel: 'webhook', attempt: 1, result: 'failed' }, night);
    outbox.withdraw('n-d');
  });
  expect(names(outbox)).toEqual(before);
  expect(outbox.nextDueAt(night)).toBe(undefined);
});

test('a provider that took a message has a minute until the next way is tried; its receipt ends it', () => {
  const outbox = newOutbox();
  outbox.issue(notice('n1', { contactId: 'two-ways' }));
  outbox.attempting({ kind: 'attempting', ...attempt }, night);
  outbox.outcome({ kind: 'outcome', ...attempt, result: 'accepted' }, night + SECOND_MS);
  expect([...outbox.due(night + MINUTE_MS)]).toEqual([]);
  expect(outbox.nextDueAt(night)).toBe(night + SECOND_MS + MINUTE_MS);
  expect(names(outbox, night + 2 * MINUTE_MS)).toEqual(['n1 webhook-2']);
  outbox.outcome({ kind: 'outcome', ...attempt, result: 'delivered' }, night + 3 * MINUTE_MS);
  expect(outbox.open()).toBe(0);
});

test('each way that fails opens one more', () => {
  const outbox = newOutbox();
  outbox.issue(notice('n1', { contactId: 'three-ways' }));
  const fails = (channel: string, number: number) => {
    outbox.attempting({ kind: 'attempting', noticeId: 'n1', channel, attempt: number }, night);
    outbox.outcome({ kind: 'outcome', noticeId: 'n1', channel, attempt: number, result: 'failed' }, night);
  };
  fails('webhook', 1);
  expect(names(outbox)).toEqual(['n1 webhook-2']);
  fails('webhook', 2);
  expect(names(outbox)).toEqual(['n1 webhook-2']);
  fails('webhook-2', 1);
  expect(names(outbox)).toEqual(['n1 webhook-3']);
});

test('a way that refused stays closed, whatever is heard of it later', () => {
  const outbox = newOutbox();
  outbox.issue(notice('n1', { contactId: 'two-ways' }));
  outbox.attempting({ kind: 'attempting', ...attempt }, night);
  outbox.outcome({ kind: 'outcome', ...attempt, result: 'refused' }, night);
  outbox.outcome({ kind: 'outcome', ...attempt, result: 'failed' }, night);
  expect(names(outbox, night + MINUTE_MS)).toEqual(['n1 webhook-2']);
});

test('a message that is issued again while it is tried goes on as it was', () => {
  const outbox = newOutbox();
  outbox.issue(notice('n1'));
  outbox.attempting({ kind: 'attempting', ...attempt }, night);
  outbox.issue(notice('n1'));
  expect([...outbox.due(night + MINUTE_MS)]).toEqual([]);
});

test('the outcome of an earlier attempt changes nothing about a later one', () => {
  const outbox = newOutbox();
  outbox.issue(notice('n1'));
  outbox.attempting({ kind: 'attempting', ...attempt }, night);
  outbox.outcome({ kind: 'outcome', ...attempt, result: 'failed' }, night);
  outbox.attempting({ kind: 'attempting', ...attempt, attempt: 2 }, night + 5 * SECOND_MS);
  outbox.outcome({ kind: 'outcome', ...attempt, result: 'failed' }, night + 6 * SECOND_MS);
  expect(outbox.unanswered()).toMatchObject([{ channel: 'webhook', attempt: 2 }]);
  expect([...outbox.due(night + MINUTE_MS)]).toEqual([]);
});

test('what a provisional attempt came to counts when the notice itself is on record, however often it is issued', () => {
  const outbox = newOutbox();
  outbox.attempting({ kind: 'attempting', ...attempt, provisional: true }, night);
  outbox.outcome({ kind: 'outcome', ...attempt, result: 'delivered', provisional: true }, night);
  outbox.issue(notice('n1'));
  outbox.issue(notice('n1'));
  expect(outbox.open()).toBe(0);
});

test('a provisional attempt of which nothing more is known is under way', () => {
  const outbox = newOutbox();
  outbox.attempting({ kind: 'attempting', ...attempt, provisional: true }, night);
  outbox.issue(notice('n1'));
  expect([...outbox.due(night + MINUTE_MS)]).toEqual([]);
  expect(outbox.unanswered()).toMatchObject([{ attempt: 1 }]);
});

test('a provisional attempt that failed is the first of its schedule', () => {
  const outbox = newOutbox();
  outbox.attempting({ kind: 'attempting', ...attempt, provisional: true }, night);
  outbox.outcome({ kind: 'outcome', ...attempt, result: 'failed', provisional: true }, night);
  outbox.issue(notice('n1', { at: night - MINUTE_MS }));
  expect([...outbox.due(night)]).toEqual([]);
  expect([...outbox.due(night + 5 * SECOND_MS)]).toMatchObject([{ attempt: 2 }]);
});

test('past the bound the least urgent and oldest is dropped, and counted', () => {
  const outbox = newOutbox(new FoldState(), 2);
  outbox.issue(notice('n1', { contactId: 'a' }));
  outbox.issue(notice('s1', { contactId: 'b', severity: 'service' }));
  outbox.issue(notice('n2', { contactId: 'c' }));
  expect(names(outbox)).toEqual(['n1 webhook', 'n2 webhook']);
  outbox.issue(notice('u1', { contactId: 'd', severity: 'urgent' }));
  expect(names(outbox)).toEqual(['n1 webhook', 'n2 webhook']);
  expect(outbox.dropped()).toBe(2);
});

test('a step that is undone leaves no message behind', () => {
  const state = new FoldState();
  const outbox = newOutbox(state);
  outbox.issue(notice('n1'));
  const seen = state.preview(() => {
    outbox.issue(notice('n2', { purpose: 'worse' }));
    outbox.issue(notice('n3', { contactId: 'saran' }));
    return names(outbox);
  });
  expect(seen).toEqual(['n2 webhook', 'n3 webhook']);
  expect(names(outbox)).toEqual(['n1 webhook']);
  outbox.follow(resolved());
  expect(outbox.open()).toBe(0);
});

test('after a restart the end of an incident still finds its messages', () => {
  const state = new FoldState();
  newOutbox(state).issue(notice('n1'));
  const loaded = new FoldState();
  for (const change of state.entries()) loaded.load(structuredClone(change));
  const outbox = newOutbox(loaded);
  outbox.rebuild();
  expect(names(outbox)).toEqual(['n1 webhook']);
  outbox.follow(resolved());
  expect(outbox.open()).toBe(0);
});

test('the desk hears through its page: its message is for the log', () => {
  const outbox = newOutbox();
  outbox.issue({ ...notice('n1'), recipient: { type: 'desk', areaId: 'narin' } });
  expect(names(outbox)).toEqual(['n1 log']);
});

const answerTo = (noticeId: string, changes = {}) =>
  notice(noticeId, { purpose: 'reply', severity: 'urgent', via: 'sms:modem-1', ...changes });

test('the line that answers somebody takes neither the word that it is over from them nor what was never sent', () => {
  const outbox = newOutbox();
  outbox.issue(closing('over', 'stand-down'));
  outbox.issue(answerTo('line'));
  outbox.issue(notice('worse', { contactId: 'saran', purpose: 'worse' }));
  outbox.issue(answerTo('line-2', { contactId: 'saran' }));
  expect(names(outbox).toSorted()).toEqual(['line sms:modem-1', 'line-2 sms:modem-1', 'over webhook', 'worse webhook']);
});

test('whoever has answered what was sent to them is called no more about it', () => {
  for (const answer of [
    (outbox: ReturnType<typeof newOutbox>) => outbox.issue(answerTo('line')),
    (outbox: ReturnType<typeof newOutbox>) => outbox.answered('i:smoke-1', 'bao'),
  ]) {
    const outbox = newOutbox();
    outbox.issue(notice('n1'));
    outbox.issue(notice('n2', { contactId: 'saran' }));
    outbox.attempting({ kind: 'attempting', ...attempt }, night);
    answer(outbox);
    expect([outbox.has('n1'), outbox.has('n2')]).toEqual([false, true]);
  }
});

test('who ended it by their answer reads that it ended', () => {
  const outbox = newOutbox();
  outbox.issue(answerTo('line'));
  outbox.follow(resolved());
  expect(names(outbox)).toEqual(['line sms:modem-1']);
});

test('a receipt that says no opens the next way at once, and not a minute after the provider took the message', () => {
  const outbox = newOutbox();
  outbox.issue(notice('n1', { contactId: 'two-bao' }));
  outbox.attempting({ kind: 'attempting', ...attempt }, night);
  outbox.outcome({ kind: 'outcome', ...attempt, result: 'accepted', messageId: 'm' }, night + SECOND_MS);
  expect(names(outbox, night + 30 * SECOND_MS)).toEqual([]);
  outbox.outcome(
    { kind: 'outcome', ...attempt, result: 'failed', messageId: 'm', receipt: true },
    night + 3 * SECOND_MS,
  );
  expect(names(outbox, night + 3 * SECOND_MS)).toEqual(['n1 webhook-2']);
});

/** Bao is called, and then written to. */
function calling(carriers = ['ring', 'modem']) {
  const [voice = '', sms = ''] = carriers;
  let providers = [
    { id: voice, type: 'x', medium: 'voice', windows: [] } as const,
    { id: sms, type: 'x', medium: 'sms', windows: [] } as const,
  ].map((one) => ({ ...one, windows: [] }));
  const contact = (id: string) =>
    ({ ...registry.contact(id), channels: [{ type: 'voice' }, { type: 'sms' }] }) as never;
  const outbox = createOutbox({ state: new FoldState(), registry: { contact }, providers: () => providers });
  const called = { noticeId: 'n1', channel: `voice:${voice}`, attempt: 1 };
  return {
    outbox,
    accept(detail?: string) {
      outbox.attempting({ kind: 'attempting', ...called }, night);
      const said = detail === undefined ? { messageId: 'call-1' } : { detail };
      outbox.outcome({ kind: 'outcome', ...called, result: 'accepted', ...said }, night + SECOND_MS);
    },
    end: (result: 'delivered' | 'failed') =>
      outbox.outcome({ kind: 'outcome', ...called, result, messageId: 'call-1', receipt: true }, night + 9 * SECOND_MS),
    adopt(...ids: string[]) {
      providers = ids.map((id) => ({ id, type: 'x', medium: 'sms' as const, windows: [] as [] })) as never;
      outbox.readdress();
    },
  };
}

test('a telephone that rang has said nothing, so that the words go by the next way at once, also that it is over', () => {
  for (const one of [notice('n1'), closing('n1', 'stand-down'), notice('n1', { severity: 'service' })]) {
    const { outbox, accept } = calling();
    outbox.issue(one);
    accept('rang');
    expect(names(outbox, night + SECOND_MS)).toEqual(['n1 sms:modem']);
  }
});

test('a call that nobody picks up tells nobody to turn back', () => {
  const { outbox, accept, end } = calling();
  outbox.issue(closing('n1', 'stand-down'));
  accept();
  expect(names(outbox, night + 2 * SECOND_MS)).toEqual([]);
  end('failed');
  expect(names(outbox, night + 9 * SECOND_MS)).toEqual(['n1 sms:modem']);
  outbox.outcome({ kind: 'outcome', noticeId: 'n1', channel: 'sms:modem', attempt: 1, result: 'accepted' }, night);
  expect(outbox.open()).toBe(0);
});

test('a provider that is put into the file tonight carries what is open already, and one that is taken out is left', () => {
  const { outbox, adopt } = calling();
  outbox.issue(notice('n1'));
  outbox.outcome({ kind: 'outcome', ...attempt, channel: 'voice:ring', result: 'failed' }, night);
  adopt('new');
  expect(names(outbox).toSorted()).toEqual(['n1 sms:new', 'n1 voice']);
  adopt('new', 'newer');
  expect(names(outbox).toSorted()).toEqual(['n1 sms:new', 'n1 voice']);
});
