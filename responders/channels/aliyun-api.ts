import { z } from 'zod';
import type { Sent } from '../channel.ts';
import { aliyunHeaders, aliyunQuery } from './aliyun-signature.ts';
import { askProvider, type CloudPorts, codeOf, type Fields, type Meaning, sentOf } from './provider-answer.ts';
import { pushSettings } from './push-settings.ts';

/** What every product of Aliyun asks for. The endpoint is the public one, unless a private cloud has its own. */
export const aliyunSettings = z.strictObject({
  accessKeyId: z.string().min(1),
  accessKeySecret: z.string().min(1),
  endpoint: z.url({ protocol: /^https?$/ }).optional(),
  push: pushSettings.optional(),
});

/** A product's calls, signed. */
export type AliyunApi = {
  call(action: string, parameters: Record<string, string>, signal: AbortSignal): Promise<Called>;
};

/** `ok`: Aliyun says OK, and these are the answer's fields. Otherwise what it comes to. */
export type Called = { type: 'ok'; fields: Fields } | { type: 'not'; sent: Sent };

export function createAliyunApi(settings: AliyunAccess, { post, clock, chance }: CloudPorts): AliyunApi {
  const { accessKeyId, accessKeySecret, endpoint, version } = settings;
  const { origin, host } = new URL(endpoint);
  return {
    async call(action, parameters, signal) {
      const nonce = Buffer.from(chance.bytes(16)).toString('hex');
      const named = { host, action, version, parameters, at: clock.now(), nonce };
      const headers = aliyunHeaders({ ...named, accessKeyId, accessKeySecret });
      const answer = await askProvider(post, {
        url: `${origin}/?${aliyunQuery(parameters)}`,
        ...{ headers, body: '', signal },
      });
      if (answer.type === 'nothing') return { type: 'not', sent: answer.sent };
      const code = codeOf(answer.fields.Code);
      if (code === 'OK') return { type: 'ok', fields: answer.fields };
      return { type: 'not', sent: sentOf(meaningOf(code), code || 'an answer without a code') };
    },
  };
}
type AliyunAccess = { accessKeyId: string; accessKeySecret: string; endpoint: string; version: string };

/** Source: help.aliyun.com, "API error codes" of SMS and voice, and the common ones of the gateway. */
function meaningOf(code: string): Meaning {
  return meanings.find(([codes]) => codes.test(code))?.[1] ?? 'later';
}

const meanings: readonly [RegExp, Meaning][] = [
  [/^(InvalidAccessKeyId|SignatureDoesNotMatch|IncompleteSignature|InvalidTimeStamp|InvalidSecurityToken)/, 'operator'],
  [/^(Forbidden|NoPermission|InvalidAction|InvalidVersion|isp\.RAM_PERMISSION_DENY)/, 'operator'],
  [/^isv\.(OUT_OF_SERVICE|AMOUNT_NOT_ENOUG|PRODUCT_UN|ACCOUNT_|BILLID_NOT_EXIST|DENY_IP_RANGE)/, 'operator'],
  [
    /^isv\.(SMS_SIGN|SMS_TEMPLATE|TTS_TEMPLATE|TEMPLATE_ILLEGAL|TEMPLATE_MISSING|VOICE_FILE|DISPLAY_NUMBER)/,
    'operator',
  ],
  [/^(Throttling|isv\.(BUSINESS_LIMIT|DAY_LIMIT|MONTH_LIMIT))/, 'limit'],
  [/^isv\.(MOBILE_|DOMESTIC_NUMBER|COMPLAINT_REJECT)/, 'refused'],
  [/^isv\.(SMS_CONTENT|BLACK_KEY|PARAM_|INVALID_PARAMETERS|INVALID_JSON|TEMPLATE_PARAMS)/, 'refused'],
];
