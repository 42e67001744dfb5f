import type { IncidentCommand } from '../../incidents/commands.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import type { Actor, Incident } from '../../records/incident.ts';
import { msBetween } from '../seeded-chance.ts';
import type { Asked } from './evidence.ts';

export type AskingParts = {
  clock: Clock;
  chance: Chance;
  /** What is open, as desk shows it at this moment, which may be old; nothing while it is down. */
  see: () => readonly Incident[] | undefined;
  /** Rejects when nobody is there to ask; who dies meanwhile never answers. */
  send: (command: Command) => Promise<CommandResult>;
  /** Gains every time that somebody asked. */
  asked: Asked[];
};

/** What somebody wants of an incident. */
export type Wish = Wanted<IncidentCommand>;
type Wanted<C> = C extends unknown ? Omit<C, 'commandId' | 'by' | 'incidentId' | 'expectedVersion'> : never;

/**
 * How people ask: by what they see, which may be old; twice when they are impatient; again, under the same id, when nobody
 * answers; and anew when something has changed meanwhile. Guards which ids are taken, and what is still waited for.
 */
export class Asking {
  readonly #parts: AskingParts;
  #count = 0;
  #era = 0;

  constructor(parts: AskingParts) {
    this.#parts = parts;
  }

  /** Everybody drops what they were about to do. */
  dropAll(): void {
    this.#era += 1;
  }

  /** Units: ms. It never ends for those who drop everything meanwhile. */
  pause(lowMs: number, highMs: number): Promise<void> {
    const { clock, chance } = this.#parts;
    const era = this.#era;
    return new Promise((resolve) => {
      clock.after(msBetween(chance, lowMs, highMs), () => {
        if (era === this.#era) resolve();
      });
    });
  }

  /** The last answer; undefined when they cannot see the incident, or nobody answers for long. `version`: known already. */
  async want(by: Actor, incidentId: string, wish: Wish, version?: number): Promise<CommandResult | undefined> {
    const seen = version ?? (await this.#look(incidentId));
    let expectedVersion = seen !== undefined && this.#happens(oldChance) ? Math.max(0, seen - 1) : seen;
    for (let tries = 0; expectedVersion !== undefined && tries < mostVersions; tries++) {
      this.#count += 1;
      const commandId = `person-${String(this.#count).padStart(6, '0')}`;
      const result = await this.#ask({ ...wish, commandId, by, incidentId, expectedVersion });
      if (!result || result.ok || result.problem !== 'version-conflict') return result;
      await this.pause(2_000, 20_000);
      expectedVersion = result.currentVersion;
    }
    return undefined;
  }

  async #look(incidentId: string): Promise<number | undefined> {
    for (let looks = 0; looks < mostLooks; looks++) {
      if (looks > 0) await this.pause(10_000, 60_000);
      const incident = this.#parts.see()?.find((one) => one.incidentId === incidentId);
      if (incident) return incident.version;
    }
    return undefined;
  }

  async #ask(command: Command): Promise<CommandResult | undefined> {
    for (let times = 0; times < mostTimes; times++) {
      if (times > 0) await this.pause(5_000, 40_000);
      if (this.#happens(twiceChance)) this.#once(command);
      const result = await this.#once(command);
      if (result) return result;
    }
    return undefined;
  }

  /** Undefined: no answer, for as long as people wait before a page. */
  #once(command: Command): Promise<CommandResult | undefined> {
    const { clock, send, asked } = this.#parts;
    const question: Asked = { atMs: clock.monotonic(), command };
    asked.push(question);
    return new Promise((resolve) => {
      const giveUp = () => resolve(undefined);
      const cancel = clock.after(patienceMs, giveUp);
      const answered = (result: CommandResult) => {
        question.result = result;
        question.answeredAtMs = clock.monotonic();
        cancel();
        resolve(result);
      };
      send(command).then(answered, () => {
        cancel();
        giveUp();
      });
    });
  }

  #happens(chance: number): boolean {
    return this.#parts.chance.fraction() < chance;
  }
}

const patienceMs = 20_000;
const mostLooks = 3;
const mostTimes = 12;
const mostVersions = 4;
/** That somebody acts on what they saw before the last change; that they press twice. */
const oldChance = 0.12;
const twiceChance = 0.06;
