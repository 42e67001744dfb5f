import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { createWebhookChannel } from '../responders/channels/webhook.ts';
import { notice, registry } from '../responders/home.test-support.ts';
import { countyTime } from '../responders/texts/county-time.ts';
import { messageText } from '../responders/texts/message.ts';
import { onScreen, type Received, startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts';

const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
const time = countyTime('Asia/Shanghai');
const channel = createWebhookChannel({ clock: systemClock, timeZone: 'Asia/Shanghai', allowPrivate: true });
let receiver: WebhookReceiver | undefined;
afterEach(async () => {
  await receiver?.close();
});

async function neighbours({ clock = systemClock } = {}) {
  const screens: Received[] = [];
  const refused: string[] = [];
  const started = await startWebhookReceiver({
    secret,
    clock,
    onMessage: (one) => screens.push(one),
    onRefused: (why) => refused.push(why),
  });
  receiver = started;
  const send = (idempotencyId: string, key = secret) => {
    const text = messageText(notice('n1'), {
      language: 'en',
      registry,
      time,
      now: notice('n1').at,
      provisional: false,
    });
    const address = { type: 'webhook', url: `${started.url}/Bao`, secret: key } as const;
    return channel.send({ idempotencyId, notice: notice('n1'), text, address, signal: new AbortController().signal });
  };
  return { screens, refused, send, url: started.url };
}

test('a neighbour reads in plain words what happened, once however often it is sent', async () => {
  const { screens, send } = await neighbours();
  expect(await send('msg_1')).toEqual({ type: 'delivered' });
  expect(await send('msg_1')).toEqual({ type: 'delivered' });
  expect(screens.map(onScreen)).toEqual([
    '03:12 to Bao: Smoke alarm: Narin, west of the well, kitchen\n' +
      '      Smoke alarm at 03:12: Narin, west of the well, kitchen. Please go there now. ' +
      'If you see smoke or flames, stay outside and call 119. Code K7QM.',
  ]);
});

test('what somebody else signed, or signed an hour ago, is refused', async () => {
  const { screens, refused, send } = await neighbours();
  await send('msg_1', `whsec_${Buffer.alloc(32, 4).toString('base64')}`);
  expect(refused).toEqual(['the signature is wrong']);
  await receiver?.close();
  const later = await neighbours({ clock: { ...systemClock, now: () => Date.now() + 3_600_000 } });
  await later.send('msg_2');
  expect(later.refused).toEqual(['its time is not now']);
  expect([...screens, ...later.screens]).toEqual([]);
});

test('what is not signed, and what is too large, is refused', async () => {
  const { refused, url } = await neighbours();
  expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(400);
  expect((await fetch(url, { method: 'POST', body: 'x'.repeat(30_000) })).status).toBe(400);
  expect(refused).toEqual(['not signed', 'it is too large']);
});
