import { isLifeSafety } from '../../incidents/correlation.ts';
import type { Actor, Incident } from '../../records/incident.ts';
import { isClosing } from '../../responders/retry-schedule.ts';
import { between, msBetween, oneOf } from '../seeded-chance.ts';
import { Asking, type AskingParts } from './asking.ts';
import type { Heard } from './evidence.ts';

/** They live until the world's clock stands still. */
export function startPeople(parts: AskingParts): People {
  return new People(parts);
}

/**
 * Two accounts at the desk, and the contacts in the field. They react to what reaches them, each intention with one timer; once an
 * hour somebody at the desk looks at what is open. They claim (sometimes both in the same instant), act, forget, go, do not
 * come, turn back, report wrongly, and end things alone that take two. Guards who is busy with what.
 */
export class People {
  readonly #parts: AskingParts;
  readonly #asking: Asking;
  /** Incidents that somebody at the desk is busy with. */
  readonly #attended = new Set<string>();
  /** Contacts who answered, with the incident. */
  readonly #engaged = new Set<string>();
  readonly #contacts = new Set<string>();
  #isFinishing = false;
  #cancelRound = () => {};

  constructor(parts: AskingParts) {
    this.#parts = parts;
    this.#asking = new Asking(parts);
    this.#lookLater();
  }

