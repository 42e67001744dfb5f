import { expect, test } from 'vitest';
import type { Notice } from '../../records/notice.ts';
import type { Message, Sent } from '../../responders/channel.ts';
import { chanceOf } from '../seeded-chance.ts';
import { VirtualClock } from '../virtual-clock.ts';
import type { Heard } from './evidence.ts';
import { type FaultPlan, noFaults } from './faults.ts';
import { openProviders } from './providers.ts';

test('a message takes its time, reaches its person once, and the answer says so', async () => {
  const { clock, send, messages, arrivals } = county();
  const answers = send('m-1');
  expect(messages).toMatchObject([{ atMs: 0, arrived: false, answer: 'none' }]);
  await clock.advance(60_000);
  expect(answers).toEqual([{ type: 'delivered' }]);
  expect(messages).toEqual(arrivals);
  expect(arrivals).toMatchObject([{ contactId: 'bao', channel: 'webhook', idempotencyId: 'm-1', arrived: true }]);
  expect(arrivals[0]?.atMs).toBeGreaterThan(0);
});

test('one that is refused reaches nobody', async () => {
  const { clock, send, messages } = county({ refuseChance: 1 });
  const answers = send('m-1');
  await clock.advance(60_000);
  expect(answers).toEqual([{ type: 'refused', reason: 'status 410' }]);
  expect(messages).toMatchObject([{ arrived: false, answer: 'refused' }]);
});

test('a provider that wants to rest says for how long, and delivers nothing', async () => {
  const { clock, send, messages } = county({ throttleChance: 1 });
  const answers = send('m-1');
  await clock.advance(60_000);
  expect(answers).toMatchObject([{ type: 'later', reason: 'status 429' }]);
  const [answer] = answers;
  expect(answer?.type === 'later' && answer.retryAfterMs).toBeGreaterThanOrEqual(1_000);
  expect(messages).toMatchObject([{ arrived: false, answer: 'later' }]);
});

test('what arrived is answered with an error, or never', async () => {
  const { clock, send, messages } = county({ deliveredButFailedChance: 1 });
  const answers = Array.from({ length: 40 }, (_, index) => send(`m-${index}`));
  await clock.advance(60_000);
  expect(messages.every(({ arrived }) => arrived)).toBe(true);
  const said = answers.map(([answer]) => answer?.type ?? 'never');
  expect(new Set(said)).toEqual(new Set(['later', 'never']));
  expect(messages.map(({ answer }) => (answer === 'none' ? 'never' : answer))).toEqual(said);
});

test('while one provider is away the other delivers', async () => {
  const { clock, send, messages } = county({ down: [{ fromMs: 0, toMs: 10_000, channel: 'webhook' }] });
  const answers = Array.from({ length: 20 }, (_, index) => send(`m-${index}`)).flat();
  const log = send('m-log', { channel: 'log' });
  await clock.advance(9_000);
  expect(messages.filter(({ arrived }) => arrived)).toMatchObject([{ channel: 'log' }]);
  expect(answers.every(({ type }) => type === 'later')).toBe(true);
  expect(log).toEqual([{ type: 'delivered' }]);
  await clock.advance(1_000);
  const later = send('m-later');
  await clock.advance(9_000);
  expect(later).toEqual([{ type: 'delivered' }]);
});

test('an attempt that is given up in time reaches nobody, and one that is given up too late has arrived', async () => {
  const { clock, send, messages } = county({ opMs: [20_000, 20_001] });
  const patience = new AbortController();
  const answers = Array.from({ length: 40 }, (_, index) => send(`m-${index}`, { signal: patience.signal }));
  await clock.advance(12_000);
  patience.abort();
  await clock.advance(60_000);
  expect(answers.flat()).toEqual([]);
  const arrived = messages.filter((message) => message.arrived);
  expect(arrived.length).toBeGreaterThan(0);
  expect(arrived.length).toBeLessThan(40);
  expect(arrived.every(({ atMs }) => atMs <= 12_000)).toBe(true);
});

test('who dies while a message is on its way never hears that it arrived', async () => {
  const { clock, send, messages, life } = county();
  const answers = send('m-1');
  life.isOver = true;
  await clock.advance(60_000);
  expect(messages).toMatchObject([{ arrived: true, answer: 'none' }]);
  expect(answers).toEqual([]);
});

test('who is struck at the moment of sending sends nothing', async () => {
  const { clock, send, messages, life } = county();
  life.onCall = () => {
    life.isOver = true;
  };
  const answers = send('m-1');
  await clock.advance(60_000);
  expect([messages, answers]).toEqual([[], []]);
});

test('when all is healed everything is delivered', async () => {
  const { clock, send, providers } = county({ refuseChance: 1, opMs: [30_000, 40_000] });
  providers.heal();
  const answers = Array.from({ length: 20 }, (_, index) => send(`m-${index}`));
  await clock.advance(1_000);
  expect(answers.flat()).toEqual(Array.from({ length: 20 }, () => ({ type: 'delivered' })));
});

/** Providers of a county in which nothing goes wrong but what the test says. */
function county(faults: Partial<FaultPlan['providers']> = {}) {
  const clock = new VirtualClock({ startAt: 0 });
  const messages: Heard[] = [];
  const arrivals: Heard[] = [];
  const life = { onCall: (_: string) => {}, isOver: false };
  const providers = openProviders({
    ...{ clock, chance: chanceOf(1, 'providers'), messages, told: [], onArrival: (heard) => void arrivals.push(heard) },
    faults: { ...noFaults(0).providers, ...faults },
  });
  const channels = providers.channels(life);
  function send(id: string, { channel = 'webhook', signal = new AbortController().signal }: Wish = {}): Sent[] {
    const answers: Sent[] = [];
    const message = { ...messageTo('bao'), idempotencyId: id, signal };
    channels
      .find(({ name }) => name === channel)
      ?.send(message)
      .then((answer) => answers.push(answer));
    return answers;
  }
  return { clock, send, messages, arrivals, life, providers };
}
type Wish = { channel?: 'webhook' | 'log'; signal?: AbortSignal };

function messageTo(contactId: string): Omit<Message, 'idempotencyId' | 'signal'> {
  const text = { incidentCode: 'KX7Q', condition: 'smoke', openedAt: 0, occurredAt: 0, placeIds: [], rooms: [] };
  const notice: Notice = {
    ...{ noticeId: 'n', incidentId: 'i', purpose: 'alarm', severity: 'critical', rung: 1, at: 0 },
    recipient: { type: 'contact', contactId },
    text: { ...text, alertCount: 1 },
  };
  const words = {
    language: 'en',
    title: 'smoke',
    body: '',
    sms: '',
    where: '',
    drill: true,
    provisional: false,
  } as const;
  return { notice, text: words, address: { type: 'log' } };
}
