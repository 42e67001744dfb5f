import { expect, test } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import type { Visit } from '../../records/command.ts';
import { createCommandAnswers } from '../../records/command-answers.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { JournalRecord } from '../../records/journal-record.ts';
import { encodeRecord } from '../../records/record-codec.ts';
import { put, remove, smallCounty } from '../../records/registry.test-support.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { VirtualClock } from '../../simulators/virtual-clock.ts';
import { EventNews, mostSubscriptions } from './event-news.ts';
import { createEventQueues } from './event-queues.ts';
import { incidentRecord, secret } from './feed.test-support.ts';

const at = Date.UTC(2026, 10, 2);

/** News of records that a test hands in one by one, with a registry that is as far as the test says. */
function newsroom() {
  const state = new FoldState();
  const registry = createRegistry({ state: new FoldState() });
  registry.apply(smallCounty);
  const queues = createEventQueues({ state });
  const clock = new VirtualClock({ startAt: at });
  const room = { reached: 0 };
  const news = new EventNews({
    ...{ queues, registry, clock, log: silentLog, metrics: createMetrics(), reached: () => room.reached },
    answers: createCommandAnswers(state),
    ...{ unknown: state.table('event-unknown'), ended: state.table('event-ended') },
  });
  return Object.assign(room, {
    ...{ registry, queues, news },
    take: (sequence: number, record: JournalRecord) =>
      news.take({ sequence, receivedAt: at, body: encodeRecord(record) }),
    waiting: (id: string) => Array.from(queues.rows(id), ({ sequence }) => sequence),
  });
}
const subscription = (id: string) =>
  put('subscription', {
    ...{ id, name: id, types: ['incident.opened', 'visit.recorded'], url: 'https://a.example/', secret },
  });
const incident = (number: number) => incidentRecord(number, 'opened', 'east', at);

test('a subscription that is made while the journal is read late hears nothing of what was before it', async () => {
  const room = newsroom();
  await room.news.begin(0);
  room.reached = 10;
  room.take(1, incident(1));
  room.registry.apply([subscription('all')]);
  room.reached = 12;
  for (let sequence = 2; sequence <= 10; sequence++) room.take(sequence, incident(sequence));
  room.take(11, { kind: 'tick' });
  room.take(12, incident(12));
  expect(room.waiting('all')).toEqual([12]);
});

test('a place that one subscription leaves is taken by another of the same change', async () => {
  const room = newsroom();
  const names = Array.from({ length: mostSubscriptions }, (_, index) => `s-${index}`);
  room.registry.apply(names.map(subscription));
  await room.news.begin(0);
  room.registry.apply([remove('subscription', 's-7'), subscription('next')]);
  room.reached = 1;
  room.take(1, incident(1));
  expect(room.queues.ids()).toContain('next');
  expect(room.queues.ids()).not.toContain('s-7');
});

test('a visit is told once, and not at all when it was refused and is sent again, corrected, under the same name', async () => {
  const room = newsroom();
  room.registry.apply([subscription('all')]);
  await room.news.begin(0);
  room.reached = 9;
  const visit: Visit = {
    ...{ type: 'visit', commandId: 'first', by: { type: 'account', id: 'li' } },
    ...{ householdId: 'nobody', visitedAt: at, why: 'round', result: 'well' },
  };
  const sent = [visit, { ...visit, householdId: 'alone' }, { ...visit, commandId: 'second', householdId: 'alone' }];
  for (const [index, command] of [...sent, ...sent].entries()) room.take(index + 1, { kind: 'command', command });
  expect(room.waiting('all')).toEqual([3]);
});
