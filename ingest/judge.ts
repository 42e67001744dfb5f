import { isLongStop } from '../incidents/incidents.ts';
import type { Whereabouts } from '../records/alert.ts';
import type { CommandResult } from '../records/command.ts';
import type { Downlink } from '../records/downlink.ts';
import type { AttemptingRecord, DecidedRecord, JournalRecord, QuarantinedRecord } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import { adoptProviders } from '../records/providers.ts';
import { decodeRecord } from '../records/record-codec.ts';
import { limitNear, outcomeTroubles } from './channel-troubles.ts';
import {
  addDownlinks,
  type Collection,
  collectHandOvers,
  collectIncidents,
  collectRules,
  type JudgeParts,
  newCollection,
  stepAlerts,
  stepEvent,
} from './collection.ts';
import { commandOnce } from './commands.ts';
import { stepHeardBefore } from './heard-before.ts';
import { isNewSinceBefore, judgedElsewhereMs } from './heard-until.ts';
import { acceptDecided, heardOnce, type Overruled, rememberLoss, takePending } from './history.ts';
import { quarantinedStep, quarantineWhole } from './quarantine.ts';
import { deviceEvent } from './registry-events.ts';
import { reserveChanges, systemAlert } from './system-alerts.ts';
import { noteUplink, refusalsOf } from './uplink.ts';

/** One journal entry, as followers see it. */
export type Stored = { sequence: number; receivedAt: number; body: Uint8Array };

/** What one record came to. `followUps` are records that the owner appends; `notices` were issued to the outbox. */
export type Judgement = {
  followUps: (DecidedRecord | QuarantinedRecord)[];
  notices: Notice[];
  result?: { commandId: string; result: CommandResult };
  rejections: { reason: string; problem: string; deviceId: string }[];
  /** Entities that left the registry, or hold nothing personal any more, by key (`person:p1`): their keys are to be destroyed. */
  removed: string[];
  /** Devices that came, went or got another secret: who is connected as one of them has to show its credential again. */
  devices: string[];
  /** Commands to devices that came or changed, each as it is now. */
  downlinks: Downlink[];
  /** History decided otherwise than this version would have; history was kept. */
  differs?: Overruled;
};

/**
 * The fold of the alarm process: report > events > alerts > incidents > notices, one record after the other, by sequence.
 * Everything it knows is in one `FoldState`; a record either changes all of it or, when something throws, nothing.
 * Live and replay are the same: a decision stays pending until its `decided` record comes by, and what is still pending
 * when the journal's end is reached was lost in a crash and is appended then. Source: ARCHITECTURE.md.
 */
export function createJudge(parts: JudgeParts) {
  const pending = parts.state.table<JournalRecord[]>('pending-decisions');
  const judge = {
    step(stored: Stored): Judgement {
      const collected = newCollection();
      try {
        parts.state.attempt(() => stepRecord(parts, stored, collected));
      } catch (error) {
        return quarantineWhole(stored, error, (records) => pending.set(String(stored.sequence), records));
      }
      const judgement = conclude(parts, stored, collected);
      if (judgement.followUps.length > 0) pending.set(String(stored.sequence), judgement.followUps);
      return judgement;
    },

    /** What a record would lead to, when it cannot be made durable now; nothing is changed. */
    preview(stored: Stored): Pick<Collection, 'alerts' | 'notices'> {
      return parts.state.preview(() => {
        const collected = newCollection();
        stepRecord(parts, stored, collected);
        return collected;
      });
    },

    /** Follow-ups of records up to there that the journal does not hold: asked once, when a start has reached its end. */
    unrecorded(upTo: number): JournalRecord[] {
      return [...pending.entries()].filter(([cause]) => Number(cause) <= upTo).flatMap(([, records]) => records);
    },

    nextDeadline(): number | undefined {
      const earliest = earliestDue(parts);
      return earliest === Infinity ? undefined : earliest;
    },

    /** Rebuilds every index after a checkpoint was loaded. */
    rebuild(): void {
      for (const part of [parts.registry, parts.engine, parts.incidents, parts.outbox, parts.downlinks]) part.rebuild();
    },
  };
  return judge;
}

export type Judge = ReturnType<typeof createJudge>;

