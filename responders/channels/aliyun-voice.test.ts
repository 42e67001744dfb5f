import { afterEach, expect, test } from 'vitest';
import { access, openAliyun } from './aliyun-peer.test-support.ts';
import { aliyunVoiceSettings, createAliyunVoiceChannel } from './aliyun-voice.ts';
import { bao, listener, sendBy, text } from './provider-peer.test-support.ts';

let end = () => {};
afterEach(() => end());

async function open() {
  const aliyun = await openAliyun();
  end = aliyun.end;
  const settings = aliyunVoiceSettings.parse({
    ...{
      ...access,
      endpoint: aliyun.url,
      calledShowNumber: '04795112349',
      templates: { fire: 'TTS_200', 'fire.en': 'TTS_200' },
    },
    recordings: { mn: { fire: 'mn-fire.wav', 'fire@well': 'mn-fire-well.wav' } },
  });
  const make = () => createAliyunVoiceChannel({ id: 'aliyun', ...settings }, aliyun.ports);
  const channel = make();
  const inbound = listener();
  channel.listen?.(inbound);
  const send = (more = {}, to = bao) => sendBy(channel, { type: 'voice', phone: to }, more);
  return {
    ...aliyun,
    channel,
    make,
    inbound,
    send,
    asked: () => Object.fromEntries(aliyun.got[0]?.url.searchParams ?? []),
  };
}
const ask = new AbortController().signal;
const phone = '13800138000';

test('a neighbour is called and may press 1, 2, 3, 4 or 9', async () => {
  const { got, send, asked } = await open();
  expect(await send()).toEqual({ type: 'accepted', messageId: 'call^1' });
  expect(got[0]?.headers['x-acs-action']).toBe('IvrCall');
  expect(asked()).toEqual({
    ...{ CalledNumber: phone, CalledShowNumber: '04795112349', StartCode: 'TTS_200', PlayTimes: '3', Timeout: '5000' },
    StartTtsParams: '{"home":"那仁井西","time":"03:12","code":"K7QM"}',
    ...{ 'MenuKeyMap.1.Key': '1', 'MenuKeyMap.2.Key': '2', 'MenuKeyMap.3.Key': '3' },
    ...{ 'MenuKeyMap.4.Key': '4', 'MenuKeyMap.5.Key': '9' },
    OutId: 'h7y1ajNjzz070CU',
  });
});

test('where no key is wanted the call only tells; a landline is called too', async () => {
  const { got, send } = await open();
  const voice = text.voice && { ...text.voice, keys: '' };
  expect(await send({ text: { voice } }, '0479-5112340')).toMatchObject({ type: 'accepted' });
  expect(got[0]?.headers['x-acs-action']).toBe('SingleCallByTts');
});

test('a contact who speaks Mongolian hears the recording, with keys and without; where there is none, Chinese', async () => {
  const { got, send } = await open();
  const voice = (keys: string) => ({ language: 'mn', clips: [], tts: '', keys }) as const;
  await send({ text: { voice: voice('1') } });
  await send({ text: { language: 'en', voice: voice('') } }, '13800138001');
  const other = { name: 'over', variables: {} };
  expect(await send({ text: { voice: voice(''), template: other } })).toMatchObject({ trouble: 'credentials' });
  expect(
    got.map(({ headers, url }) => [
      headers['x-acs-action'],
      url.searchParams.get('StartCode') ?? url.searchParams.get('VoiceCode'),
    ]),
  ).toEqual([
    ['IvrCall', 'mn-fire.wav'],
    ['SingleCallByVoice', 'mn-fire.wav'],
  ]);
  expect(got[0]?.url.searchParams.has('StartTtsParams')).toBe(false);
});

test('whoever may hear whose home it is hears the recording of that home, where there is one', async () => {
  const { got, send } = await open();
  const voice = (home: string) => ({ language: 'mn', clips: [], tts: '', keys: '', home }) as const;
  await send({ text: { voice: voice('well') } });
  await send({ text: { voice: voice('elsewhere') } }, '13800138001');
  expect(got.map(({ url }) => url.searchParams.get('VoiceCode'))).toEqual(['mn-fire-well.wav', 'mn-fire.wav']);
  const recordings = { mn: { 'fyre@well': 'x.wav' } };
  expect(aliyunVoiceSettings.shape.recordings.safeParse(recordings).error?.message).toContain('fire@PLACE');
});

test('what is too long to be read out is cut, and the call is made', async () => {
  const { send } = await open();
  const variables = { home: '那'.repeat(200), time: '烟'.repeat(100), code: '' };
  expect(await send({ text: { template: { name: 'fire', variables } } })).toMatchObject({ type: 'accepted' });
});

