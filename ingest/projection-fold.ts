import type { Command } from '../records/command.ts';
import { createCommandAnswers } from '../records/command-answers.ts';
import { FoldState, type StateChange } from '../records/fold-state.ts';
import type { DecidedRecord, JournalRecord, ReportRecord } from '../records/journal-record.ts';
import { decodeRecord } from '../records/record-codec.ts';
import type { Device, Entity, EntityType } from '../records/registry.ts';
import { entityTypes } from '../records/registry.ts';
import { followRegistry } from '../records/registry-commands.ts';
import { type Applied, createRegistry } from '../records/registry-fold.ts';
import { visitResult } from '../records/visit.ts';
import type { EntityChange } from '../storage/store.ts';
import { createDecoder, type Placed } from './decoder.ts';
import type { Stored } from './judge.ts';
import { type ProjectedRows, rowLists } from './projection-rows.ts';

/**
 * The fold behind the projection: what devices sent before (so that a repeat becomes no row), and the registry as it was at
 * that place of the journal, which may be an hour behind the one that the alarm process uses.
 */
export function createProjectionFold() {
  const state = new FoldState();
  const registry = createRegistry({ state });
  const commands = followRegistry({ state, registry });
  const answers = createCommandAnswers(state);
  const decoder = createDecoder({ state, registry });
  /** By device: until when (epoch ms of receipt) what it said went with somebody. A copy that is put back has to lose it again. */
  const erasures = state.table<number>('erasures');
  /** The registry is ahead, as it was at this sequence: changes up to there are in it, and come out all at once. */
  let registryIsAt: number | undefined;
  return {
    state,

    /** Adds the rows of a record. When it throws, neither the fold nor `rows` has changed. */
    step(stored: Stored, rows: ProjectedRows): void {
      try {
        state.attempt(() => collect(decodeRecord(stored.body), stored, rows));
        if (registryIsAt === undefined || stored.sequence < registryIsAt) return;
        pushEntities(wholeRegistry(), stored, rows);
        registryIsAt = undefined;
      } catch (error) {
        takeBack(rows, stored.sequence);
        throw error;
      }
    },

    load: (change: StateChange) => state.load(change),
    rebuild: () => registry.rebuild(),

    /** As before the first record of a journal; `registryIsAt`: but for the registry, which has everything up to there. */
    forget(kept: { registryIsAt?: number }): void {
      registryIsAt = kept.registryIsAt;
      for (const { table, key } of [...state.entries()]) {
        if (registryIsAt === undefined || table.startsWith('decoder')) state.table(table).delete(key);
      }
      registry.rebuild();
    },
  };

  function collect(record: JournalRecord, { sequence, receivedAt }: Stored, rows: ProjectedRows): void {
    switch (record.kind) {
      case 'report':
        collectReport(record, { sequence, receivedAt }, rows);
        return;
      case 'decided':
        decoder.decided(record);
        collectDecided(record, sequence, rows);
        return;
      case 'attempting':
      case 'outcome':
        rows.attempts.push({ sequence, at: receivedAt, record });
        return;
      case 'command':
        collectCommand(record.command, { sequence, receivedAt }, rows);
        return;
      case 'carrier-products':
        decoder.adopt(record.table);
        return;
      case 'lost':
        rows.gaps.push({ from: sequence, to: sequence });
        return;
      case 'tick':
      case 'clock-step':
      case 'started':
      case 'downlink':
      case 'quarantined':
      case 'reserve':
      case 'uplink':
      case 'providers':
        return;
    }
  }

  function collectCommand(command: Command, { sequence, receivedAt: at }: Placed, rows: ProjectedRows): void {
    if (command.type === 'visit') {
      // The alarm process answers what is sent again as it answered at first, also when it was corrected meanwhile.
      if (!answers.once(command, () => visitResult(registry, command, at)).ok) return;
      rows.visits.push({ sequence, at, areaId: registry.household(command.householdId)?.areaId, visit: command });
    } else if (registryIsAt === undefined || sequence > registryIsAt) {
      pushEntities(registryChanges(command, at), { sequence, receivedAt: at }, rows);
    }
  }

  function pushEntities(changes: EntityChange[], { sequence, receivedAt: at }: Placed, rows: ProjectedRows): void {
    for (const change of changes) {
      rows.entities.push({ sequence, change });
      if (change.entity === 'every')
        rows.registrations.push({ sequence, at, householdId: undefined, areaId: undefined });
      if (change.entity === 'household')
        rows.registrations.push({ sequence, at, householdId: change.id, areaId: change.value?.areaId });
    }
  }

  /** In place of the changes that led to it, for a copy that cannot have them from the journal any more. */
  function wholeRegistry(): EntityChange[] {
    const everything = entityTypes.flatMap((entity) =>
      [...registry.list(entity)].map(({ id }) => entityChange(entity, id)),
    );
    const erased = [...erasures.entries()].map(([id, until]) => erasing(entityChange('device', id), [id], until));
    return [{ entity: 'every', id: '', value: undefined }, ...everything, ...erased];
  }

  function collectReport(record: ReportRecord, placed: Placed, rows: ProjectedRows) {
    const { deviceId } = record;
    for (const decoded of decoder.step(record, placed)) {
      const row = { ...placed, part: decoded.part, deviceId };
      if (decoded.type === 'rejection') {
        rows.rejections.push({ ...row, reason: decoded.reason, problem: decoded.problem });
      } else if (decoded.type === 'event' && decoded.event.type === 'unreadable') {
        const { reportName, problem } = decoded.event;
        rows.rejections.push({ ...row, reason: `unreadable-${reportName}`, problem });
      } else if (decoded.type === 'event' && decoded.event.type === 'report') {
        const { occurredAt, clock, report, unread } = decoded.event;
        rows.reports.push({ ...row, occurredAt, clock, report, unread });
      }
    }
  }

  function registryChanges(command: Command, at: number): EntityChange[] {
    const applied = commands.follow(command);
    if (!applied) return [];
    for (const { id } of applied.devicesRemoved) decoder.forget(id);
    return changedEntities(applied, at);
  }

  function changedEntities(applied: Applied, at: number): EntityChange[] {
    const { added, changed, removed, released } = applied;
    let ofHomes = sensorsLeft(applied);
    return [...removed, ...added, ...changed].map((key) => {
      const colon = key.indexOf(':');
      const [entity, id] = [key.slice(0, colon) as EntityType, key.slice(colon + 1)];
      const change = entityChange(entity, id);
      if (change.entity !== 'person' || change.value !== undefined) return change;
      const worn = released.filter(({ personId }) => personId === id).map(({ deviceId }) => deviceId);
      const devices = [...worn, ...ofHomes];
      ofHomes = [];
      for (const deviceId of devices) rememberErasure(deviceId, at);
      return devices.length === 0 ? change : erasing(change, devices, at);
    });
  }

  /** Where a household ended and none stands any more: what there told how they lived. */
  function sensorsLeft({ left }: Applied): string[] {
    if (left.length === 0) return [];
    const empty = new Set(left);
    for (const { currentPlaceId } of registry.list('household')) empty.delete(currentPlaceId);
    return Iterator.from(registry.devices())
      .filter(({ kind, placeId }) => tellingKinds.includes(kind) && placeId !== undefined && empty.has(placeId))
      .map(({ id }) => id)
      .toArray();
  }

  function rememberErasure(deviceId: string, at: number): void {
    // As the newest: when there is no room, the one that was longest ago makes some.
    erasures.delete(deviceId);
    const [oldest] = erasures.keys();
    if (oldest !== undefined && erasures.size >= mostErasures) erasures.delete(oldest);
    erasures.set(deviceId, at);
  }

  function entityChange<T extends EntityType>(entity: T, id: string): EntityChange {
    const value: Entity<T> | undefined = registry.get(entity, id);
    return { entity, id, value } as EntityChange;
  }
}

const tellingKinds: readonly Device['kind'][] = ['presence-sensor', 'call-button'];
const mostErasures = 100_000;

const erasing = (change: EntityChange, devices: string[], receivedUntil: number): EntityChange =>
  change.entity === 'every' ? change : { ...change, erase: { devices, receivedUntil } };

export type ProjectionFold = ReturnType<typeof createProjectionFold>;

function takeBack(rows: ProjectedRows, sequence: number): void {
  for (const list of rowLists) {
    while (rows[list].at(-1)?.sequence === sequence) rows[list].pop();
  }
}

function collectDecided({ alerts, incidents, notices }: DecidedRecord, sequence: number, rows: ProjectedRows): void {
  for (const change of alerts ?? []) rows.alerts.push({ sequence, change });
  for (const change of incidents ?? []) rows.incidents.push({ sequence, change });
  for (const notice of notices ?? []) rows.notices.push({ sequence, notice });
}
