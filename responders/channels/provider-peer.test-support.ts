import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../platform/clock.ts';
import { systemChance } from '../../platform/random.ts';
import type { Notice } from '../../records/notice.ts';
import type { Address, Channel, Inbound, Message, Receipt } from '../channel.ts';
import { notice } from '../home.test-support.ts';
import type { MessageText } from '../texts/message.ts';
import { createGuardedPost } from './guarded-post.ts';
import type { CloudPorts } from './provider-answer.ts';

export type Request = { method: string; url: URL; headers: IncomingHttpHeaders; body: string };
/** `raw`: as it stands; `hang`: never; otherwise JSON with a status. */
export type PeerAnswer =
  | { status?: number; json: object; headers?: Record<string, string> }
  | { status?: number; raw: string }
  | 'hang'
  | 'cut';

/** A provider's end on loopback: notes what came, and answers as it is told. `end` closes it. */
export async function openPeer(answer: (request: Request) => PeerAnswer) {
  const got: Request[] = [];
  const server = createServer((incoming, response) => {
    let body = '';
    incoming.setEncoding('utf8');
    incoming.on('data', (chunk) => {
      body += chunk;
    });
    incoming.on('end', () => {
      const url = new URL(incoming.url ?? '/', 'http://peer');
      const request = { method: incoming.method ?? '', url, headers: incoming.headers, body };
      got.push(request);
      const said = answer(request);
      if (said === 'hang') return;
      if (said === 'cut') incoming.socket.destroy();
      else if ('raw' in said) response.writeHead(said.status ?? 200).end(said.raw);
      else response.writeHead(said.status ?? 200, said.headers).end(JSON.stringify(said.json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const ports: CloudPorts = {
    post: createGuardedPost({ clock: systemClock, allowPrivate: true }),
    ...{ clock: systemClock, chance: systemChance },
  };
  return {
    ...{ got, ports, url: `http://127.0.0.1:${port}` },
    end() {
      ports.post.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Smoke in Narin, to Bao's telephone. */
export const text: MessageText = {
  ...{ language: 'zh-CN', title: '烟雾报警：那仁', body: '03:12，那仁，井西：烟雾报警。编号K7QM。', sms: '' },
  template: { name: 'fire', variables: { home: '那仁井西', time: '03:12', code: 'K7QM' } },
  voice: { language: 'zh-CN', clips: ['smoke'], tts: '那仁，井西，烟雾报警', keys: '1 前往' },
  ...{ where: '那仁，井西', drill: false, provisional: false },
};

export const bao = '+86 138-0013-8000';

/** Sends one message by a channel. `text` and `notice` as they are changed. */
export function sendBy(channel: Channel, address: Address, changes: Changes = {}) {
  const message: Message = {
    ...{ idempotencyId: 'msg_QO4WwBoIyEasCJyeGJzIvAjAC2s_h7y1ajNjzz070CU', address },
    ...{ notice: notice('n1', changes.notice), text: { ...text, ...changes.text } },
    signal: changes.signal ?? new AbortController().signal,
  };
  return channel.send(message);
}
type Changes = { text?: Partial<MessageText>; notice?: Partial<Notice>; signal?: AbortSignal };

/** What came in by a channel, in its order. */
export function listener(): Inbound & { heard: ({ receipt: Receipt } | { reply: object })[] } {
  const heard: ({ receipt: Receipt } | { reply: object })[] = [];
  return {
    heard,
    receipt: async (_channel, receipt) => void heard.push({ receipt }),
    reply: async (channel, reply) => void heard.push({ reply: { ...reply, channel } }),
    missedCall: async () => {},
    trouble: async () => {},
  };
}
