import { z } from 'zod';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import type { Trouble } from '../../../records/journal-record.ts';
import { type AtAnswer, AtLine, type Unasked } from './at-line.ts';
import { type OpenPort, openSerialPort } from './serial-port.ts';
import { StoredMessages } from './stored-messages.ts';
import { incomingTpdu } from './tpdu.ts';

/** `port`: a device by a name that it keeps (`/dev/serial/by-id/…`). `pin`: of the SIM, when it asks for one; a secret. */
export const modemSettings = z.strictObject({
  port: z.string().regex(/^\/[^\0]+$/, 'the path of a serial device, like /dev/serial/by-id/usb-…'),
  baud: z
    .union([
      z.literal(9_600),
      z.literal(19_200),
      z.literal(38_400),
      z.literal(57_600),
      z.literal(115_200),
      z.literal(460_800),
    ])
    .default(115_200),
  pin: z
    .string()
    .regex(/^[0-9]{4,8}$/, 'four to eight digits, in quotes')
    .optional(),
});
export type ModemSettings = z.infer<typeof modemSettings>;

export type ModemPorts = { clock: Clock; log: Log; openPort?: OpenPort };

/** `signal`: 0 (-113 dBm or less) to 31 (-51 dBm or more), where it is known. */
export type ModemState = { phase: 'ready'; signal?: number } | Away;
export type Away = { phase: 'away'; reason: string; trouble: Trouble };

/** Who hears what comes in. What `text` rejects stays with the SIM, and comes again. */
export type ModemListener = {
  text?(text: { id: string; phone: string; text: string }): Promise<void>;
  report?(report: { reference: number; phone: string; status: number }): void;
  call?(call: { id: string; phone: string }): void;
  state?(state: ModemState): void;
};

/**
 * Guards a modem on a serial line: opens it, makes it ready, watches it, and begins anew when it is gone or silent.
 * away (no device, SIM locked, no network) -> ready (registered; looked at every 20 s) -> away.
 * A PIN that was refused is not tried again: the third wrong one locks the SIM.
 */
export class ModemLine {
  readonly #settings: ModemSettings;
  readonly #ports: Required<ModemPorts>;
  readonly #listeners: ModemListener[] = [];
  readonly #stored: StoredMessages;
  #state: ModemState = { phase: 'away', reason: 'the modem was not opened yet', trouble: 'unreachable' };
  #at: AtLine | undefined;
  #run: Promise<void> | undefined;
  #wake: () => void = () => {};
  #isClosed = false;
  #pinWasRefused = false;
  #lastRingAt = -Infinity;

  constructor(settings: ModemSettings, ports: ModemPorts) {
    this.#settings = settings;
    this.#ports = { openPort: openSerialPort, ...ports };
    this.#stored = new StoredMessages({
      ...{ clock: ports.clock, log: ports.log },
      command: (text) => this.command(text),
      handOn: async (text) => {
        for (const listener of this.#listeners) await listener.text?.(text);
      },
      report: (report) => {
        for (const listener of this.#listeners) listener.report?.(report);
      },
    });
  }

  get state(): ModemState {
    return this.#state;
  }

  /** Opens the line, when somebody listens to it for the first time. */
  listen(listener: ModemListener): void {
    this.#listeners.push(listener);
    listener.state?.(this.#state);
    this.#run ??= this.#keepOpen();
  }

  /** Never rejects; while no modem is there, its answer says so. */
  async command(text: string, options?: { timeoutMs?: number; payload?: string }): Promise<AtAnswer> {
    return this.#at?.command(text, options) ?? { ok: false, error: 'the modem is away' };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#at?.end('the modem is no longer used');
    this.#stored.close();
    this.#wake();
    await this.#run;
  }

  async #keepOpen(): Promise<void> {
    const { clock, openPort } = this.#ports;
    for (let failures = 0; !this.#isClosed; failures += 1) {
      try {
        const port = await openPort(this.#settings.port, this.#settings.baud);
        if (this.#isClosed) return port.close();
        const at = new AtLine({
          ...{ port, clock },
          onUnasked: (unasked) => this.#hear(unasked),
          onEnd: (why) => this.#lose(why),
        });
        this.#at = at;
        const problem = await this.#prepare(at);
        if (problem) {
          this.#become(problem);
          at.end(problem.reason);
        } else {
          await this.#watch(at);
          failures = 0;
        }
      } catch (err) {
        this.#become({
          phase: 'away',
          reason: `the modem's line cannot be opened: ${reasonOf(err)}`,
          trouble: 'unreachable',
        });
      }
      if (!this.#isClosed) await this.#rest(restsMs[failures] ?? longestRestMs);
    }
  }

  /** Resolves with what keeps the modem from being used, once the conversation is set up. */
  async #prepare(at: AtLine): Promise<Away | undefined> {
    for (const text of ['AT', 'ATE0', 'AT+CMEE=1']) {
      const answer = await at.command(text, { timeoutMs: 3_000 });
      if (!answer.ok)
        return { phase: 'away', reason: `the modem does not answer (${answer.error})`, trouble: 'unreachable' };
    }
    const locked = await this.#unlock(at);
    if (locked) return locked;
    // Not every modem knows each of these, and none of them is missed where it is unknown.
    for (const text of ['AT+COLP=0', 'AT+CVHU=0', 'AT+CLIP=1', 'AT+CMMS=2', 'AT+CPMS="SM","SM","SM"'])
      await at.command(text);
    const told = [await at.command('AT+CMGF=0'), await at.command('AT+CNMI=2,1,0,1,0')];
    const refused = told.find(({ ok }) => !ok);
    if (!refused || refused.ok) return undefined;
    return { phase: 'away', reason: `the modem is not ready for messages (${refused.error})`, trouble: 'unreachable' };
  }

