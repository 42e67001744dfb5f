import { afterEach, expect, test } from 'vitest';
import { access, openAliyun } from './aliyun-peer.test-support.ts';
import type { AliyunSmsSettings } from './aliyun-sms.ts';
import { aliyunSmsSettings, createAliyunSmsChannel } from './aliyun-sms.ts';
import { bao, listener, type PeerAnswer, sendBy } from './provider-peer.test-support.ts';

let end = () => {};
afterEach(() => end());

async function open(changes: Partial<AliyunSmsSettings> = {}) {
  const aliyun = await openAliyun();
  end = aliyun.end;
  const settings = aliyunSmsSettings.parse({
    ...{ ...access, endpoint: aliyun.url, signName: '守护草原', templates: { fire: 'SMS_100', 'fire.en': 'SMS_102' } },
    ...changes,
  });
  const channel = createAliyunSmsChannel({ id: 'aliyun', ...settings }, aliyun.ports);
  const inbound = listener();
  channel.listen?.(inbound);
  return {
    ...aliyun,
    channel,
    inbound,
    send: (more = {}, to = bao) => sendBy(channel, { type: 'sms', phone: to }, more),
  };
}

const ask = new AbortController().signal;

test('a neighbour gets the template that Aliyun let through, under its id, and that it was accepted is not that it arrived', async () => {
  const { channel, got, send } = await open();
  expect(channel.name).toBe('sms:aliyun');
  expect(await send()).toEqual({ type: 'accepted', messageId: 'biz^1' });
  expect(Object.fromEntries(got[0]?.url.searchParams ?? [])).toEqual({
    ...{ PhoneNumbers: '13800138000', SignName: '守护草原', TemplateCode: 'SMS_100' },
    OutId: 'msg_QO4WwBoIyEasCJyeGJzIvAjAC2s_h7y1ajNjzz070CU',
    TemplateParam: '{"home":"那仁井西","time":"03:12","code":"K7QM"}',
  });
});

test('who reads English gets the English sentence, and who has none let through the Chinese one', async () => {
  const { got, send } = await open();
  await send({ text: { language: 'en' } });
  expect(got[0]?.url.searchParams.get('TemplateCode')).toBe('SMS_102');
  end();
  const chinese = await open({ templates: { fire: 'SMS_100' } });
  await chinese.send({ text: { language: 'en' } });
  expect(chinese.got[0]?.url.searchParams.get('TemplateCode')).toBe('SMS_100');
});

test('every attempt is signed anew', async () => {
  const { got, send } = await open();
  await send();
  expect(await send()).toEqual({ type: 'accepted', messageId: 'biz^2' });
  expect(new Set(got.map(({ headers }) => headers['x-acs-signature-nonce'])).size).toBe(2);
});

test('a place with a long name is cut rather than refused, and an empty variable is a dash', async () => {
  const { got, send } = await open();
  const variables = { home: '那仁'.repeat(30), time: '03:12', code: '' };
  expect(await send({ text: { template: { name: 'fire', variables } } })).toMatchObject({ type: 'accepted' });
  const sent = JSON.parse(got[0]?.url.searchParams.get('TemplateParam') ?? '{}');
  expect(sent).toEqual({ home: `${'那仁'.repeat(17)}那`, time: '03:12', code: '-' });
});

test.each(['+1 212 555 0100', '0479 511 2349', '12', ''])(
  'the number "%s" is no mobile of the mainland: nothing is sent',
  async (to) => {
    const { got, send } = await open();
    expect(await send({}, to)).toEqual({ type: 'refused', reason: 'not a mobile number of the mainland' });
    expect(got).toEqual([]);
  },
);

test('a message without a template goes another way, and a template that Aliyun never let through is for the operator', async () => {
  const { got, send } = await open();
  expect(await send({ text: { template: undefined } })).toEqual({
    ...{ type: 'refused', reason: 'no template for this message' },
  });
  expect(await send({ text: { template: { name: 'update', variables: {} } } })).toMatchObject({
    trouble: 'credentials',
  });
  expect(got).toEqual([]);
});

test.each([
  [{ accessKeySecret: 'the one of last year' }, 'SignatureDoesNotMatch'],
  [{ accessKeyId: 'LTAI-gone' }, 'InvalidAccessKeyId.NotFound'],
  [{ signName: '别的' }, 'isv.SMS_SIGNATURE_ILLEGAL'],
])('with %o the next way is tried at once, and the operator knows: %s', async (changes, reason) => {
  const { send } = await open(changes);
  expect(await send()).toEqual({ type: 'later', reason, retryAfterMs: 60_000, trouble: 'credentials' });
});