function stepRecord(parts: JudgeParts, stored: Stored, into: Collection): void {
  const record = decodeRecord(stored.body);
  const at = stored.receivedAt;
  // Supervision is as if everything had happened later, and only then is what is due fired.
  const unheard = unheardMs(parts, record, at);
  parts.engine.rebase(unheard);
  parts.incidents.drills.rebase(unheard);
  parts.engine.rebase(judgedElsewhereMs(parts.state, { record, at, unheardMs: unheard }), isNewSinceBefore);
  parts.downlinks.begin(stored.sequence);
  if (record.kind === 'started') {
    const started = heardOnce(parts.state, record);
    if (isLongStop(started)) parts.engine.stoodStill();
    collectIncidents(parts, parts.incidents.stoodStill(at, started), at, into);
    parts.incidents.proofs.begin(at);
    addDownlinks(into, parts.downlinks.stoodStill(at, started.restored ? Number.POSITIVE_INFINITY : started.downMs));
  }
  fireDeadlines(parts, at, into);
  switch (record.kind) {
    case 'report':
      for (const decoded of parts.decoder.step(record, stored)) {
        if (decoded.type === 'event') stepEvent(parts, decoded.event, at, into);
        else stepNothingNew(parts, record.deviceId, at, into);
        if (decoded.type === 'rejection') into.rejections.push({ ...decoded, deviceId: record.deviceId });
      }
      return;
    case 'command':
      into.result = { commandId: record.command.commandId, result: commandOnce(parts, record.command, at, into) };
      return;
    case 'decided':
      into.differs = acceptDecided(parts, record);
      return;
    case 'quarantined':
      acceptQuarantined(parts, record, stored, into);
      return;
    case 'attempting':
      parts.outbox.attempting(record, at);
      stepCarriage(parts, record, stored, into);
      return;
    case 'downlink':
      parts.downlinks.sent(record, at);
      return;
    case 'outcome':
      parts.outbox.outcome(record, at);
      collectIncidents(parts, parts.incidents.step({ type: 'outcome', at, outcome: record }), at, into);
      parts.carriage.outcome(record, at);
      stepAlerts(parts, outcomeTroubles(parts.state, record, at), at, into);
      stepAlerts(parts, parts.incidents.drills.outcome(record, at), at, into);
      return;
    case 'reserve':
      if (!record.inUse) refusalsOf(parts.state).delete('since');
      else if (!refusalsOf(parts.state).has('since')) refusalsOf(parts.state).set('since', at);
      stepAlerts(parts, reserveChanges(parts.state, record, stored), at, into);
      return;
    case 'uplink': {
      const { kind: type, ...words } = record;
      if (noteUplink(parts.state, record, at)) stepEvent(parts, { type, at, where: {}, ...words }, at, into);
      return;
    }
    case 'clock-step':
      collectIncidents(parts, parts.incidents.clockStepped(at, record.byMs), at, into);
      return;
    case 'started':
    case 'tick':
      stepHeardBefore(parts, record.kind, at, into);
      return;
    case 'carrier-products':
      parts.decoder.adopt(record.table);
      return;
    case 'providers':
      adoptProviders(parts.state, record.table);
      parts.outbox.readdress();
      return;
    case 'lost':
      rememberLoss(parts.state, stored.sequence);
      return;
  }
}

function stepCarriage(parts: JudgeParts, record: AttemptingRecord, stored: Stored, into: Collection): void {
  const { receivedAt: at, sequence } = stored;
  const near = parts.carriage.attempting(record, at);
  if (near) stepAlerts(parts, limitNear(parts.state, near, String(sequence), at), at, into);
}

/**
 * For how long, since the last time it was asked, no device could be heard, in ms of journal time: nobody listened, the clock was
 * set forward, or there was no room for telemetry, which is counted by the minute because it moves every row of supervision.
 */
function unheardMs({ state }: JudgeParts, record: JournalRecord, at: number): number {
  const refusals = refusalsOf(state);
  const reasons = (['since', 'uplink'] as const).filter((reason) => refusals.has(reason));
  if (reasons.length === 0)
    return record.kind === 'clock-step' ? record.byMs : record.kind === 'started' ? record.downMs : 0;
  const unheard = reasons.map((reason) => {
    const since = refusals.get(reason) ?? at;
    if (at - since < 60_000 && record.kind !== 'reserve' && record.kind !== 'uplink') return 0;
    refusals.set(reason, at);
    return at - since;
  });
  return Math.max(...unheard);
}

