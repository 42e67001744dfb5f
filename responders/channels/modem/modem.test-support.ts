import { mkdtempSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, vi } from 'vitest';
import { silentLog } from '../../../platform/log.ts';
import type { Trouble } from '../../../records/journal-record.ts';
import type { Notice } from '../../../records/notice.ts';
import { type ModemWorld, type SimStore, SimulatedModem } from '../../../simulators/modem.ts';
import { openPseudoTerminal, type PseudoTerminal } from '../../../simulators/pseudo-terminal.ts';
import { type Inbound, idempotencyId, type Message, type Receipt } from '../../channel.ts';
import { notice, registry, testClock } from '../../home.test-support.ts';
import { countyTime } from '../../texts/county-time.ts';
import { messageText } from '../../texts/message.ts';
import { createModemChannel } from './modem.ts';
import { ModemLine, type ModemSettings } from './modem-line.ts';
import { createModemRingChannel } from './modem-ring.ts';

export type Heard = {
  replies: { id: string; phone: string; text: string }[];
  receipts: Receipt[];
  calls: { id: string; phone: string }[];
  troubles: [trouble: Trouble | 'none', reason: string][];
  /** While it is true, nothing can be kept. */
  isFull: boolean;
  /** Nothing is kept before this has resolved. */
  disk: Promise<void>;
};

/** What comes in by a channel, as it came. */
export function listening(): { heard: Heard; inbound: Inbound } {
  const heard: Heard = { replies: [], receipts: [], calls: [], troubles: [], isFull: false, disk: Promise.resolve() };
  const inbound: Inbound = {
    async receipt(_channel, receipt) {
      heard.receipts.push(receipt);
    },
    async reply(_channel, reply) {
      if (heard.isFull) throw new Error('the disk is full');
      heard.replies.push(reply);
      await heard.disk;
    },
    async missedCall(_channel, call) {
      heard.calls.push(call);
    },
    async trouble(_channel, trouble, reason) {
      heard.troubles.push([trouble, reason]);
    },
  };
  return { heard, inbound };
}

/** A message of that text about smoke in Narin; the same `id` is the same message. */
export function message(
  id: string,
  sms: string,
  { type = 'sms', phone = '13800001111', ...changes }: Changes = {},
): Message {
  const of = notice(id, changes.notice);
  const text = messageText(of, {
    language: 'en',
    registry,
    time: countyTime('Asia/Shanghai'),
    now: of.at,
    provisional: false,
  });
  const { signal = new AbortController().signal } = changes;
  return {
    idempotencyId: idempotencyId(id, 'sms:modem-1'),
    notice: of,
    text: { ...text, sms },
    address: { type, phone },
    signal,
  };
}
type Changes = { type?: 'sms' | 'voice'; phone?: string; signal?: AbortSignal; notice?: Partial<Notice> };

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

/** A modem on a pseudo-terminal behind a name that it keeps, and both channels that use it. Time moves only when the test says so. */
export async function modemAtHome({ world = {}, settings = {}, plugged = true }: AtHome = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'steppewatch-modem-'));
  ending.push(() => rmSync(folder, { recursive: true }));
  const port = join(folder, 'modem');
  const stored: SimStore = new Map();
  let terminal: PseudoTerminal | undefined;
  const there = {
    modem: undefined as SimulatedModem | undefined,
    /** Plugs a modem in, with the SIM of the one before. */
    async plug(changes: Partial<ModemWorld> = world): Promise<SimulatedModem> {
      terminal = await openPseudoTerminal();
      symlinkSync(terminal.path, port);
      there.modem = new SimulatedModem(terminal, { world: changes, stored });
      return there.modem;
    },
    async unplug(): Promise<void> {
      if (!terminal) return;
      unlinkSync(port);
      await terminal.close();
      terminal = undefined;
    },
  };
  if (plugged) await there.plug();
  const clock = testClock();
  const line = new ModemLine({ port, baud: 115_200, ...settings }, { clock, log: silentLog });
  const channel = createModemChannel({ id: 'modem-1' }, { line, clock, log: silentLog });
  const ring = createModemRingChannel({ id: 'ring', modem: 'modem-1', seconds: 20 }, { line, clock });
  const { heard, inbound } = listening();
  ending.push(() => there.unplug());
  ending.push(() => channel.close?.());
  /**
   * Time goes on second by second, and each time a modem that answers has answered everything before: the line is real, and on a busy machine
   * slower than the time of the test.
   */
  const tick = async (ms: number) => {
    for (let left = ms; left > 0; left -= 1_000) {
      await clock.advance(Math.min(left, 1_000));
      const { promise: enough, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, 300);
      await Promise.race([line.command('AT'), enough]);
      clearTimeout(timer);
    }
  };
  return {
    ...there,
    clock,
    tick,
    line,
    channel,
    ring,
    heard,
    listen: () => channel.listen?.(inbound),
    get modem() {
      return there.modem;
    },
  };
}
type AtHome = { world?: Partial<ModemWorld>; settings?: Partial<ModemSettings>; plugged?: boolean };

export const until = (check: () => unknown) => vi.waitUntil(check, { timeout: 10_000, interval: 5 });

/** A modem that was found and is ready. */
export async function ready(parts: Parameters<typeof modemAtHome>[0] = {}) {
  const there = await modemAtHome(parts);
  there.listen();
  await until(() => there.line.state.phase === 'ready');
  const { modem } = there;
  if (!modem) throw new Error('no modem is plugged in');
  return Object.assign(there, { simulated: modem });
}
