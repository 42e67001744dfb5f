/**
 * The last reports of one device by their counters, so that a redelivery is known as one: at most 64 places in at most
 * 8 runs of neighbouring reports, the run that was last added to first. `highest` is the newest report by its counters.
 */
export type Counters = { readonly highest: Place; readonly runs: readonly Run[] };
/** `seen` has the hashes of `top`, `top - 1`, ... in one text (a list takes twice the room), `------` for a gap. */
export type Run = { readonly boot: number; readonly top: number; readonly seen: string };
type Place = { readonly boot: number; readonly seq: number };

/** What names a report; `hash` has 6 characters. `atOnce`: sent when it happened, it never waited in the device. */
export type Counted = Place & { hash: string; atOnce: boolean };

/** `reused`: the counters name another report already, or went back where only newer ones can be. */
export type Standing = { type: 'new' | 'repeat' | 'reused'; counters: Counters };

/** A batch of 64 that is sent again must find all of itself. */
export const maxPlaces = 64;
export const maxRuns = 8;

/** Decides what a report is to those before it. What is no longer remembered is new: better twice than never. */
export function count(counters: Counters | undefined, counted: Counted): Standing {
  if (!counters) return { type: 'new', counters: onlyThis(counted) };
  const known = hashAt(counters, counted);
  if (known === counted.hash) return { type: 'repeat', counters };
  if (known !== undefined || (counted.atOnce && isBehind(counted, counters.highest))) return startOver(counted);
  return { type: 'new', counters: add(counters, counted) };
}

/** The numbering starts over with this report, or everything that follows it would look like what was before. */
export function startOver(counted: Counted): Standing {
  return { type: 'reused', counters: onlyThis(counted) };
}

function onlyThis({ boot, seq, hash }: Counted): Counters {
  return { highest: { boot, seq }, runs: [{ boot, top: seq, seen: hash }] };
}

function hashAt({ runs }: Counters, { boot, seq }: Place): string | undefined {
  for (const run of runs) {
    const at = (run.top - seq) * hashLength;
    if (run.boot !== boot || at < 0 || at >= run.seen.length) continue;
    const known = run.seen.slice(at, at + hashLength);
    if (known !== nothing) return known;
  }
  return undefined;
}

/** Reports overtake each other by a few on the road. A stored one may be far behind, but not one of this moment. */
function isBehind({ boot, seq }: Place, highest: Place): boolean {
  return boot < highest.boot || (boot === highest.boot && seq <= highest.seq - maxPlaces);
}

function add({ highest, runs }: Counters, { boot, seq, hash }: Counted): Counters {
  const newer = boot > highest.boot || (boot === highest.boot && seq > highest.seq);
  const near = runs.find((run) => run.boot === boot && isNear(run, seq));
  const grown = near ? grow(near, seq, hash) : { boot, top: seq, seen: hash };
  const others = runs.filter((run) => run !== near);
  // Runs that have grown together are one: the oldest places of both go first, and not whatever is in the other one.
  const next = others.find((run) => run.boot === boot && isNear(run, seq));
  const all = next ? [joined(grown, next), ...others.filter((run) => run !== next)] : [grown, ...others];
  const top = newer ? { boot, seq } : highest;
  return { highest: top, runs: trim(all, top) };
}

/** A larger gap would cost more places than a run of its own. */
const maxGap = 8;
const isNear = ({ top, seen }: Run, seq: number) =>
  seq <= top + maxGap && seq > top - seen.length / hashLength - maxGap;

function grow({ boot, top, seen }: Run, seq: number, hash: string): Run {
  const back = top - seq;
  if (back < 0) return { boot, top: seq, seen: hash + nothing.repeat(-back - 1) + seen };
  const before = seen.slice(0, back * hashLength).padEnd(back * hashLength, nothing);
  return { boot, top, seen: before + hash + seen.slice((back + 1) * hashLength) };
}

function joined(a: Run, b: Run): Run {
  const top = Math.max(a.top, b.top);
  const [one, other] = [a, b].map((run) => nothing.repeat(top - run.top) + run.seen) as [string, string];
  let seen = '';
  for (let at = 0; at < Math.max(one.length, other.length); at += hashLength) {
    const place = one.slice(at, at + hashLength) || nothing;
    seen += place === nothing ? other.slice(at, at + hashLength) || nothing : place;
  }
  return { boot: a.boot, top, seen };
}

/** What is furthest behind goes first: a device that was away for long sends what it stored in any order. */
function trim(runs: readonly Run[], highest: Place): Run[] {
  let room = maxPlaces * hashLength;
  const isTooMuch = runs.reduce((sum, { seen }) => sum + seen.length, 0) > room;
  const kept: Run[] = [];
  for (const run of (isTooMuch ? runs.map((one) => recent(one, highest)) : runs).slice(0, maxRuns)) {
    if (room > 0) kept.push(run.seen.length <= room ? run : { ...run, seen: run.seen.slice(0, room) });
    room -= run.seen.length;
  }
  return kept;
}

/** A run that reaches up to the newest reports, without what is further behind; one that is all behind is a batch of its own. */
function recent(run: Run, highest: Place): Run {
  const places = run.top - (highest.seq - maxPlaces);
  if (run.boot !== highest.boot || places <= 0) return run;
  return { ...run, seen: run.seen.slice(0, places * hashLength) };
}

const hashLength = 6;
const nothing = '-'.repeat(hashLength);
