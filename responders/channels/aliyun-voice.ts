import { z } from 'zod';
import type { Channel, Inbound, Message, Receipt } from '../channel.ts';
import { type AliyunApi, aliyunSettings, createAliyunApi } from './aliyun-api.ts';
import { type CallEnd, endOfCall } from './call-end.ts';
import { numberOf } from './mainland-number.ts';
import { type Coded, codedTemplate, fittedVariable, recordingCodes, templateCodes } from './message-template.ts';
import { type CloudPorts, codeOf, type Fields, fieldsOf } from './provider-answer.ts';
import { listening, type PushTaker, textOf } from './pushes.ts';
import { SentMemory, type SentTo } from './sent-memory.ts';

const speech = z.string().regex(/^TTS_\d+$/, 'is the code of a text-to-speech template like TTS_123456789');
const recording = z.string().regex(/^[\w-]{1,100}\.wav$/, 'is the code of a recording like 2d4c-aafbb06cf.wav');

/**
 * `recordings`: whole messages in a language that Aliyun does not speak, by language and template, and by home where it is said whose that
 * is; where there is none, the template is spoken.
 */
export const aliyunVoiceSettings = aliyunSettings.extend({
  calledShowNumber: z.string().regex(/^\d{5,12}$/, 'is the number that was bought for calls, in digits'),
  templates: templateCodes(speech),
  recordings: z.record(z.string(), recordingCodes(recording)).default({}),
});
export type AliyunVoiceSettings = z.infer<typeof aliyunVoiceSettings>;

/**
 * Calls by Aliyun's voice service (dyvmsapi, 2017-05-25): with keys where an answer is wanted, otherwise only told. Accepted is not
 * answered: what became of a call is pushed (`take`) or asked for (`poll`). Picked up without a key is heard; a voice mailbox is not
 * an answer. What is pressed comes as a reply, under the call and the key, so that its repeats are one.
 * Source: docs/channels.md, "Aliyun voice"
 */
export function createAliyunVoiceChannel({ id, ...settings }: Named, ports: CloudPorts): Channel & PushTaker {
  const name = `voice:${id}`;
  const access = { ...settings, endpoint: settings.endpoint ?? 'https://dyvmsapi.aliyuncs.com', version: '2017-05-25' };
  const api = createAliyunApi(access, ports);
  const memory = new SentMemory();
  let inbound: Inbound | undefined;
  return {
    name,
    listen(to) {
      inbound = to;
    },
    async send(message) {
      const { address, signal } = message;
      if (address.type !== 'voice') throw new Error(`a call cannot be made to ${address.type}`);
      const phone = numberOf(address.phone);
      if (phone === undefined) return { type: 'refused', reason: 'not a number of the mainland' };
      const template = codedTemplate(message, codesFor(settings, message));
      if ('sent' in template) return template.sent;
      const { action, ...call } = callOf(message, template);
      const parameters = { ...call, CalledShowNumber: settings.calledShowNumber, CalledNumber: phone };
      const called = await api.call(action, parameters, signal);
      if (called.type === 'not') return called.sent;
      return memory.accept(codeOf(called.fields.CallId), { phone, at: ports.clock.now() });
    },
    poll: (messageIds, signal, sentTo) =>
      memory.ask(
        messageIds,
        async (messageId, to) => {
          const detail = await detailOf(api, messageId, to, signal);
          const end = detail && endOfCall(detail);
          if (end?.key !== undefined) await listening(inbound).reply(name, replyOf(messageId, to.phone, end.key));
          return end && receiptOf(messageId, to.phone, end);
        },
        sentTo,
      ),
    take(item) {
      const messageId = codeOf(item.call_id);
      if (messageId === '') return undefined;
      const phone = memory.get(messageId)?.phone ?? textOf(item.callee);
      return taken({ item, messageId, phone, name, inbound });
    },
  };
}
type Named = AliyunVoiceSettings & { id: string };

