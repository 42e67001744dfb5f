import { localTimeIn } from '../platform/local-time.ts';
import type { Alert, AlertChange, Condition, Note, Severity } from '../records/alert.ts';
import type { CommandResult, Reply } from '../records/command.ts';
import { FoldState } from '../records/fold-state.ts';
import type { Actor, Incident, TimelineEntry } from '../records/incident.ts';
import type { Notice, OutcomeResult } from '../records/notice.ts';
import { put } from '../records/registry.test-support.ts';
import type { RegistryChange } from '../records/registry.ts';
import { createRegistry } from '../records/registry-fold.ts';
import type { IncidentCommand } from './commands.ts';
import { keyOf } from './correlation.ts';
import { createIncidents, type IncidentAnswer, type IncidentInput } from './incidents.ts';
import { parseReply } from './reply-words.ts';

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const MORNING_AT = 1_800_000_000_000;

export const li: Actor = { type: 'account', id: 'li' };
export const wang: Actor = { type: 'account', id: 'wang' };
export const contact = (id: string): Actor => ({ type: 'contact', id });

/** A herder who lives alone and a couple in one village, and a care home with two rooms in the other. */
const households: RegistryChange[] = [
  put('area', { id: 'county', level: 'county', name: 'Wulan' }),
  put('area', { id: 'town', level: 'township', parentId: 'county', name: 'Baiyin' }),
  put('area', { id: 'east', level: 'village', parentId: 'town', name: 'East Well' }),
  put('area', { id: 'west', level: 'village', parentId: 'town', name: 'West Well' }),
  put('site', { id: 'care', areaId: 'west', name: 'Evening House', kind: 'care-home' }),
  put('place', { id: 'house', areaId: 'east', kind: 'house', name: 'house at the end' }),
  put('place', { id: 'yurt', areaId: 'east', kind: 'house', name: 'white yurt' }),
  put('place', { id: 'room-1', areaId: 'west', siteId: 'care', kind: 'room', name: 'room 1' }),
  put('place', { id: 'room-2', areaId: 'west', siteId: 'care', kind: 'room', name: 'room 2' }),
  ...['herder', 'couple', 'tuya', 'oyun'].map((id, index) =>
    put('household', {
      id,
      areaId: index < 2 ? 'east' : 'west',
      currentPlaceId: ['house', 'yurt', 'room-1', 'room-2'][index],
    }),
  ),
  put('person', { id: 'bat', householdId: 'herder', name: 'Bat' }),
  put('person', { id: 'him', householdId: 'couple', name: 'Dorj' }),
  put('person', { id: 'her', householdId: 'couple', name: 'Saran' }),
  put('person', { id: 'tuya', householdId: 'tuya', name: 'Tuya' }),
  put('person', { id: 'oyun', householdId: 'oyun', name: 'Oyun' }),
  ...['smoke-house', 'smoke-yurt', 'smoke-1', 'smoke-2'].map((id, index) =>
    put('device', {
      id,
      kind: 'smoke-detector',
      placeId: ['house', 'yurt', 'room-1', 'room-2'][index],
      room: 'bedroom',
    }),
  ),
  put('device', { id: 'button-house', kind: 'call-button', placeId: 'house' }),
  put('device', { id: 'button-yurt', kind: 'call-button', placeId: 'yurt' }),
  ...['bat', 'him', 'her', 'tuya', 'oyun'].map((id) =>
    put('device', { id: `watch-${id}`, kind: 'wearable', personId: id }),
  ),
];

export const everybody: RegistryChange[] = [
  contactOf('near', 'place', 'house', 'neighbour'),
  contactOf('next', 'place', 'house', 'neighbour', 2),
  contactOf('daughter', 'person', 'bat', 'family'),
  contactOf('station', 'area', 'east', 'station'),
  contactOf('night', 'site', 'care', 'night-carer'),
  contactOf('desk', 'area', 'county', 'desk'),
  contactOf('team', 'area', 'town', 'township'),
  contactOf('lead', 'area', 'county', 'county'),
];

