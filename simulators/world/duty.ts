import { hash } from 'node:crypto';
import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import type { WhyEmpty } from '../../records/desk-watch.ts';
import type { RegistryChange, Roster } from '../../records/registry.ts';
import { between, msBetween, oneOf } from '../seeded-chance.ts';
import type { Asked, Heard, Publish } from './evidence.ts';
import { type Window, windowAt } from './faults.ts';
import type { Machine } from './machine.ts';
import { putQuestion } from './put-question.ts';

/**
 * Who has a way to be asked themselves, who is on duty when, and a button that is tried each night. Every village has a
 * second station for the nights, which has to say that it takes over; one night the first one stands in for it.
 */
export function withDuty(changes: readonly RegistryChange[]): RegistryChange[] {
  const areas = changes.flatMap((change) => (change.type === 'put' && change.entity === 'area' ? change.value : []));
  const people = changes.flatMap((change) => (change.type === 'put' && change.entity === 'person' ? change.value : []));
  const villages = areas.filter(({ level }) => level === 'village').map(({ id }) => id);
  const county = areas.find(({ level }) => level === 'county')?.id ?? '';
  const asked = people.map(({ id }) => contact(`${id}-self`, { type: 'person', id }, 'self'));
  const stations = villages.map((id) => contact(nightStation(id), { type: 'area', id }, 'station'));
  const button = {
    ...({ id: drillButtonOf(county), kind: 'call-button', placeId: `${county}-drill` } as const),
    ...{ intervalMinutes: 10_080, simulated: true },
  };
  return [
    ...changes,
    ...asked,
    ...stations,
    ...villages.map((id): RegistryChange => ({ type: 'put', entity: 'roster', value: rosterOf(id) })),
    put('place', { id: `${county}-drill`, areaId: county, kind: 'house', name: 'drill' }),
    put('household', { id: `${county}-drill-h`, areaId: county, currentPlaceId: `${county}-drill` }),
    put('device', button),
    contact(`${county}-drill-family`, { type: 'household', id: `${county}-drill-h` }, 'family'),
  ];
}

export const drillButtonOf = (county: string): string => `${county}-drill-button`;
/** Twenty past two, when everybody sleeps. */
export const drillMinute = 2 * 60 + 20;

type Put = Extract<RegistryChange, { type: 'put' }>;
function put<E extends Put['entity']>(entity: E, value: Extract<Put, { entity: E }>['value']): RegistryChange {
  return { type: 'put', entity, value } as RegistryChange;
}

type Contact = Extract<Put, { entity: 'contact' }>['value'];
const contact = (id: string, of: Contact['of'], role: Contact['role']): RegistryChange =>
  put('contact', { id, of, role, order: 1, language: 'en', name: id, channels: [{ type: 'log' }] });

const nightStation = (village: string): string => `${village}-night`;

function rosterOf(village: string): Roster {
  const [day, night] = [`${village}-station`, nightStation(village)];
  return {
    ...{ id: `${village}-duty`, name: 'on duty', of: { type: 'area', id: village } },
    shifts: [
      { contactId: day, from: '08:00', to: '20:00' },
      { contactId: night, from: '20:00', to: '08:00' },
    ],
    ...{ swaps: [{ date: '2027-03-08', from: night, to: day }], holidays: [], acceptWithinMinutes: 15 },
  };
}

export type DutyParts = {
  clock: Clock;
  chance: Chance;
  county: string;
  stormMs: number;
  machine: Pick<Machine, 'alarm' | 'desk' | 'keep'>;
  send: (command: Command) => Promise<CommandResult>;
  /** Gain every question, every press of the drill's button, and when the desk had said that nobody is there, or said nothing. */
  asked: Asked[];
  publishes: Publish[];
  unwatched: { fromMs: number; toMs: number }[];
};

/**
 * What goes on beside incidents: somebody sits at the desk, goes away, or has its sound off; those who come on duty say so,
 * late or never; who is asked whether all is well answers, mostly; and the button of the drill is tried, unless its night is
 * one in which nobody can hear it.
 */
export function startDuty(parts: DutyParts) {
  const { clock } = parts;
  const desk = sitAtDesk(parts);
  const button = pressAtNight(parts);
  const answers = answerFor(parts);
  let isHealed = false;

  function beat(): void {
    desk.beat(isHealed);
    button.look(isHealed);
    clock.after(beatMs, beat);
  }

  beat();
  return {
    /** A message has reached somebody; false: it is about an incident. */
    hear({ contactId, notice }: Heard): boolean {
      const { purpose, incidentId } = notice;
      if (purpose === 'hand-over') answers.takeOver(incidentId.slice('hand-over:'.length), contactId, isHealed);
      if (purpose === 'prompt') answers.prompt(incidentId.slice('prompt:'.length), contactId, notice);
      return purpose === 'hand-over' || purpose === 'prompt' || purpose === 'drill';
    },
    /** From now on somebody watches, and says what they are asked for. */
    heal(): void {
      isHealed = true;
    },
  };
}