test('a second call within a minute is refused by Aliyun, and another way is tried', async () => {
  const { send } = await open();
  await send();
  expect(await send()).toMatchObject({ type: 'later', reason: 'isv.BUSINESS_LIMIT_CONTROL', trouble: 'limit' });
});

test('no number, or a foreign one, is not called', async () => {
  const { got, send } = await open();
  for (const to of ['', '110', '+1 212 555 0100']) expect(await send({}, to)).toMatchObject({ type: 'refused' });
  expect(got).toEqual([]);
});

test('a key is told as it is pressed, and again with the end of the call, as one and the same', async () => {
  const { channel, inbound, send } = await open();
  await send();
  const pressed = channel.take({
    call_id: 'call^1',
    status_code: '300000',
    dtmf: '1',
    status_time: '2026-11-03 03:12:30',
  });
  await pressed?.keep();
  const reply = { channel: 'voice:aliyun', id: 'call^1 1', phone, text: '1', messageId: 'call^1' };
  expect(inbound.heard).toEqual([{ reply }]);
  await channel.take({ call_id: 'call^1', status_code: '200000', dtmf: '1', callee: phone, duration: '20' })?.keep();
  const receipt = { messageId: 'call^1', result: 'delivered', detail: 'key', phone };
  expect(inbound.heard.slice(1)).toEqual([{ reply }, { receipt }]);
});

test('a mailbox is no answer, and picked up without a key is heard', async () => {
  const { channel, inbound } = await open();
  const report = { callee: phone, status_code: '200000', duration: '31' };
  await channel.take({ ...report, call_id: 'call^1', smart_status_code: 'INTELLIGENT_ANSWER' })?.keep();
  await channel.take({ ...report, call_id: 'call^2', smart_status_code: 'ANSWERED' })?.keep();
  expect(inbound.heard).toEqual([
    { receipt: { messageId: 'call^1', result: 'failed', detail: 'voicemail', phone } },
    { receipt: { messageId: 'call^2', result: 'delivered', detail: 'heard', phone } },
  ]);
});

test('after a restart a key waits for the end of its call, which says whose it was', async () => {
  const { make, send } = await open();
  await send();
  const restarted = make();
  const inbound = listener();
  restarted.listen?.(inbound);
  await restarted.take({ call_id: 'call^1', status_code: '300000', dtmf: '1', status_time: 'x' })?.keep();
  expect(inbound.heard).toEqual([]);
  await restarted.take({ call_id: 'call^1', status_code: '200000', dtmf: '1', callee: phone })?.keep();
  expect(inbound.heard).toMatchObject([{ reply: { phone, text: '1' } }, { receipt: { result: 'delivered' } }]);
  expect(await restarted.poll?.(['call^1'], ask)).toEqual([]);
});

test('after a restart a call is asked for by whom it was made to and when, and its key counts', async () => {
  const { make, send, state } = await open();
  await send();
  const restarted = make();
  const inbound = listener();
  restarted.listen?.(inbound);
  state.details.set('call^1', { state: '200000', dtmf: '1', callee: phone, duration: 20 });
  const sentTo = () => ({ phone, at: Date.now() });
  expect(await restarted.poll?.(['call^1'], ask, sentTo)).toMatchObject([{ result: 'delivered', detail: 'key' }]);
  expect(inbound.heard).toMatchObject([{ reply: { phone, text: '1' } }]);
});

test('of whom no report came, Aliyun is asked: calls with keys and calls without', async () => {
  const { channel, state, inbound, got, send } = await open();
  await send();
  await send({}, '13800138001');
  expect(await channel.poll?.(['call^1', 'call^2'], ask)).toEqual([]);
  const asked = got.slice(2).map(({ url }) => url.searchParams);
  expect(asked.map((one) => one.get('ProdId'))).toEqual(expect.arrayContaining(['11000000300005', '11000000300006']));
  expect(Math.abs(Number(asked[0]?.get('QueryDate')) - Date.now())).toBeLessThan(60_000);
  state.details.set('call^1', { state: '200000', dtmf: '2', callee: phone, duration: 20 });
  state.details.set('call^2', { state: '200010', stateDesc: '关机' });
  expect(await channel.poll?.(['call^1', 'call^2'], ask)).toEqual([
    { messageId: 'call^1', result: 'delivered', detail: 'key', phone },
    { messageId: 'call^2', result: 'failed', detail: 'switched-off', phone: '13800138001' },
  ]);
  expect(inbound.heard).toMatchObject([{ reply: { id: 'call^1 2', text: '2', phone } }]);
});

test('a report without a call is not read', async () => {
  const { channel } = await open();
  expect(channel.take({ status_code: '200000', dtmf: '1' })).toBeUndefined();
});
