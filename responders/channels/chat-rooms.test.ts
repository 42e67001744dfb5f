import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { Address } from '../channel.ts';
import { testClock } from '../home.test-support.ts';
import { fittedBytes } from './chat-room.ts';
import { createDingTalkChannel, dingTalkSignature } from './dingtalk.ts';
import { createFeishuChannel, feishuSignature } from './feishu.ts';
import { openPeer, type PeerAnswer, type Request, sendBy } from './provider-peer.test-support.ts';
import { createWeComChannel } from './wecom.ts';

let end = () => {};
afterEach(() => end());

const secret = 'SEC-of-the-village';
const create = { dingtalk: createDingTalkChannel, wecom: createWeComChannel, feishu: createFeishuChannel };
type Kind = keyof typeof create;
const kinds = Object.keys(create) as Kind[];

/** What each provider checks before a message stands in the room, by its documents. */
const checks: Record<Kind, (request: Request, isFull: boolean) => PeerAnswer> = {
  dingtalk({ url, headers, body }, isFull) {
    const { msgtype, text, at } = JSON.parse(body);
    const timestamp = Number(url.searchParams.get('timestamp'));
    const sign = createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64');
    const isSigned = url.searchParams.get('sign') === sign && Math.abs(timestamp - Date.now()) < 3_600_000;
    if (url.searchParams.get('access_token') !== 'T')
      return { json: { errcode: 300001, errmsg: 'token is not exist' } };
    if (!isSigned) return { json: { errcode: 310000, errmsg: 'sign not match' } };
    if (isFull) return { json: { errcode: 130101, errmsg: 'send too fast, exceed 20 times per minute' } };
    const isWell = msgtype === 'text' && at.isAtAll === false && headers['content-type'] === utf8;
    return { json: isWell && text.content.length < 5_000 ? ok : { errcode: 40035, errmsg: '缺少参数 json' } };
  },
  wecom({ url, body }, isFull) {
    const { msgtype, text } = JSON.parse(body);
    if (url.searchParams.get('key') !== 'K') return { json: { errcode: 93000, errmsg: 'invalid webhook url' } };
    if (isFull) return { json: { errcode: 45009, errmsg: 'api freq out of limit' } };
    const isWell = msgtype === 'text' && Buffer.byteLength(text.content) <= 2_048 && !text.mentioned_list;
    return { json: isWell ? ok : { errcode: 40058, errmsg: 'text.content exceed max length 2048' } };
  },
  feishu({ url, body }, isFull) {
    const { timestamp, sign, msg_type, content } = JSON.parse(body);
    if (url.pathname !== '/hook') return { json: { code: 19001, msg: 'incoming webhook access token invalid' } };
    const isSigned = sign === createHmac('sha256', `${timestamp}\n${secret}`).update('').digest('base64');
    if (!isSigned || Math.abs(Number(timestamp) - Date.now() / 1_000) > 3_600)
      return { json: { code: 19021, msg: 'sign match fail or timestamp is not within one hour from current time' } };
    if (isFull) return { json: { code: 11232, msg: 'frequency limited' } };
    const isWell = typeof timestamp === 'string' && msg_type === 'text' && Buffer.byteLength(body) <= 20_480;
    return {
      json: isWell && content.text ? { code: 0, msg: 'success', data: {} } : { code: 9499, msg: 'Bad Request' },
    };
  },
};
const ok = { errcode: 0, errmsg: 'ok' };
const utf8 = 'application/json; charset=utf-8';

async function open(kind: Kind) {
  const state: { say: PeerAnswer | undefined; isFull: boolean } = { say: undefined, isFull: false };
  const peer = await openPeer((request) => state.say ?? checks[kind](request, state.isFull));
  end = peer.end;
  const channel = create[kind](peer.ports);
  const addresses: Record<Kind, Address> = {
    dingtalk: { type: 'dingtalk', url: `${peer.url}/robot/send?access_token=T`, secret },
    wecom: { type: 'wecom', url: `${peer.url}/cgi-bin/webhook/send?key=K` },
    feishu: { type: 'feishu', url: `${peer.url}/hook`, secret },
  };
  const address = addresses[kind];
  const critical = { severity: 'critical' } as const;
  return {
    ...peer,
    state,
    channel,
    address,
    send: (to = address, more = {}) => sendBy(channel, to, { notice: critical, ...more }),
  };
}

const said = (request: Request | undefined): string => {
  const { text, content } = JSON.parse(request?.body ?? '{}');
  return text?.content ?? content?.text;
};

test('what was computed from the documents is what is signed', () => {
  expect(dingTalkSignature('SECdemo', 1_599_360_473_000)).toBe('tGWkA5eQOQNCNPDgphtxIoNLO+/gD8Lcb705KQoRzeY=');
  expect(feishuSignature('demo', 1_599_360_473)).toBe('l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=');
});

