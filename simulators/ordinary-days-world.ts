import { createFold } from '../app/alarm/alarm-core.ts';
import { encodeReport } from '../firmware-contracts/contracts.ts';
import type { Report } from '../firmware-contracts/report.ts';
import { localTimeIn } from '../platform/local-time.ts';
import type { Command } from '../records/command.ts';
import type { Incident, IncidentChange } from '../records/incident.ts';
import type { DecidedRecord, JournalRecord } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import { encodeRecord } from '../records/record-codec.ts';
import { type OrdinaryCounty, type OrdinaryHome, registryOfOrdinary } from './ordinary-days.ts';
import { type Asked, Duty } from './ordinary-days-duty.ts';
import type { Emergency } from './ordinary-days-emergencies.ts';
import { ordinaryDay, type Said } from './ordinary-days-life.ts';
import { type Deafness, deafnessOf, type NuisanceRates, nuisancesOf } from './ordinary-days-troubles.ts';
import { TimerHeap } from './timer-heap.ts';

/** What came of an incident. `urgentAt`: when it first was more than service; `isEndedByItself`: before anybody at the desk took it. */
export type Seen = { incident: Incident; urgentAt?: number; isEndedByItself: boolean };
/** `isReal`: somebody in that home was truly in need. */
export type Told = { notice: Notice; isReal: boolean };
/** Of the days that count. `prompts` and `reports` are numbers. */
export type Lived = { seen: Map<string, Seen>; told: Told[]; prompts: number; reports: number };

/**
 * Lives so many days of a county through the alarm path, from the payloads of devices to the notices, on a clock of its own: decoder, rules and incidents as
 * they ship, without journal files, network and providers. `habitDays` come before and count for nothing: homes become known in them, and nobody is in need. Without
 * `rates` nothing is a nuisance and no device fails; `homes` are those in which people live their days, by default all.
 */
export function liveThrough(county: OrdinaryCounty, wish: Wish): Lived {
  const world = new OrdinaryWorld(county, wish);
  for (let day = 0; day < wish.habitDays; day++) world.live(county.startAt + day * dayMs, false);
  world.forget();
  for (let day = wish.habitDays; day < wish.habitDays + wish.days; day++)
    world.live(county.startAt + day * dayMs, true);
  return world.lived;
}

export type Wish = {
  habitDays: number;
  days: number;
  emergencies: readonly Emergency[];
  rates?: NuisanceRates;
  homes?: readonly OrdinaryHome[];
};

class OrdinaryWorld {
  lived: Lived = nothingYet();
  readonly #county: OrdinaryCounty;
  readonly #wish: Wish;
  readonly #fold = createFold('ordinary days');
  readonly #timers = new TimerHeap();
  readonly #duty: Duty;
  readonly #homes: Map<string, OrdinaryHome>;
  readonly #emergencies: Map<OrdinaryHome, Emergency>;
  readonly #helpedAt = new Map<OrdinaryHome, number>();
  readonly #deaf = new Map<string, Deafness[]>();
  readonly #counters = new Map<string, number>();
  #now: number;
  #sequence = 0;
  #commands = 0;

