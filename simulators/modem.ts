import { type Delivery, deliverTpdu, readSubmit, reportTpdu, type Submitted } from './modem-tpdu.ts';
import type { PseudoTerminal } from './pseudo-terminal.ts';

/** What may be wrong with it, and what a network does; changed while it runs. */
export type ModemWorld = {
  /** `absent`: there is no SIM. */
  sim: 'ready' | 'pin' | 'puk' | 'absent';
  pin: string;
  isRegistered: boolean;
  /** Registered in LTE alone. */
  isLteOnly: boolean;
  /** It hears nothing and says nothing. */
  isSilent: boolean;
  /** The next messages are refused with these codes, one after another; nothing: that one is taken. */
  refuses: (number | undefined)[];
  /** A report of this status overtakes the answer to each message; nothing: none comes by itself. */
  reports: number | undefined;
  /** What a call does: rings, is busy, is picked up, or does not get through. */
  calls: 'rings' | 'busy' | 'picked-up' | 'unreachable';
  /** Messages are answered only when this has resolved. */
  gate: Promise<void>;
};

/** A GSM modem at the far end of a serial line, strict about what it is told. */
export class SimulatedModem {
  readonly world: ModemWorld;
  /** What it was told and made nothing of, and why it refused. */
  readonly complaints: string[] = [];
  readonly commands: string[] = [];
  readonly sent: Submitted[] = [];
  readonly dialled: string[] = [];
  readonly #terminal: PseudoTerminal;
  readonly #stored: Map<number, { hex: string; octets: number }>;
  #received = '';
  #isEchoing = true;
  #isPduMode = false;
  #announces = false;
  #awaited: number | undefined;
  #reference = 0;
  #call: { phone: string; looks: number } | undefined;

