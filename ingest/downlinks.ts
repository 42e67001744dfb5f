import { isDeepStrictEqual } from 'node:util';
import type { Incidents } from '../incidents/incidents.ts';
import type { Command, CommandProblem, CommandResult } from '../records/command.ts';
import { mayLocate } from '../records/consent.ts';
import {
  type DeviceAsk,
  type Downlink,
  type DownlinkState,
  isWaiting,
  kindsThatObey,
  longestHushSeconds,
  longestLifeSeconds,
  sentAfterLifeSafety,
  usualLifeSeconds,
} from '../records/downlink.ts';
import { createDownlinkShelf } from '../records/downlink-shelf.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { Incident, IncidentChange } from '../records/incident.ts';
import type { DownlinkRecord } from '../records/journal-record.ts';
import type { RegistryView } from '../records/registry.ts';
import { DeadlineHeap } from '../rules/deadline-heap.ts';
import type { RuleEvent } from '../rules/event.ts';
import type { Decoder } from './decoder.ts';
import { createStandingAlarms, isOf, type StandingAlarm } from './downlinks-alarms.ts';
import { createHelpLamps, theSystem } from './downlinks-lamp.ts';

/**
 * Commands to devices as a fold of the journal: asked, sent (which is an effect, and a record of its own), and done, cancelled,
 * expired or overtaken. It sends nothing and holds no timer. Every change answers the rows as they are from then on, for the
 * `decided` record. Bounds: one of each name waits for a device, and `mostWaiting` in all.
 * Units: epoch ms of journal time. Source: docs/commands.md, docs/decisions/0015-commands-to-devices.md.
 */
