import { z } from 'zod';
import type { Channel, Receipt } from '../channel.ts';
import { longestVariable } from '../texts/template-check.ts';
import { templates as sentences, type TemplateName, variablesOf } from '../texts/templates.ts';
import { mobileOf } from './mainland-number.ts';
import { type Coded, codedTemplate, fittedVariable, templateCodes } from './message-template.ts';
import {
  askProvider,
  type CloudPorts,
  codeOf,
  type Fields,
  isFields,
  type Meaning,
  sentOf,
} from './provider-answer.ts';
import { SentMemory, type SentTo } from './sent-memory.ts';
import { tencentHeaders } from './tencent-signature.ts';

export const tencentSmsSettings = z.strictObject({
  secretId: z.string().min(1),
  secretKey: z.string().min(1),
  endpoint: z.url({ protocol: /^https?$/ }).default('https://sms.tencentcloudapi.com'),
  region: z.string().min(1).default('ap-guangzhou'),
  sdkAppId: z.string().regex(/^\d+$/, 'is the number of the application, like 1400006666'),
  signName: z.string().min(1).max(40),
  templates: templateCodes(z.string().regex(/^\d+$/, 'is the number of a template, like 1110')),
});
export type TencentSmsSettings = z.infer<typeof tencentSmsSettings>;

/**
 * Text messages by Tencent Cloud (sms, 2021-01-11), to mobile numbers of the mainland. Accepted is not delivered: receipts are asked for.
 * Replies to these messages do not come back here.
 * Source: docs/channels.md, "Tencent SMS"
 */
export function createTencentSmsChannel({ id, ...settings }: Named, ports: CloudPorts): Channel {
  const { sdkAppId: SmsSdkAppId, signName: SignName, templates } = settings;
  const memory = new SentMemory();
  const call = callTo(settings, ports);
  return {
    name: `sms:${id}`,
    async send({ address, text, idempotencyId, signal }) {
      if (address.type !== 'sms') throw new Error(`a text message cannot be sent to ${address.type}`);
      const phone = mobileOf(address.phone);
      if (phone === undefined) return { type: 'refused', reason: 'not a mobile number of the mainland' };
      const template = codedTemplate({ text }, templates);
      if ('sent' in template) return template.sent;
      const named = { SmsSdkAppId, SignName, TemplateId: template.code, SessionContext: idempotencyId };
      const parameters = { ...named, PhoneNumberSet: [`+86${phone}`], TemplateParamSet: inOrder(template) };
      const called = await call('SendSms', parameters, signal);
      if (called.type === 'not') return called.sent;
      const status = firstOf(called.fields.SendStatusSet);
      const said = codeOf(status?.Code);
      if (said !== 'Ok') return sentOf(meaningOf(said), said || 'an answer without a code');
      return memory.accept(codeOf(status?.SerialNo), { phone, at: ports.clock.now() });
    },
    poll: (messageIds, signal, sentTo) =>
      memory.ask(messageIds, (messageId, to) => askAbout(call, { messageId, SmsSdkAppId, signal, ...to }), sentTo),
  };
}
type Named = TencentSmsSettings & { id: string };
type Called = { type: 'ok'; fields: Fields } | { type: 'not'; sent: ReturnType<typeof sentOf> };
type Call = (action: string, parameters: object, signal: AbortSignal) => Promise<Called>;

/** Tencent knows variables by their order in the sentence alone. */
function inOrder({ name, language, variables }: Coded): string[] {
  const sentence = sentences[name as TemplateName][language];
  return variablesOf(sentence).map((variable) => fittedVariable(variables[variable] ?? '', longestVariable));
}

function callTo(settings: TencentSmsSettings, { post, clock }: CloudPorts): Call {
  const { secretId, secretKey, endpoint, region } = settings;
  const { origin, host } = new URL(endpoint);
  return async (action, parameters, signal) => {
    const body = JSON.stringify(parameters);
    const signed = tencentHeaders({ host, service: 'sms', action, body, at: clock.now(), secretId, secretKey });
    const headers = { ...signed, 'x-tc-version': '2021-01-11', 'x-tc-region': region };
    const answer = await askProvider(post, { url: `${origin}/`, headers, body, signal });
    if (answer.type === 'nothing') return { type: 'not', sent: answer.sent };
    const fields = answer.fields.Response;
    if (!isFields(fields)) return { type: 'not', sent: sentOf('later', 'an answer that cannot be read') };
    if (!isFields(fields.Error)) return { type: 'ok', fields };
    const code = codeOf(fields.Error.Code);
    return { type: 'not', sent: sentOf(meaningOf(code), code || 'an answer without a code') };
  };
}

type Asked = SentTo & { messageId: string; SmsSdkAppId: string; signal: AbortSignal };

async function askAbout(
  call: Call,
  { messageId, phone: written, at, SmsSdkAppId, signal }: Asked,
): Promise<Receipt | undefined> {
  const phone = mobileOf(written);
  if (phone === undefined) return undefined;
  // From a little before: the two clocks need not agree.
  const BeginTime = Math.floor(at / 1_000) - 300;
  const parameters = { SmsSdkAppId, PhoneNumber: `+86${phone}`, BeginTime, Offset: 0, Limit: 100 };
  const called = await call('PullSmsSendStatusByPhoneNumber', parameters, signal);
  if (called.type === 'not' || !Array.isArray(called.fields.PullSmsSendStatusSet)) return undefined;
  const status = called.fields.PullSmsSendStatusSet.filter(isFields).find(({ SerialNo }) => SerialNo === messageId);
  if (status?.ReportStatus !== 'SUCCESS' && status?.ReportStatus !== 'FAIL') return undefined;
  const result = status.ReportStatus === 'SUCCESS' ? 'delivered' : 'failed';
  return { messageId, result, detail: codeOf(status.Description), phone };
}

function firstOf(all: unknown): Fields | undefined {
  const first: unknown = Array.isArray(all) ? all[0] : undefined;
  return isFields(first) ? first : undefined;
}

/** Source: cloud.tencent.com/document/api/382/59177 and /52075 */
function meaningOf(code: string): Meaning {
  return meanings.find(([codes]) => codes.test(code))?.[1] ?? 'later';
}

const meanings: readonly [RegExp, Meaning][] = [
  [/^(AuthFailure|UnauthorizedOperation|InvalidParameterValue\.SdkAppId|IpNotInWhitelist|IpInBlacklist)/, 'operator'],
  [
    /^FailedOperation\.(InsufficientBalance|SignatureIncorrect|TemplateIncorrect|MissingSignature|MissingTemplate)/,
    'operator',
  ],
  [/^(LimitExceeded|RequestLimitExceeded)/, 'limit'],
  [/^InvalidParameterValue\./, 'refused'],
  [/^FailedOperation\.(PhoneNumberInBlacklist|ContainSensitiveWord)/, 'refused'],
];
