import type { Channel } from '../channel.ts';
import { createChatChannel } from './chat-room.ts';
import type { CloudPorts, Meaning } from './provider-answer.ts';

/**
 * Robots of WeCom's groups. Nothing is signed: the key in the address is the secret.
 * Source: docs/channels.md, "WeCom"
 */
export function createWeComChannel(ports: CloudPorts): Channel {
  return createChatChannel(
    {
      type: 'wecom',
      request: (content, { url }) => ({ url, body: { msgtype: 'text', text: { content } } }),
      mostBytes: 2_048,
      codeField: 'errcode',
      meanings,
      restMs: 60_000,
    },
    ports,
  );
}

/** No such robot any more; 20 a minute, too much at once; the text is not taken. */
const meanings: Readonly<Record<number, Meaning>> = {
  93000: 'operator',
  93004: 'operator',
  45009: 'limit',
  45033: 'limit',
  40008: 'refused',
  40058: 'refused',
  44004: 'refused',
  45002: 'refused',
};
