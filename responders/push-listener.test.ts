import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../platform/clock.ts';
import { journalBusy } from '../platform/errors.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import type { PushDoor } from '../platform/push-door.ts';
import type { PushTaker } from './channels/pushes.ts';
import { type PushListenerOptions, servePushes } from './push-listener.ts';

const token = 't'.repeat(32);
let door: PushDoor | undefined;
afterEach(() => door?.close());

/** A provider's reports: what has a `biz_id` can be read, and is told once more under the same one. */
const taking = (keep: (id: string) => Promise<void>): PushTaker => ({
  take: ({ biz_id: id }) => (typeof id === 'string' ? { key: id, keep: () => keep(id) } : undefined),
});

type Over = { keep?: (id: string) => Promise<void>; sources?: string[] } & Partial<PushListenerOptions>;
async function open({ keep, sources = [], ...over }: Over = {}) {
  const metrics = createMetrics();
  const died: unknown[] = [];
  const kept: string[] = [];
  const taker = taking(keep ?? (async (id) => void kept.push(id)));
  door = await servePushes({
    ...{ listen: { host: '127.0.0.1', port: 0 }, providers: new Map([['aliyun', { token, sources, taker }]]) },
    ...{ died: (error) => void died.push(error), clock: systemClock, log: silentLog, metrics },
    ...over,
  });
  const { port } = door.address();
  const post = (body: string, path = `/aliyun/${token}`, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body, headers });
  return {
    ...{ died, kept, port, post },
    push: (...items: unknown[]) => post(JSON.stringify(items)),
    async counted(outcome: string, provider = 'aliyun'): Promise<number> {
      const { values } = await metrics.providerPushes.get();
      return values.find(({ labels }) => labels.outcome === outcome && labels.provider === provider)?.value ?? 0;
    },
  };
}
const report = (id: string) => ({ biz_id: id });

/** A clock whose waits end when the test says so. */
function heldClock(): Clock & { pass(): void } {
  let waits: (() => void)[] = [];
  const after = (_delayMs: number, run: () => void) => {
    waits.push(run);
    return () => {
      waits = waits.filter((one) => one !== run);
    };
  };
  return { ...systemClock, after, pass: () => waits.forEach((run) => void run()) };
}

test('a receipt is answered when it is on disk, and not before', async () => {
  const disk = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const pushes = await open({
    keep() {
      asked.resolve();
      return disk.promise;
    },
  });
  let isAnswered = false;
  const answer = pushes.push(report('a')).then((response) => {
    isAnswered = true;
    return response;
  });
  await asked.promise;
  await new Promise((turn) => setImmediate(turn));
  expect(isAnswered).toBe(false);
  disk.resolve();
  expect((await answer).status).toBe(200);
  expect(await (await answer).json()).toEqual({ code: 0, msg: 'ok' });
});

test('all that one push tells is kept, and what cannot be read in it spoils nothing', async () => {
  const pushes = await open();
  expect((await pushes.push(report('a'), 'nonsense', { content: 1 }, report('b'))).status).toBe(200);
  expect(pushes.kept).toEqual(['a', 'b']);
  expect([await pushes.counted('taken'), await pushes.counted('unreadable')]).toEqual([2, 2]);
});

test.each(['', '17', '[{"biz_id":', 'x'.repeat(100)])(
  'what is no push is counted, and does not come again: %s',
  async (body) => {
    const pushes = await open();
    expect((await pushes.post(body)).status).toBe(200);
    expect([pushes.kept, await pushes.counted('unreadable')]).toEqual([[], 1]);
  },
);

test('one thing alone is a push too', async () => {
  const pushes = await open();
  expect((await pushes.post('{"biz_id":"a"}')).status).toBe(200);
  expect(pushes.kept).toEqual(['a']);
});

test('what came before changes nothing, however often it comes', async () => {
  const pushes = await open();
  for (let times = 0; times < 3; times++) expect((await pushes.push(report('a'), report('a'))).status).toBe(200);
  expect(pushes.kept).toEqual(['a']);
  expect(await pushes.counted('repeat')).toBe(5);
});

test('the repeat of what is still being written waits with it', async () => {
  const disk = Promise.withResolvers<void>();
  let asked = 0;
  const pushes = await open({
    keep() {
      asked++;
      return disk.promise;
    },
  });
  const both = [pushes.push(report('a')), pushes.push(report('a'))];
  await expect.poll(() => pushes.counted('repeat')).toBe(1);
  disk.resolve();
  for (const answer of await Promise.all(both)) expect(answer.status).toBe(200);
  expect(asked).toBe(1);
});

