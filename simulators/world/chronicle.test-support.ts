import { hash } from 'node:crypto';
import { createFold } from '../../app/alarm/alarm-core.ts';
import { planImport } from '../../app/registry/registry-import.ts';
import type { Command } from '../../records/command.ts';
import { FoldState } from '../../records/fold-state.ts';
import type { Incident } from '../../records/incident.ts';
import type { JournalRecord } from '../../records/journal-record.ts';
import type { Notice } from '../../records/notice.ts';
import { encodeRecord } from '../../records/record-codec.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { idempotencyId } from '../../responders/channel.ts';
import { allRules } from '../../rules/all-rules.ts';
import { glassVault } from '../glass-vault.ts';
import { makeVillage, registryFile } from '../village.ts';
import type { Asked, Entry, Evidence, Heard, Publish, Truth } from './evidence.ts';
import { noFaults } from './faults.ts';
import { freshFold } from './memory-store.ts';

export const secondMs = 1_000;
export const minuteMs = 60_000;
export const hourMs = 3_600_000;

type Wish = Command extends infer C
  ? C extends { incidentId: string }
    ? Omit<C, 'commandId' | 'incidentId' | 'expectedVersion'>
    : never
  : never;

/**
 * A world by hand, in which nothing goes wrong: what is done is written down, judged at once, and delivered. What came of it is the
 * evidence that a test then spoils. Journal time runs with the world's; every method acts at the time that `at` set last.
 */
export class Chronicle {
  readonly evidence: Evidence;
  readonly homes: Evidence['homes'];
  readonly journal: Entry[] = [];
  readonly publishes: Publish[] = [];
  readonly messages: Heard[] = [];
  readonly asked: Asked[] = [];
  readonly truth: Truth[] = [];
  readonly #fold = createFold('present');
  readonly #seq = new Map<string, number>();
  #nowMs = 0;

  constructor() {
    const village = makeVillage({ seed: 1, homes: 4, villageSize: 4 });
    this.homes = village.homes;
    this.append({ kind: 'started', version: 'present', downMs: 0 });
    for (const command of importOf(registryFile(village))) this.append({ kind: 'command', command });
    const nothing = { incidents: [], openNotices: 0, differs: 0 };
    this.evidence = {
      ...{ seed: 1, hours: 48, endedAtMs: 0, faults: noFaults(48 * hourMs), homes: village.homes, truth: this.truth },
      hostile: { said: [], thieves: new Set() },
      ...{ office: false, account: [], told: [], texts: [], waiting: 0 },
      sent: [],
      ...{ publishes: this.publishes, messages: this.messages, asked: this.asked, troubles: [], crashes: [] },
      ...{ journal: this.journal, lost: [], live: nothing, anew: nothing, duty: { live: [], anew: [] } },
      ...{ store: { copied: freshFold([]), anew: freshFold([]) }, stuck: [], complaints: [] },
      peaks: [{ what: 'open notices', most: 3, bound: 100 }],
    };
  }

  /** The device of a home whose id ends so. */
  device(name: string): string {
    const device = this.homes.flatMap(({ devices }) => devices).find(({ id }) => id.endsWith(name));
    if (!device) throw new Error(`no home has a device ${name}`);
    return device.id;
  }

  /** Time passes, and whatever is due on the way is done. */
  at(nowMs: number): this {
    for (let due = this.#dueMs(); due <= nowMs; due = this.#dueMs()) {
      this.#nowMs = Math.max(this.#nowMs, due);
      this.append({ kind: 'tick' });
      this.deliver();
    }
    this.#nowMs = nowMs;
    return this;
  }

