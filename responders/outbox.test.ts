import { expect, test } from 'vitest';
import { FoldState } from '../records/fold-state.ts';
import type { Incident } from '../records/incident.ts';
import { closing, MINUTE_MS, night, notice, registry, resolved, SECOND_MS } from './home.test-support.ts';
import { createOutbox } from './outbox.ts';

const newOutbox = (state = new FoldState(), mostOpen = 10) => createOutbox({ state, registry, mostOpen });
const names = (outbox: ReturnType<typeof newOutbox>, now = night) =>
  outbox.due(now).map((due) => `${due.notice.noticeId} ${due.channel}`);
const attempt = { noticeId: 'n1', channel: 'webhook', attempt: 1 };

test('a newer message to the same person overtakes the older one, and nobody else loses theirs', () => {
  const outbox = newOutbox();
  outbox.issue(notice('n1'));
  outbox.issue(notice('n2', { contactId: 'saran' }));
  outbox.issue(notice('n3', { purpose: 'worse' }));
  outbox.issue(notice('n4', { incidentId: 'i:other' }));
  expect(names(outbox)).toEqual(['n2 webhook', 'n3 webhook', 'n4 webhook']);
});

test('the end of an incident overtakes what calls people to it, and not the word that it is over', () => {
  const outbox = newOutbox();
  outbox.issue(notice('n1'));
  outbox.issue(closing('over', 'stand-down'));
  outbox.issue(notice('n2', { contactId: 'saran' }));
  outbox.issue(notice('n3', { incidentId: 'i:other' }));
  outbox.follow(resolved());
  expect(names(outbox)).toEqual(['over webhook', 'n3 webhook']);
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

test('a provider that took a message has a minute until the next way is tried; its receipt ends it', () => {
  const outbox = newOutbox();
  outbox.issue(notice('n1', { contactId: 'two-ways' }));
  outbox.attempting({ kind: 'attempting', ...attempt }, night);
  outbox.outcome({ kind: 'outcome', ...attempt, result: 'accepted' }, night + SECOND_MS);
  expect(outbox.due(night + MINUTE_MS)).toEqual([]);
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
  expect(outbox.due(night + MINUTE_MS)).toEqual([]);
});

test('the outcome of an earlier attempt changes nothing about a later one', () => {
  const outbox = newOutbox();
  outbox.issue(notice('n1'));
  outbox.attempting({ kind: 'attempting', ...attempt }, night);
  outbox.outcome({ kind: 'outcome', ...attempt, result: 'failed' }, night);
  outbox.attempting({ kind: 'attempting', ...attempt, attempt: 2 }, night + 5 * SECOND_MS);
  outbox.outcome({ kind: 'outcome', ...attempt, result: 'failed' }, night + 6 * SECOND_MS);
  expect(outbox.unanswered()).toMatchObject([{ channel: 'webhook', attempt: 2 }]);
  expect(outbox.due(night + MINUTE_MS)).toEqual([]);
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
  expect(outbox.due(night + MINUTE_MS)).toEqual([]);
  expect(outbox.unanswered()).toMatchObject([{ attempt: 1 }]);
});

test('a provisional attempt that failed is the first of its schedule', () => {
  const outbox = newOutbox();
  outbox.attempting({ kind: 'attempting', ...attempt, provisional: true }, night);
  outbox.outcome({ kind: 'outcome', ...attempt, result: 'failed', provisional: true }, night);
  outbox.issue(notice('n1', { at: night - MINUTE_MS }));
  expect(outbox.due(night)).toEqual([]);
  expect(outbox.due(night + 5 * SECOND_MS)).toMatchObject([{ attempt: 2 }]);
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