test('a clock that is wrong by hours is the operator’s, too', async () => {
  const { ports, url } = await open();
  const clock = { ...ports.clock, now: () => Date.now() - 3 * 3_600_000 };
  const settings = aliyunSmsSettings.parse({
    ...access,
    endpoint: url,
    signName: 'x',
    templates: { fire: 'SMS_100' },
  });
  const channel = createAliyunSmsChannel({ id: 'aliyun', ...settings }, { ...ports, clock });
  expect(await sendBy(channel, { type: 'sms', phone: bao })).toMatchObject({
    ...{ reason: 'InvalidTimeStamp.Expired', trouble: 'credentials' },
  });
});

test('past 50 messages of one template a day Aliyun refuses, and says so', async () => {
  const { send } = await open();
  for (let count = 0; count < 50; count++) expect(await send()).toMatchObject({ type: 'accepted' });
  expect(await send()).toEqual({
    ...{ type: 'later', reason: 'isv.BUSINESS_LIMIT_CONTROL', retryAfterMs: 60_000, trouble: 'limit' },
  });
});

const code = (Code: string, status = 200): PeerAnswer => ({ status, json: { Code, Message: 'to 13800138000' } });
test.each<[PeerAnswer, object]>([
  [code('isv.MOBILE_NUMBER_ILLEGAL'), { type: 'refused', reason: 'isv.MOBILE_NUMBER_ILLEGAL' }],
  [code('isv.BLACK_KEY_CONTROL_LIMIT'), { type: 'refused', reason: 'isv.BLACK_KEY_CONTROL_LIMIT' }],
  [code('isv.AMOUNT_NOT_ENOUGH'), { type: 'later', trouble: 'credentials' }],
  [code('isv.OUT_OF_SERVICE'), { type: 'later', trouble: 'credentials' }],
  [code('Throttling.User', 400), { type: 'later', trouble: 'limit' }],
  [code('isp.SYSTEM_ERROR'), { type: 'later', reason: 'isp.SYSTEM_ERROR' }],
  [code('isv.OF_NEXT_YEAR'), { type: 'later', reason: 'isv.OF_NEXT_YEAR' }],
  [{ json: {} }, { type: 'later', reason: 'an answer without a code' }],
  [
    { status: 503, raw: '<html>' },
    { type: 'later', reason: 'HTTP 503', trouble: 'unreachable' },
  ],
  [
    { status: 429, raw: '' },
    { type: 'later', reason: 'HTTP 429', trouble: 'limit' },
  ],
  [
    { status: 302, raw: '' },
    { type: 'later', reason: 'HTTP 302' },
  ],
  [{ raw: '{"Code":"O' }, { type: 'later', reason: 'an answer that cannot be read' }],
  [{ raw: `{"Code":"OK","BizId":"${'9'.repeat(100_000)}"}` }, { type: 'later' }],
  ['cut', { type: 'later', reason: 'ECONNRESET', trouble: 'unreachable' }],
])('the answer %o comes to %o, and no number or sentence of it is kept', async (say, sent) => {
  const { state, send } = await open();
  state.say = say;
  const came = await send();
  expect(came).toMatchObject(sent);
  expect(JSON.stringify(came)).not.toMatch(/138|to /);
});

test('a provider that hangs is let go when the attempt is over', async () => {
  const { state, got, send } = await open();
  state.say = 'hang';
  const attempt = new AbortController();
  const sent = send({ signal: attempt.signal });
  await expect.poll(() => got.length).toBe(1);
  attempt.abort();
  expect(await sent).toMatchObject({ type: 'later', trouble: 'unreachable' });
});

test('Aliyun is not asked over a line that others may read, unless the network is the operator’s own', async () => {
  const { ports, url, got } = await open();
  const settings = aliyunSmsSettings.parse({
    ...access,
    endpoint: url,
    signName: 'x',
    templates: { fire: 'SMS_100' },
  });
  const { createGuardedPost } = await import('./guarded-post.ts');
  const post = createGuardedPost({ clock: ports.clock, allowPrivate: false, resolve: async () => ['47.1.2.3'] });
  for (const endpoint of [url, 'http://dysmsapi.example']) {
    const channel = createAliyunSmsChannel({ id: 'aliyun', ...settings, endpoint }, { ...ports, post });
    expect(await sendBy(channel, { type: 'sms', phone: bao })).toMatchObject({ type: 'later', trouble: 'credentials' });
  }
  post.close();
  expect(got).toEqual([]);
});