describe.each(kinds)('%s', (kind) => {
  test('a station reads what, where and the code, and the robot says 0', async () => {
    const { got, channel, send } = await open(kind);
    expect(channel.name).toBe(kind);
    expect(await send()).toEqual({ type: 'delivered' });
    expect(said(got[0])).toBe('烟雾报警：那仁\n03:12，那仁，井西：烟雾报警。编号K7QM。');
  });

  test('a link of ours stands whole at the end, also below more text than a room takes', async () => {
    const { got, send } = await open(kind);
    const link = `https://duty.example.org/r/${'a'.repeat(160)}.b`;
    expect(await send(undefined, { text: { link } })).toEqual({ type: 'delivered' });
    expect(await send(undefined, { text: { link, body: '长'.repeat(30_000) } })).toEqual({ type: 'delivered' });
    for (const request of got) expect(said(request).endsWith(`\n${link}`)).toBe(true);
  });

  test('what a person wrote calls nobody, links nowhere and is no markup', async () => {
    const { got, send } = await open(kind);
    const evil =
      '<at user_id="all">所有人</at> <@all> @所有人 **加粗** [链接](http://evil.example) `x` # 标题 <b>粗</b>\n\u202eK7QM';
    expect(await send(undefined, { text: { title: evil, body: evil } })).toEqual({ type: 'delivered' });
    const [title = '', ...body] = said(got[0]).split('\n');
    for (const part of [title, body.join('\n')]) expect(part).not.toMatch(/[<>@*`#[\]\n\u202e]|:\/\//);
  });

  test('a message that names eighty rooms fits, with its beginning and its code', async () => {
    const { got, send } = await open(kind);
    const body = `03:12，${'向阳养老院一号楼房间，'.repeat(80)}：烟雾报警。编号K7QM。`;
    expect(await send(undefined, { text: { body } })).toEqual({ type: 'delivered' });
    expect(said(got[0])).toMatch(/^烟雾报警：那仁\n03:12，向阳.*编号K7QM。$/s);
  });

  test('a robot that was removed or changed is for people to mend, and another way is tried at once', async () => {
    const { send, url } = await open(kind);
    const changed: Record<Kind, Address> = {
      dingtalk: { type: 'dingtalk', url: `${url}/robot/send?access_token=T`, secret: 'SEC-of-last-year' },
      wecom: { type: 'wecom', url: `${url}/cgi-bin/webhook/send?key=other` },
      feishu: { type: 'feishu', url: `${url}/hook`, secret: 'of last year' },
    };
    expect(await send(changed[kind])).toMatchObject({ type: 'later', retryAfterMs: 60_000, trouble: 'credentials' });
  });

  test('too much in a minute is a limit, and how long it lasts is known', async () => {
    const { state, send } = await open(kind);
    state.isFull = true;
    const retryAfterMs = kind === 'dingtalk' ? 600_000 : 60_000;
    expect(await send()).toMatchObject({ type: 'later', trouble: 'limit', retryAfterMs });
  });

  test.each<[PeerAnswer, object]>([
    [{ json: { errcode: 40058, code: 9499 } }, { type: kind === 'dingtalk' ? 'later' : 'refused' }],
    [{ json: { errcode: -1, code: -1 } }, { type: 'later', reason: 'code -1' }],
    [{ json: { errcode: '0', code: '0' } }, { type: 'later', reason: 'an answer without a code' }],
    [{ raw: 'ok' }, { type: 'later', reason: 'an answer that cannot be read' }],
    [
      { status: 307, raw: '' },
      { type: 'later', reason: 'HTTP 307' },
    ],
    [
      { status: 500, raw: '' },
      { type: 'later', trouble: 'unreachable' },
    ],
    ['cut', { type: 'later', trouble: 'unreachable' }],
  ])('200 is not enough: the answer %o comes to %o', async (say, sent) => {
    const { state, send } = await open(kind);
    state.say = say;
    expect(await send()).toMatchObject(sent);
  });
});

test('a robot of Feishu without a secret is spoken to without a signature', async () => {
  const feishu = await open('feishu');
  feishu.state.say = { json: { code: 0 } };
  expect(await feishu.send({ type: 'feishu', url: `${feishu.url}/hook` })).toEqual({ type: 'delivered' });
  expect(JSON.parse(feishu.got[0]?.body ?? '')).not.toHaveProperty('sign');
});

test('at the half hour Feishu gets only what cannot wait; the rest follows in seconds, or not at all when it is given up', async () => {
  const peer = await open('feishu');
  const halfPast = Math.floor(Date.now() / 1_800_000) * 1_800_000 + 1_000;
  const clock = testClock(halfPast);
  const channel = createFeishuChannel({ ...peer.ports, clock, chance: { ...peer.ports.chance, fraction: () => 0.5 } });
  peer.state.say = { json: { code: 0 } };
  expect(await sendBy(channel, peer.address)).toEqual({ type: 'delivered' });
  const attempt = new AbortController();
  const notice = { severity: 'service' } as const;
  const waiting = sendBy(channel, peer.address, { notice });
  const givenUp = sendBy(channel, peer.address, { notice, signal: attempt.signal });
  attempt.abort();
  expect(await givenUp).toMatchObject({ type: 'later' });
  await clock.advance(5_999);
  expect(peer.got).toHaveLength(1);
  await clock.advance(1);
  expect(await waiting).toEqual({ type: 'delivered' });
  expect(peer.got).toHaveLength(2);
});

test('what is left out of a long text is its middle', () => {
  const long = `${'头'.repeat(100)}${'中'.repeat(900)}${'尾'.repeat(120)}`;
  const fitted = fittedBytes(long, 1_000);
  expect(Buffer.byteLength(fitted)).toBeLessThanOrEqual(1_000);
  expect(Buffer.byteLength(fitted)).toBeGreaterThan(990);
  expect(fitted).toMatch(/^头{100}中+…尾{120}$/);
  expect(fittedBytes('短', 1_000)).toBe('短');
});
