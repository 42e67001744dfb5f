import type { Clock } from '../../../platform/clock.ts';
import type { SerialPort } from './serial-port.ts';

/** `lines`: what stood before the final word. `error`: the final word, `timeout`, or that the line is gone. */
export type AtAnswer = { ok: true; lines: string[] } | { ok: false; error: string };
/** What a modem says unasked; `pdu` is the line behind a heading that announces one. */
export type Unasked = { line: string; pdu?: string };

export type AtLineParts = {
  port: SerialPort;
  clock: Clock;
  onUnasked: (unasked: Unasked) => void;
  onEnd: (why: string) => void;
};

/**
 * Guards the conversation with a modem: one command at a time, its answer, and what comes unasked in between.
 * A command without an answer in its time ends the line, because what comes later would be taken for the answer to the next one.
 * Bounds: a line of 2,048 octets, 512 lines an answer, 64 commands that wait; what is longer is dropped.
 * Source: 3GPP TS 27.005 and 27.007, ITU-T V.250.
 */
export class AtLine {
  readonly #parts: AtLineParts;
  readonly #waiting: Command[] = [];
  #current: Command | undefined;
  #received = '';
  #heading: string | undefined;
  #ended: string | undefined;

  constructor(parts: AtLineParts) {
    this.#parts = parts;
    parts.port.listen({
      onBytes: (bytes) => this.#take(bytes.toString('latin1')),
      onEnd: (why) => this.end(why),
    });
  }

  /** `payload` is what goes behind the prompt `> `, ended by Ctrl-Z. Never rejects. */
  command(
    text: string,
    { timeoutMs = 5_000, payload }: { timeoutMs?: number; payload?: string } = {},
  ): Promise<AtAnswer> {
    if (this.#ended !== undefined || this.#waiting.length >= mostWaiting) {
      return Promise.resolve({ ok: false, error: this.#ended ?? 'too many commands wait' });
    }
    const { promise, resolve } = Promise.withResolvers<AtAnswer>();
    this.#waiting.push({
      text,
      timeoutMs,
      lines: [],
      resolve,
      cancel: () => {},
      ...(payload !== undefined && { payload }),
    });
    this.#next();
    return promise;
  }

  /** Closes the port; every command that is open or waits has failed. */
  end(why: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    const open = [...(this.#current ? [this.#current] : []), ...this.#waiting.splice(0)];
    this.#current = undefined;
    for (const { cancel, resolve } of open) {
      cancel();
      resolve({ ok: false, error: why });
    }
    this.#parts.port.close();
    this.#parts.onEnd(why);
  }

  #next(): void {
    if (this.#current || this.#ended !== undefined) return;
    const command = this.#waiting.shift();
    if (!command) return;
    this.#current = command;
    command.cancel = this.#parts.clock.after(command.timeoutMs, () => this.#expire());
    this.#parts.port.write(`${command.text}\r`);
  }

  /** Leaves a prompt that may stand open, and starts a modem anew that hears us and does not answer. */
  #expire(): void {
    const command = this.#current;
    this.#parts.port.write('\x1b\rAT+CFUN=1,1\r');
    // What stands behind the command's name may be a number or a PIN.
    this.end(`no answer to ${/^AT\+?[A-Z]*/.exec(command?.text ?? '')?.[0] ?? 'a command'}`);
  }

  #finish(answer: AtAnswer): void {
    const command = this.#current;
    this.#current = undefined;
    command?.cancel();
    command?.resolve(answer);
    this.#next();
  }

  #take(text: string): void {
    this.#received += text;
    for (;;) {
      const end = this.#received.search(/[\r\n]/);
      if (end === -1) break;
      const line = this.#received.slice(0, end).trim();
      this.#received = this.#received.slice(end + 1);
      if (line !== '') this.#line(line);
    }
    if (this.#received.length > longestLine) this.#received = '';
    const command = this.#current;
    if (command?.payload === undefined || !/^\s*>/.test(this.#received)) return;
    this.#received = '';
    const { payload } = command;
    delete command.payload;
    this.#parts.port.write(`${payload}\x1a`);
  }

  #line(line: string): void {
    const heading = this.#heading;
    this.#heading = undefined;
    // Where noise has eaten the message, what comes next is an answer that somebody waits for.
    if (heading !== undefined && /^[0-9A-Fa-f]+$/.test(line)) {
      this.#parts.onUnasked({ line: heading, pdu: line });
    } else if (/^\+(CMT|CDS|CBM):/.test(line)) this.#heading = line;
    else if (/^(RING|\+(CMTI|CDSI|CLIP):)/.test(line)) this.#parts.onUnasked({ line });
    else if (/^(NO CARRIER|BUSY|NO ANSWER|NO DIALTONE)$/.test(line) && !this.#isDialling())
      this.#parts.onUnasked({ line });
    else if (this.#current) this.#answer(this.#current, line);
  }

  #answer(command: Command, line: string): void {
    if (line === 'OK') this.#finish({ ok: true, lines: command.lines });
    else if (/^(ERROR$|\+CM[ES] ERROR|NO CARRIER$|BUSY$|NO ANSWER$|NO DIALTONE$)/.test(line))
      this.#finish({ ok: false, error: line });
    else if (line !== command.text && command.lines.length < mostLines) command.lines.push(line);
  }

  #isDialling(): boolean {
    return this.#current?.text.startsWith('ATD') ?? false;
  }
}

type Command = {
  text: string;
  timeoutMs: number;
  payload?: string;
  lines: string[];
  resolve: (answer: AtAnswer) => void;
  cancel: () => void;
};

const longestLine = 2_048;
const mostLines = 512;
const mostWaiting = 64;
