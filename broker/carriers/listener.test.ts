import { createHash } from 'node:crypto';
import { connect, Server } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { journalBusy } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { type CarrierListener, type CarrierListenerOptions, serveCarriers } from './listener.ts';

const tokens = { ctwing: 'c'.repeat(32), onenet: 'o'.repeat(32) };
let listener: CarrierListener | undefined;
afterEach(() => listener?.close());

type Offers = CarrierListenerOptions['offers'];
const keep = (lifeSafety: boolean): ReturnType<Offers>[number] => ({
  type: 'keep',
  record: { source: 'ctwing', deviceId: 'd1', standing: 'registered', report: 'push', payload: new Uint8Array() },
  lifeSafety,
});

async function open(over: Partial<CarrierListenerOptions> = {}) {
  const metrics = createMetrics();
  const died: unknown[] = [];
  listener = await serveCarriers({
    ...{ listen: { host: '127.0.0.1', port: 0 }, tokens, offers: () => [keep(true)], keep: async () => {} },
    ...{ died: (error) => void died.push(error), clock: systemClock, log: silentLog, metrics },
    ...over,
  });
  const base = `http://127.0.0.1:${listener.address().port}`;
  return {
    died,
    base,
    port: listener.address().port,
    push: (path = `/ctwing/${tokens.ctwing}`, body: string | Uint8Array = '{}', method = 'POST') =>
      fetch(base + path, method === 'GET' ? {} : { method, body: Buffer.from(body) }),
    async counted(outcome: string): Promise<number> {
      const { values } = await metrics.carrierPushes.get();
      return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
    },
  };
}

/** A clock whose waits end when the test says so. */
function heldClock(): Clock & { pass(): void } {
  let waits: (() => void)[] = [];
  const after = (_delayMs: number, run: () => void) => {
    waits.push(run);
    return () => {
      waits = waits.filter((one) => one !== run);
    };
  };
  const pass = () => {
    for (const run of waits) run();
  };
  return { ...systemClock, after, pass };
}

test('a push is answered when it is on disk, and not before', async () => {
  const disk = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const carriers = await open({
    keep: () => {
      asked.resolve();
      return disk.promise;
    },
  });
  let isAnswered = false;
  const answer = carriers.push().then((response) => {
    isAnswered = true;
    return response;
  });
  await asked.promise;
  await new Promise((turn) => setImmediate(turn));
  expect(isAnswered).toBe(false);
  disk.resolve();
  expect((await answer).status).toBe(200);
  expect(await (await answer).json()).toEqual({ code: 0 });
  expect(await carriers.counted('kept')).toBe(1);
});

test('what is offered is what was sent, by its platform', async () => {
  const seen: unknown[] = [];
  const offers: Offers = ({ carrier, body, isCut }) => {
    seen.push([carrier, Buffer.from(body).toString(), isCut]);
    return [];
  };
  const carriers = await open({ offers });
  expect((await carriers.push(undefined, '{"烟":1}')).status).toBe(200);
  expect(seen).toEqual([['ctwing', '{"烟":1}', false]]);
});

test('of a push that is too large the beginning is looked at, and the platform is not refused', async () => {
  const seen: [number, boolean][] = [];
  const offers: Offers = ({ body, isCut }) => {
    seen.push([body.length, isCut]);
    return [{ type: 'drop', reason: 'too-large' }];
  };
  const carriers = await open({ offers });
  expect((await carriers.push(undefined, 'x'.repeat(1_000_000))).status).toBe(200);
  expect(seen).toEqual([[65_536, true]]);
  expect(await carriers.counted('too-large')).toBe(1);
});

describe('the way in is closed', () => {
  test.each([
    ['/ctwing/wrong'],
    ['/ctwing/'],
    ['/ctwing'],
    [`/ctwing/${tokens.onenet}`],
    [`/ctwing/${tokens.ctwing}/more`],
    [`/iotda/${tokens.ctwing}`],
    ['/iotda/undefined'],
    ['/'],
    [`/constructor/${tokens.ctwing}`],
  ])('at %s', async (path) => {
    const carriers = await open();
    const { status, headers } = await carriers.push(path);
    expect([status, headers.get('connection')]).toEqual([404, 'close']);
    expect(await carriers.counted('token')).toBe(1);
  });

  test('for what is no push', async () => {
    const carriers = await open();
    expect((await carriers.push(undefined, '', 'GET')).status).toBe(405);
    expect((await carriers.push(undefined, '{}', 'PUT')).status).toBe(405);
  });
});

