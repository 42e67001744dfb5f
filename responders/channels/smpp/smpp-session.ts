import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import type { Chance } from '../../../platform/random.ts';
import { checkedLookup, resolveHost } from '../resolve-host.ts';
import type { LineState } from '../sms/trouble-teller.ts';
import { type BindAs, bindBody } from './smpp-messages.ts';
import { commandIds, decodePdus, encodePdu, type Pdu, responseBit } from './smpp-pdu.ts';

export type SmppPeer = BindAs & { host: string; port: number; tls: boolean; ca?: string | undefined };
export type SmppSessionParts = {
  peer: SmppPeer;
  clock: Clock;
  chance: Chance;
  log: Log;
  /** A delivery; its answer is sent when this has resolved, and says "try again" when it has rejected. `id` is the delivery's own. */
  onDeliver: (body: Uint8Array, id: string) => Promise<void>;
  onState: (state: LineState) => void;
};
export type SmppAnswer = { type: 'answered'; status: number; body: Uint8Array } | { type: 'failed'; reason: string };

/**
 * Guards one connection to a centre, bound as a transceiver: opens it, keeps it alive (enquire_link after 30 s without a word), matches answers
 * to requests, and opens it again with growing rests and jitter when it is lost. A bind that was refused for its credentials is tried once
 * a minute, so that no account is locked by us.
 * Bounds: `mostOpen` requests without an answer, each for 10 s; 64 KiB a PDU.
 */
export class SmppSession {
  readonly #parts: SmppSessionParts;
  readonly #open = new Map<number, (answer: SmppAnswer) => void>();
  #socket: Socket | undefined;
  #received: Uint8Array = new Uint8Array();
  #state: LineState = { phase: 'away', reason: 'not connected yet', trouble: 'unreachable' };
  #refused: Extract<LineState, { phase: 'away' }> | undefined;
  #sequence = 0;
  #boundAt = 0;
  #failures = 0;
  #isClosed = false;
  #cancelNext: () => void = () => {};

  constructor(parts: SmppSessionParts) {
    this.#parts = parts;
  }

  /** Connects, and from then on whenever the connection is lost. Called once, when somebody hears what is delivered. */
  open(): void {
    this.#connect();
  }

  get state(): LineState {
    return this.#state;
  }