export function createDownlinks(parts: DownlinkParts) {
  const { state, registry, decoder, incidents } = parts;
  const shelf = createDownlinkShelf(state);
  const alarms = createStandingAlarms(state);
  const lamps = createHelpLamps(state);
  /** By record whose decision is pending, and command that it changed: what that was before. */
  const before = state.table<Downlink | 'nothing'>('downlinks-before');
  let heap = new DeadlineHeap();
  let cause = 0;

  function place(row: Downlink): Downlink {
    shelf.put(row);
    lamps.note(row);
    if (isWaiting(row)) heap.add({ dueAt: row.expiresAt, subject: row.id, rule: '' });
    return row;
  }
  function put(row: Downlink): Downlink {
    const key = `${cause} ${row.id}`;
    if (!before.has(key)) before.set(key, shelf.get(row.id) ?? 'nothing');
    return place(row);
  }
  const waitingFor = (deviceId: string): Downlink[] => shelf.ofDevice(deviceId).filter(isWaiting);
  const endAll = (rows: Iterable<Downlink>, end: DownlinkState): Downlink[] =>
    [...rows].filter(isWaiting).map((row) => put({ ...row, state: end }));
  const isStale = ({ ask, deviceId }: Downlink) => ask.name === 'hush' && !answers(alarms.newest(deviceId), ask);

  /** A newer command takes the place of one of the same name. */
  function ask(command: AskCommand, at: number): DownlinkAnswer {
    const { commandId: id, deviceId, ask: wanted, by, reason, lifeSeconds = usualLifeSeconds[wanted.name] } = command;
    const result = problemOf(command, { ...parts, newest: alarms.newest(deviceId) });
    if (result) return { result, changed: [] };
    if (shelf.get(id)) return { result: refused('invalid', `there is a command ${id} already`), changed: [] };
    const located = wanted.name === 'locate' ? mayLocate(registry, deviceId, incidents.openIncidents()) : {};
    if ('ok' in located) return { result: located, changed: [] };
    const overtaken = waitingFor(deviceId).filter((row) => row.ask.name === wanted.name);
    if (shelf.waiting() - overtaken.length >= mostWaiting) {
      const message = `${mostWaiting} commands wait for devices already: cancel some, or wait`;
      return { result: refused('not-allowed', message), changed: [] };
    }
    const expiresAt = at + lifeSeconds * 1_000;
    const row: Downlink = {
      id,
      deviceId,
      ask: wanted,
      by,
      reason,
      askedAt: at,
      expiresAt,
      sent: 0,
      ...(located.incident && { withoutConsent: located.incident.incidentId }),
      state: { phase: 'waiting' },
    };
    const changed = [...endAll(overtaken, { phase: 'overtaken', at }), put(row)];
    return {
      result: { ok: true },
      changed,
      ...(located.incident && { incidents: [withoutConsent(located.incident, row)] }),
    };
  }

  return {
    /** What changes from here on is decided about the record of that sequence. */
    begin(sequence: number): void {
      cause = sequence;
    },

    ofDevice: shelf.ofDevice,
    /** Whether anything may have to be sent to it. Cheap: it is asked for every report. */
    has: shelf.has,

    ask,

    cancel({ cancels, deviceId, by, reason }: CancelCommand, at: number): DownlinkAnswer {
      const row = shelf.get(cancels);
      if (row?.deviceId !== deviceId) {
        return { result: refused('not-found', `there is no command ${cancels} for ${deviceId}`), changed: [] };
      }
      if (!isWaiting(row)) return { result: refused('not-allowed', `the command is ${row.state.phase}`), changed: [] };
      return { result: { ok: true }, changed: endAll([row], { phase: 'cancelled', at, by, reason }) };
    },

    /** What a device says: that it is done with a command, or that there is another alarm than a hush speaks of. */
    hear(event: RuleEvent, at: number): Downlink[] {
      const { deviceId } = event.where;
      if (deviceId === undefined) return [];
      if (alarms.hear(event)) return endAll(waitingFor(deviceId).filter(isStale), { phase: 'overtaken', at });
      if (event.type !== 'report' || event.report.name !== 'done') return [];
      const { command, result } = event.report;
      const row = shelf.get(command);
      if (row?.deviceId !== deviceId || row.state.phase === 'done') return [];
      const { phase } = row.state;
      return [put({ ...row, state: { phase: 'done', at, result, ...(phase !== 'waiting' && { after: phase }) } })];
    },

    /** It was put on record that a command is about to be sent. */
    sent: (record: DownlinkRecord, at: number): void => void shelf.sent(record, at),

    /** Ends what has expired by then. */
    fire(dueAt: number): Downlink[] {
      const expired: Downlink[] = [];
      for (let row = next(); row && row.expiresAt <= dueAt; row = next()) {
        expired.push(...endAll([row], { phase: 'expired', at: row.expiresAt }));
      }
      return expired;
    },
    nextDeadline: (): number | undefined => next()?.expiresAt,

    /** After hours of standing still, or with a journal of yesterday, nothing that was asked before is sent by itself. */
    stoodStill(at: number, downMs: number): Downlink[] {
      if (downMs < longestStandMs) return [];
      return endAll(shelf.all(), { phase: 'overtaken', at });
    },

    /** Help that comes, or comes no more, shows on the button or wearable that called for it. */
    follow(incident: Incident, at: number): Downlink[] {
      return lamps.changes(incident, { registry, incidents, ofDevice: shelf.ofDevice }).flatMap((change) => {
        const { id: commandId, deviceId, state, reason } = change;
        // A light that nobody puts out says for ever that help is coming: that word waits for longer.
        const lifeSeconds = state === 'off' ? longestLifeSeconds : usualLifeSeconds.lamp;
        const asked = { type: 'device-command', commandId, deviceId, by: theSystem, reason } as const;
        return ask({ ...asked, ask: { name: 'lamp', state }, lifeSeconds }, at).changed;
      });
    },

    /** A device left the registry. */
    forget(deviceId: string): void {
      for (const part of [shelf, alarms, lamps]) part.forget(deviceId);
    },

    /** What may be sent to a device that has just been heard, in the order in which it was asked. */
    due(deviceId: string, at: number): Downlink[] {
      const isUrgent = at - (decoder.urgentAt(deviceId) ?? Number.NEGATIVE_INFINITY) < quietAfterLifeSafetyMs;
      return waitingFor(deviceId).filter(
        (row) => row.expiresAt > at && (!isUrgent || sentAfterLifeSafety.has(row.ask.name)) && !isStale(row),
      );
    },

    /**
     * History's word about a record wins. `mine` is what this version had decided in its place: what it asked there was never asked,
     * and what it changed there is as it was, unless something has changed it again since.
     */
    applyDecided(about: number, decided: readonly Downlink[] = [], mine: readonly Downlink[] = []): void {
      const theirs = new Set(decided.map(({ id }) => id));
      for (const { id, state } of mine) {
        if (theirs.has(id)) continue;
        const was = before.get(`${about} ${id}`) ?? 'nothing';
        if (was === 'nothing') takeBack(id);
        else if (isDeepStrictEqual(shelf.get(id)?.state, state)) place(was);
      }
      for (const row of decided) place(row);
      forgetBefore(about, mine);
    },
    /** History decided about that record what this version did. */
    agreed: forgetBefore,

    /** Makes the indexes anew, after rows were loaded. */
    rebuild(): void {
      shelf.rebuild();
      const waiting = shelf.all().filter(isWaiting);
      heap = new DeadlineHeap(waiting.map(({ id, expiresAt }) => ({ dueAt: expiresAt, subject: id, rule: '' })));
    },
  };

  function forgetBefore(about: number, mine: readonly Downlink[] = []): void {
    for (const { id } of mine) before.delete(`${about} ${id}`);
  }

  /** It was never asked. */
  function takeBack(id: string): void {
    const row = shelf.get(id);
    if (!row) return;
    shelf.remove(id);
    lamps.takeBack(row);
  }

  /** Which expires next. Hints that no row confirms are dropped; a step that is undone finds them again. */
  function next(): Downlink | undefined {
    for (let hint = heap.top(); hint; hint = heap.top()) {
      const row = shelf.get(hint.subject);
      if (row && isWaiting(row) && row.expiresAt === hint.dueAt) return row;
      const dropped = hint;
      heap.takeTop();
      state.onUndo(() => heap.add(dropped));
    }
    return undefined;
  }
}