  constructor(county: OrdinaryCounty, wish: Wish) {
    this.#county = county;
    this.#wish = wish;
    this.#now = county.startAt;
    this.#homes = new Map(county.homes.map((home) => [home.id, home]));
    this.#emergencies = new Map(wish.emergencies.map((one) => [one.home, one]));
    this.#duty = this.#onDuty();
    this.#register();
    // Emergencies happen where devices work: what a device that is dead cannot tell is no matter of nuisances.
    if (wish.rates)
      for (const home of county.homes)
        if (!this.#emergencies.has(home))
          for (const [id, deaf] of deafnessOf(county, home, wish)) this.#deaf.set(id, deaf);
  }

  /** What was so far does not count; incidents that are still open are known. */
  forget(): void {
    this.lived = nothingYet();
  }

  /** The day that begins at `midnight`; with nuisances, or without. */
  live(midnight: number, isTroubled: boolean): void {
    const { homes = this.#county.homes } = this.#wish;
    const rates = isTroubled ? this.#wish.rates : undefined;
    const until = midnight + dayMs;
    const said = homes.flatMap((home) => ordinaryDay(this.#county, home, midnight));
    if (rates) said.push(...this.#county.homes.flatMap((home) => nuisancesOf(this.#county, home, midnight, rates)));
    for (const emergency of this.#emergencies.values())
      said.push(...emergency.said.filter(({ at }) => at >= midnight && at < until));
    said.sort((a, b) => a.at - b.at);
    for (const one of said) {
      this.#passUntil(one.at);
      if (this.#arrives(one)) this.#hear(one);
    }
    this.#passUntil(until);
  }

  #register(): void {
    const changes = registryOfOrdinary(this.#county);
    const by = { type: 'system', id: 'import' } as const;
    const importId = 'ordinary';
    const parts = Math.ceil(changes.length / largestPart);
    for (let part = 0; part < parts; part++) {
      const some = changes.slice(part * largestPart, (part + 1) * largestPart);
      this.#send({ type: 'registry-part', by, importId, part, changes: some });
    }
    this.#send({ type: 'registry-commit', by, importId, parts });
  }

  /** Deadlines and people come before what arrives at the same moment. */
  #passUntil(until: number): void {
    for (;;) {
      const due = this.#fold.judge.nextDeadline() ?? Number.POSITIVE_INFINITY;
      const timer = this.#timers.takeUntil(Math.min(due, until));
      if (timer) {
        this.#now = Math.max(this.#now, timer.at);
        timer.run();
      } else if (due <= until) {
        this.#now = Math.max(this.#now, Math.ceil(due));
        this.#append({ kind: 'tick' });
      } else break;
    }
    this.#now = Math.max(this.#now, until);
  }

  #arrives({ at, home, deviceId, by }: Said): boolean {
    if (this.#deaf.get(deviceId)?.some(({ from, until }) => at >= from && at < until)) return false;
    if (by === undefined) return true;
    const emergency = this.#emergencyAt(home, at);
    if (by === 'emergency') return emergency !== undefined;
    // The sensors of a couple go on seeing the other.
    return !emergency?.who || (by === 'home' ? home.people.length > 1 : by !== emergency.who);
  }

  #hear({ deviceId, name, fields }: Said): void {
    const seq = (this.#counters.get(deviceId) ?? 0) + 1;
    this.#counters.set(deviceId, seq);
    this.lived.reports += 1;
    const report = { name, v: 1, boot: 1, seq, age: 0, ...fields } as unknown as Report;
    const payload = encodeReport(report, 'cbor');
    this.#append({ kind: 'report', source: 'mqtt', deviceId, standing: 'registered', report: name, payload });
    if (this.lived.reports % 10_000 === 0) this.#fold.state.takeChanges();
  }

  /** Errors: what was refused, cannot be read, or threw: in these days nothing may. */
  #append(record: JournalRecord): void {
    this.#sequence += 1;
    const stored = { sequence: this.#sequence, receivedAt: this.#now, body: encodeRecord(record) };
    const { followUps, rejections, result } = this.#fold.judge.step(stored);
    if (rejections.length > 0) throw new Error(JSON.stringify(rejections));
    if (result && !result.result.ok)
      throw new Error(`${JSON.stringify(record).slice(0, 300)}: ${result.result.message}`);
    for (const followUp of followUps) {
      if (followUp.kind === 'quarantined') throw new Error(followUp.error);
      this.#append(followUp);
      this.#decided(followUp);
    }
  }

  #decided({ alerts = [], incidents = [], notices = [] }: DecidedRecord): void {
    for (const change of alerts) {
      if (change.type !== 'prompt') continue;
      this.lived.prompts += 1;
      this.#duty.asked(change.prompt, this.#now);
    }
    for (const change of incidents) this.#see(change);
    for (const notice of notices) this.#tell(notice);
  }

  #see({ incident }: IncidentChange): void {
    const { incidentId, severity, state } = incident;
    const before = this.lived.seen.get(incidentId);
    const isUrgent = severity !== 'service';
    const urgentAt = before?.urgentAt ?? (isUrgent ? this.#now : undefined);
    if (!before && state.phase !== 'open') return;
    const isEndedByItself =
      before?.isEndedByItself || (state.phase === 'resolved' && state.by.type === 'system' && !isInHand(before));
    this.lived.seen.set(incidentId, { incident, isEndedByItself, ...(urgentAt !== undefined && { urgentAt }) });
    if (isUrgent && state.phase === 'open') this.#duty.sounded(incident, this.#now);
  }

  #tell(notice: Notice): void {
    const home = this.#homes.get(this.lived.seen.get(notice.incidentId)?.incident.where.householdId ?? '');
    this.lived.told.push({ notice, isReal: home !== undefined && this.#emergencyAt(home, this.#now) !== undefined });
    const { noticeId } = notice;
    this.#later(this.#now + 2_000, () =>
      this.#append({ kind: 'outcome', noticeId, channel: 'log', attempt: 1, result: 'delivered' }),
    );
  }

  #emergencyAt(home: OrdinaryHome, at: number): Emergency | undefined {
    const emergency = this.#emergencies.get(home);
    if (!emergency || at < emergency.at || at >= (this.#helpedAt.get(home) ?? Number.POSITIVE_INFINITY))
      return undefined;
    return emergency;
  }

  #send(asked: Asked): void {
    this.#commands += 1;
    const command = { ...asked, commandId: `command-${this.#commands}` } as Command;
    this.#append({ kind: 'command', command });
  }

  #later(at: number, run: (now: number) => void): void {
    this.#timers.add(at, () => run(this.#now));
  }

  #onDuty(): Duty {
    const { incidents, registry } = this.#fold;
    return new Duty({
      seed: this.#county.seed,
      send: (asked) => this.#send(asked),
      later: (at, run) => this.#later(at, run),
      incident: (incidentId) => incidents.get(incidentId),
      contactsOf: ({ where }) => registry.contactsFor(where),
      homeOf: (householdId) => (householdId === undefined ? undefined : this.#homes.get(householdId)),
      emergencyAt: (home, at) => this.#emergencyAt(home, at),
      helped: (home) => {
        if (this.#emergencyAt(home, this.#now)) this.#helpedAt.set(home, this.#now);
      },
      isNight,
    });
  }
}

const nothingYet = (): Lived => ({ seen: new Map(), told: [], prompts: 0, reports: 0 });
const isInHand = (seen: Seen | undefined): boolean => seen !== undefined && seen.incident.state.phase !== 'open';

const localTime = localTimeIn('Asia/Shanghai');
/** From 22:00 to 6:00 of the county's clock. */
export function isNight(at: number): boolean {
  const { minuteOfDay } = localTime(at);
  return minuteOfDay >= 22 * 60 || minuteOfDay < 6 * 60;
}

/** Changes in one command of an import. */
const largestPart = 1_000;
const dayMs = 86_400_000;