export function contactOf(id: string, type: string, of: string, role: string, order = 1, channels = 1): RegistryChange {
  const addresses = Array.from({ length: channels }, () => ({ type: 'log' }));
  const phone = { phone: '13800000000', phoneKey: phoneKeyOf(id) };
  return put('contact', { id, of: { type, id: of }, role, order, name: id, ...phone, channels: addresses });
}

/** Everybody has a telephone of their own. */
export function phoneKeyOf(contactId: string): string {
  return contactId.padEnd(22, '-');
}

/** A desk over the village: time moves only when the test says so, and every deadline fires at its own time. */
export function village({ contacts = everybody, state = new FoldState(), at = MORNING_AT } = {}) {
  const registry = createRegistry({ state });
  if (state.table('registry:area').size === 0) registry.apply([...households, ...contacts]);
  const incidents = createIncidents({ state, registry, localTime: localTimeIn('Asia/Shanghai') });
  registry.rebuild();
  incidents.rebuild();
  const notices: Notice[] = [];
  const timeline: (TimelineEntry & { incidentId: string })[] = [];
  let count = 0;

  function took(answer: IncidentAnswer): IncidentAnswer {
    notices.push(...answer.notices);
    for (const { incident, timeline: lines } of answer.incidents) {
      timeline.push(...lines.map((line) => ({ ...line, incidentId: incident.incidentId })));
    }
    return answer;
  }

  const desk = {
    state,
    registry,
    incidents,
    notices,
    timeline,
    get now() {
      return at;
    },
    /** After a preview: time did not pass either. */
    backTo(then: number): void {
      at = then;
    },
    get count() {
      return count;
    },
    /** Names what follows as the other desk will. */
    countFrom(other: { count: number }): void {
      count = other.count;
    },

    step: (input: IncidentInput) => took(incidents.step(input)),
    took,

    /** Raises an alert of that device, named by its order; says which incident it is in. */
    alert(condition: Condition, deviceId: string, words: Partial<Alert> = {}): Incident {
      const alert = alertOf(condition, deviceId, words);
      desk.step({ type: 'alerts', at, changes: [{ type: 'raise', alert }] });
      return desk.ofAlert(alert.alertId);
    },
    change(...changes: AlertChange[]): IncidentAnswer {
      return desk.step({ type: 'alerts', at, changes });
    },
    alertOf,
    note(what: Note['what'], alertId: string): IncidentAnswer {
      const subject = { type: 'person', id: 'bat' } as const;
      count += 1;
      const words = { rule: 'test', what, at, occurredAt: at, subject, where: {}, reason: { alertId } };
      return desk.change({ type: 'note', note: { noteId: `n${count}`, ...words } });
    },
    ofAlert(alertId: string): Incident {
      for (const incident of incidents.openIncidents()) {
        if (incident.alerts.some((one) => one.alertId === alertId)) return incident;
      }
      throw new Error(`no open incident of ${alertId}`);
    },
    see(incident: Incident): Incident {
      const now = incidents.get(incident.incidentId);
      if (!now) throw new Error(`${incident.incidentId} is gone`);
      return now;
    },
    open: () => [...incidents.openIncidents()],

    /** What a person asks, at the version they see now unless the test says otherwise. */
    command(incident: Incident, words: CommandWords): CommandResult {
      count += 1;
      const { incidentId } = incident;
      const now = incidents.get(incidentId)?.version ?? 0;
      const defaults = { commandId: `command-${count}`, incidentId, expectedVersion: now };
      const command = { ...defaults, ...words } as IncidentCommand;
      return (
        desk.step({ type: 'command', at, command }).result ?? { ok: false, problem: 'invalid', message: 'no answer' }
      );
    },

    /** That contact answers by telephone. */
    reply(contactId: string, text: string, words: Partial<Reply> = {}) {
      count += 1;
      const by = { type: 'system', id: 'sms:modem' } as const;
      const named = {
        type: 'reply',
        commandId: `reply-${count}`,
        by,
        phoneKey: phoneKeyOf(contactId),
        via: 'sms:modem',
      } as const;
      const answer = incidents.reply({ ...named, text, ...parseReply(text), ...words }, at);
      took(answer);
      return answer;
    },

    /** What came of the newest notice to that contact. `final`: nobody tries it any more. */
    outcome(contactId: string, result: OutcomeResult, channel = 'log', final?: true): IncidentAnswer {
      const notice = notices.findLast(
        ({ recipient }) => recipient.type === 'contact' && recipient.contactId === contactId,
      );
      const noticeId = notice?.noticeId ?? 'none';
      const outcome = { kind: 'outcome', noticeId, channel, attempt: 1, result, ...(final && { final }) } as const;
      return desk.step({ type: 'outcome', at, outcome });
    },

    advance(ms: number): void {
      const until = at + ms;
      for (let due = incidents.nextDeadline(); due !== undefined && due <= until; due = incidents.nextDeadline()) {
        at = Math.max(at, due);
        took(incidents.fire(due));
      }
      at = until;
    },
    /** Nobody listened for so long; what is due is late. */
    sleep(ms: number, restored?: { takenAt: number }): void {
      at += ms;
      took(incidents.stoodStill(at, { downMs: ms, ...(restored && { restored }) }));
      for (let due = incidents.nextDeadline(); due !== undefined && due <= at; due = incidents.nextDeadline()) {
        took(incidents.fire(due, at));
      }
    },

    /** Who was told since the last question: `purpose contact`, the desk's sound as `desk!`. */
    told(): string[] {
      const seen = notices.slice(toldUntil);
      toldUntil = notices.length;
      return seen.map(
        ({ purpose, recipient }) => `${purpose} ${recipient.type === 'desk' ? 'desk!' : recipient.contactId}`,
      );
    },
    lines: (incident: Incident) =>
      timeline.filter(({ incidentId }) => incidentId === incident.incidentId).map(({ what }) => what),
  };
  let toldUntil = 0;

  function alertOf(condition: Condition, deviceId: string, words: Partial<Alert> = {}): Alert {
    count += 1;
    const where = registry.whereabouts(deviceId);
    const subject = { type: 'device', id: deviceId } as const;
    const times = { at, occurredAt: at, clock: 'trusted' } as const;
    const alert = { condition, severity: severityOf(condition), rule: 'test', ...times, subject, where, reason: {} };
    return { alertId: `${condition}:${deviceId}:${count}`, ...alert, ...words };
  }

  return desk;
}

