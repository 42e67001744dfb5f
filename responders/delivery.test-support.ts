import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { FoldState } from '../records/fold-state.ts';
import type { AttemptingRecord, OutcomeRecord } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import { Budgets } from './budgets.ts';
import type { Address, Message, Sent } from './channel.ts';
import { startDelivery } from './delivery.ts';
import { registry, SECOND_MS, settled, testClock } from './home.test-support.ts';
import { createOutbox } from './outbox.ts';

export type Answer = (url: string, message: Message) => Sent | Promise<Sent>;
type Entry = (AttemptingRecord | OutcomeRecord) & { at: number };
export const delivered: Answer = () => ({ type: 'delivered' });
export const down: Answer = () => ({ type: 'later', reason: 'ECONNREFUSED' });
export const hangs: Answer = () => new Promise(() => {});

/** An alarm process: its outbox, its delivery, a journal that folds what is recorded, and everybody's telephone. */
export function watch(
  answer: Answer,
  {
    clock = testClock(),
    state = new FoldState(),
    begun = true,
    journalAfter = async () => {},
    /** How often one address may be written to. */
    patienceMs = undefined as number | undefined,
    limited = undefined as { count: number; perMs: number } | undefined,
  } = {},
) {
  const outbox = createOutbox({ state, registry });
  const budgets = new Budgets({ state });
  if (limited) budgets.windowsOf = (channel) => (channel === 'log' ? [] : [{ per: 'target', ...limited }]);
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
        ways: registry.contact(id)?.channels ?? [],
        channels: registry.contact(id)?.channels.map((_, index) => addressOf(id, index)) ?? [],
      }),
      callName: () => undefined,
      nameOf: () => undefined,
    },
    ...{ providers: () => [], budgets, blind: (address: string) => address },
    channels: [
      { name: 'log', send: async () => ({ type: 'delivered' }) },
      ...['webhook', 'dingtalk'].map((name) => ({
        name,
        ...(patienceMs !== undefined && { patienceMs }),
        async send(message: Message) {
          const url = 'url' in message.address ? message.address.url : '';
          rang.push({ url, after: (clock.now() - startedAt) / SECOND_MS, id: message.idempotencyId, message });
          return answer(url, message);
        },
      })),
    ],
    async record(record) {
      await journalAfter();
      journal.push({ ...record, at: clock.now() });
      if (record.kind === 'attempting') budgets.attempting(record, clock.now());
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

/** Everybody has a telephone of their own, except those behind a gateway, and some a chat room. */
function addressOf(id: string, index: number): Address {
  if (id.startsWith('room-')) return { type: 'dingtalk', url: `http://${id}/${index + 1}`, secret: 'x' };
  return { type: 'webhook', url: `http://${id.startsWith('gateway') ? 'gateway' : id}/${index + 1}`, secret: 'x' };
}

/** The same state in a new process: what a checkpoint and the journal give back. */
export function restarted(state: FoldState): FoldState {
  const loaded = new FoldState();
  for (const change of state.entries()) loaded.load(structuredClone(change));
  return loaded;
}