test('what became of messages is asked where no receipt came; what is under way has none', async () => {
  const { channel, state, got, send } = await open();
  for (let count = 0; count < 3; count++) await send();
  state.details.set('biz^1', { PhoneNum: '13800138000', SendStatus: 3, ErrCode: 'DELIVERED' });
  state.details.set('biz^2', { PhoneNum: '13800138000', SendStatus: 2, ErrCode: 'MK:0001' });
  state.details.set('biz^3', { PhoneNum: '13800138000', SendStatus: 1 });
  const receipts = await channel.poll?.(['biz^1', 'biz^2', 'biz^3', 'biz^of-yesterday'], ask);
  expect(receipts).toEqual([
    { messageId: 'biz^1', result: 'delivered', detail: 'DELIVERED', phone: '13800138000' },
    { messageId: 'biz^2', result: 'failed', detail: 'MK:0001', phone: '13800138000' },
  ]);
  const asked = Object.fromEntries(got[3]?.url.searchParams ?? []);
  const today = new Intl.DateTimeFormat('sv', { timeZone: 'Asia/Shanghai' }).format(Date.now()).replaceAll('-', '');
  expect(asked).toMatchObject({ PhoneNumber: '13800138000', SendDate: today, PageSize: '1', CurrentPage: '1' });
});

test('what another process sent is asked by the number and the day that are on record', async () => {
  const { channel, state, got } = await open();
  state.details.set('biz^of-yesterday', { PhoneNum: '13800138000', SendStatus: 3, ErrCode: 'DELIVERED' });
  const sentTo = () => ({ phone: '+86 138 0013 8000', at: Date.UTC(2026, 10, 2, 19, 12) });
  expect(await channel.poll?.(['biz^of-yesterday'], ask, sentTo)).toMatchObject([{ result: 'delivered' }]);
  const asked = Object.fromEntries(got[0]?.url.searchParams ?? []);
  expect(asked).toMatchObject({ PhoneNumber: '13800138000', SendDate: '20261103', BizId: 'biz^of-yesterday' });
});

test('receipts and replies that are pushed are told, each by a name of its own', async () => {
  const { channel, inbound } = await open();
  const report = { phone_number: '13800138000', report_time: '2026-11-03 03:12:09', sms_size: '1', biz_id: 'biz^1' };
  const up = { phone_number: '13800138000', content: '1 到了', send_time: '2026-11-03 03:13:00', dest_code: '12' };
  const told = [
    channel.take({ ...report, success: true, err_code: 'DELIVERED' }),
    channel.take({ ...report, success: false, err_code: 'UNDELIVERABLE' }),
    channel.take({ ...up, sequence_id: 1234567890 }),
    channel.take(up),
    channel.take({ ...up, sequence_id: 1234567890, send_time: '2026-12-03 03:13:00' }),
  ];
  for (const one of told) await one?.keep();
  expect(new Set(told.map((one) => one?.key)).size).toBe(4);
  const phone = '13800138000';
  expect(inbound.heard).toEqual([
    { receipt: { messageId: 'biz^1', result: 'delivered', detail: 'DELIVERED', phone } },
    { receipt: { messageId: 'biz^1', result: 'failed', detail: 'UNDELIVERABLE', phone } },
    { reply: { channel: 'sms:aliyun', id: '1234567890 2026-11-03 03:13:00', phone, text: '1 到了' } },
    {
      reply: {
        channel: 'sms:aliyun',
        id: expect.stringMatching(/^[0-9a-f]{4} 2026-11-03 03:13:00$/),
        phone,
        text: '1 到了',
      },
    },
    { reply: { channel: 'sms:aliyun', id: '1234567890 2026-12-03 03:13:00', phone, text: '1 到了' } },
  ]);
});

test.each([{}, { biz_id: 'biz^1' }, { phone_number: '13800138000' }, { content: '1' }, { biz_id: {}, success: 'yes' }])(
  'what is pushed and says nothing is not read: %o',
  async (item) => {
    const { channel } = await open();
    expect(channel.take(item)).toBeUndefined();
  },
);

test.each<object>([
  { signName: '' },
  { templates: { fire: '100' } },
  { templates: { fier: 'SMS_100' } },
  { templates: { 'fire.mn': 'SMS_100' } },
  { templates: { constructor: 'SMS_100' } },
  { endpoint: 'dysmsapi.aliyuncs.com' },
  { push: { token: 'short' } },
  { push: { token: 'x'.repeat(24), sources: ['aliyun'] } },
  { singName: 'x' },
])('settings that cannot work are refused before anything is sent: %o', (changes) => {
  const right = { ...access, signName: '守护草原', templates: {} };
  expect(aliyunSmsSettings.safeParse(right).success).toBe(true);
  expect(aliyunSmsSettings.safeParse({ ...right, ...changes }).success).toBe(false);
});