export type Desk = ReturnType<typeof village>;
type CommandWords = Partial<IncidentCommand> & Pick<IncidentCommand, 'type' | 'by'>;

export function severityOf(condition: Condition): Severity {
  if (condition === 'call-care') return 'urgent';
  return service.has(condition) ? 'service' : 'critical';
}
const service: ReadonlySet<Condition> = new Set([
  ...(['call-service', 'device-silent', 'battery-low', 'counter-reused', 'battery-forecast', 'signal-weak'] as const),
  ...(['clock-wrong', 'device-fault', 'tamper', 'test-overdue', 'visit-overdue'] as const),
]);

/** The key under which an incident is open: no two may share it. */
export function keyOfOpen({ alerts, subject, week }: Incident): string {
  const [first] = alerts;
  if (!first) throw new Error('an incident without an alert');
  return keyOf(first, subject, week);
}

/** What a checkpoint would bring back after a restart. */
export function reloaded(state: FoldState): FoldState {
  const fresh = new FoldState();
  for (const entry of state.entries()) fresh.load(JSON.parse(JSON.stringify(entry)));
  return fresh;
}

export const reason = 'as it has to be';
export const reached = { type: 'resolve', outcome: 'helped', contact: 'reached' } as const;

/** A fall of which the first rung has been told. */
export function fallen() {
  const desk = village();
  const fall = desk.alert('fall', 'watch-bat');
  desk.told();
  return { desk, fall };
}

export const accept = (desk: Desk, incident: Incident, contactId: string, expectedMinutes: number) =>
  desk.command(incident, { type: 'accept', by: contact(contactId), contactId, expectedMinutes });
