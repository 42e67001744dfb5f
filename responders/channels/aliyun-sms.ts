import { z } from 'zod';
import type { Channel, Inbound, Receipt } from '../channel.ts';
import { longestVariable } from '../texts/template-check.ts';
import { type AliyunApi, aliyunSettings, createAliyunApi } from './aliyun-api.ts';
import { mobileOf } from './mainland-number.ts';
import { codedTemplate, fittedVariable, templateCodes } from './message-template.ts';
import { type CloudPorts, codeOf, type Fields, isFields } from './provider-answer.ts';
import { listening, type PushTaker, textOf, uniqueOf } from './pushes.ts';
import { SentMemory, type SentTo } from './sent-memory.ts';

export const aliyunSmsSettings = aliyunSettings.extend({
  signName: z.string().min(1).max(40),
  templates: templateCodes(z.string().regex(/^SMS_\d+$/, 'is a TemplateCode like SMS_123456789')),
});
export type AliyunSmsSettings = z.infer<typeof aliyunSmsSettings>;

/**
 * Text messages by Aliyun's SMS (dysmsapi, 2017-05-25): what it let through as a template, to mobile numbers of the mainland. Accepted
 * is not delivered: receipts are pushed (`take`) or asked for (`poll`), replies are pushed.
 * Source: docs/channels.md, "Aliyun SMS"
 */
export function createAliyunSmsChannel({ id, ...settings }: Named, ports: CloudPorts): Channel & PushTaker {
  const { signName, templates } = settings;
  const name = `sms:${id}`;
  const access = { ...settings, endpoint: settings.endpoint ?? 'https://dysmsapi.aliyuncs.com', version: '2017-05-25' };
  const api = createAliyunApi(access, ports);
  const memory = new SentMemory();
  let inbound: Inbound | undefined;
  return {
    name,
    listen(to) {
      inbound = to;
    },
    async send({ address, text, idempotencyId, signal }) {
      if (address.type !== 'sms') throw new Error(`a text message cannot be sent to ${address.type}`);
      const phone = mobileOf(address.phone);
      if (phone === undefined) return { type: 'refused', reason: 'not a mobile number of the mainland' };
      const template = codedTemplate({ text }, templates);
      if ('sent' in template) return template.sent;
      const words = Object.entries(template.variables);
      const variables = words.map(([variable, word]) => [variable, fittedVariable(word, longestVariable)]);
      const parameters = {
        ...{ PhoneNumbers: phone, SignName: signName, TemplateCode: template.code, OutId: idempotencyId },
        TemplateParam: JSON.stringify(Object.fromEntries(variables)),
      };
      const called = await api.call('SendSms', parameters, signal);
      if (called.type === 'not') return called.sent;
      return memory.accept(codeOf(called.fields.BizId), { phone, at: ports.clock.now() });
    },
    poll: (messageIds, signal, sentTo) =>
      memory.ask(messageIds, (messageId, to) => askAbout(api, messageId, to, signal), sentTo),
    take: (item) => taken(item, name, inbound),
  };
}
type Named = AliyunSmsSettings & { id: string };

async function askAbout(api: AliyunApi, messageId: string, { phone: written, at }: SentTo, signal: AbortSignal) {
  const phone = mobileOf(written);
  if (phone === undefined) return undefined;
  const day = new Date(at + shanghaiMs).toISOString().slice(0, 10).replaceAll('-', '');
  const named = { PhoneNumber: phone, BizId: messageId, SendDate: day, PageSize: '1', CurrentPage: '1' };
  const called = await api.call('QuerySendDetails', named, signal);
  if (called.type === 'not') return undefined;
  const all = isFields(called.fields.SmsSendDetailDTOs) ? called.fields.SmsSendDetailDTOs.SmsSendDetailDTO : [];
  const detail: unknown = Array.isArray(all) ? all[0] : undefined;
  if (!isFields(detail)) return undefined;
  // 1: it is under way.
  if (detail.SendStatus !== 2 && detail.SendStatus !== 3) return undefined;
  return receiptOf(messageId, detail.SendStatus === 3, detail.ErrCode, phone);
}

/** Aliyun's days are those of Shanghai, which has no summer time, ms. */
const shanghaiMs = 8 * 3_600_000;

function receiptOf(messageId: string, isDelivered: boolean, code: unknown, phone: string): Receipt {
  const detail = codeOf(code);
  return { messageId, result: isDelivered ? 'delivered' : 'failed', phone, ...(detail !== '' && { detail }) };
}

/** `SmsReport` and `SmsUp` come to one address: the one names a message of ours, the other brings words. */
function taken(item: Fields, name: string, inbound: Inbound | undefined): ReturnType<PushTaker['take']> {
  const phone = textOf(item.phone_number);
  const messageId = codeOf(item.biz_id);
  const success = String(item.success);
  if (messageId !== '' && (success === 'true' || success === 'false')) {
    const receipt = receiptOf(messageId, success === 'true', item.err_code, phone);
    const key = `report ${messageId} ${phone} ${textOf(item.report_time)}`;
    return { key, keep: async () => listening(inbound).receipt(name, receipt) };
  }
  if (phone === '' || typeof item.content !== 'string') return undefined;
  const id = uniqueOf(item.sequence_id, textOf(item.send_time), [phone, item.content]);
  const text = item.content.slice(0, longestReply);
  return { key: `up ${id}`, keep: async () => listening(inbound).reply(name, { id, phone, text }) };
}

/** Characters: a reply is a key and perhaps a few words. */
const longestReply = 500;