describe('the provider has to come again', () => {
  test('when the journal refuses for now; then it is kept', async () => {
    let refusals = 1;
    const pushes = await open({
      keep: () => (refusals-- > 0 ? Promise.reject(journalBusy({}, 9)) : Promise.resolve()),
    });
    const { status, headers } = await pushes.push(report('a'));
    expect([status, headers.get('retry-after')]).toEqual([503, '5']);
    expect((await pushes.push(report('a'))).status).toBe(200);
    expect([await pushes.counted('taken'), pushes.died]).toEqual([2, []]);
  });

  test('when the disk takes longer than the provider waits', async () => {
    const clock = heldClock();
    const asked = Promise.withResolvers<void>();
    const pushes = await open({
      clock,
      keep() {
        asked.resolve();
        return new Promise(() => {});
      },
    });
    const answer = pushes.push(report('a'));
    await asked.promise;
    clock.pass();
    expect((await answer).status).toBe(503);
    expect(await pushes.counted('stalled')).toBe(1);
  });

  test('when it tells more than can be right', async () => {
    const pushes = await open({ limits: { itemsBurst: 2, itemsPerSecond: 1e-9 } });
    expect((await pushes.push(report('a'), report('b'), report('c'))).status).toBe(429);
    expect(pushes.kept).toEqual(['a', 'b']);
  });

  test('when as many are under way as may be', async () => {
    const disk = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const pushes = await open({
      keep() {
        asked.resolve();
        return disk.promise;
      },
      limits: { requests: 1 },
    });
    const first = pushes.push(report('a'));
    await asked.promise;
    expect((await pushes.push(report('b'))).status).toBe(503);
    disk.resolve();
    expect((await first).status).toBe(200);
  });
});

describe('the way in is closed', () => {
  test.each([
    '/',
    '/aliyun',
    '/aliyun/',
    `/aliyun/${'x'.repeat(32)}`,
    `/aliyun/${token}/more`,
    `/tencent/${token}`,
    `/constructor/${token}`,
    `//${token}`,
  ])('at %s: it is counted, and nothing is taken', async (path) => {
    const pushes = await open();
    const { status, headers } = await pushes.post('[{"biz_id":"a"}]', path);
    expect([status, headers.get('connection'), pushes.kept]).toEqual([404, 'close', []]);
    expect(await pushes.counted('token', 'unknown')).toBe(1);
  });

  test('to whoever knows the address and does not come from the provider’s', async () => {
    const pushes = await open({ sources: ['47.1.2.0/24', '2001:db8::7'] });
    const from = async (forwarded?: string) =>
      (await pushes.post('[]', undefined, forwarded === undefined ? {} : { 'x-forwarded-for': forwarded })).status;
    expect(await from()).toBe(404);
    expect(await from('47.1.3.1')).toBe(404);
    expect(await from('47.1.2.9, 198.51.100.1')).toBe(404);
    expect(await from('nobody')).toBe(404);
    expect(await pushes.counted('source', 'unknown')).toBe(4);
    expect(await from('47.1.2.9')).toBe(200);
    expect(await from('198.51.100.1, 2001:db8::7')).toBe(200);
  });

  test('but not to whoever comes from a listed address without a proxy', async () => {
    const pushes = await open({ sources: ['127.0.0.1'] });
    expect((await pushes.push()).status).toBe(200);
  });

  test('for what is no push', async () => {
    const pushes = await open();
    expect((await fetch(`http://127.0.0.1:${pushes.port}/aliyun/${token}`)).status).toBe(405);
  });
});

test('a push that is too large is let pass unread', async () => {
  const pushes = await open({ limits: { bodyBytes: 100 } });
  expect((await pushes.push(report('a'), report('x'.repeat(200)))).status).toBe(200);
  expect([pushes.kept, await pushes.counted('too-large')]).toEqual([[], 1]);
});

test('more things than a push may tell are not looked at', async () => {
  const pushes = await open({ limits: { items: 2 } });
  expect((await pushes.push(report('a'), report('b'), report('c'))).status).toBe(200);
  expect([pushes.kept, await pushes.counted('too-many')]).toEqual([['a', 'b'], 1]);
});

test('repeats are known for as many things as are remembered', async () => {
  const pushes = await open({ limits: { remembered: 2 } });
  await pushes.push(report('a'), report('b'), report('c'), report('c'), report('a'));
  expect(pushes.kept).toEqual(['a', 'b', 'c', 'a']);
});

test('a sender that goes in the middle of its push leaves nothing behind', async () => {
  const pushes = await open({ limits: { requests: 1 } });
  const socket = connect(pushes.port, '127.0.0.1');
  const head = `POST /aliyun/${token} HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n[{"a"`;
  await new Promise<void>((written) => socket.write(head, () => written()));
  await expect.poll(async () => (await pushes.push()).status).toBe(503);
  socket.destroy();
  await expect.poll(async () => (await pushes.push()).status).toBe(200);
  expect(pushes.died).toEqual([]);
});

test('what is our own fault ends the process, and is no 500', async () => {
  const fault = new TypeError('ours');
  const pushes = await open({ keep: () => Promise.reject(fault) });
  expect((await pushes.push(report('a'))).status).toBe(503);
  expect(pushes.died).toEqual([fault]);
});
