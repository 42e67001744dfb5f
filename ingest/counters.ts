/**
 * The last reports of one device by their counters, newest first, so that a redelivery is known as one: ` boot:seq:hash` each, the
 * counters in base 36 (one text, because a list takes twice the room). `highest` is the newest report by its counters.
 */
export type Counters = { readonly highest: Place; readonly heard: string; readonly places: number };
type Place = { readonly boot: number; readonly seq: number };

/** What names a report; `hash` has 6 characters. `atOnce`: sent when it happened, it never waited in the device. */
export type Counted = Place & { hash: string; atOnce: boolean };

/** `reused`: the counters name another report already, or went back where only newer ones can be. */
export type Standing = { type: 'new' | 'repeat' | 'reused'; counters: Counters };

/** A batch of 64 that is sent again must find all of itself, with some live reports in between. Under 1 kB. */
export const maxPlaces = 80;

/** Decides what a report is to those before it. What is no longer remembered is new: better twice than never. */
export function count(counters: Counters | undefined, counted: Counted): Standing {
  if (!counters) return { type: 'new', counters: onlyThis(counted) };
  const known = hashOf(counters, counted);
  if (known === counted.hash) return { type: 'repeat', counters };
  if (known !== undefined || (counted.atOnce && isBehind(counted, counters.highest))) return startOver(counted);
  return { type: 'new', counters: add(counters, counted) };
}

/** The numbering starts over with this report, or everything that follows it would look like what was before. */
export function startOver(counted: Counted): Standing {
  return { type: 'reused', counters: onlyThis(counted) };
}

function onlyThis({ boot, seq, hash }: Counted): Counters {
  return { highest: { boot, seq }, heard: nameOf({ boot, seq }) + hash, places: 1 };
}

const nameOf = ({ boot, seq }: Place) => ` ${boot.toString(36)}:${seq.toString(36)}:`;

function hashOf({ heard }: Counters, place: Place): string | undefined {
  const name = nameOf(place);
  const at = heard.indexOf(name);
  return at === -1 ? undefined : heard.slice(at + name.length, at + name.length + hashLength);
}

/** Reports overtake each other by a few on the road. A stored one may be far behind, but not one of this moment. */
function isBehind({ boot, seq }: Place, highest: Place): boolean {
  return boot < highest.boot || (boot === highest.boot && seq <= highest.seq - maxPlaces);
}

function add({ highest, heard, places }: Counters, { boot, seq, hash }: Counted): Counters {
  const isNewest = boot > highest.boot || (boot === highest.boot && seq > highest.seq);
  const isFull = places >= maxPlaces;
  const kept = isFull ? heard.slice(0, heard.lastIndexOf(' ')) : heard;
  return {
    highest: isNewest ? { boot, seq } : highest,
    heard: nameOf({ boot, seq }) + hash + kept,
    places: isFull ? places : places + 1,
  };
}

const hashLength = 6;