describe('the platform has to come again', () => {
  test('when the journal refuses for now', async () => {
    const carriers = await open({ keep: () => Promise.reject(journalBusy({}, 9)) });
    const { status, headers } = await carriers.push();
    expect([status, headers.get('retry-after')]).toEqual([503, '5']);
    expect(await carriers.counted('not-kept')).toBe(1);
    expect(carriers.died).toEqual([]);
  });

  test('when the disk hangs for longer than the platform waits', async () => {
    const clock = heldClock();
    const asked = Promise.withResolvers<void>();
    const keepForEver = () => {
      asked.resolve();
      return new Promise<never>(() => {});
    };
    const carriers = await open({ clock, keep: keepForEver });
    const answer = carriers.push();
    await asked.promise;
    clock.pass();
    expect((await answer).status).toBe(503);
    expect(await carriers.counted('stalled')).toBe(1);
  });

  test('when one of several messages was not kept', async () => {
    let kept = 0;
    const carriers = await open({
      offers: () => [keep(true), keep(true)],
      keep: () => (kept++ === 0 ? Promise.resolve() : Promise.reject(journalBusy({}, 9))),
    });
    expect((await carriers.push()).status).toBe(503);
  });

  test('when as many are under way as may be; whoever goes makes room', async () => {
    const disk = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const hold = () => {
      asked.resolve();
      return disk.promise;
    };
    const carriers = await open({ keep: hold, limits: { requests: 1 } });
    const first = carriers.push();
    await asked.promise;
    expect((await carriers.push()).status).toBe(503);
    expect(await carriers.counted('overloaded')).toBe(1);
    disk.resolve();
    expect((await first).status).toBe(200);
    expect((await carriers.push()).status).toBe(200);
  });

  test('with telemetry beyond its rate, and never with a call for help', async () => {
    let lifeSafety = false;
    const limits = { telemetryBurst: 1, telemetryPerSecond: 1e-9 };
    const carriers = await open({ offers: () => [keep(lifeSafety)], limits });
    expect((await carriers.push()).status).toBe(200);
    expect((await carriers.push()).status).toBe(429);
    lifeSafety = true;
    expect((await carriers.push()).status).toBe(200);
  });
});

test('what is our own fault ends the process, and is no 500', async () => {
  const fault = new TypeError('ours');
  const carriers = await open({ keep: () => Promise.reject(fault) });
  expect((await carriers.push()).status).toBe(503);
  expect(carriers.died).toEqual([fault]);
});

test('a sender that goes in the middle of its push leaves nothing behind', async () => {
  const carriers = await open({ limits: { requests: 1 } });
  const socket = connect(carriers.port, '127.0.0.1');
  const head = `POST /ctwing/${tokens.ctwing} HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{"a"`;
  await new Promise<void>((written) => socket.write(head, () => written()));
  await expect.poll(async () => (await carriers.push()).status).toBe(503);
  socket.destroy();
  await expect.poll(async () => (await carriers.push()).status).toBe(200);
  expect(carriers.died).toEqual([]);
});

describe('OneNET', () => {
  const signed = (msg: string, nonce: string) =>
    createHash('md5')
      .update(tokens.onenet + nonce + msg)
      .digest('base64');
  const path = `/onenet/${tokens.onenet}`;

  test('is told that the address is ours when its Token is ours', async () => {
    const carriers = await open();
    const ask = (signature: string) =>
      carriers.push(`${path}?${new URLSearchParams({ msg: 'aGk=', nonce: 'n1', signature })}`, '', 'GET');
    const answer = await ask(signed('aGk=', 'n1'));
    expect([answer.status, await answer.text()]).toEqual([200, 'aGk=']);
    expect((await ask(signed('other', 'n1'))).status).toBe(403);
    expect((await carriers.push(path, '', 'GET')).status).toBe(403);
  });

  test('may leave the plus in its signature as it is', async () => {
    const carriers = await open();
    const nonce =
      Array.from({ length: 500 }, (_, index) => `n${index}`).find((one) => signed('m', one).includes('+')) ?? '';
    const answer = await carriers.push(`${path}?msg=m&nonce=${nonce}&signature=${signed('m', nonce)}`, '', 'GET');
    expect(answer.status).toBe(200);
  });

  test('is not believed with a signature that is wrong', async () => {
    const carriers = await open();
    const body = (signature: string) => JSON.stringify({ msg: '{}', nonce: 'n1', signature });
    expect((await carriers.push(path, body(signed('{}', 'n1')))).status).toBe(200);
    expect((await carriers.push(path, body(signed('{"a":1}', 'n1')))).status).toBe(403);
    expect(await carriers.counted('signature')).toBe(1);
  });

  test('is heard in its older form, and when its push cannot be read', async () => {
    const carriers = await open();
    expect((await carriers.push(path, '{"msg":{"imei":"1"},"msg_signature":"x","nonce":"n"}')).status).toBe(200);
    expect((await carriers.push(path, '{"msg":')).status).toBe(200);
  });
});

test('a connection that the system cannot accept is in the log, and ends nothing', async () => {
  const listening = vi.spyOn(Server.prototype, 'listen');
  const carriers = await open();
  const [server] = listening.mock.contexts as Server[];
  listening.mockRestore();
  expect(() => server?.emit('error', new Error('EMFILE'))).not.toThrow();
  expect((await carriers.push()).status).toBe(200);
});

test('a port that another program holds is named', async () => {
  const carriers = await open();
  const second = serveCarriers({
    ...{ listen: { host: '127.0.0.1', port: carriers.port }, tokens, offers: () => [], keep: async () => {} },
    ...{ died: () => {}, clock: systemClock, log: silentLog, metrics: createMetrics() },
  });
  await expect(second).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
});
