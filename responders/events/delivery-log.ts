import type { Clock } from '../../platform/clock.ts';
import type { Disk } from '../../platform/disk.ts';
import type { Log } from '../../platform/log.ts';
import type { EventDelivery } from '../../records/outgoing-event.ts';

/**
 * What came of every attempt, a line each, in files of the data folder: it needs no database, and holds ids and outcomes alone. Each
 * subscription has its own, of which the last two files are kept, so that one that fails all day does not push out the others' past.
 * Lines are written together, a second after the first; a crash may take that second.
 */
export class DeliveryLog {
  readonly #parts: DeliveryLogParts;
  #waiting = new Map<string, string[]>();
  #cancel: (() => void) | undefined;
  #queue: Promise<void> = Promise.resolve();

  constructor(parts: DeliveryLogParts) {
    this.#parts = parts;
  }

  note(id: string, delivery: EventDelivery): void {
    const lines = this.#waiting.get(id) ?? [];
    if (lines.length < mostWaiting) lines.push(JSON.stringify(delivery));
    this.#waiting.set(id, lines);
    this.#cancel ??= this.#parts.clock.after(gatherMs, () => void this.#flush());
  }

  /** The newest first. `before` is a cursor that an earlier page gave; `next` is the one for what is older. */
  async read(id: string, { limit, before }: { limit: number; before?: string | undefined }): Promise<DeliveryPage> {
    await this.#flush();
    const found: EventDelivery[] = [];
    const [startAt, startTo] = before?.split('-').map(Number) ?? [Number.POSITIVE_INFINITY, undefined];
    for (const generation of (await this.#generations(id)).reverse()) {
      if (generation > (startAt ?? 0)) continue;
      const to = generation === startAt ? startTo : undefined;
      const bytes = Math.min(to ?? mostRead, mostRead);
      const lines = linesOf(await this.#parts.disk.read(fileOf(id, generation), 0, bytes));
      for (const { from, delivery } of lines.reverse()) {
        if (delivery) found.push(delivery);
        if (found.length === limit) return { deliveries: found, next: `${generation}-${from}` };
      }
    }
    return { deliveries: found };
  }

  /** The subscription is no more. */
  async forget(id: string): Promise<void> {
    this.#waiting.delete(id);
    await this.#inTurn(async () => {
      for (const generation of await this.#generations(id)) await this.#parts.disk.remove(fileOf(id, generation));
    });
  }

  async close(): Promise<void> {
    await this.#flush();
  }

  #flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    return this.#inTurn(async () => {
      for (const [id, lines] of waiting) await this.#append(id, lines);
    });
  }

  async #append(id: string, lines: string[]): Promise<void> {
    const { disk, log } = this.#parts;
    const last = (await this.#generations(id)).at(-1) ?? 1;
    const isFull = ((await disk.size(fileOf(id, last))) ?? 0) >= largestFile;
    const generation = isFull ? last + 1 : last;
    const file = await disk.openAppend(fileOf(id, generation));
    // What a crash left of a last line ends where the next begins.
    const text = `${file.bytes > 0 ? '\n' : ''}${lines.join('\n')}`;
    const kept = await file.append([Buffer.from(text)]);
    await file.close();
    if (kept === 'full') log.error({ subscription: id }, 'the disk is full: deliveries are not in their log');
    if (isFull) await disk.remove(fileOf(id, last - 1));
  }

  async #generations(id: string): Promise<number[]> {
    const files = await this.#parts.disk.list(`events/${id}`);
    return files.map(({ name }) => Number.parseInt(name, 10)).sort((a, b) => a - b);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(work);
    this.#queue = done.catch((err) => this.#parts.log.error({ err }, 'the log of deliveries was not written'));
    return this.#queue;
  }
}

export type DeliveryPage = { deliveries: EventDelivery[]; next?: string };
type DeliveryLogParts = { disk: Disk; clock: Clock; log: Log };

const fileOf = (id: string, generation: number): string => `events/${id}/${String(generation).padStart(8, '0')}.jsonl`;
const gatherMs = 1_000;
/** About 3,000 attempts. */
const largestFile = 512 * 1024;
/** What is written together may reach beyond it. */
const mostRead = largestFile * 2;
/** Lines of one subscription within a second; more are not kept. */
const mostWaiting = 1_000;

/** With where each begins, in bytes. A line that was cut off by a crash has no delivery. */
function linesOf(bytes: Uint8Array): { from: number; delivery: EventDelivery | undefined }[] {
  let from = 0;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString()
    .split('\n')
    .map((text) => {
      const line = { from, delivery: parsed(text) };
      from += Buffer.byteLength(text) + 1;
      return line;
    });
}

function parsed(text: string): EventDelivery | undefined {
  try {
    return JSON.parse(text) as EventDelivery;
  } catch {
    return undefined;
  }
}