  /** A message has reached somebody. */
  hear({ contactId, notice }: Heard): void {
    if (this.#isFinishing) return;
    const { incidentId, purpose } = notice;
    if (contactId === 'desk') {
      if (this.#happens(0.6)) this.#attend(incidentId, () => this.#handle(incidentId));
      return;
    }
    this.#contacts.add(contactId);
    if (isClosing(notice)) this.#engaged.delete(`${contactId} ${incidentId}`);
    else if (purpose !== 'information') this.#answer(contactId, incidentId);
  }

  /** From now on they finish what is open, and begin nothing else. */
  heal(): void {
    this.#isFinishing = true;
    this.#asking.dropAll();
    this.#attended.clear();
    this.#look();
  }

  #look(): void {
    for (const incident of this.#parts.see() ?? []) {
      if (this.#isFinishing) this.#attend(incident.incidentId, () => this.#close(incident));
      else if (this.#happens(0.6)) this.#attend(incident.incidentId, () => this.#pickUp(incident));
    }
    this.#lookLater();
  }

  #lookLater(): void {
    this.#cancelRound();
    const { clock, chance } = this.#parts;
    const restMs = this.#isFinishing ? 2 * minuteMs : msBetween(chance, 30 * minuteMs, 90 * minuteMs);
    this.#cancelRound = clock.after(restMs, () => this.#look());
  }

  /** Nobody at the desk begins what another one is busy with. */
  async #attend(incidentId: string, work: () => Promise<unknown>): Promise<void> {
    if (this.#attended.has(incidentId)) return;
    this.#attended.add(incidentId);
    await work();
    this.#attended.delete(incidentId);
  }

  async #handle(incidentId: string): Promise<void> {
    await this.#asking.pause(5_000, 90_000);
    const who = await this.#claim(incidentId);
    const course = this.#parts.chance.fraction();
    // Some claim and forget it: the claim has to expire.
    if (!who || course < 0.2) return;
    await this.#asking.pause(5_000, 100_000);
    if (course < 0.3) {
      await this.#asking.want(who, incidentId, { type: 'release' });
      return;
    }
    await this.#asking.want(who, incidentId, { type: 'act', action: 'called the person' });
    await this.#asking.pause(2 * minuteMs, 20 * minuteMs);
    await this.#end(who, incidentId);
  }

  async #claim(incidentId: string): Promise<Actor | undefined> {
    const who = this.#happens(0.25) ? desk : [oneOf(this.#parts.chance, desk)];
    const answers = await Promise.all(who.map((by) => this.#asking.want(by, incidentId, { type: 'claim' })));
    return who.find((_, index) => answers[index]?.ok);
  }

  /** What lies about, found by looking: nobody has it, or whoever has it did not end it. */
  async #pickUp({ incidentId, state, closing }: Incident): Promise<void> {
    if (state.phase === 'open' && !closing) await this.#handle(incidentId);
    else if (state.phase !== 'claimed' || state.acted) await this.#end(oneOf(this.#parts.chance, desk), incidentId);
  }

  async #end(by: Actor, incidentId: string): Promise<void> {
    const outcome = oneOf(this.#parts.chance, ['helped', 'helped', 'false-alarm', 'no-help-needed'] as const);
    const contact = this.#happens(0.7) ? 'reached' : 'not-reached';
    const wish = { type: 'resolve', outcome, contact } as const;
    const answer = await this.#asking.want(by, incidentId, wish);
    if (answer?.ok) return this.#regret(by, incidentId, answer.version);
    if (answer?.problem !== 'second-person-needed') return;
    await this.#asking.pause(minuteMs, 20 * minuteMs);
    // Who was refused may try again alone.
    await this.#asking.want(this.#happens(0.3) ? by : another(by), incidentId, wish);
  }

  async #regret(by: Actor, incidentId: string, version: number | undefined): Promise<void> {
    if (!this.#happens(0.06)) return;
    await this.#asking.pause(5 * minuteMs, 40 * minuteMs);
    await this.#asking.want(another(by), incidentId, { type: 'reopen', reason: 'she called again' }, version);
  }

  /** A contact who was asked to go. Some are asleep: they are asked again. */
  async #answer(contactId: string, incidentId: string): Promise<void> {
    const { chance } = this.#parts;
    const key = `${contactId} ${incidentId}`;
    const course = chance.fraction();
    if (course < 0.3 || this.#engaged.has(key)) return;
    this.#engaged.add(key);
    await this.#asking.pause(8_000, 150_000);
    const by = contact(contactId);
    if (course < 0.42) await this.#asking.want(by, incidentId, { type: 'decline', contactId });
    else if (course < 0.45) await this.#meddle(incidentId);
    else if (course < 0.48) await this.#asking.want(by, incidentId, overHere);
    else await this.#go(by, incidentId, { key, comes: course >= 0.58 });
  }

  /** Somebody answers who may not have been asked. */
  async #meddle(incidentId: string): Promise<void> {
    const contactId = oneOf(this.#parts.chance, [...this.#contacts]);
    await this.#asking.want(contact(contactId), incidentId, { type: 'accept', contactId, expectedMinutes: 5 });
  }

  async #go(by: Actor, incidentId: string, { key, comes }: { key: string; comes: boolean }): Promise<void> {
    const expectedMinutes = Math.ceil(between(this.#parts.chance, 2, 40));
    const accept = { type: 'accept', contactId: by.id, expectedMinutes } as const;
    const answer = await this.#asking.want(by, incidentId, accept);
    if (!answer?.ok || !comes) return;
    await this.#asking.pause(expectedMinutes * 0.5 * minuteMs, expectedMinutes * 1.7 * minuteMs);
    if (!this.#engaged.has(key)) return;
    if (this.#happens(0.1)) {
      await this.#asking.want(by, incidentId, { type: 'decline', contactId: by.id });
      return;
    }
    await this.#asking.want(by, incidentId, { type: 'arrive' });
    await this.#asking.pause(4 * minuteMs, 25 * minuteMs);
    if (this.#engaged.has(key) && this.#happens(0.8)) await this.#end(oneOf(this.#parts.chance, desk), incidentId);
  }

  /** As it should be done. */
  async #close(incident: Incident): Promise<void> {
    const by = incident.closing ? another(incident.closing.by) : oneOf(this.#parts.chance, desk);
    const done = { outcome: 'helped', contact: 'reached' } as const;
    const mended = { outcome: 'equipment', contact: 'not-applicable' } as const;
    const how = isLifeSafety(incident) ? done : mended;
    await this.#asking.want(by, incident.incidentId, { type: 'resolve', ...how });
  }

  #happens(chance: number): boolean {
    return this.#parts.chance.fraction() < chance;
  }
}

const minuteMs = 60_000;
const li: Actor = { type: 'account', id: 'li' };
const wang: Actor = { type: 'account', id: 'wang' };
const desk: readonly Actor[] = [li, wang];
const another = ({ id }: Actor): Actor => (id === li.id ? wang : li);
const contact = (id: string): Actor => ({ type: 'contact', id });
/** From the field, about something that only the desk may end. */
const overHere = { type: 'resolve', outcome: 'false-alarm', contact: 'reached' } as const;
