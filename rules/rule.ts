import type { ReportName } from '../firmware-contracts/report.ts';
import type { AlertChange } from '../records/alert.ts';
import type { RuleEvent } from './event.ts';
import type { Home } from './home.ts';

/**
 * A pure state machine over one kind of subject. It holds no timer: `deadline` says when time alone can change a state,
 * and the engine then steps it with a `tick` of that time. A deadline is fixed when its state is entered: settings that
 * change later apply from the next event on.
 */
export type Rule<State, Settings extends RuleSettings> = {
  name: string;
  /** What `subject` may find its business; absent: anything. Most rules hear little, and are not asked about the rest. */
  hears?: readonly Heard[];
  /** Whose state the event steps, as a key: a device id, a person, a place. Undefined: not this rule's business. */
  subject(event: RuleEvent): string | undefined;
  /** A subject that returns to this very value is forgotten. */
  initial: State;
  settings: Settings;
  /**
   * What an override may set a number to; anything else is ignored, so that no entry can switch a rule off by its
   * limits.
   */
  ranges: { readonly [Name in keyof Settings]: Range };
  deadline(state: State, settings: Settings): number | undefined;
  step(state: State, event: RuleEvent, settings: Settings, home: Home): [State, AlertChange[]];
  /** It looks at the whole installation at once: settings of a narrower scope do not count for it. */
  isOfAll?: true;
  /** Its alerts are about devices, and what they say of them the other rules hear as `device-condition`. */
  conditions?: true;
  /**
   * Supervision rules alone: the state as if everything in it had happened `byMs` later, because nobody listened for so
   * long or the clock was stepped. Rules without it are life safety: what fell due in the meantime fires.
   */
  rebase?(state: State, byMs: number): State;
  /**
   * The system stood still for hours or was put back, and what was told before is held: the state in which a word that would only go
   * on with what stands is an alert of its own.
   */
  stoodStill?(state: State): State;
};

/** The type of an event, or the name of a report; `report`: every report. */
export type Heard = Exclude<RuleEvent['type'], 'tick'> | ReportName;

/** Flat and typed, so that a registry entry can override each by name. Units are in the names. */
export type RuleSettings = { readonly [name: string]: number };

/** From the lowest to the highest, both included. */
export type Range = readonly [lowest: number, highest: number];

/** Any rule, where only its shape matters. */
export type AnyRule = Rule<unknown, RuleSettings>;