  constructor(
    terminal: PseudoTerminal,
    { world = {}, stored = new Map() }: { world?: Partial<ModemWorld>; stored?: SimStore } = {},
  ) {
    this.#terminal = terminal;
    this.#stored = stored;
    this.world = {
      ...{ sim: 'ready', pin: '4711', isRegistered: true, isLteOnly: false, isSilent: false },
      ...{ refuses: [], reports: undefined, calls: 'rings', gate: Promise.resolve() },
      ...world,
    };
    terminal.onText((text) => void this.#take(text));
  }

  /** A message arrives; the SIM keeps it, and says so where it was asked to. */
  receive(delivery: Delivery): void {
    let place = 1;
    while (this.#stored.has(place)) place += 1;
    this.#stored.set(place, deliverTpdu(delivery));
    if (this.#announces) this.say(`+CMTI: "SM",${place}`);
  }

  /** Somebody calls the line. */
  ring(phone: string, times = 3): void {
    for (let time = 0; time < times; time++) this.say(`RING\r\n\r\n+CLIP: "${phone}",129,,,,0`);
  }

  report(reference: number, phone: string, status: number): void {
    const { hex, octets } = reportTpdu(reference, phone, status);
    this.say(`+CDS: ${octets}\r\n${hex}`);
  }

  get keeps(): number {
    return this.#stored.size;
  }

  get isCalling(): boolean {
    return this.#call !== undefined;
  }

  say(line: string): void {
    if (!this.world.isSilent) this.#terminal.write(`\r\n${line}\r\n`);
  }

  /** Bytes as they are, also where they mean nothing. */
  noise(text: string): void {
    this.#terminal.write(text);
  }

  async #take(text: string): Promise<void> {
    if (this.world.isSilent) return;
    if (this.#isEchoing) this.#terminal.write(text);
    this.#received += text;
    for (;;) {
      const ends = this.#awaited === undefined ? ['\r', escapeKey] : [sendKey, escapeKey];
      const end = [...this.#received].findIndex((character) => ends.includes(character));
      if (end === -1) return;
      const told = this.#received.slice(0, end);
      const mark = this.#received[end];
      this.#received = this.#received.slice(end + 1);
      if (mark === escapeKey) this.#awaited = undefined;
      else if (this.#awaited !== undefined) await this.#submit(told, this.#awaited);
      else if (told.trim() !== '') this.#obey(told.trim());
    }
  }

  #obey(command: string): void {
    this.commands.push(command);
    const [, verb = '', argument] = /^AT(\+[A-Z]+)(?:=(.*))?/.exec(command) ?? [];
    const answer = this.#answer(command, verb, argument);
    if (answer === undefined) this.complaints.push(command);
    if (answer !== '') this.say(answer ?? 'ERROR');
  }

  #answer(command: string, verb: string, argument: string | undefined): string | undefined {
    if (command === 'AT') return 'OK';
    if (command === 'ATE0') {
      this.#isEchoing = false;
      return 'OK';
    }
    if (command === 'AT+CFUN=1,1') {
      this.#isEchoing = true;
      this.#isPduMode = false;
      this.#announces = false;
      return 'OK';
    }
    if (['AT+CMEE=1', 'AT+COLP=0', 'AT+CLIP=1', 'AT+CMMS=2', 'AT+CVHU=0'].includes(command)) return 'OK';
    if (verb === '+CPIN') return this.#unlock(argument);
    if (this.world.sim !== 'ready') return this.world.sim === 'absent' ? '+CME ERROR: 10' : '+CME ERROR: 11';
    if (verb === '+CREG') return `+CREG: 0,${this.world.isRegistered && !this.world.isLteOnly ? 1 : 2}\r\n\r\nOK`;
    if (verb === '+CEREG') return `+CEREG: 0,${this.world.isRegistered && this.world.isLteOnly ? 5 : 2}\r\n\r\nOK`;
    if (verb === '+CSQ') return `+CSQ: ${this.world.isRegistered ? 17 : 99},99\r\n\r\nOK`;
    return this.#messages(command, argument) ?? this.#telephone(command);
  }

  #unlock(pin: string | undefined): string {
    const { sim } = this.world;
    if (pin === undefined) {
      if (sim === 'absent') return '+CME ERROR: 10';
      return `+CPIN: ${{ ready: 'READY', pin: 'SIM PIN', puk: 'SIM PUK' }[sim]}\r\n\r\nOK`;
    }
    if (sim !== 'pin' || pin !== `"${this.world.pin}"`) return '+CME ERROR: 16';
    this.world.sim = 'ready';
    return 'OK';
  }

  #messages(command: string, argument = ''): string | undefined {
    if (command === 'AT+CPMS="SM","SM","SM"') return `+CPMS: ${this.#stored.size},50,0,50,0,50\r\n\r\nOK`;
    if (command === 'AT+CMGF=0') {
      this.#isPduMode = true;
      return 'OK';
    }
    if (command === 'AT+CNMI=2,1,0,1,0') {
      this.#announces = true;
      return 'OK';
    }
    if (command === 'AT+CMGL=4') {
      const listed = [...this.#stored].map(([place, { hex, octets }]) => `+CMGL: ${place},0,,${octets}\r\n${hex}\r\n`);
      return `${listed.join('')}\r\nOK`;
    }
    if (command.startsWith('AT+CMGD=')) return this.#stored.delete(Number(argument)) ? 'OK' : '+CMS ERROR: 321';
    if (!/^AT\+CMGS=\d+$/.test(command)) return undefined;
    if (!this.#isPduMode || !this.world.isRegistered) return this.#isPduMode ? '+CMS ERROR: 331' : '+CMS ERROR: 304';
    this.#awaited = Number(argument);
    this.#terminal.write('\r\n> ');
    return '';
  }

  async #submit(hex: string, octets: number): Promise<void> {
    this.#awaited = undefined;
    await this.world.gate;
    const refused = this.world.refuses.shift();
    if (refused !== undefined) {
      this.say(`+CMS ERROR: ${refused}`);
      return;
    }
    try {
      const submitted = readSubmit(hex, octets);
      this.sent.push(submitted);
      this.#reference = (this.#reference + 1) % 256;
      const { reports } = this.world;
      if (reports !== undefined && submitted.wantsReport) this.report(this.#reference, submitted.phone, reports);
      this.say(`+CMGS: ${this.#reference}\r\n\r\nOK`);
    } catch (error) {
      this.complaints.push(String(error));
      this.say('+CMS ERROR: 304');
    }
  }

  #telephone(command: string): string | undefined {
    const phone = /^ATD(\+?[0-9]+);$/.exec(command)?.[1];
    if (phone !== undefined) {
      this.dialled.push(phone);
      this.#call = { phone, looks: 0 };
      return 'OK';
    }
    if (command === 'ATH') {
      this.#call = undefined;
      return 'OK';
    }
    if (command !== 'AT+CLCC') return undefined;
    const call = this.#call;
    if (!call) return 'OK';
    call.looks += 1;
    const stage = call.looks === 1 || this.world.calls === 'unreachable' ? 2 : this.world.calls === 'picked-up' ? 0 : 3;
    if (call.looks > 1 && this.world.calls === 'busy') {
      this.#call = undefined;
      return 'BUSY\r\n\r\nOK';
    }
    return `+CLCC: 1,0,${stage},0,0,"${call.phone}",129\r\n\r\nOK`;
  }
}

const sendKey = '\x1a';
const escapeKey = '\x1b';

/** What a SIM keeps, over the modems that it is put into. */
export type SimStore = Map<number, { hex: string; octets: number }>;
