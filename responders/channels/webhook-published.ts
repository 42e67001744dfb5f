import { z } from 'zod';
import type { Notice, NoticeText } from '../../records/notice.ts';
import { idempotencyId } from '../channel.ts';
import { countyTime } from '../texts/county-time.ts';
import type { MessageText } from '../texts/message.ts';
import { webhookBody, webhookPayload } from './webhook-payload.ts';
import { webhookSignature } from './webhook-signature.ts';

/** What receivers of webhooks build on: the payload as JSON Schema, and requests with what becomes of them. */
export function webhookFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['incident.schema.json', json(payloadSchema(webhookPayload, 'incident', 'The body of a webhook.'))],
    ['vectors.json', json(webhookVectors())],
  ]);
}

/** A payload as JSON Schema, to which fields may be added. */
export function payloadSchema(payload: z.ZodType, title: string, what: string) {
  const schema = z.toJSONSchema(payload, {
    io: 'input',
    override({ jsonSchema }) {
      // `date-time` says it better than a screen of digits.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    },
  });
  return { ...schema, title, description: `${what} Fields that are not listed here may be added.` };
}

export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** A request as it arrives at `receivedAt` (epoch seconds) at a receiver that knows `secret`, and whether it is genuine. */
export type WebhookVector = {
  says: string;
  genuine: boolean;
  secret: string;
  receivedAt: number;
  headers: { 'webhook-id': string; 'webhook-timestamp': string; 'webhook-signature': string };
  body: string;
};

export function webhookVectors(): WebhookVector[] {
  const request = requestOf(alarm);
  return [
    ...told.map((one) => requestOf(one)),
    {
      ...requestOf(alarm, `${newSecret} ${secret}`),
      says: 'two signatures while the secret changes: one of them is enough',
    },
    {
      ...request,
      says: 'it comes again within five minutes: to be answered 2xx and not shown twice',
      receivedAt: sentAt + 290,
    },
    { ...request, says: 'more than five minutes old', genuine: false, receivedAt: sentAt + 301 },
    { ...request, says: 'more than five minutes ahead', genuine: false, receivedAt: sentAt - 301 },
    { ...request, says: 'changed on the way', genuine: false, body: request.body.replace('K7QM', 'K7QN') },
    { ...requestOf(alarm, newSecret), says: 'signed with another secret', genuine: false },
    {
      ...request,
      says: 'another id than was signed',
      genuine: false,
      headers: { ...request.headers, 'webhook-id': 'msg_1' },
    },
  ];
}

const secret = `whsec_${Buffer.from('an example: make one of your own').toString('base64')}`;
const newSecret = `whsec_${Buffer.from('the secret that comes after this').toString('base64')}`;
const time = countyTime('Asia/Shanghai');
/** 03:12:05 on 3 November 2026 in Shanghai. */
const noticedAt = Date.UTC(2026, 10, 2, 19, 12, 5);
const sentAt = noticedAt / 1_000 + 1;

/** The words are examples too: those that people read are improved without a new version of this. */
type Told = {
  says: string;
  title: string;
  body: string;
  language?: MessageText['language'];
  marks?: Partial<Pick<MessageText, 'drill' | 'provisional' | 'where'>>;
  changes?: Partial<Notice>;
  text?: Partial<NoticeText>;
};
const smoke = {
  title: 'Smoke alarm: Narin',
  body: 'Smoke alarm at 03:12: Narin, west of the well. Please go there now. Code K7QM.',
};
const alarm: Told = { says: 'smoke, in English', ...smoke };
const told: readonly Told[] = [
  alarm,
  {
    ...{ says: 'smoke, in Chinese', language: 'zh-CN' },
    ...{ title: '烟雾报警：那仁', body: '03:12，那仁，井西：烟雾报警。请立即前往查看。编号K7QM。' },
    marks: { where: '那仁，井西' },
  },
  {
    ...{
      says: 'a fall of three hours ago',
      title: 'Fall: Narin',
      body: 'Fall at 00:12: Narin, west of the well. Code K7QM.',
    },
    text: { condition: 'fall', occurredAt: noticedAt - 3 * 3_600_000, lateMs: 3 * 3_600_000 },
  },
  {
    ...{
      says: 'a device that no home is known for',
      title: 'Smoke alarm: place unknown',
      body: 'Ask the duty desk. Code K7QM.',
    },
    marks: { where: '' },
    text: { placeIds: [], deviceId: '867530900000001', unregistered: true },
  },
  { says: 'a second alarm made it worse', ...smoke, changes: { purpose: 'worse' }, text: { alertCount: 2 } },
  { says: 'a drill', ...smoke, marks: { drill: true } },
  { says: 'before it is stored', ...smoke, marks: { provisional: true } },
  {
    ...{
      says: 'it is over, to somebody on the way',
      title: 'Turn back: Narin',
      body: 'It was a false alarm. Code K7QM.',
    },
    changes: { purpose: 'stand-down' },
  },
];

function requestOf(one: Told, signWith = secret): WebhookVector {
  const notice = noticeOf(one);
  const { title, body: words, language = 'en', marks } = one;
  const text = {
    language,
    title,
    body: words,
    sms: words,
    where: 'Narin, west of the well',
    drill: false,
    provisional: false,
    ...marks,
  };
  const body = webhookBody({ notice, text }, time);
  const id = idempotencyId(notice.noticeId, 'webhook');
  const signature = webhookSignature({ secrets: signWith, id, timestamp: sentAt, body }) ?? '';
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(sentAt), 'webhook-signature': signature };
  return { says: one.says, genuine: true, secret, receivedAt: sentAt, headers, body };
}

function noticeOf({ says, changes, text }: Told): Notice {
  return {
    ...{ noticeId: `example: ${says}`, incidentId: 'i:hazard:867530912345678:12:345:0k3x9z', purpose: 'alarm' },
    ...{ severity: 'critical', rung: 1, recipient: { type: 'contact', contactId: 'bao' }, at: noticedAt },
    ...changes,
    text: {
      ...{ condition: 'smoke', incidentCode: 'K7QM', openedAt: noticedAt, occurredAt: noticedAt },
      ...{ placeIds: ['well'], rooms: [], deviceId: '867530912345678', alertCount: 1 },
      ...text,
    },
  };
}