/** What desk says every few seconds, and a note of when it was empty, or said nothing. */
function sitAtDesk(parts: DutyParts) {
  const { clock, machine, county, unwatched } = parts;
  const absences = drawAbsences(parts);
  let empty: { fromMs: number; toMs: number } | undefined;
  return {
    beat(isHealed: boolean): void {
      const atMs = clock.monotonic();
      const { alarm, desk } = machine;
      const absence = isHealed ? undefined : windowAt(absences, atMs);
      if (alarm && desk) alarm.deskHeard({ watched: absence ? [] : [county], why: absence?.why ?? 'no-page' });
      if (!alarm || (desk && !absence)) empty = undefined;
      else if (empty) empty.toMs = atMs;
      else {
        empty = { fromMs: atMs, toMs: atMs };
        unwatched.push(empty);
      }
    },
  };
}

function answerFor(parts: DutyParts) {
  const { clock, chance } = parts;
  let count = 0;
  function later(lowMs: number, highMs: number, words: Words): void {
    clock.after(msBetween(chance, lowMs, highMs), () => {
      count += 1;
      putQuestion(parts, { commandId: `duty-${String(count).padStart(6, '0')}`, ...words } as Command);
    });
  }

  return {
    /** Some do not answer, and some of these do it when they are asked why. */
    takeOver(rosterId: string, contactId: string, isHealed: boolean): void {
      const by = { type: 'contact', id: contactId } as const;
      const accept: Words = { type: 'hand-over', by, rosterId, step: { type: 'accept', contactId } };
      const course = isHealed ? 0 : chance.fraction();
      if (course < 0.7) later(20_000, 12 * minuteMs, accept);
      else if (course < 0.85) later(20 * minuteMs, 90 * minuteMs, accept);
    },
    /** Whoever fell cannot be asked. */
    prompt(promptId: string, contactId: string, { text }: Heard['notice']): void {
      const course = chance.fraction();
      if (text.condition.startsWith('fall') || course > 0.7) return;
      const by = { type: 'contact', id: contactId } as const;
      later(4_000, 90_000, { type: 'prompt-answer', by, promptId, answer: course < 0.08 ? 'help' : 'fine' });
    },
  };
}

type Wanted<C> = C extends unknown ? Omit<C, 'commandId'> : never;
type Words = Wanted<Extract<Command, { type: 'hand-over' | 'prompt-answer' }>>;

/** A few times in two days, for minutes or hours. */
function drawAbsences({ chance, stormMs }: DutyParts): (Window & { why: WhyEmpty })[] {
  return Array.from({ length: 1 + Math.round((between(chance, 2, 6) * stormMs) / (48 * hourMs)) }, () => {
    const fromMs = between(chance, hourMs, stormMs);
    const why = oneOf(chance, ['no-page', 'no-sound', 'no-action'] as const);
    return { fromMs, toMs: fromMs + msBetween(chance, 2 * minuteMs, 90 * minuteMs), why };
  });
}

/** The simulated button, which is pressed when a drill waits for it, and again each minute until it was heard. */
function pressAtNight({ clock, chance, machine, county, publishes }: DutyParts) {
  const deviceId = drillButtonOf(county);
  const broken = new Map<number, boolean>();
  let pressedMs = Number.NEGATIVE_INFINITY;
  return {
    look(isHealed: boolean): void {
      const waiting = machine.alarm?.incidents.drills.waitsFor();
      if (!waiting || clock.monotonic() - pressedMs < minuteMs) return;
      const isBroken = broken.get(waiting.since) ?? chance.fraction() < 0.25;
      broken.set(waiting.since, isBroken);
      if (isBroken && !isHealed) return;
      pressedMs = clock.monotonic();
      const words = { v: 1, boot: Math.floor(clock.now() / 1_000), seq: 1, age: 0, call: 'test' };
      const payload = new TextEncoder().encode(JSON.stringify(words));
      const publish: Publish = {
        ...{ atMs: pressedMs, deviceId, report: 'press', boot: words.boot, seq: 1 },
        ...{ hash: hash('sha256', payload, 'hex'), arrivedAtMs: [pressedMs] },
      };
      publishes.push(publish);
      machine.keep({ deviceId, report: 'press', standing: 'registered', payload }, true).then(
        () => {
          publish.keptAtMs = clock.monotonic();
          publish.acknowledgedAtMs = publish.keptAtMs;
        },
        () => {}, // Refused: it is pressed again.
      );
    },
  };
}

const beatMs = 20_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
