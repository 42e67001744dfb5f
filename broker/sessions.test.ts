import { expect, test } from 'vitest';
import { createMetrics } from '../platform/metrics.ts';
import { openRights } from '../test/conformance-broker.ts';
import type { ClientInside } from './aedes-inside.ts';
import { stoppedClock } from './broker.test-support.ts';
import { type BrokerLimits, defaultLimits } from './limits.ts';
import { Sessions } from './sessions.ts';
import type { Qos } from './subscriber.ts';
import { deviceRights, type TopicRights } from './topic-rights.ts';

function sessionsUnderTest(limits: Partial<BrokerLimits> = {}, rights: TopicRights = openRights) {
  const [clock, metrics] = [stoppedClock(), createMetrics()];
  const sessions = new Sessions({ clock, metrics, rights, limits: { ...defaultLimits, ...limits } });
  /** A client that is let in; `sent` counts the packets that it was sent. */
  const connect = (
    id: string,
    { clean = false, standing = 'registered' as 'registered' | 'enrolment', comesIn = true } = {},
  ) => {
    const sender = { deviceId: id, standing };
    const state = { sent: 0, cut: 0 };
    const conn = {
      writableLength: 0,
      destroyed: false,
      write: () => state.sent++ >= 0,
      destroy: () => {
        conn.destroyed = true;
        state.cut++;
      },
    };
    const client = { id, clean, conn } as unknown as ClientInside;
    sessions.open(client, sender);
    const isResumed = sessions.isResumed(id);
    if (comesIn) {
      sessions.attach(client);
      sessions.ready(client);
    }
    const subscribe = (topic: string, qos: Qos = 1) => sessions.subscribe(client, sender, { topic, qos });
    return { ...state, state, subscribe, isResumed, leave: () => sessions.leave(client) };
  };
  const publish = (topic: string, bytes = 10, qos: Qos = 1, retain = false) =>
    sessions.publish({ topic, payload: Buffer.alloc(bytes, 'x'), qos, retain });
  const count = async (name: 'messagesDropped' | 'sessionsEnded' | 'subscriptionsRefused', reason: string) =>
    (await metrics[name].get()).values.find(({ labels }) => labels.reason === reason)?.value ?? 0;
  return { sessions, clock, metrics, connect, publish, count };
}

test('a session that nobody comes back to ends after its time, and not before', async () => {
  const { sessions, clock, metrics, connect, count } = sessionsUnderTest({ sessionExpiryMs: 1_000 });
  connect('one').leave();
  clock.advance(500);
  connect('two').leave();
  clock.advance(500);
  sessions.check();
  expect(sessions.stats()).toMatchObject({ sessions: 1, away: 1 });
  expect((await metrics.sessionsAway.get()).values).toMatchObject([{ value: 1 }]);
  expect(await count('sessionsEnded', 'expired')).toBe(1);
  expect(connect('one').isResumed).toBe(false);
  expect(connect('two').isResumed).toBe(true);
});

test('of too many sessions that are away the one that left first goes', async () => {
  const { sessions, connect, count } = sessionsUnderTest({ sessionsAway: 2 });
  for (const id of ['one', 'two', 'three']) connect(id).leave();
  expect(sessions.stats()).toMatchObject({ away: 2 });
  expect(await count('sessionsEnded', 'full')).toBe(1);
  expect(['one', 'two', 'three'].map((id) => connect(id).isResumed)).toEqual([false, true, true]);
});

test('what waits for one client is bounded in messages and bytes; the oldest goes', async () => {
  const { sessions, connect, publish, count } = sessionsUnderTest({ sessionMessages: 5, sessionBytes: 1_000 });
  const listener = connect('listener');
  listener.subscribe('#');
  listener.leave();
  for (let message = 0; message < 8; message++) publish('a');
  expect(await count('messagesDropped', 'session-full')).toBe(3);
  publish('a', 900);
  expect(sessions.stats().heldBytes).toBeLessThanOrEqual(1_001);
  const again = connect('listener');
  expect([again.isResumed, again.state.sent]).toEqual([true, 0]);
});

test('what waits for all is bounded: sessions end, the one that left first goes first', async () => {
  const { sessions, connect, publish, count } = sessionsUnderTest({ sessionsBytes: 1_500 });
  for (const id of ['one', 'two']) {
    const listener = connect(id);
    listener.subscribe(id);
    listener.leave();
    publish(id, 500);
  }
  publish('two', 500);
  expect(await count('sessionsEnded', 'full')).toBe(1);
  expect(sessions.stats()).toMatchObject({ away: 1 });
  expect([connect('one').isResumed, connect('two').isResumed]).toEqual([false, true]);
});