  /** Never rejects. */
  request(command: number, body: Uint8Array): Promise<SmppAnswer> {
    if (this.#state.phase === 'away') return Promise.resolve({ type: 'failed', reason: this.#state.reason });
    return this.#ask(command, body);
  }

  /** Says goodbye, waits for the answer a second, and closes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelNext();
    if (this.#state.phase === 'ready') {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const cancel = this.#parts.clock.after(1_000, resolve);
      await Promise.race([this.#ask(commandIds.unbind, new Uint8Array()), late]);
      cancel();
    }
    this.#state = { phase: 'away', reason: 'closed', trouble: 'unreachable' };
    this.#socket?.destroy();
    this.#lose('closed');
  }

  #connect(): void {
    const { host, port, tls, ca } = this.#parts.peer;
    const question = new AbortController();
    const lookup = checkedLookup({ resolve: resolveHost, allowPrivate: true, signal: question.signal });
    const way = { host, port, lookup };
    const socket = tls ? connectTls({ ...way, ...(ca !== undefined && { ca }) }) : connect(way);
    this.#socket = socket;
    this.#received = new Uint8Array();
    this.#cancelNext = this.#parts.clock.after(answerMs, () => socket.destroy());
    socket.on(tls ? 'secureConnect' : 'connect', () => void this.#bind(socket));
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    let reason = 'the connection was closed';
    socket.on('error', (error: NodeJS.ErrnoException) => {
      reason = error.code ?? error.message;
    });
    socket.on('close', () => {
      question.abort();
      if (socket === this.#socket) this.#lose(reason);
    });
  }

  async #bind(socket: Socket): Promise<void> {
    const answer = await this.#ask(commandIds.bindTransceiver, bindBody(this.#parts.peer));
    if (socket !== this.#socket || this.#isClosed) return;
    if (answer.type === 'answered' && answer.status === 0) {
      this.#failures = 0;
      this.#boundAt = this.#parts.clock.now();
      this.#become({ phase: 'ready' });
      this.#keepAlive();
      return;
    }
    if (answer.type === 'answered') {
      const reason = `the centre refuses us: ${hex(answer.status)}`;
      const trouble = wrongCredentials.has(answer.status) ? 'credentials' : 'unreachable';
      this.#refused = { phase: 'away', reason, trouble };
    }
    socket.destroy();
  }

  #keepAlive(): void {
    this.#cancelNext();
    this.#cancelNext = this.#parts.clock.after(aliveEveryMs, async () => {
      const socket = this.#socket;
      const answer = await this.request(commandIds.enquireLink, new Uint8Array());
      if (socket !== this.#socket) return;
      if (answer.type === 'failed') socket?.destroy();
      else this.#keepAlive();
    });
  }

  #ask(command: number, body: Uint8Array): Promise<SmppAnswer> {
    if (this.#open.size >= mostOpen) return Promise.resolve({ type: 'failed', reason: 'too many requests are open' });
    this.#sequence = (this.#sequence % 0x7fffffff) + 1;
    const sequence = this.#sequence;
    const { promise, resolve } = Promise.withResolvers<SmppAnswer>();
    const cancel = this.#parts.clock.after(answerMs, () =>
      end({ type: 'failed', reason: 'no answer from the centre' }),
    );
    const end = (answer: SmppAnswer) => {
      cancel();
      this.#open.delete(sequence);
      resolve(answer);
    };
    this.#open.set(sequence, end);
    this.#socket?.write(encodePdu({ command, sequence, body }));
    return promise;
  }

  #take(bytes: Buffer): void {
    const { pdus, rest, broken } = decodePdus(Buffer.concat([this.#received, bytes]));
    this.#received = rest;
    for (const pdu of pdus) this.#obey(pdu);
    if (!broken) return;
    this.#parts.log.warn({ host: this.#parts.peer.host }, 'the centre sent what is no SMPP');
    this.#socket?.destroy();
  }

  #obey({ command, status, sequence, body }: Pdu): void {
    const answer = (to: number, word: { status?: number; body?: Uint8Array } = {}) =>
      this.#socket?.write(encodePdu({ command: (to | responseBit) >>> 0, sequence, ...word }));
    if ((command & responseBit) !== 0) this.#open.get(sequence)?.({ type: 'answered', status, body });
    else if (command === commandIds.enquireLink) answer(command);
    else if (command === commandIds.deliverSm) {
      // The answer holds an empty id, which is one zero octet.
      const done = (failure: number) => answer(command, { status: failure, body: Uint8Array.of(0) });
      this.#parts.onDeliver(body, `${this.#boundAt}-${sequence}`).then(
        () => done(0),
        (err) => {
          this.#parts.log.warn({ err }, 'what the centre delivered cannot be kept now');
          done(temporarilyNot);
        },
      );
    } else if (command === commandIds.unbind) {
      answer(command);
      this.#socket?.end();
    } else answer(commandIds.genericNack, { status: unknownCommand });
  }

  #lose(reason: string): void {
    this.#cancelNext();
    this.#socket = undefined;
    for (const end of [...this.#open.values()]) end({ type: 'failed', reason });
    if (this.#isClosed) return;
    // What the centre said before it closed says more than that it has closed.
    const refused = this.#refused;
    this.#refused = undefined;
    this.#become(refused ?? { phase: 'away', reason, trouble: 'unreachable' });
    const restMs =
      refused?.trouble === 'credentials' ? refusedRestMs : Math.min(longestRestMs, 1_000 * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 10);
    // Many homes' servers that lost one centre must not all come back in the same second.
    const jittered = restMs * (0.5 + this.#parts.chance.fraction() / 2);
    this.#cancelNext = this.#parts.clock.after(jittered, () => this.#connect());
  }

  #become(state: LineState): void {
    const before = this.#state;
    this.#state = state;
    if (before.phase !== state.phase) this.#parts.log.info({ host: this.#parts.peer.host, ...state }, 'SMPP');
    this.#parts.onState(state);
  }
}

export const hex = (status: number): string => `0x${status.toString(16).padStart(8, '0')}`;

/** Bind failed; invalid password; invalid system id. Source: SMPP 3.4, 5.1.3. */
const wrongCredentials: ReadonlySet<number> = new Set([0x0d, 0x0e, 0x0f]);
const unknownCommand = 0x03;
/** ESME_RX_T_APPN: the receiver cannot now, the centre tries again. */
const temporarilyNot = 0x64;
const answerMs = 10_000;
const aliveEveryMs = 30_000;
const refusedRestMs = 60_000;
const longestRestMs = 30_000;
const mostOpen = 64;
