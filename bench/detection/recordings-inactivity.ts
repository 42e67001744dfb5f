import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

/**
 * Reads a recording of a home's sensors: hourly counts a room as CSV, CASAS (`date time room sensor state activity`) or van
 * Kasteren (the same, the state may be missing), plain or gzip.
 * Units: epoch ms of the recording's own wall clock, read as if it were UTC, so that hours of the day are the home's.
 * Lines that are none of these are left out; a file with none that is throws.
 */
export async function readHome(path: string): Promise<RecordedHome> {
  const lines: Line[] = [];
  const newest = new Map<string, Line>();
  let columns: string[] | undefined;
  for await (const text of linesOf(path)) {
    if (!columns && text.startsWith('window_start')) columns = text.split(',');
    for (const line of columns ? hourOf(text, columns) : eventOf(text)) {
      const before = newest.get(line.sensor);
      // One sign of a sensor a minute says as much as a hundred.
      if (before && line.at - before.at < 60_000 && line.activity === before.activity) continue;
      newest.set(line.sensor, line);
      lines.push(line);
    }
  }
  if (lines.length === 0) throw new Error(`${path} holds no sensor event in a format that is known`);
  lines.sort((a, b) => a.at - b.at);
  const name = basename(path).replace(/(_hourly)?\.(csv|txt)(\.gz)?$/, '');
  return { name, isHourly: columns !== undefined, signs: lines, spans: spansOf(lines) };
}

/** `spans` are the stretches without any sign that the recording's own labels, or their length, explain. */
export type RecordedHome = { name: string; isHourly: boolean; signs: readonly RecordedSign[]; spans: readonly Span[] };
export type RecordedSign = { at: number; kind: 'motion' | 'door'; sensor: string };
/** `away`: labelled as having left, or a day and longer. `asleep`: labelled so. From the last sign before it to the first after it. */
export type Span = { what: 'away' | 'asleep'; from: number; to: number };

/** `count`: how often the sensor spoke, where a line is an hour of it. */
type Line = RecordedSign & { activity?: string; count?: number };

/** A gap of a day and longer in a recording is an outage or an absence, whatever its labels say. */
const absenceMs = 24 * 3_600_000;
/** Shorter than this nobody is said to be away or asleep. */
const shortMs = 15 * 60_000;

function linesOf(path: string): AsyncIterable<string> {
  const file = createReadStream(path);
  return createInterface({ input: path.endsWith('.gz') ? file.pipe(createGunzip()) : file, crlfDelay: Infinity });
}

/**
 * An hour in which a sensor counted anything is one sign at its end: that is when an hourly count is known, and between two of them
 * lies in the mean the time that lay between the events. Whether the door came before the rest or after it is not known: they may
 * have left with it.
 */
function hourOf(text: string, columns: readonly string[]): Line[] {
  const cells = text.split(',');
  const startsAt = Date.parse(`${cells[0]?.replace(' ', 'T')}Z`);
  if (Number.isNaN(startsAt)) return [];
  const at = startsAt + 3_600_000 - 1;
  const isRoom = (name: string) => !/^(window_start|total_events|n_sensors|tod_|dow|is_)/.test(name);
  const counts = columns.map((sensor, index) => ({ sensor, count: isRoom(sensor) ? Number(cells[index]) : 0 }));
  return counts
    .filter(({ count }) => count > 0)
    .map((one) => ({ at, kind: isWayOut(one.sensor) ? 'door' : 'motion', ...one }));
}

/** Numbers are temperatures and voltages, which nobody has to move for. */
function eventOf(text: string): Line[] {
  const [day, time, room, ...others] = text.trim().split(/\s+/);
  const at = Date.parse(`${day}T${time?.slice(0, 12)}Z`);
  if (Number.isNaN(at) || room === undefined) return [];
  const stateAt = others.findIndex((word) => /^(ON|OFF|OPEN|CLOSED?|PRESENT|ABSENT)$/i.test(word));
  const sensor = stateAt === 0 ? room : (others[0] ?? room);
  const state = stateAt < 0 ? 'ON' : (others[stateAt] ?? 'ON');
  const activity = others.slice(stateAt < 0 ? 1 : stateAt + 1).join(' ');
  if (stateAt < 0 && others.some((word) => /^-?\d+(\.\d+)?$/.test(word))) return [];
  const isContact = /^(OPEN|CLOSE)/i.test(state) || /door/i.test(sensor);
  const kind = isContact && (isWayOut(`${room} ${sensor}`) || /^D\d+/.test(sensor)) ? 'door' : 'motion';
  return [{ at, kind, sensor: `${room} ${sensor}`, ...(activity && { activity }) }];
}

const isWayOut = (name: string) =>
  /door/i.test(name) && /front|outside|out|entry|entrance|exit|back|balcony|garage/i.test(name);

function spansOf(lines: readonly Line[]): Span[] {
  const spans: Span[] = absencesOf(lines);
  for (const [index, { at, kind, activity = '' }] of lines.entries()) {
    const next = lines[index + 1];
    if (!next || next.at - at < shortMs) continue;
    const isReturn = /enter/i.test(next.activity ?? '') || (kind === 'door' && /leave/i.test(next.activity ?? ''));
    const isLeft = isReturn || /leave|step_out/i.test(activity);
    const isAsleep = /sleep|bed/i.test(activity);
    if (isLeft) spans.push({ what: 'away', from: at, to: next.at });
    else if (isAsleep) spans.push({ what: 'asleep', from: at, to: next.at });
  }
  return spans.sort((a, b) => a.from - b.from);
}

/**
 * A day and longer in which no hour holds more than a sensor going on and off once: nobody was there. Motion sensors trigger by
 * themselves about twice a day.
 */
function absencesOf(lines: readonly Line[]): Span[] {
  const perHour = new Map<number, number>();
  const hour = (at: number) => Math.floor(at / 3_600_000);
  for (const { at, count = 1 } of lines) perHour.set(hour(at), (perHour.get(hour(at)) ?? 0) + count);
  const busy = lines.filter(({ at }) => (perHour.get(hour(at)) ?? 0) > 2);
  return busy.flatMap(({ at }, index) => {
    const next = busy[index + 1];
    return next && next.at - at >= absenceMs ? [{ what: 'away', from: at, to: next.at } as const] : [];
  });
}
