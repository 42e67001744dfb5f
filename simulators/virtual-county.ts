import { type Alarm, openAlarm } from '../app/alarm/alarm-core.ts';
import { planImport } from '../app/registry/registry-import.ts';
import type { DownlinkPort } from '../broker/downlinks.ts';
import { type DeviceCommand, decodeCommand } from '../firmware-contracts/commands.ts';
import { isLifeSafety } from '../firmware-contracts/report.ts';
import type { StoredRecord } from '../journal/frame.ts';
import type { Log } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import type { Command, CommandResult, DrillPlan } from '../records/command.ts';
import { FoldState } from '../records/fold-state.ts';
import type { Incident } from '../records/incident.ts';
import type { Device as RegisteredDevice } from '../records/registry.ts';
import { createRegistry } from '../records/registry-fold.ts';
import type { Channel, Inbound, Message, Sent } from '../responders/channel.ts';
import { allRules } from '../rules/all-rules.ts';
import type { AnyRule } from '../rules/rule.ts';
import { newDevice } from './device.ts';
import { glassVault } from './glass-vault.ts';
import { type Carry, type LiveDevice, liveDevice } from './live-device.ts';
import {
  entryOf,
  type ProviderCounty,
  type ProviderMood,
  type ScenarioProvider,
  scenarioChannel,
} from './scenario-providers.ts';
import { chanceOf } from './seeded-chance.ts';
import { VirtualClock } from './virtual-clock.ts';
import { SimulatedDisk } from './world/simulated-disk.ts';

/** What reached (or did not reach) a recipient: a contact's id, or `desk` for the desk's own sound. `atMs` is since the start. */
export type Delivered = { atMs: number; to: string; channel: string; message: Message; result: Phone | ProviderMood };
/** A command that arrived at a device. `atMs` is since the start. */
export type Commanded = { atMs: number; deviceId: string; command: DeviceCommand };
/** How a contact's telephone behaves. A `hanging` one never answers. */
export type Phone = 'answers' | 'fails' | 'refuses' | 'hangs';

export type CountyParts = {
  startAt: number;
  seed: number;
  registryText: string;
  rules?: readonly AnyRule[];
  providers?: readonly ScenarioProvider[];
  /** The simulated button that is tried each night. */
  drill?: NonNullable<DrillPlan['plan']>;
  /** An empty one; by default a disk on which nothing goes wrong. */
  disk?: SimulatedDisk;
};

/**
 * A whole county on a virtual clock: the application's own alarm path on a disk in memory, the devices of its registry, and
 * people's telephones. It begins when the registry has been imported.
 */
export async function openCounty({ registryText, rules = allRules, ...parts }: CountyParts): Promise<County> {
  const county = new County({ ...parts, rules });
  await county.start();
  await county.register(registryText);
  return county;
}

export class County {
  readonly clock: VirtualClock;
  readonly delivered: Delivered[] = [];
  readonly commanded: Commanded[] = [];
  /** Errors that the system wrote into its log: in a county where all is well there are none. */
  readonly complaints: string[] = [];
  readonly phones = new Map<string, Phone>();
  /** What providers are like, by the names of their channels. */
  readonly moods = new Map<string, ProviderMood>();
  /** Whether somebody watches at the desk; until it is said, and when its process `stops`, nobody says anything of it. */
  desk: 'watches' | 'leaves' | 'stops' = 'stops';
  readonly #parts: WorldParts;
  readonly #devices = new Map<string, LiveDevice>();
  readonly #lastSent = new Map<string, Parameters<Carry>[0]>();
  readonly #cuts = new Map<string, number>();
  readonly #listensUntilMs = new Map<string, number>();
  readonly #disk: SimulatedDisk;
  readonly #numbers = new Map<string, string>();
  readonly #providers: readonly ScenarioProvider[];
  #inbound = new Map<string, () => Inbound | undefined>();
  #texts = 0;
  #starts = 0;
  #running: { alarm: Alarm; end: () => void } | undefined;