  async #unlock(at: AtLine): Promise<Away | undefined> {
    const asked = await at.command('AT+CPIN?');
    const word = asked.ok ? (asked.lines[0] ?? '').replace('+CPIN:', '').trim() : asked.error;
    if (word === 'READY') return undefined;
    const { pin } = this.#settings;
    if (word !== 'SIM PIN') {
      const isBusy = word === '+CME ERROR: 14' || word.startsWith('no answer');
      return { phase: 'away', reason: `the SIM says ${word}`, trouble: isBusy ? 'unreachable' : 'credentials' };
    }
    if (pin === undefined || this.#pinWasRefused) {
      const reason =
        pin === undefined ? 'the SIM asks for its PIN, and none is set' : 'the SIM has refused the PIN that is set';
      return { phase: 'away', reason, trouble: 'credentials' };
    }
    const entered = await at.command(`AT+CPIN="${pin}"`, { timeoutMs: 15_000 });
    if (entered.ok) return undefined;
    this.#pinWasRefused = true;
    return { phase: 'away', reason: 'the SIM has refused the PIN that is set', trouble: 'credentials' };
  }

  /** Until the line ends. A modem without a network is looked at more often, and its line stays open. */
  async #watch(at: AtLine): Promise<void> {
    while (this.#at === at) {
      const isRegistered = await registered(at);
      const quality = await at.command('AT+CSQ');
      if (this.#at !== at) return;
      const signal = quality.ok ? Number(/^\+CSQ: ?(\d+)/.exec(quality.lines[0] ?? '')?.[1] ?? 99) : 99;
      if (!isRegistered) this.#become({ phase: 'away', reason: 'the modem finds no network', trouble: 'unreachable' });
      else this.#become({ phase: 'ready', ...(signal <= 31 && { signal }) });
      await this.#stored.collect();
      if (this.#at === at) await this.#rest(isRegistered ? watchEveryMs : searchEveryMs);
    }
  }

  #hear({ line, pdu }: Unasked): void {
    if (pdu !== undefined) {
      const incoming = incomingTpdu(pdu);
      if (incoming) this.#stored.take(incoming);
      else this.#ports.log.warn({ heading: line.slice(0, 5) }, 'a message of the modem could not be read');
    } else if (/^\+C(MT|DS)I:/.test(line)) void this.#stored.collect();
    else this.#ring(line);
  }

  /** A call is told with its first number; the ringing that goes on is the same call. */
  #ring(line: string): void {
    const now = this.#ports.clock.monotonic();
    const phone = /^\+CLIP: ?"(\+?[0-9]{3,20})"/.exec(line)?.[1];
    const isNew = now - this.#lastRingAt > ringingPauseMs;
    if (phone === undefined) return;
    this.#lastRingAt = now;
    if (!isNew) return;
    const id = `call-${this.#ports.clock.now()}`;
    for (const listener of this.#listeners) listener.call?.({ id, phone });
  }

  #lose(reason: string): void {
    this.#at = undefined;
    // What kept it from being used before says more than that the line has ended since.
    if (this.#state.phase === 'ready') this.#become({ phase: 'away', reason, trouble: 'unreachable' });
    this.#wake();
  }

  #become(state: ModemState): void {
    const { phase } = this.#state;
    this.#state = state;
    if (phase !== state.phase) this.#ports.log.info({ port: this.#settings.port, ...state }, 'modem');
    for (const listener of this.#listeners) listener.state?.(state);
  }

  async #rest(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#ports.clock.after(ms, resolve);
    this.#wake = resolve;
    await promise;
    cancel();
  }
}

/** In the circuit-switched network, or in LTE, which carries messages too. Source: 3GPP TS 27.007, 7.2 and 10.1.22. */
async function registered(at: AtLine): Promise<boolean> {
  for (const [command, good] of [
    ['AT+CREG?', /^\+CREG: ?\d,(1|5|6|7)\b/],
    ['AT+CEREG?', /^\+CEREG: ?\d,(1|5)\b/],
  ] as const) {
    const answer = await at.command(command);
    if (answer.ok && answer.lines.some((line) => good.test(line))) return true;
  }
  return false;
}

const reasonOf = (err: unknown): string => (err instanceof Error ? err.message : String(err));

const restsMs = [1_000, 2_000, 5_000, 10_000];
const longestRestMs = 30_000;
const watchEveryMs = 20_000;
const searchEveryMs = 5_000;
/** A telephone rings every 4 to 6 s. */
const ringingPauseMs = 10_000;
