import { createHash, createHmac } from 'node:crypto';
import { openPeer, type PeerAnswer, type Request } from './provider-peer.test-support.ts';

export const access = { accessKeyId: 'LTAI-test', accessKeySecret: 'a secret of Aliyun' };

/** What Aliyun let through: the variables of each template. */
const fewTemplates: Templates = { SMS_100: ['home', 'time', 'code'], SMS_102: ['home', 'time', 'code'] };
const fewSpeeches: Templates = { TTS_200: ['home', 'time', 'code'] };

/**
 * Aliyun's end, written from its documents and not from our code: it knows the key, checks signature, time and nonce, the number, the
 * template with each variable, and what may be sent to one number. `say` makes it answer otherwise.
 */
export async function openAliyun(smsTemplates: Templates = fewTemplates, speechTemplates: Templates = fewSpeeches) {
  const templates = { sms: smsTemplates, speech: speechTemplates };
  const state: { say: PeerAnswer | undefined; details: Map<string, object>; sent: number } = {
    ...{ say: undefined, details: new Map(), sent: 0 },
  };
  const nonces = new Set<string>();
  const byNumber = new Map<string, number>();
  const peer = await openPeer((request) => {
    if (state.say !== undefined) return state.say;
    const refused = refusal(request, nonces);
    if (refused) return { status: 400, json: { Code: refused, Message: 'no 13800138000' } };
    const query = Object.fromEntries(request.url.searchParams);
    const action = String(request.headers['x-acs-action']);
    const code = check(action, query, templates) ?? limit(action, query, byNumber);
    if (code) return { json: { Code: code, Message: 'no 13800138000', RequestId: 'r' } };
    state.sent += 1;
    if (action === 'SendSms') return { json: { Code: 'OK', Message: 'OK', BizId: `biz^${state.sent}` } };
    if (action === 'QuerySendDetails') {
      const found = state.details.get(query.BizId ?? '');
      return { json: { Code: 'OK', SmsSendDetailDTOs: { SmsSendDetailDTO: found ? [found] : [] } } };
    }
    if (action === 'QueryCallDetailByCallId') {
      const found = query.ProdId === '11000000300005' ? state.details.get(query.CallId ?? '') : undefined;
      return { json: { Code: 'OK', ...(found && { Data: JSON.stringify(found) }) } };
    }
    return { json: { Code: 'OK', Message: 'OK', CallId: `call^${state.sent}` } };
  });
  return { ...peer, state };
}

type Templates = Readonly<Record<string, readonly string[]>>;

function refusal({ url, headers }: Request, nonces: Set<string>): string | undefined {
  const authorization = String(headers.authorization);
  const [, id, names = '', signature] =
    /^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$/.exec(authorization) ?? [];
  if (id !== access.accessKeyId) return 'InvalidAccessKeyId.NotFound';
  const required = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-acs-'))].sort();
  if (required.join(';') !== names) return 'IncompleteSignature';
  if (Math.abs(Date.parse(String(headers['x-acs-date'])) - Date.now()) > 15 * 60_000) return 'InvalidTimeStamp.Expired';
  const nonce = String(headers['x-acs-signature-nonce']);
  if (nonces.has(nonce)) return 'SignatureNonceUsed';
  nonces.add(nonce);
  const hash = createHash('sha256').update('').digest('hex');
  const query = url.search.slice(1).split('&').sort().join('&');
  const lines = required.map((name) => `${name}:${String(headers[name]).trim()}\n`).join('');
  const canonical = `POST\n/\n${query}\n${lines}\n${names}\n${hash}`;
  const expected = createHmac('sha256', access.accessKeySecret)
    .update(`ACS3-HMAC-SHA256\n${createHash('sha256').update(canonical).digest('hex')}`)
    .digest('hex');
  return expected === signature ? undefined : 'SignatureDoesNotMatch';
}

type Query = Record<string, string>;

function check(
  action: string,
  query: Query,
  { sms, speech }: { sms: Templates; speech: Templates },
): string | undefined {
  if (action === 'SendSms') {
    if (!/^1[3-9]\d{9}$/.test(query.PhoneNumbers ?? '')) return 'isv.MOBILE_NUMBER_ILLEGAL';
    if (query.SignName !== '守护草原') return 'isv.SMS_SIGNATURE_ILLEGAL';
    const names = sms[query.TemplateCode ?? ''];
    return names ? variables(query.TemplateParam, names, (value) => value.length <= 35) : 'isv.SMS_TEMPLATE_ILLEGAL';
  }
  if (action.startsWith('Query')) return undefined;
  if (!/^(1[3-9]\d{9}|0\d{9,11})$/.test(query.CalledNumber ?? '')) return 'isv.MOBILE_NUMBER_ILLEGAL';
  if (query.CalledShowNumber !== '04795112349') return 'isv.DISPLAY_NUMBER_ILLEGAL';
  if (!/^.{1,15}$/.test(query.OutId ?? '')) return 'isv.INVALID_PARAMETERS';
  if (action === 'IvrCall' && query['MenuKeyMap.1.Key'] !== '1') return 'isv.INVALID_PARAMETERS';
  const code = query.StartCode ?? query.TtsCode ?? query.VoiceCode ?? '';
  if (code === 'mn-fire.wav') return undefined;
  const names = speech[code];
  const given = query.StartTtsParams ?? query.TtsParam;
  if (!names) return 'isv.TTS_TEMPLATE_ILLEGAL';
  return Object.values(JSON.parse(given ?? '{}')).join('').length < 250
    ? variables(given, names, () => true)
    : 'isv.PARAM_LENGTH_LIMIT';
}

function variables(
  given: string | undefined,
  names: readonly string[],
  fits: (value: string) => boolean,
): string | undefined {
  const values: Record<string, unknown> = JSON.parse(given ?? '{}');
  if (!names.every((name) => name in values)) return 'isv.TEMPLATE_MISSING_PARAMETERS';
  const all = Object.values(values);
  if (!all.every((value) => typeof value === 'string' && value.length > 0)) return 'isv.INVALID_JSON_PARAM';
  return all.every((value) => fits(String(value))) ? undefined : 'isv.PARAM_LENGTH_LIMIT';
}

/** 50 messages of one template to one number in a day, one call to one number in a minute: the test's time stands. */
function limit(action: string, query: Query, byNumber: Map<string, number>): string | undefined {
  if (action.startsWith('Query')) return undefined;
  const to = `${action} ${query.PhoneNumbers ?? query.CalledNumber} ${query.TemplateCode ?? ''}`;
  const count = (byNumber.get(to) ?? 0) + 1;
  byNumber.set(to, count);
  return count > (action === 'SendSms' ? 50 : 1) ? 'isv.BUSINESS_LIMIT_CONTROL' : undefined;
}
