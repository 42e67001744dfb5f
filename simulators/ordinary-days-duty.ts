import type { Chance } from '../platform/random.ts';
import type { Prompt } from '../records/alert.ts';
import type { Command } from '../records/command.ts';
import type { Incident } from '../records/incident.ts';
import type { Contact } from '../records/registry.ts';
import { type OrdinaryHome, selfId } from './ordinary-days.ts';
import type { Emergency } from './ordinary-days-emergencies.ts';
import { chanceOf, msBetween } from './seeded-chance.ts';
import { normal } from './tracks.ts';

/**
 * The people of an ordinary county: who is asked answers, and who is on duty works off what reaches the desk, two by day and one from 22:00 to 6:00.
 * What they say and how long they take follows from the name of the incident alone, so that it is the same whatever else goes on. Times
 * and shares are our assumptions.
 */
export class Duty {
  readonly #ports: DutyPorts;
  readonly #busyUntil = [0, 0];
  readonly #taken = new Set<string>();

  constructor(ports: DutyPorts) {
    this.#ports = ports;
  }

  /** Somebody is asked whether all is well. Who lies on the floor answers nothing; who is out often hears nothing. */
  asked({ promptId, where }: Prompt, at: number): void {
    const home = this.#ports.homeOf(where.householdId);
    const chance = this.#chance(promptId);
    if (!home || this.#ports.emergencyAt(home, at)) return;
    const isNight = this.#ports.isNight(at);
    if (chance.fraction() < (home.gone ? 0.9 : isNight ? 0.12 : 0.04)) return;
    // In the middle 25 s, by night 45 s; one in seven by day takes longer than a minute.
    const afterMs = Math.round((isNight ? 45_000 : 25_000) * Math.exp(0.85 * normal(chance)));
    const by = { type: 'contact', id: selfId(home.id) } as const;
    const answer = () => this.#ports.send({ type: 'prompt-answer', by, promptId, answer: 'fine' });
    this.#ports.later(at + afterMs, answer);
  }

  /** An incident that the desk hears of. A doubt whose question is still open is left alone until the answer is due. */
  sounded({ incidentId, severity }: Incident, at: number): void {
    if (this.#taken.has(incidentId)) return;
    this.#taken.add(incidentId);
    const chance = this.#chance(incidentId);
    const waitMs = severity === 'critical' ? msBetween(chance, 15_000, 40_000) : 90_000;
    this.#ports.later(at + waitMs, (now) => this.#take(incidentId, chance, now));
  }

  #take(incidentId: string, chance: Chance, at: number): void {
    if (this.#ports.incident(incidentId)?.state.phase !== 'open') return;
    const onDuty = this.#ports.isNight(at) ? 1 : 2;
    const free = this.#busyUntil.findIndex((until, who) => who < onDuty && until <= at);
    if (free < 0) {
      const next = Math.min(...this.#busyUntil.slice(0, onDuty));
      this.#ports.later(Math.max(at + 1, next), (now) => this.#take(incidentId, chance, now));
      return;
    }
    const by = { type: 'account', id: `operator-${free}` } as const;
    this.#ports.send({ type: 'claim', by, ...this.#of(incidentId) });
    this.#ports.send({ type: 'act', by, ...this.#of(incidentId), action: 'call' });
    const calledAt = at + msBetween(chance, 60_000, 150_000);
    this.#busyUntil[free] = calledAt;
    this.#ports.later(calledAt, (now) => this.#called(incidentId, by, chance, now));
  }

  /** The call is over: all is well, it is about a device, or somebody has to go there. */
  #called(incidentId: string, by: Command['by'], chance: Chance, at: number): void {
    const incident = this.#ports.incident(incidentId);
    if (!incident || incident.state.phase === 'resolved') return;
    const home = this.#ports.homeOf(incident.where.householdId);
    const real = home && this.#ports.emergencyAt(home, at);
    if (incident.category === 'supervision' || incident.category === 'system' || !home)
      this.#resolve(incidentId, by, { outcome: 'equipment', contact: 'not-applicable' });
    else if (!real && chance.fraction() < (home.gone ? 0.2 : 0.85))
      this.#resolve(incidentId, by, { outcome: 'false-alarm', contact: 'reached' });
    else this.#goes(incident, by, real ? 'helped' : 'no-help-needed', chance, at);
  }

  /** A neighbour is asked to look in, and does. */
  #goes(incident: Incident, by: Command['by'], outcome: Resolve['outcome'], chance: Chance, at: number): void {
    const { incidentId, where } = incident;
    const home = this.#ports.homeOf(where.householdId);
    const goes = this.#ports.contactsOf(incident).find(({ role }) => role === 'neighbour' || role === 'station');
    if (goes)
      this.#ports.send({ type: 'accept', by, ...this.#of(incidentId), contactId: goes.id, expectedMinutes: 20 });
    this.#ports.later(at + msBetween(chance, 8 * 60_000, 25 * 60_000), () => {
      this.#resolve(incidentId, by, { outcome, contact: 'reached' });
      if (home) this.#ports.helped(home);
    });
  }

  #resolve(incidentId: string, by: Command['by'], how: Pick<Resolve, 'outcome' | 'contact'>): void {
    if (this.#ports.incident(incidentId)?.state.phase === 'resolved') return;
    this.#ports.send({ type: 'resolve', by, ...this.#of(incidentId), ...how });
  }

  #of(incidentId: string): { incidentId: string; expectedVersion: number } {
    return { incidentId, expectedVersion: this.#ports.incident(incidentId)?.version ?? 0 };
  }

  #chance = (name: string): Chance => chanceOf(this.#ports.seed, `duty ${name}`);
}

type Resolve = Extract<Command, { type: 'resolve' }>;
/** A command without its id. */
export type Asked = Command extends infer One ? (One extends Command ? Omit<One, 'commandId'> : never) : never;

/** `later` calls back at that time (epoch ms). `emergencyAt`: what is truly wrong in that home and was not helped yet. */
export type DutyPorts = {
  seed: number;
  send(command: Asked): void;
  later(at: number, run: (now: number) => void): void;
  incident(incidentId: string): Incident | undefined;
  contactsOf(incident: Incident): Contact[];
  homeOf(householdId: string | undefined): OrdinaryHome | undefined;
  emergencyAt(home: OrdinaryHome, at: number): Emergency | undefined;
  helped(home: OrdinaryHome): void;
  isNight(at: number): boolean;
};
