import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { idempotencyId } from '../channel.ts';
import { notice, registry } from '../home.test-support.ts';
import { countyTime } from '../texts/county-time.ts';
import { messageText } from '../texts/message.ts';
import { createWebhookChannel } from './webhook.ts';
import { exampleIn } from './webhook-example.test-support.ts';
import { webhookPayload } from './webhook-payload.ts';
import { webhookFiles, webhookVectors } from './webhook-published.ts';

type Example = {
  problemWith(request: { headers: object; body: Buffer; secret: string; now: number }): string | undefined;
  receiver(parts: { secret: string; onMessage: (message: unknown) => void }): Server;
};
const folder = mkdtempSync(join(tmpdir(), 'steppewatch-webhook-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'receiver.mjs'), exampleIn('js'));
const { problemWith, receiver }: Example = await import(join(folder, 'receiver.mjs'));

test.each(webhookVectors())('a receiver judges: $says', ({ genuine, secret, receivedAt, headers, body }) => {
  const problem = problemWith({ headers, body: Buffer.from(body), secret, now: receivedAt });
  expect(problem === undefined, problem).toBe(genuine);
});

test('the request that the page shows is the first vector', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/webhooks.md'), 'utf8');
  const [first] = webhookVectors();
  for (const [name, value] of Object.entries(first?.headers ?? {})) expect(page).toContain(`\n${name}: ${value}\n`);
  expect(page).toContain(`\n\n${first?.body}\n`);
});

test('every body is as the published schema says', () => {
  const isValid = new Ajv2020({ strict: true, formats: { 'date-time': true } }).compile(
    JSON.parse(webhookFiles().get('incident.schema.json') ?? ''),
  );
  for (const { body } of webhookVectors()) {
    expect(isValid(JSON.parse(body)), JSON.stringify(isValid.errors)).toBe(true);
    expect(webhookPayload.safeParse(JSON.parse(body)).success).toBe(true);
  }
});

test('the example of a receiver takes what the channel sends, in both languages, shows a message once, and outlives a sender that goes away', async () => {
  const secret = `whsec_${Buffer.from('a key of thirty-two bytes, no more').toString('base64')}`;
  const got: unknown[] = [];
  const server = receiver({ secret, onMessage: (message) => got.push(message) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const channel = createWebhookChannel({ clock: systemClock, timeZone: 'Asia/Shanghai', allowPrivate: true });
  const send = (language: 'en' | 'zh-CN', secrets = secret) => {
    const of = notice(`n-${language}`);
    const time = countyTime('Asia/Shanghai');
    const text = messageText(of, { language, registry, time, now: of.at, provisional: false });
    const address = { type: 'webhook', url, secret: secrets } as const;
    const { signal } = new AbortController();
    return channel.send({ idempotencyId: idempotencyId(of.noticeId, 'webhook'), notice: of, text, address, signal });
  };
  try {
    for (const language of ['en', 'zh-CN', 'en'] as const) expect(await send(language)).toEqual({ type: 'delivered' });
    expect(await send('en', `whsec_${Buffer.alloc(32, 1).toString('base64')}`)).toMatchObject({ reason: 'HTTP 400' });
    const half = connect((server.address() as AddressInfo).port, '127.0.0.1');
    half.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf', () => half.destroy());
    await once(half, 'close');
    expect(await send('zh-CN')).toEqual({ type: 'delivered' });
    expect(got).toHaveLength(2);
    for (const message of got) expect(webhookPayload.safeParse(message).error).toBeUndefined();
  } finally {
    channel.close();
    server.closeAllConnections();
    server.close();
  }
});