  constructor(parts: WorldParts) {
    this.#parts = parts;
    this.#providers = parts.providers ?? [];
    this.#disk = parts.disk ?? new SimulatedDisk();
    this.clock = new VirtualClock({ startAt: parts.startAt });
    this.#askOften();
  }

  /** Errors: the system is down. */
  get alarm(): Alarm {
    if (!this.#running) throw new Error('the system is down at this time');
    return this.#running.alarm;
  }

  async start(): Promise<void> {
    const carried = this.#providers.map((provider) => scenarioChannel(provider, this.#carriage));
    this.#inbound = new Map(carried.map(({ channel, inbound }) => [channel.name, inbound]));
    const channels = [this.#channel('webhook'), this.#channel('log'), ...carried.map(({ channel }) => channel)];
    this.#running = await this.#open(this.#disk, { rules: this.#parts.rules, complaints: this.complaints, channels });
    await this.clock.settled();
  }

  /** Ends in good order; an attempt under way gets its moment. */
  async stop(): Promise<void> {
    const { alarm, end } = this.#running ?? { alarm: this.alarm, end: () => {} };
    const closed = alarm.close();
    this.#running = undefined;
    await this.clock.advance(stoppingMs);
    await closed;
    end();
  }

  /** Ends as in a power cut. */
  kill(): void {
    this.#running?.end();
    this.#running = undefined;
    this.#disk.powerCut();
  }

  /** Errors: what is wrong with the file, or the refusal of the import. */
  async register(registryText: string): Promise<void> {
    const { alarm } = this;
    const vault = glassVault();
    const registry = createRegistry({ state: new FoldState() });
    const credentialFor = () => ({ salt: 'none', hmac: 'none' });
    const plan = planImport({ text: registryText, registry, rules: allRules, unseal: vault.unseal, credentialFor });
    if (plan.problems.length > 0)
      throw new Error(plan.problems.map(({ line, problem }) => `${line}: ${problem}`).join('\n'));
    const by = { type: 'system', id: 'scenario' } as const;
    const importId = 'county';
    const chunks = Array.from({ length: Math.ceil(plan.changes.length / largestPart) }, (_, part) =>
      plan.changes.slice(part * largestPart, (part + 1) * largestPart),
    );
    const parts = chunks.map(
      (changes, part): Command => ({
        ...{ type: 'registry-part', commandId: `county-${part}`, by, importId, part, changes },
      }),
    );
    const commit: Command = { type: 'registry-commit', commandId: 'county-end', by, importId, parts: parts.length };
    for (const command of [...parts, commit]) {
      const answer = alarm.send(command);
      await this.clock.settled();
      const result = await answer;
      if (!result.ok) throw new Error(result.message);
    }
  }

  /** From now on that contact has that telephone, and is told by these ways. */
  async reach(contactId: string, phone: string, by: readonly ('sms' | 'voice' | 'log')[]): Promise<void> {
    const contact = this.alarm.registry.contact(contactId);
    if (!contact) throw new Error(`there is no contact ${contactId}`);
    const value = { ...contact, phone, channels: by.map((type) => ({ type })) };
    const change = { type: 'put', entity: 'contact', value } as const;
    const who = { type: 'system', id: 'scenario' } as const;
    const answer = this.alarm.send({ type: 'registry-change', commandId: `reach-${contactId}`, by: who, change });
    await this.clock.settled();
    const result = await answer;
    if (!result.ok) throw new Error(result.message);
    this.#numbers.set(contactId, phone);
  }

  /** A text arrives at a provider, from the telephone of a contact or from another number. */
  text({
    from,
    texts: text,
    to,
    id = `text-${++this.#texts}`,
  }: {
    from: string;
    texts: string;
    to: string;
    id?: string | undefined;
  }): void {
    const inbound = this.#inbound.get(to)?.();
    if (!inbound) throw new Error(`there is no provider ${to}`);
    void inbound.reply(to, { id, phone: this.#numbers.get(from) ?? from, text });
  }

  /** Something happens to a device, in the words of `deeds`. `cut`: its next report arrives with so many bytes only. */
  does(deviceId: string, deed: string, { fields, cut }: { fields?: object; cut?: number | undefined } = {}): void {
    if (cut !== undefined) this.#cuts.set(deviceId, cut);
    this.#device(deviceId).does(deed, { ...fields });
  }

  /** The network delivers once more what the device sent last. */
  redeliver(deviceId: string): void {
    const sent = this.#lastSent.get(deviceId);
    if (!sent) throw new Error(`${deviceId} has sent nothing yet`);
    this.#carry(sent).catch(() => {});
  }

  /** Errors: the system is down. */
  send(command: Command): Promise<CommandResult> {
    return this.alarm.send(command);
  }

  /** Everything in the journal. */
  async journal(): Promise<StoredRecord[]> {
    return everyRecord(this.alarm);
  }

  /**
   * A second system that finds this journal and nothing else. Nobody hears from it; what it complains about is its own.
   * `rules`: those of another version.
   */
  async replay({ rules = this.#parts.rules }: { rules?: readonly AnyRule[] } = {}): Promise<Replayed> {
    const disk = this.#disk.copy({ without: (name) => name.startsWith('checkpoints/') });
    const complaints: string[] = [];
    const channels = (['webhook', 'log'] as const).map((name): Channel => ({ name, send: () => answerOf('hangs') }));
    const { alarm, end } = await this.#open(disk, { rules, complaints, channels });
    while (alarm.health().lagRecords > 0) await this.clock.settled();
    end();
    return { openIncidents: [...alarm.incidents.openIncidents()], complaints };
  }

  async #open(disk: SimulatedDisk, { rules, complaints, channels }: Opened) {
    const { clock, end } = this.clock.ofProcess();
    this.#starts += 1;
    const { drill } = this.#parts;
    const alarm = await openAlarm({
      ...{ disk: disk.open({ clock }), stateDisk: disk.open({ clock }), clock, rules, channels },
      downlink: this.#downlink,
      chance: chanceOf(this.#parts.seed, `start ${this.#starts}`),
      log: complainingLog(complaints),
      metrics: createMetrics(),
      vault: glassVault(),
      version: 'scenario',
      timeZone: 'Asia/Shanghai',
      providers: this.#providers.map(entryOf),
      ...(drill && { drill: () => drill }),
      limits: { reserveBytes: 0, floorBytes: 100_000 },
    });
    alarm.failure.catch((error: unknown) => complaints.push(String(error)));
    return { alarm, end };
  }

  #channel(name: Channel['name']): Channel {
    return {
      name,
      send: (message) => {
        const to = recipientOf(message);
        const result = this.phones.get(to) ?? 'answers';
        this.delivered.push({ atMs: this.clock.monotonic(), to, channel: name, message, result });
        return answerOf(result);
      },
    };
  }

  readonly #carriage: ProviderCounty = {
    moodOf: (name) => this.moods.get(name) ?? 'works',
    starts: () => this.#starts,
    after: (ms, run) => void this.clock.after(ms, run),
    arrives: (message) => {
      const phone = this.phones.get(recipientOf(message)) ?? 'answers';
      return phone === 'hangs' ? undefined : phone === 'answers';
    },
    heard: (channel, message, mood) => {
      const to = recipientOf(message);
      const result = mood === 'works' ? (this.phones.get(to) ?? 'answers') : mood;
      this.delivered.push({ atMs: this.clock.monotonic(), to, channel, message, result });
    },
  };

  /** As desk does all the time, which is how a wall clock that somebody sets is noticed while nothing comes in. */
  #askOften(): void {
    this.#running?.alarm.health();
    if (this.desk !== 'stops')
      this.#running?.alarm.deskHeard({ watched: this.desk === 'watches' ? [''] : [], why: 'no-page' });
    this.clock.after(askEveryMs, () => this.#askOften());
  }

  #device(deviceId: string): LiveDevice {
    const known = this.#devices.get(deviceId);
    if (known) return known;
    const registered = this.alarm.registry.device(deviceId);
    if (!registered) throw new Error(`no device ${deviceId} in the registry`);
    const device = liveDevice({
      device: fresh(registered, this.clock.now()),
      clock: this.clock,
      carry: (sent) => this.#carry(sent),
    });
    this.#devices.set(deviceId, device);
    return device;
  }

  async #carry(sent: Parameters<Carry>[0]): Promise<void> {
    const { deviceId, report, payload } = sent;
    const cut = this.#cuts.get(deviceId) ?? payload.length;
    this.#cuts.delete(deviceId);
    this.#lastSent.set(deviceId, sent);
    const arrived = {
      deviceId,
      standing: 'registered',
      report: report.name,
      payload: payload.subarray(0, cut),
    } as const;
    const { alarm } = this;
    const lifeSafety = isLifeSafety(report.name);
    await alarm.keep(arrived, lifeSafety);
    this.#listensUntilMs.set(deviceId, this.clock.monotonic() + (lifeSafety ? 60_000 : 3_000));
    alarm.acknowledged(arrived, lifeSafety);
  }

  readonly #downlink: DownlinkPort = {
    hears: (deviceId) => {
      const listensUntilMs = this.#listensUntilMs.get(deviceId) ?? 0;
      return listensUntilMs > this.clock.monotonic() && this.#devices.get(deviceId)?.now().power === 'on';
    },
    send: (deviceId, name, payload) => {
      const read = decodeCommand(name, payload);
      if ('problem' in read) throw new Error(`${deviceId} was sent what no device understands: ${read.problem}`);
      const { command } = read;
      this.clock.after(radioMs, () => {
        if (this.#device(deviceId).now().power !== 'on') return;
        this.commanded.push({ atMs: this.clock.monotonic(), deviceId, command });
        this.#device(deviceId).obeys(command);
      });
      return true;
    },
  };
}

type WorldParts = Omit<CountyParts, 'registryText' | 'rules'> & { rules: readonly AnyRule[] };
type Opened = { rules: readonly AnyRule[]; complaints: string[]; channels: Channel[] };
export type Replayed = { openIncidents: Incident[]; complaints: string[] };

function complainingLog(complaints: string[]): Log {
  const nothing = () => {};
  const error = (fields: object, message: string) => void complaints.push(`${message} ${JSON.stringify(fields)}`);
  return { debug: nothing, info: nothing, warn: nothing, error, child: () => complainingLog(complaints) };
}

/** Changes in one command of an import. */
const largestPart = 1_000;
const askEveryMs = 250;
/** How long a command is in the air. */
const radioMs = 200;
/** How long stopping may take: longer than attempts under way are waited for. */
const stoppingMs = 5_000;

function fresh({ id, kind, intervalMinutes }: RegisteredDevice, at: number) {
  return newDevice({ id, kind, intervalMinutes, statusAt: at + intervalMinutes * 60_000 });
}

function recipientOf({ notice: { recipient } }: Message): string {
  return recipient.type === 'contact' ? recipient.contactId : 'desk';
}

async function answerOf(phone: Phone): Promise<Sent> {
  switch (phone) {
    case 'answers':
      return { type: 'delivered' };
    case 'fails':
      return { type: 'later', reason: 'status 503' };
    case 'refuses':
      return { type: 'refused', reason: 'status 410' };
    case 'hangs':
      return new Promise<Sent>(() => {});
  }
}

async function everyRecord({ journal }: Alarm): Promise<StoredRecord[]> {
  const records: StoredRecord[] = [];
  for (let next = journal.firstSequence; next <= journal.headSequence; next = (records.at(-1)?.sequence ?? 0) + 1) {
    records.push(...(await journal.readBatch(next, { maxRecords: 1_000, maxBytes: 1_000_000 })));
  }
  return records;
}
