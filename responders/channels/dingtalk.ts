import { createHmac } from 'node:crypto';
import type { Channel } from '../channel.ts';
import { createChatChannel } from './chat-room.ts';
import type { CloudPorts, Meaning } from './provider-answer.ts';

/**
 * Robots of DingTalk's groups, signed. The address is the robot's with its access token, the secret begins with `SEC`.
 * Source: docs/channels.md, "DingTalk"
 */
export function createDingTalkChannel(ports: CloudPorts): Channel {
  return createChatChannel(
    {
      type: 'dingtalk',
      request(content, { url, secret }, at) {
        const signed = new URL(url);
        signed.searchParams.set('timestamp', String(at));
        signed.searchParams.set('sign', dingTalkSignature(secret, at));
        return { url: signed.href, body: { msgtype: 'text', text: { content }, at: { isAtAll: false } } };
      },
      mostBytes: 5_000,
      codeField: 'errcode',
      meanings,
      // Past 20 messages in a minute a robot is frozen for so long.
      restMs: 600_000,
    },
    ports,
  );
}

/** Units: `at` is epoch ms. */
export function dingTalkSignature(secret: string, at: number): string {
  return createHmac('sha256', secret).update(`${at}\n${secret}`).digest('base64');
}

/** Signature, keyword or address not as the robot's safety settings ask; no such token, robot stopped; too fast; the text is not wanted. */
const meanings: Readonly<Record<number, Meaning>> = {
  310000: 'operator',
  300001: 'operator',
  300005: 'operator',
  400013: 'operator',
  400101: 'operator',
  400102: 'operator',
  130101: 'limit',
  410100: 'limit',
  90030: 'limit',
  34016: 'refused',
  40035: 'refused',
  430101: 'refused',
  430102: 'refused',
  430103: 'refused',
  430104: 'refused',
};