/** In the language of the contact's calls. */
function codesFor({ templates, recordings }: AliyunVoiceSettings, { text }: Message): Record<string, string> {
  const recorded = recordings[text.voice?.language ?? text.language] ?? {};
  const name = text.template?.name ?? '';
  const home = text.voice?.home;
  const code = (home === undefined ? undefined : recorded[`${name}@${home}`]) ?? recorded[name];
  return code === undefined ? templates : { [name]: code };
}

type Call = { action: string; [parameter: string]: string };

/** With a menu where keys are offered. Aliyun reads a template or plays a recording. */
function callOf({ text, idempotencyId }: Message, { code, variables }: Coded): Call {
  // Aliyun takes 15 bytes: the end of an id is as good as the whole.
  const OutId = idempotencyId.slice(-15);
  const isRecording = code.endsWith('.wav');
  const spoken = JSON.stringify(fittedSpeech(variables));
  if ((text.voice?.keys ?? '') !== '') {
    const menu = Object.fromEntries(keys.map((key, index) => [`MenuKeyMap.${index + 1}.Key`, key]));
    const start = { StartCode: code, ...(!isRecording && { StartTtsParams: spoken }) };
    return { action: 'IvrCall', OutId, PlayTimes: '3', Timeout: String(keyWaitMs), ...start, ...menu };
  }
  const told = { OutId, PlayTimes: '2' };
  if (isRecording) return { action: 'SingleCallByVoice', ...told, VoiceCode: code };
  return { action: 'SingleCallByTts', ...told, TtsCode: code, TtsParam: spoken };
}

/** Going, cannot, arrived, false alarm or agreed, help. */
const keys = ['1', '2', '3', '4', '9'];
const keyWaitMs = 5_000;

/** All variables together have fewer than 250 characters. */
function fittedSpeech(variables: Readonly<Record<string, string>>): Record<string, string> {
  const all = Object.entries(variables);
  const longest = Math.floor(249 / all.length);
  return Object.fromEntries(all.map(([name, value]) => [name, fittedVariable(value, longest)]));
}

async function detailOf(
  api: AliyunApi,
  messageId: string,
  { at }: SentTo,
  signal: AbortSignal,
): Promise<Fields | undefined> {
  for (const product of products) {
    const parameters = { CallId: messageId, ProdId: product, QueryDate: String(at) };
    const called = await api.call('QueryCallDetailByCallId', parameters, signal);
    const detail = called.type === 'ok' ? fieldsOf(textOfDetail(called.fields.Data)) : undefined;
    if (detail) return detail;
  }
  return undefined;
}

/** Calls with a menu, and calls that only tell: which it was is not worth remembering. */
const products = ['11000000300005', '11000000300006'];

const textOfDetail = (value: unknown): string => (typeof value === 'string' ? value : '');

type Push = { item: Fields; messageId: string; phone: string; name: string; inbound: Inbound | undefined };

/** `VoiceCallReport` brings a key as it is pressed; `VoiceReport` how the call ended, and the key once more. */
function taken({ item, messageId, phone, name, inbound }: Push): ReturnType<PushTaker['take']> {
  const end = endOfCall(item);
  if (!end) return { key: `call ${messageId} ${codeOf(item.status_code)}`, keep: async () => {} };
  const key = `call ${messageId} ${end.result} ${end.detail} ${end.key ?? ''}`;
  return {
    key,
    async keep() {
      // Whose key it was is not known after a restart until the call has ended, and then it comes again with the number.
      if (end.key !== undefined && phone !== '')
        await listening(inbound).reply(name, replyOf(messageId, phone, end.key));
      if (end.result !== 'going-on') await listening(inbound).receipt(name, receiptOf(messageId, phone, end));
    },
  };
}

const replyOf = (messageId: string, phone: string, key: string) => ({
  ...{ id: `${messageId} ${key}`, phone, text: key, messageId },
});

function receiptOf(messageId: string, phone: string, { result, detail }: CallEnd): Receipt {
  return { messageId, result: result === 'failed' ? 'failed' : 'delivered', detail, ...(phone !== '' && { phone }) };
}