/** Deadlines come before the record that is stamped with their time or a later one; rules before incidents. */
function fireDeadlines(parts: JudgeParts, at: number, into: Collection): void {
  for (let due = earliestDue(parts, at); due <= at; due = earliestDue(parts, at)) {
    if (parts.engine.nextDeadline(due) === due) collectRules(parts, parts.engine.fire(due), due, into);
    else if (parts.incidents.nextDeadline() === due) collectIncidents(parts, parts.incidents.fire(due, at), at, into);
    else if (parts.downlinks.nextDeadline() === due) addDownlinks(into, parts.downlinks.fire(due));
    else for (const watch of watchesOver(parts, due)) collectHandOvers(parts, watch.fire(due, at), due, into);
  }
}

/** `by`: what the rules wait for beyond it need not be told. */
function earliestDue({ engine, incidents, downlinks }: JudgeParts, by?: number): number {
  const never = Number.POSITIVE_INFINITY;
  const { handOvers, proofs, drills } = incidents;
  const ofPeople = Math.min(
    ...[incidents, handOvers, proofs, drills, downlinks].map((part) => part.nextDeadline() ?? never),
  );
  return Math.min(engine.nextDeadline(by) ?? never, ofPeople);
}

/** Those who answer for homes: shifts, and whether they can be reached, by contacts' answers and by drills. */
function watchesOver({ incidents: { handOvers, proofs, drills } }: JudgeParts, due: number) {
  return [handOvers, proofs, drills].filter((watch) => watch.nextDeadline() === due);
}

/** What repeats itself, or cannot be read, is no news; that it came is: the device is not silent. */
function stepNothingNew(parts: JudgeParts, deviceId: string, at: number, into: Collection): void {
  const device = parts.registry.device(deviceId);
  if (device) stepEvent(parts, deviceEvent(parts.registry, device, 'device-heard', at), at, into);
}

function acceptQuarantined(parts: JudgeParts, record: QuarantinedRecord, stored: Stored, into: Collection): void {
  takePending(
    parts.state,
    record.sequence,
    (pending) => pending.kind === 'quarantined' && pending.subject === record.subject,
  );
  const at = stored.receivedAt;
  const where: Whereabouts = record.deviceId === undefined ? {} : parts.registry.whereabouts(record.deviceId);
  const causeId = `quarantined:${record.follower}:${record.sequence}:${record.subject ?? 'all'}`;
  const reason = {
    follower: record.follower,
    record: record.sequence,
    subject: record.subject ?? 'all',
    error: record.error,
  };
  const alert = systemAlert('record-quarantined', causeId, at, where, reason);
  stepAlerts(parts, [alert], at, into);
  if (!record.lifeSafety || record.deviceId === undefined) return;
  const problem = `the record could not be processed: ${record.error}`;
  stepEvent(parts, { type: 'unreadable', reportName: 'alarm', at, where, causeId, problem }, at, into);
}

function conclude(parts: JudgeParts, stored: Stored, collected: Collection): Judgement {
  const { alerts, incidents, notices, failures, rejections, removed, devices, result, differs } = collected;
  const downlinks = [...collected.downlinks.values()];
  const followUps: Judgement['followUps'] = [];
  if (alerts.length > 0 || incidents.size > 0 || notices.length > 0 || downlinks.length > 0 || result) {
    followUps.push({
      kind: 'decided',
      cause: stored.sequence,
      version: parts.version,
      ...(alerts.length > 0 && { alerts }),
      ...(incidents.size > 0 && { incidents: [...incidents.values()] }),
      ...(notices.length > 0 && { notices }),
      ...(downlinks.length > 0 && { downlinks }),
      ...(result && { result }),
    });
  }
  for (const failure of failures) {
    followUps.push(quarantinedStep(stored, failure));
  }
  return {
    followUps,
    notices,
    rejections,
    removed,
    devices,
    downlinks,
    ...(result && { result }),
    ...(differs && { differs }),
  };
}
