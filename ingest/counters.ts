/**
 * The last reports of one device by their counters, so that a redelivery is known as one: those that were sent when they happened,
 * and those that had waited in the device. `highest` is the newest report by its counters.
 */
export type Counters = { readonly highest: Place; readonly live: Heard; readonly stored: Heard };
/** Newest first, ` boot:seq:hash` each, the counters in base 36 (one text, because a list takes twice the room). */
type Heard = { readonly text: string; readonly places: number };
type Place = { readonly boot: number; readonly seq: number };

/** What names a report; `hash` has 6 characters. `atOnce`: sent when it happened, it never waited in the device. */
export type Counted = Place & { hash: string; atOnce: boolean };

/** `reused`: the counters name another report already, or went back where only newer ones can be. */
export type Standing = { type: 'new' | 'repeat' | 'reused'; counters: Counters };

/**
 * A live report comes again soon or never; a batch of 64 that is sent again must find all of itself, whatever was live in between.
 * About 1 kB at most, and a third of that for a device that never waits.
 */
export const mostPlaces = { live: 24, stored: 66 } as const;

/** Decides what a report is to those before it. What is no longer remembered is new: better twice than never. */
export function count(counters: Counters | undefined, counted: Counted): Standing {
  if (!counters) return { type: 'new', counters: onlyThis(counted) };
  const known = hashIn(counters.live, counted) ?? hashIn(counters.stored, counted);
  if (known === counted.hash) return { type: 'repeat', counters };
  if (known !== undefined || (counted.atOnce && isBehind(counted, counters.highest))) return startOver(counted);
  return { type: 'new', counters: add(counters, counted) };
}

/** The numbering starts over with this report, or everything that follows it would look like what was before. */
export function startOver(counted: Counted): Standing {
  return { type: 'reused', counters: onlyThis(counted) };
}

const nothing: Heard = { text: '', places: 0 };

function onlyThis(counted: Counted): Counters {
  return add({ highest: { boot: counted.boot, seq: counted.seq }, live: nothing, stored: nothing }, counted);
}

const nameOf = ({ boot, seq }: Place) => ` ${boot.toString(36)}:${seq.toString(36)}:`;

function hashIn({ text }: Heard, place: Place): string | undefined {
  const name = nameOf(place);
  const at = text.indexOf(name);
  return at === -1 ? undefined : text.slice(at + name.length, at + name.length + hashLength);
}

/** Reports overtake each other by a few on the road. A stored one may be far behind, but not one of this moment. */
function isBehind({ boot, seq }: Place, highest: Place): boolean {
  return boot < highest.boot || (boot === highest.boot && seq <= highest.seq - farBehind);
}
const farBehind = 64;

function add({ highest, live, stored }: Counters, counted: Counted): Counters {
  const { boot, seq, atOnce } = counted;
  const isNewest = boot > highest.boot || (boot === highest.boot && seq > highest.seq);
  return {
    highest: isNewest ? { boot, seq } : highest,
    live: atOnce ? withPlace(live, counted, mostPlaces.live) : live,
    stored: atOnce ? stored : withPlace(stored, counted, mostPlaces.stored),
  };
}

function withPlace({ text, places }: Heard, counted: Counted, most: number): Heard {
  const isFull = places >= most;
  const kept = isFull ? text.slice(0, text.lastIndexOf(' ')) : text;
  return { text: nameOf(counted) + counted.hash + kept, places: isFull ? places : places + 1 };
}

const hashLength = 6;
