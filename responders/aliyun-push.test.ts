import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import type { PushDoor } from '../platform/push-door.ts';
import { access, openAliyun } from './channels/aliyun-peer.test-support.ts';
import { aliyunSmsSettings, createAliyunSmsChannel } from './channels/aliyun-sms.ts';
import { aliyunVoiceSettings, createAliyunVoiceChannel } from './channels/aliyun-voice.ts';
import { bao, listener, sendBy } from './channels/provider-peer.test-support.ts';
import { servePushes } from './push-listener.ts';

const ending: (() => unknown)[] = [];
afterEach(() => Promise.all(ending.splice(0).map((end) => end())));

const phone = '13800138000';
const push = { token: 'p'.repeat(32) };

/** Aliyun with both of its products, and our way in: what it pushes goes over the network as everything else. */
async function open() {
  const aliyun = await openAliyun();
  const shared = { ...access, endpoint: aliyun.url, push };
  const sms = aliyunSmsSettings.parse({ ...shared, signName: '守护草原', templates: { fire: 'SMS_100' } });
  const voice = aliyunVoiceSettings.parse({
    ...{ ...shared, calledShowNumber: '04795112349', templates: { fire: 'TTS_200' } },
  });
  const texts = createAliyunSmsChannel({ id: 'texts', ...sms }, aliyun.ports);
  const calls = createAliyunVoiceChannel({ id: 'calls', ...voice }, aliyun.ports);
  const inbound = listener();
  texts.listen?.(inbound);
  calls.listen?.(inbound);
  const door: PushDoor = await servePushes({
    listen: { host: '127.0.0.1', port: 0 },
    providers: new Map([
      ['texts', { token: push.token, sources: [], taker: texts }],
      ['calls', { token: push.token, sources: [], taker: calls }],
    ]),
    died: (error) => {
      throw error;
    },
    ...{ clock: aliyun.ports.clock, log: silentLog, metrics: createMetrics() },
  });
  ending.push(() => door.close(), aliyun.end);
  const pushed = async (to: 'texts' | 'calls', ...items: object[]) => {
    const url = `http://127.0.0.1:${door.address().port}/${to}/${push.token}`;
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(items) });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ code: 0 });
  };
  return { texts, calls, inbound, pushed };
}

test('a text message arrives, Aliyun says so three times, and it is told once; so is the answer', async () => {
  const { texts, inbound, pushed } = await open();
  const sent = await sendBy(texts, { type: 'sms', phone: bao });
  const messageId = sent.type === 'accepted' ? sent.messageId : undefined;
  const report = { phone_number: phone, report_time: '2026-11-03 03:12:09', success: true, biz_id: messageId };
  const up = { phone_number: phone, content: '1', send_time: '2026-11-03 03:12:40', sequence_id: '77' };
  await pushed('texts', report);
  await pushed('texts', report, up);
  await pushed('texts', up, report);
  expect(inbound.heard).toEqual([
    { receipt: { messageId, result: 'delivered', phone } },
    { reply: { channel: 'sms:texts', id: '77 2026-11-03 03:12:40', phone, text: '1' } },
  ]);
});

test('a neighbour picks up and presses 1: the key comes first, the end of the call after it', async () => {
  const { calls, inbound, pushed } = await open();
  const sent = await sendBy(calls, { type: 'voice', phone: bao });
  const messageId = sent.type === 'accepted' ? sent.messageId : undefined;
  await pushed('calls', { call_id: messageId, status_code: '200101', status_time: '2026-11-03 03:12:10' });
  const key = { call_id: messageId, status_code: '300000', dtmf: '1', status_time: '2026-11-03 03:12:30' };
  await pushed('calls', key);
  await pushed('calls', key);
  await pushed('calls', { call_id: messageId, status_code: '200000', dtmf: '1', callee: phone, duration: '25' });
  const reply = { channel: 'voice:calls', id: `${messageId} 1`, phone, text: '1', messageId };
  const receipt = { messageId, result: 'delivered', detail: 'key', phone };
  expect(inbound.heard).toEqual([{ reply }, { reply }, { receipt }]);
});

test('nothing is said to be kept before somebody listens', async () => {
  const aliyun = await openAliyun();
  ending.push(aliyun.end);
  const settings = aliyunSmsSettings.parse({ ...access, signName: '守护草原', templates: {} });
  const deaf = createAliyunSmsChannel({ id: 'texts', ...settings }, aliyun.ports);
  const told = deaf.take({ phone_number: phone, content: '1', sequence_id: '77' });
  await expect(told?.keep()).rejects.toThrow('before anybody listened');
});

test('whatever is pushed is read or is not, and breaks nothing', async () => {
  const { texts, calls, inbound } = await open();
  const names = [
    'biz_id',
    'call_id',
    'phone_number',
    'callee',
    'content',
    'success',
    'status_code',
    'dtmf',
    'duration',
  ];
  const known = fc.constantFrom('200000', '200001', '300000', 'constructor', '1', true, false, null, '', 17);
  const item = fc.dictionary(fc.constantFrom(...names), fc.oneof(known, fc.jsonValue(), fc.string()));
  await fc.assert(
    fc.asyncProperty(item, async (fields) => {
      for (const taker of [texts, calls]) await taker.take(fields)?.keep();
    }),
    { seed: 7, numRuns: 500 },
  );
  for (const one of inbound.heard) for (const word of Object.values(one)) expect(wordsOf(word)).toBe(true);
});

/** What is told on consists of texts, and has an id. */
function wordsOf(word: object): boolean {
  const values: unknown[] = Object.values(word);
  return values.length > 1 && values.every((value) => typeof value === 'string' || value === undefined);
}
