import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import type { Track, TrackFix } from './judged-tracks.ts';

/**
 * The tracks of a file, one a person: NDJSON, plain or gzip. A line with `home` says who somebody is and when they were truly outside, every
 * other line is a fix; instants are epoch ms, or text that a calendar knows. Described in docs/detection.md.
 * Errors: the first line that is neither, by its number; a fix of somebody of whom no line says where they live.
 */
export async function readTracks(path: string): Promise<Track[]> {
  const bytes = createReadStream(path);
  const lines = createInterface({ input: path.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes });
  const people = new Map<string, { header: Header; fixes: TrackFix[] }>();
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line.trim() === '') continue;
    const read = lineSchema.safeParse(json(line, `${path}, line ${number}`));
    if (!read.success) throw new Error(`${path}, line ${number}: ${z.prettifyError(read.error)}`);
    const { person } = read.data;
    const known = people.get(person);
    if ('home' in read.data) people.set(person, { header: read.data, fixes: known?.fixes ?? [] });
    else if (known) known.fixes.push(fixOf(read.data));
    else throw new Error(`${path}, line ${number}: no line before it says where ${person} lives`);
  }
  return [...people.values()].map(({ header, fixes }) => trackOf(header, fixes));
}

function trackOf(header: Header, fixes: TrackFix[]): Track {
  const { zones, camps, exits, timeZone, categories, ...rest } = header;
  return {
    ...rest,
    fixes: fixes.sort((a, b) => a.t - b.t),
    ...(zones && { zones: zones.map(({ months, ...shape }) => ({ ...shape, ...(months && { months }) })) }),
    ...{ ...(camps && { camps }), ...(categories && { categories }), ...(timeZone !== undefined && { timeZone }) },
    ...(exits && { exits: exits.map(({ from, until }) => ({ from, ...(until !== undefined && { until }) })) }),
  };
}

function fixOf({ t, lat, lon, accuracy, speed, source }: FixLine): TrackFix {
  return {
    ...{ t, lat, lon },
    ...(accuracy !== undefined && { accuracy }),
    ...(speed !== undefined && { speed }),
    ...(source !== undefined && { source }),
  };
}

function json(line: string, where: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new Error(`${where}: is not JSON`, { cause });
  }
}

const instant = z.union([z.number(), z.string().transform((text) => Date.parse(text))]).pipe(z.number().int());
const position = z.object({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) });
const months = z.array(z.int().min(1).max(12)).optional();
const zone = z.discriminatedUnion('type', [
  position.extend({ type: z.literal('circle'), radiusMeters: z.number().positive(), months }),
  z.object({ type: z.literal('polygon'), points: z.array(position).min(3), months }),
]);
const header = z.object({
  person: z.string(),
  home: position,
  categories: z
    .array(z.enum(['living-alone', 'advanced-age', 'left-behind', 'low-income', 'disabled', 'dementia']))
    .optional(),
  zones: z.array(zone).optional(),
  camps: z.array(position).optional(),
  timeZone: z.string().optional(),
  exits: z.array(z.object({ from: instant, until: instant.optional() })).optional(),
});
const fix = position.extend({
  person: z.string(),
  t: instant,
  accuracy: z.number().min(0).optional(),
  speed: z.number().min(0).optional(),
  source: z.enum(['gnss', 'wifi', 'cell']).optional(),
});
const lineSchema = z.union([header, fix]);
type Header = z.infer<typeof header>;
type FixLine = z.infer<typeof fix>;
