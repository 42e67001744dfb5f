import { get, type IncomingMessage } from 'node:http';
import type { Api } from '../server.ts';

export type Heard = { name: string; id?: string; body: unknown };

type Watching = { cookie?: string; authorization?: string; lastEventId?: string | undefined };

/** A page that listens. `next` waits for the next event of that name. `closing` is what the test ends with. */
export async function watchEvents(api: Api, closing: (() => unknown)[], { lastEventId, ...headersOf }: Watching) {
  const url = `${api.address.url}/api/v1/events`;
  const { cookie, authorization } = headersOf;
  const headers = {
    ...(cookie !== undefined && { cookie }),
    ...(authorization !== undefined && { authorization }),
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = get(url, { headers }, resolve);
    request.on('error', reject);
    closing.push(() => request.destroy());
  });
  const heard: Heard[] = [];
  const waiting = new Set<() => void>();
  let text = '';
  let isOver = false;
  response.setEncoding('utf8');
  response.on('error', () => {});
  response.on('close', () => {
    isOver = true;
    for (const wake of waiting) wake();
  });
  response.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = parse(text.slice(0, end));
      if (event) heard.push(event);
      text = text.slice(end + 2);
    }
    for (const wake of waiting) wake();
  });
  const until = async <T>(look: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await new Promise<void>((wake) => waiting.add(wake));
    }
  };
  return {
    response,
    heard,
    /** The next of that name that was not asked for before. */
    next: (name: string) =>
      until(() => {
        const at = heard.findIndex((event) => event.name === name);
        return at < 0 ? undefined : heard.splice(0, at + 1).at(-1);
      }),
    over: () => until(() => isOver || undefined),
  };
}

function parse(block: string): Heard | undefined {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
  const [name, id, body] = [field('event'), field('id'), field('data')];
  return name === undefined ? undefined : { name, ...(id !== undefined && { id }), body: JSON.parse(body ?? 'null') };
}
