import { createHash, createHmac } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { bao, openPeer, type PeerAnswer, type Request, sendBy } from './provider-peer.test-support.ts';
import { createTencentSmsChannel, tencentSmsSettings } from './tencent-sms.ts';

let end = () => {};
afterEach(() => end());

const secretKey = 'a key of Tencent';
const sha256 = (given: string) => createHash('sha256').update(given).digest('hex');
const hmac = (key: string | Buffer, given: string) => createHmac('sha256', key).update(given).digest();

/** Tencent's end: checks signature, time and template as it says that it does. */
async function open(changes: object = {}) {
  const state: { say: PeerAnswer | undefined; statuses: object[]; sent: number } = {
    say: undefined,
    statuses: [],
    sent: 0,
  };
  const peer = await openPeer((request) => {
    if (state.say !== undefined) return state.say;
    const wrong = refusal(request);
    if (wrong) return { json: { Response: { Error: { Code: wrong, Message: 'no +8613800138000' }, RequestId: 'r' } } };
    if (request.headers['x-tc-action'] === 'PullSmsSendStatusByPhoneNumber')
      return { json: { Response: { PullSmsSendStatusSet: state.statuses } } };
    const { TemplateId, TemplateParamSet, PhoneNumberSet } = JSON.parse(request.body);
    const isKnown = ['1110', '1112'].includes(TemplateId) && TemplateParamSet.length === 3;
    const Code = isKnown ? 'Ok' : 'FailedOperation.TemplateIncorrectOrUnapproved';
    state.sent += 1;
    const status = { SerialNo: isKnown ? `5000:${state.sent}` : '', PhoneNumber: PhoneNumberSet[0], Code };
    return { json: { Response: { SendStatusSet: [status], RequestId: 'r' } } };
  });
  end = peer.end;
  const settings = tencentSmsSettings.parse({
    ...{ secretId: 'AKID', secretKey, endpoint: peer.url, sdkAppId: '1400006666', signName: '守护草原' },
    templates: { fire: '1110', 'fire.en': '1112', update: '1111' },
    ...changes,
  });
  const channel = createTencentSmsChannel({ id: 'tencent', ...settings }, peer.ports);
  return { ...peer, state, channel, send: (more = {}) => sendBy(channel, { type: 'sms', phone: bao }, more) };
}

function refusal({ headers, body }: Request): string | undefined {
  const [, id, day = '', names, signature] =
    /^TC3-HMAC-SHA256 Credential=(\w+)\/([\d-]+)\/sms\/tc3_request, SignedHeaders=([^,]+), Signature=(\w+)$/.exec(
      String(headers.authorization),
    ) ?? [];
  const at = Number(headers['x-tc-timestamp']);
  if (id !== 'AKID') return 'AuthFailure.SecretIdNotFound';
  if (Math.abs(at - Date.now() / 1_000) > 300) return 'AuthFailure.SignatureExpire';
  if (headers['x-tc-version'] !== '2021-01-11' || !headers['x-tc-region']) return 'MissingParameter';
  const lines = `content-type:${headers['content-type']}\nhost:${headers.host}\nx-tc-action:${String(headers['x-tc-action']).toLowerCase()}\n`;
  const canonical = `POST\n/\n\n${lines}\n${names}\n${sha256(body)}`;
  const key = hmac(hmac(hmac(`TC3${secretKey}`, day), 'sms'), 'tc3_request');
  const expected = hmac(key, `TC3-HMAC-SHA256\n${at}\n${day}/sms/tc3_request\n${sha256(canonical)}`).toString('hex');
  return expected === signature ? undefined : 'AuthFailure.SignatureFailure';
}

test('a neighbour gets the template, its variables in the order that Tencent knows', async () => {
  const { got, send } = await open();
  expect(await send()).toEqual({ type: 'accepted', messageId: '5000:1' });
  expect(JSON.parse(got[0]?.body ?? '')).toEqual({
    ...{ SmsSdkAppId: '1400006666', SignName: '守护草原', TemplateId: '1110' },
    ...{ PhoneNumberSet: ['+8613800138000'], TemplateParamSet: ['那仁井西', '03:12', 'K7QM'] },
    SessionContext: 'msg_QO4WwBoIyEasCJyeGJzIvAjAC2s_h7y1ajNjzz070CU',
  });
});

test('a key that is not valid any more is for the operator, and so is a template that was never let through', async () => {
  const { send } = await open({ secretKey: 'the one of last year' });
  expect(await send()).toMatchObject({ reason: 'AuthFailure.SignatureFailure', trouble: 'credentials' });
  end();
  const other = await open();
  expect(await other.send({ text: { template: { name: 'update', variables: {} } } })).toMatchObject({
    ...{ reason: 'FailedOperation.TemplateIncorrectOrUnapproved', trouble: 'credentials' },
  });
  expect(await other.send({ text: { template: undefined } })).toMatchObject({ type: 'refused' });
});

const status = (Code: string): PeerAnswer => ({ json: { Response: { SendStatusSet: [{ Code, SerialNo: '' }] } } });
test.each<[PeerAnswer, object]>([
  [status('LimitExceeded.PhoneNumberDailyLimit'), { type: 'later', trouble: 'limit' }],
  [status('InvalidParameterValue.IncorrectPhoneNumber'), { type: 'refused' }],
  [status('FailedOperation.PhoneNumberInBlacklist'), { type: 'refused' }],
  [status('FailedOperation.InsufficientBalanceInSmsPackage'), { type: 'later', trouble: 'credentials' }],
  [status('InternalError.Timeout'), { type: 'later', reason: 'InternalError.Timeout' }],
  [{ json: { Response: { Error: { Code: 'RequestLimitExceeded' } } } }, { type: 'later', trouble: 'limit' }],
  [{ json: { Response: {} } }, { type: 'later', reason: 'an answer without a code' }],
  [{ json: { said: 'ok' } }, { type: 'later', reason: 'an answer that cannot be read' }],
  [
    { status: 502, raw: '' },
    { type: 'later', trouble: 'unreachable' },
  ],
])('the answer %o comes to %o', async (say, sent) => {
  const { state, send } = await open();
  state.say = say;
  expect(await send()).toMatchObject(sent);
});

test('what became of messages is asked by number, and told for those that were meant', async () => {
  const { channel, state, got, send } = await open();
  await send();
  await send();
  state.statuses = [
    { SerialNo: '5000:1', ReportStatus: 'SUCCESS', Description: 'DELIVRD' },
    { SerialNo: '5000:9', ReportStatus: 'FAIL', Description: 'another one' },
  ];
  expect(await channel.poll?.(['5000:1', '5000:2'], new AbortController().signal)).toEqual([
    { messageId: '5000:1', result: 'delivered', detail: 'DELIVRD', phone: '13800138000' },
  ]);
  expect(JSON.parse(got[2]?.body ?? '')).toMatchObject({ PhoneNumber: '+8613800138000', Offset: 0, Limit: 100 });
});