export type Downlinks = ReturnType<typeof createDownlinks>;
export type DownlinkParts = {
  state: FoldState;
  registry: Pick<RegistryView, 'device' | 'person'>;
  decoder: Pick<Decoder, 'urgentAt'>;
  incidents: Pick<Incidents, 'get' | 'openIncidents'>;
};
/** `incidents`: what the command means to one. */
export type DownlinkAnswer = { result: CommandResult; changed: Downlink[]; incidents?: IncidentChange[] };
type AskCommand = Extract<Command, { type: 'device-command' }>;
type CancelCommand = Extract<Command, { type: 'cancel-device-command' }>;
type Hush = Extract<DeviceAsk, { name: 'hush' }>;

const withoutConsent = (incident: Incident, { askedAt: at, id: commandId, by, reason }: Downlink): IncidentChange => ({
  incident,
  timeline: [{ at, what: 'located-without-consent', by, details: { commandId, reason } }],
});

const mostWaiting = 10_000;
/** An alarm that lasts is repeated every 60 s, and one repeat may be lost: between two of them it is not over. */
const quietAfterLifeSafetyMs = 3 * 60_000;
/** As old as anything may be that still goes out by itself. */
const longestStandMs = 2 * 3_600_000;

function problemOf(
  command: AskCommand,
  parts: DownlinkParts & { newest: StandingAlarm | undefined },
): CommandResult | undefined {
  const { deviceId, ask, by, lifeSeconds = 0 } = command;
  const device = parts.registry.device(deviceId);
  if (!device) return refused('not-found', `there is no device ${deviceId}`);
  if (by.type === 'contact') return refused('not-allowed', 'only the desk asks something of a device');
  const kinds = kindsThatObey[ask.name];
  if (kinds && !kinds.includes(device.kind)) return refused('invalid', `a ${device.kind} knows no ${ask.name}`);
  if (ask.name !== 'hush') return undefined;
  if (lifeSeconds > longestHushSeconds) return refused('invalid', `a hush lives ${longestHushSeconds} s at most`);
  return hushProblem(command, ask, parts);
}

/** A hush answers an alarm that somebody has in hand: the newest one of that detector, in an incident that the asker has claimed. */
function hushProblem(
  { deviceId, by }: AskCommand,
  ask: Hush,
  { incidents, newest }: DownlinkParts & { newest: StandingAlarm | undefined },
): CommandResult | undefined {
  const incident = incidents.get(ask.incidentId);
  if (!incident) return refused('not-found', `there is no incident ${ask.incidentId}`);
  const { state, code, alerts } = incident;
  const isTheirs = state.phase === 'claimed' && state.by.type === by.type && state.by.id === by.id;
  if (!isTheirs) return refused('not-allowed', `claim incident ${code} first: only who has it may silence its alarm`);
  if (!newest) return refused('not-allowed', `no alarm of ${deviceId} stands: there is nothing to silence`);
  if (newest.source === 'co' || newest.source === 'gas')
    return refused(
      'not-allowed',
      `${newest.source} is not silenced from afar: nobody can see from here that the air is good`,
    );
  if (!answers(newest, ask))
    return refused('not-allowed', `the newest alarm of ${deviceId} is ${named(newest)}: look again`);
  const isInIt = alerts.some(
    ({ where, condition, clearedAt }) =>
      where.deviceId === deviceId && condition === newest.source && clearedAt === undefined,
  );
  return isInIt ? undefined : refused('not-allowed', `that alarm of ${deviceId} is not in incident ${code}`);
}

const answers = (alarm: StandingAlarm | undefined, ask: Hush): boolean => alarm !== undefined && isOf(alarm, ask);

function named({ source, numbers }: StandingAlarm): string {
  return numbers
    ? `${source}, boot ${numbers.boot}, seq ${numbers.first} to ${numbers.last}`
    : `${source}, without a number`;
}

function refused(problem: CommandProblem, message: string): CommandResult {
  return { ok: false, problem, message };
}
