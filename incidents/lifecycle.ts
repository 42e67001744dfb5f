import type { IncidentState } from '../records/incident.ts';

/**
 * What can happen to an incident, in which state it may, and what it does to state and ladder: one table, which
 * docs/incidents.md shows. Nothing here leads to `resolved` by time. Source: docs/decisions/0009-incidents.md.
 */
export const lifecycle: { [H in Happening]: Record<Phase, Cell> } = {
  worse: row(same('first rung'), same('first rung'), same('first rung'), same('first rung'), 'never'),
  'more urgent': row(same('starts'), same('starts'), same('starts'), same('starts'), 'never'),
  'second call': row(same('first rung'), same('first rung'), same('unchanged'), same('unchanged'), 'never'),
  'lesser alert': row(same('unchanged'), same('unchanged'), same('unchanged'), same('unchanged'), 'never'),
  'all cleared': row(to('resolved', 'ends'), same('unchanged'), same('unchanged'), same('unchanged'), 'never'),
  'rung due': row(same('next rung'), same('next rung'), same('next rung'), 'never', 'never'),
  'stood still': row(same('holds'), to('open', 'holds'), same('holds'), 'never', 'never'),
  'send held': row(to('open', 'starts'), same('starts'), to('open', 'starts'), 'never', refused('over')),
  'drop held': row(same('drops'), same('drops'), same('drops'), 'never', refused('over')),
  'clock set back': row(same('resumes'), same('resumes'), same('resumes'), 'never', 'never'),
  unreachable: row(same('next rung'), same('unchanged'), same('unchanged'), same('unchanged'), same('unchanged')),
  claim: row(to('claimed', 'pauses'), refused('taken'), refused('on the way'), refused('on scene'), refused('over')),
  'claim expires': row('never', to('open', 'goes on'), 'never', 'never', 'never'),
  release: row(
    refused('not claimed'),
    to('open', 'goes on'),
    refused('not claimed'),
    refused('not claimed'),
    refused('over'),
  ),
  act: row(refused('not claimed'), same('unchanged'), same('unchanged'), same('unchanged'), refused('over')),
  accept: row(to('responding', 'waits'), to('responding', 'waits'), same('waits'), same('unchanged'), refused('over')),
  decline: row(same('next rung'), same('unchanged'), same('unchanged'), same('unchanged'), refused('over')),
  'turn back': row('never', 'never', to('open', 'next rung'), 'never', 'never'),
  arrive: row(
    to('on-scene', 'ends'),
    to('on-scene', 'ends'),
    to('on-scene', 'ends'),
    same('unchanged'),
    refused('over'),
  ),
  'help asked': row(same('next rung'), same('next rung'), same('next rung'), same('first rung'), refused('over')),
  'ask second person': row(same('rests'), same('rests'), same('rests'), same('unchanged'), refused('over')),
  resolve: row(
    to('resolved', 'ends'),
    to('resolved', 'ends'),
    to('resolved', 'ends'),
    to('resolved', 'ends'),
    refused('over'),
  ),
  'less urgent': row(same('starts'), same('unchanged'), same('unchanged'), same('unchanged'), refused('over')),
  'take over': row(
    refused('not claimed'),
    to('claimed', 'pauses'),
    refused('on the way'),
    refused('on scene'),
    refused('over'),
  ),
  'hand up': row(same('unchanged'), to('open', 'goes on'), same('unchanged'), same('unchanged'), refused('over')),
  transfer: row(same('unchanged'), same('unchanged'), same('unchanged'), same('unchanged'), refused('over')),
  merge: row(
    to('resolved', 'ends'),
    to('resolved', 'ends'),
    to('resolved', 'ends'),
    to('resolved', 'ends'),
    refused('over'),
  ),
  reopen: row(refused('not over'), refused('not over'), refused('not over'), refused('not over'), to('open', 'starts')),
};

/** The clock that people see, by state. */
export const clocks: Record<Phase, string> = {
  open: 'to claim',
  claimed: 'to verify',
  responding: 'to arrive',
  'on-scene': 'to resolve',
  resolved: 'none',
};

export type Phase = IncidentState['phase'];

/**
 * `worse`: a new critical alert, or somebody more whom nothing watches over. `more urgent`: an alert that raises the whole incident. `second call`: the person
 * pressed again; while somebody is on the way it is shown and sounded, no more. `decline`: somebody who was told cannot
 * go; `turn back`: the one who was on the way. `stood still`: nobody was told of anything for hours, or the journal was put
 * back. `send held`, `drop held`: what a person says to that; `clock set back`: those hours were the clock's mistake. `less urgent`: a call was less than was asked for. `hand up`: to another level, up or down.
 * `help asked`: whoever is there, or on the way, needs more people. `transfer`: the emergency services were told, or what became of it there. `merge`: it goes on as part of another. `unreachable`: every channel of somebody on the newest rung
 * failed.
 */
export type Happening =
  | 'worse'
  | 'more urgent'
  | 'second call'
  | 'lesser alert'
  | 'all cleared'
  | 'rung due'
  | 'stood still'
  | 'send held'
  | 'drop held'
  | 'clock set back'
  | 'unreachable'
  | 'claim'
  | 'claim expires'
  | 'release'
  | 'act'
  | 'accept'
  | 'decline'
  | 'turn back'
  | 'arrive'
  | 'help asked'
  | 'ask second person'
  | 'resolve'
  | 'less urgent'
  | 'take over'
  | 'hand up'
  | 'transfer'
  | 'merge'
  | 'reopen';

/** `to` absent: the state stays. `never`: the caller must not let it come to this. */
export type Cell = { to?: Phase; ladder: LadderMove } | { refused: Refusal } | 'never';

/**
 * `starts`: from the first rung, and holds again where somebody has the incident in hand. `first rung`: its people are
 * told again, and the ladder goes on from where it was, so that news never delays it. `next rung`: at once. `waits`:
 * until 5 min after the expected arrival. `rests`: until a second person had time to answer. `holds`: until a person or
 * a new alert lets it go on, about which the system asks. `drops`: a person said that it need not. `goes on`: the next
 * rung at once, unless it is held. `resumes`: the next rung at once, as if it had never been held. What is held stays so also where a ladder `pauses` or `rests`; `first rung` and `next
 * rung` start it.
 */
export type LadderMove =
  | 'unchanged'
  | 'starts'
  | 'first rung'
  | 'next rung'
  | 'goes on'
  | 'resumes'
  | 'pauses'
  | 'waits'
  | 'rests'
  | 'holds'
  | 'drops'
  | 'ends';

export type Refusal = 'taken' | 'not claimed' | 'on the way' | 'on scene' | 'over' | 'not over';

function row(open: Cell, claimed: Cell, responding: Cell, onScene: Cell, resolved: Cell): Record<Phase, Cell> {
  return { open, claimed, responding, 'on-scene': onScene, resolved };
}
function same(ladder: LadderMove): Cell {
  return { ladder };
}
function to(phase: Phase, ladder: LadderMove): Cell {
  return { to: phase, ladder };
}
function refused(why: Refusal): Cell {
  return { refused: why };
}