  happens(what: Truth['what'], deviceId: string, lastsMs?: number): number {
    const homeId = this.homes.find(({ devices }) => devices.some(({ id }) => id === deviceId))?.id ?? '';
    const until = lastsMs === undefined ? {} : { untilMs: this.#nowMs + lastsMs };
    this.truth.push({ atMs: this.#nowMs, what, homeId, deviceId, ...until });
    return this.truth.length - 1;
  }

  /** A device says something, and is heard. `payload`: other bytes than it made. */
  report(
    deviceId: string,
    report: string,
    fields: object,
    more: Partial<Publish> & { payload?: string } = {},
  ): Publish {
    const seq = this.#seq.get(deviceId) ?? 0;
    this.#seq.set(deviceId, seq + 1);
    const { payload: text = JSON.stringify({ v: 1, boot: 1, seq, age: 0, ...fields }), ...rest } = more;
    const payload = new TextEncoder().encode(text);
    const atMs = this.#nowMs;
    const times = { atMs, arrivedAtMs: [atMs], keptAtMs: atMs, acknowledgedAtMs: atMs };
    const publish = { deviceId, report, boot: 1, seq, hash: hash('sha256', payload, 'hex'), ...times, ...rest };
    this.publishes.push(publish);
    this.append({ kind: 'report', source: 'mqtt', deviceId, standing: 'registered', report, payload });
    this.deliver();
    return publish;
  }

  /** Somebody asks something of the newest incident that is more than work on devices or on the system, and is answered. */
  ask(wish: Wish): Asked {
    const incident = this.open().findLast(({ category }) => category !== 'supervision' && category !== 'system');
    if (!incident) throw new Error('nothing is open');
    const commandId = `command-${this.asked.length}`;
    const { incidentId, version: expectedVersion } = incident;
    const command = { ...wish, commandId, incidentId, expectedVersion } as Command;
    const result = this.append({ kind: 'command', command });
    const asked = { atMs: this.#nowMs, command, answeredAtMs: this.#nowMs, ...(result && { result }) };
    this.asked.push(asked);
    this.deliver();
    return asked;
  }

  open(): Incident[] {
    return [...this.#fold.incidents.openIncidents()];
  }

  /** Everything that is due is sent, arrives, and is answered. */
  deliver(): void {
    for (let [due] = this.#fold.outbox.due(Infinity); due; [due] = this.#fold.outbox.due(Infinity)) {
      const { notice, channel, attempt } = due;
      this.append({ kind: 'attempting', noticeId: notice.noticeId, channel, attempt });
      this.heard(notice, channel);
      this.append({ kind: 'outcome', noticeId: notice.noticeId, channel, attempt, result: 'delivered' });
    }
  }

  heard(notice: Notice, channel: string): Heard {
    const contactId = notice.recipient.type === 'contact' ? notice.recipient.contactId : 'desk';
    const id = idempotencyId(notice.noticeId, channel);
    const how = { arrived: true, answer: 'delivered' } as const;
    const heard = { atMs: this.#nowMs, contactId, channel, notice, idempotencyId: id, body: 'help', ...how };
    this.messages.push(heard);
    return heard;
  }

  /** What the journal holds, judged, is appended as the application does it; answers what a command came to. */
  append(record: JournalRecord) {
    const entry = this.write(record);
    const judgement = this.#fold.judge.step({ ...entry, body: encodeRecord(record) });
    for (const followUp of judgement.followUps) this.append(followUp);
    return judgement.result?.result;
  }

  /** Only written down: as if nobody had judged it. */
  write(record: JournalRecord): Entry {
    const sequence = this.journal.length + 1;
    const entry = { sequence, receivedAt: startAt + this.#nowMs, atMs: this.#nowMs, record };
    this.journal.push(entry);
    return entry;
  }

  /** The world ends here. */
  end(): Evidence {
    const { incidents, outbox } = this.#fold;
    const judged = { incidents: [...incidents.openIncidents()], openNotices: outbox.open(), differs: 0 };
    const stored = this.journal.map((entry) => ({ ...entry, body: encodeRecord(entry.record) }));
    const ended = {
      endedAtMs: this.#nowMs,
      live: judged,
      anew: judged,
      duty: { live: judged.incidents, anew: judged.incidents },
    };
    return { ...this.evidence, ...ended, store: { copied: freshFold(stored), anew: freshFold(stored) } };
  }

  #dueMs(): number {
    return (this.#fold.judge.nextDeadline() ?? Infinity) - startAt;
  }
}

const startAt = 1_800_000_000_000;

function importOf(text: string): Command[] {
  const by = { type: 'system', id: 'test' } as const;
  const registry = createRegistry({ state: new FoldState() });
  const credentialFor = () => ({ salt: 'none', hmac: 'none' });
  const { changes } = planImport({ text, registry, rules: allRules, unseal: glassVault().unseal, credentialFor });
  return [
    { type: 'registry-part', commandId: 'county-part', by, importId: 'county', part: 0, changes },
    { type: 'registry-commit', commandId: 'county-commit', by, importId: 'county', parts: 1 },
  ];
}
