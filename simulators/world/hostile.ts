import { encode } from 'cborg';
import type { Chance } from '../../platform/random.ts';
import type { Condition } from '../../records/alert.ts';
import { between, oneOf } from '../seeded-chance.ts';

/**
 * A client that should not be trusted. Most are devices with a secret of their own and broken firmware; `strangers` come by the
 * enrolment, each with another name; a `thief` has the secret of a device that hangs in a home. From `fromMs` on it says `count`
 * things, one every `everyMs`.
 */
export type HostileClient = { manner: Manner; fromMs: number; count: number; everyMs: number };
export type Manner = keyof typeof manners | 'strangers' | 'thief';

/** What it says once. `cries`: conditions that must be in an incident afterwards; by how it was made, not by what is made of it. */
export type Said = { report: string; payload: Uint8Array; cries: readonly Condition[] };

/** Two to four of them, each in its own manner; some all the time, some at once. */
export function drawHostile(chance: Chance, stormMs: number): HostileClient[] {
  const count = 2 + Math.floor(between(chance, 0, 3));
  const all = [...(Object.keys(manners) as Manner[]), 'strangers' as const, 'thief' as const];
  return Array.from({ length: count }, () => {
    const manner = oneOf(chance, all);
    const isFlood = chance.fraction() < 0.4;
    const [says, everyMs] = isFlood ? [50, between(chance, 200, 4_000)] : [20, between(chance, 0.5, 90) * minuteMs];
    const fromMs = between(chance, 0.02, 0.9) * stormMs;
    const room = Math.floor((stormMs - fromMs) / everyMs);
    return { manner, fromMs, everyMs, count: Math.min(room, Math.ceil(between(chance, 0.3, 1) * says)) };
  });
}

const minuteMs = 60_000;

/** What such a device says next; `index` counts from 0. Strangers speak as broken devices do. */
export function sayNext(manner: Exclude<Manner, 'thief'>, index: number, chance: Chance): Said {
  return manner === 'strangers' ? manners.garbage(index, chance) : manners[manner](index, chance);
}

/**
 * How firmware breaks, and what people try with a secret that they found. Nothing here is ever said twice in the same bytes, except
 * by `replay`.
 */
const manners = {
  /** A worn memory: the topic is whole, and nothing else. */
  garbage(index, chance) {
    const bytes = chance.fraction() < 0.5 ? [0, ...chance.bytes(30)] : text(`{"v":1,"boot":3,"seq":${index},"sta`);
    return { report: oneOf(chance, cries), payload: Uint8Array.from(bytes), cries: ['unreadable'] };
  },
  /** A contract that does not exist yet, or never did. */
  versions: (index, chance) => alarm({ v: oneOf(chance, [2, 3, 1e9]), seq: index, source: 'smoke' }, 'unreadable'),
  /** Counters that jump, stand still, or are none. */
  counters(index, chance) {
    const counter = () => oneOf(chance, [0, 7, index, index * 1_000, 4_294_967_295, -5, 1.5, 1e20, null, 'x']);
    return alarm({ v: 1, boot: counter(), seq: counter(), source: 'smoke', temperature: index / 10 }, 'smoke');
  },
  /** Telemetry without an end, right and wrong. */
  flood(index, chance) {
    const fields = {
      v: 1,
      boot: oneOf(chance, [1, 2, 4_000]),
      seq: index,
      age: 0,
      battery: oneOf(chance, [3, 300, 'full']),
    };
    return { report: oneOf(chance, ['status', 'weather', 'presence']), payload: json(fields), cries: [] };
  },
  /** A contact that flutters. */
  flutter(index) {
    const state = index % 2 === 0 ? 'on' : 'off';
    const fields = { v: 1, boot: 1, seq: index, age: 0, source: 'co', state };
    return { report: 'alarm', payload: json(fields), cries: state === 'on' ? ['co'] : [] };
  },
  /** Everything in batches, with what belongs in none; some of them are cut off. */
  batches(index, chance) {
    const heat = { report: 'alarm', v: 1, boot: 1, seq: index, age: 0, source: 'heat', state: 'on' };
    const payload = json([{ report: 'status', v: 1, boot: 1, seq: -1 }, 17, heat, { report: 'nothing' }, null]);
    const isCut = chance.fraction() < 0.3;
    return {
      report: 'batch',
      payload: isCut ? payload.subarray(0, -4) : payload,
      cries: [isCut ? 'unreadable' : 'heat'],
    };
  },
  /** CBOR with keys that no contract has; some of it with more behind its end. */
  cbor(index, chance) {
    const fields = [
      [1, 1],
      [2, 1],
      [3, index],
      [10, 'emergency'],
      [99, 'junk'],
      [-7, [1, [2, index]]],
    ] as const;
    const payload = encode(new Map<number, unknown>(fields));
    const isLong = chance.fraction() < 0.3;
    const bytes = isLong ? Uint8Array.from([...payload, 0xff, index]) : payload;
    return { report: 'press', payload: bytes, cries: [isLong ? 'unreadable' : 'call-emergency'] };
  },
  /** A clock and an age that cannot be. */
  clock(index, chance) {
    const at = oneOf(chance, [-1, 0, 8.64e15, 1e300, '2026-11-22', null, index]);
    const age = oneOf(chance, [-5, 0, 1e9, 400 * 86_400, 3 * 86_400, 'now', index, undefined]);
    const payload = json({ v: 1, boot: 1, seq: index, at, age, call: 'emergency' });
    return { report: 'press', payload, cries: ['call-emergency'] };
  },
  /** Values that no sensor measures. */
  extremes(index, chance) {
    const value = () => oneOf(chance, [1e308, -1e308, null, [], {}, '9'.repeat(300), index]);
    const fields = {
      v: 1,
      boot: 1,
      seq: index,
      age: 0,
      source: 'gas',
      gas: value(),
      temperature: value(),
      co: value(),
    };
    return alarm(fields, 'gas');
  },
  /** One alarm, recorded once, and sent for ever. */
  replay: () => alarm({ v: 1, boot: 1, seq: 1, age: 0, source: 'water' }, 'water'),
} satisfies { [manner: string]: (index: number, chance: Chance) => Said };

const cries = ['alarm', 'fall', 'press'] as const;

function alarm(fields: object, condition: Condition): Said {
  return { report: 'alarm', payload: json({ ...fields, state: 'on' }), cries: [condition] };
}

const text = (characters: string) => new TextEncoder().encode(characters);
const json = (value: unknown): Uint8Array => text(JSON.stringify(value));
