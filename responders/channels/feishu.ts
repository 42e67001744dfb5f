import { createHmac } from 'node:crypto';
import type { Channel, Message } from '../channel.ts';
import { noticeClass } from '../retry-schedule.ts';
import { createChatChannel } from './chat-room.ts';
import type { CloudPorts, Meaning } from './provider-answer.ts';

/**
 * Robots of Feishu's groups, signed in the body when they have a secret.
 * Source: docs/channels.md, "Feishu"
 */
export function createFeishuChannel(ports: CloudPorts): Channel {
  return createChatChannel(
    {
      type: 'feishu',
      request(text, { url, secret }, at) {
        const timestamp = Math.floor(at / 1_000);
        const signed = secret ? { timestamp: String(timestamp), sign: feishuSignature(secret, timestamp) } : {};
        return { url, body: { ...signed, msg_type: 'text', content: { text } } };
      },
      mostBytes: 15_000,
      codeField: 'code',
      meanings,
      restMs: 60_000,
      waitMs: awayFromTheHour,
    },
    ports,
  );
}

/** Other than anybody expects: the text is the key, and what is signed is empty. Units: `timestamp` is epoch seconds. */
export function feishuSignature(secret: string, timestamp: number): string {
  return createHmac('sha256', `${timestamp}\n${secret}`).digest('base64');
}

/** Signature, address, keyword, token; too fast; the body is not one. */
const meanings: Readonly<Record<number, Meaning>> = {
  19001: 'operator',
  19021: 'operator',
  19022: 'operator',
  19024: 'operator',
  11232: 'limit',
  9499: 'refused',
  19002: 'refused',
};

/**
 * Everybody's digests go out at the full and the half hour, and Feishu turns some away then: what can wait stands aside for a few seconds,
 * within the time that an attempt has.
 */
function awayFromTheHour({ notice }: Message, { clock, chance }: CloudPorts): number {
  const intoHalfHourMs = clock.now() % halfHourMs;
  if (noticeClass(notice) === 'life-safety' || intoHalfHourMs >= rushMs) return 0;
  return rushMs - intoHalfHourMs + Math.floor(chance.fraction() * spreadMs);
}

const halfHourMs = 30 * 60_000;
const rushMs = 5_000;
const spreadMs = 4_000;
