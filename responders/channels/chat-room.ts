import type { Address, Channel, Message, Sent } from '../channel.ts';
import { plain } from '../texts/plain.ts';
import { askProvider, type CloudPorts, type Meaning, sentOf } from './provider-answer.ts';

/** How one provider's robots are spoken to. */
export type ChatRoom<Type extends RoomType> = {
  type: Type;
  /** What is posted for a text. Units: `at` is epoch ms of the wall clock. */
  request(text: string, address: Extract<Address, { type: Type }>, at: number): { url: string; body: object };
  /** Of the content, in UTF-8. */
  mostBytes: number;
  /** Where the answer says how it went; 0 is well. */
  codeField: string;
  meanings: Readonly<Record<number, Meaning>>;
  /** How long the robot is mute when too much was sent, ms. */
  restMs: number;
  /** How long it is better to wait before this message, ms. */
  waitMs?(message: Message, ports: CloudPorts): number;
};
type RoomType = 'dingtalk' | 'wecom' | 'feishu';

/**
 * Posts the title and the body as plain text into a chat room: no markup is read, nobody is called by `@`. Robots answer 200 whatever became
 * of it, and say in the body how it went. Delivered means that it stands in the room.
 */
export function createChatChannel<Type extends RoomType>(room: ChatRoom<Type>, ports: CloudPorts): Channel {
  const { type, mostBytes, codeField, meanings, restMs } = room;
  return {
    name: type,
    async send(message): Promise<Sent> {
      const { address, text, signal } = message;
      if (!isOf(type, address)) throw new Error(`${type} cannot send to ${address.type}`);
      await pause(room.waitMs?.(message, ports) ?? 0, ports, signal);
      // A link is ours, and stands whole: what people wrote gives way to it.
      const link = text.link === undefined ? '' : `\n${text.link}`;
      const left = mostBytes - Buffer.byteLength(link);
      const said = `${fittedBytes(`${harmless(text.title)}\n${harmless(text.body)}`, left)}${link}`;
      const { url, body } = room.request(said, address, ports.clock.now());
      const answer = await askProvider(ports.post, { url, headers, body: JSON.stringify(body), signal });
      if (answer.type === 'nothing') return answer.sent;
      const code = answer.fields[codeField];
      if (code === 0) return { type: 'delivered' };
      if (typeof code !== 'number') return sentOf('later', 'an answer without a code');
      return sentOf(meanings[code] ?? 'later', `code ${code}`, restMs);
    },
  };
}

const headers = { 'content-type': 'application/json; charset=utf-8' };

function isOf<Type extends RoomType>(type: Type, address: Address): address is Extract<Address, { type: Type }> {
  return address.type === type;
}

/** What people and devices wrote came in harmless already; a room is where it would do harm, so it is made so once more. */
const harmless = (text: string): string => plain(text, mostCharacters);
const mostCharacters = 5_000;

/** The beginning says what and where, the end says the code: what does not fit is left out between. */
export function fittedBytes(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text;
  const characters = [...text];
  const end = characters.slice(-endCharacters).join('');
  let room = most - Buffer.byteLength(end) - Buffer.byteLength('…');
  const beginning = characters.slice(0, -endCharacters).findIndex((character) => {
    room -= Buffer.byteLength(character);
    return room < 0;
  });
  return `${characters.slice(0, Math.max(0, beginning)).join('')}…${end}`;
}

const endCharacters = 120;

function pause(ms: number, { clock }: CloudPorts, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  signal.addEventListener('abort', () => {
    cancel();
    resolve();
  });
  return promise;
}