test('a session that ends gives back its bytes and its subscriptions', () => {
  const { sessions, connect, publish } = sessionsUnderTest({ inFlight: 2 });
  const listener = connect('listener', { clean: true });
  listener.subscribe('#');
  for (let message = 0; message < 4; message++) publish('a');
  expect(listener.state.sent).toBe(2);
  expect(sessions.stats().heldBytes).toBeGreaterThan(0);
  listener.leave();
  expect(sessions.stats()).toEqual({ sessions: 0, away: 0, heldBytes: 0 });
});

test.each([true, false])(
  'a connection that is replaced leaves nothing behind, whatever it still says (clean: %s)',
  async (clean) => {
    const { sessions, connect, publish, count } = sessionsUnderTest();
    const older = connect('listener', { clean });
    const newer = connect('listener', { clean: true, comesIn: false });
    older.subscribe('a');
    older.leave();
    publish('a');
    expect([older.state.sent, await count('messagesDropped', 'away')]).toEqual([0, 0]);
    newer.leave();
    expect(sessions.stats()).toEqual({ sessions: 0, away: 0, heldBytes: 0 });
  },
);

test('a clean connection ends the session that was away, with all that waited in it', async () => {
  const { sessions, connect, publish, count } = sessionsUnderTest();
  const listener = connect('listener');
  listener.subscribe('a');
  listener.leave();
  publish('a');
  expect(connect('listener', { clean: true }).state.sent).toBe(0);
  publish('a');
  expect(sessions.stats()).toEqual({ sessions: 1, away: 0, heldBytes: 0 });
  expect(await count('messagesDropped', 'away')).toBe(0);
});

test('a client that is there and does not keep up is cut, and can take up its session with less in it', () => {
  const { connect, publish } = sessionsUnderTest({ outgoingBytes: 1_000, sessionBytes: 500 });
  const listener = connect('listener');
  listener.subscribe('#');
  for (let message = 0; message < 5; message++) publish('a', 200);
  expect(listener.state.cut).toBe(1);
  listener.leave();
  const again = connect('listener');
  expect([again.isResumed, again.state]).toEqual([true, { sent: 1, cut: 0 }]);
});

test('retained messages are bounded in number and in bytes; the oldest goes', async () => {
  const { connect, publish, count, sessions } = sessionsUnderTest({ retainedMessages: 3, retainedBytes: 1_000 });
  for (const topic of ['a', 'b', 'c', 'd']) publish(topic, 10, 1, true);
  expect(await count('messagesDropped', 'retained-full')).toBe(1);
  publish('e', 990, 1, true);
  expect(await count('messagesDropped', 'retained-full')).toBe(4);
  const listener = connect('listener');
  listener.subscribe('#');
  sessions.check();
  expect(await count('messagesDropped', 'away')).toBe(0);
});

test('a filter past its bounds is refused with a reason, and one that is there already is not counted twice', async () => {
  const { connect, count } = sessionsUnderTest({ subscriptionsPerDevice: 2, maxTopicLength: 20, maxTopicLevels: 4 });
  const listener = connect('listener');
  expect([listener.subscribe('a'), listener.subscribe('b'), listener.subscribe('b', 2)]).toEqual([1, 1, 2]);
  expect([listener.subscribe('c'), listener.subscribe('a/b/c/d/e'), listener.subscribe('x'.repeat(21))]).toEqual([
    128, 128, 128,
  ]);
  expect([await count('subscriptionsRefused', 'count'), await count('subscriptionsRefused', 'filter')]).toEqual([1, 2]);
});

test('a command is not kept for a device that is away, and its subscriptions are', async () => {
  const { connect, publish, count } = sessionsUnderTest({}, deviceRights);
  const detector = connect('smoke-1');
  expect(detector.subscribe('down/smoke-1/#')).toBe(1);
  publish('down/smoke-1/hush');
  expect(detector.state.sent).toBe(1);
  detector.leave();
  publish('down/smoke-1/hush');
  const again = connect('smoke-1');
  expect([again.isResumed, again.state.sent]).toEqual([true, 0]);
  expect(await count('messagesDropped', 'away')).toBe(2);
  publish('down/smoke-1/lamp');
  expect(again.state.sent).toBe(1);
});

test('a session is taken up with the rights of today', async () => {
  const { connect, publish } = sessionsUnderTest({}, deviceRights);
  const detector = connect('smoke-1');
  detector.subscribe('down/smoke-1/#');
  detector.leave();
  const stranger = connect('smoke-1', { standing: 'enrolment' });
  publish('down/smoke-1/lamp');
  expect(stranger.state.sent).toBe(0);
});
