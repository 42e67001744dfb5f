import { expect, test } from 'vitest';
import { FoldState } from '../records/fold-state.ts';
import { adoptProviders } from '../records/providers.ts';
import { watch } from './delivery.test-support.ts';
import { MINUTE_MS, notice, SECOND_MS } from './home.test-support.ts';

/** A county whose chat rooms are written to by way of what is called a webhook there: two a minute. */
function county() {
  const state = new FoldState();
  adoptProviders(state, []);
  return watch(() => ({ type: 'delivered' }), { state, limited: { count: 2, perMs: MINUTE_MS } });
}

test('where a limit leaves no room nothing is tried there, the next way is taken at once, and the outcome says when there is room', async () => {
  const home = county();
  await home.issue(notice('n1', { contactId: 'two-a' }), notice('n2', { contactId: 'two-a', incidentId: 'i:2' }));
  await home.clock.advance(100);
  await home.issue(notice('n3', { contactId: 'two-a', incidentId: 'i:3' }));
  await home.clock.advance(100);
  expect(home.rang.map(({ url }) => url)).toEqual(['http://two-a/1', 'http://two-a/1', 'http://two-a/2']);
  const full = home.outcomes().find(({ trouble }) => trouble === 'limit');
  expect(full).toMatchObject({ noticeId: 'n3', channel: 'webhook', result: 'failed', detail: 'budget' });
  expect(full?.retryAfterMs).toBeGreaterThan(55 * SECOND_MS);
  const attempts = home.journal.filter(({ kind, noticeId }) => kind === 'attempting' && noticeId === 'n3');
  expect(attempts.map(({ channel }) => channel)).toEqual(['webhook-2']);
});

test('who has one way alone is told when there is room again, and not every few seconds before', async () => {
  const home = county();
  for (const id of ['n1', 'n2', 'n3']) await home.issue(notice(id, { incidentId: `i:${id}` }));
  await home.clock.advance(2 * MINUTE_MS);
  const times = home.rang.map(({ after }) => Math.round(after));
  expect(times).toEqual([0, 0, 60]);
  expect(home.outcomes().filter(({ trouble }) => trouble === 'limit')).toHaveLength(1);
});
