import type { Command } from '../records/command.ts';
import { FoldState, type StateChange } from '../records/fold-state.ts';
import type { DecidedRecord, JournalRecord, ReportRecord } from '../records/journal-record.ts';
import { decodeRecord } from '../records/record-codec.ts';
import type { Entity, EntityType } from '../records/registry.ts';
import { entityTypes } from '../records/registry.ts';
import { followRegistry } from '../records/registry-commands.ts';
import { type Applied, createRegistry } from '../records/registry-fold.ts';
import type { EntityChange, ProjectionBatch } from '../storage/store.ts';
import { createDecoder } from './decoder.ts';
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
  const decoder = createDecoder({ state, registry });
  /** The registry is ahead, as it was at this sequence: changes up to there are in it, and come out all at once. */
  let registryIsAt: number | undefined;
  return {
    state,

    /** Adds the rows of a record. When it throws, neither the fold nor `rows` has changed. */
    step(stored: Stored, rows: ProjectedRows): void {
      try {
        state.attempt(() => collect(decodeRecord(stored.body), stored, rows));
        if (registryIsAt === undefined || stored.sequence < registryIsAt) return;
        for (const row of wholeRegistry(stored.sequence)) rows.entities.push(row);
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
        collectDecided(record, sequence, rows);
        return;
      case 'attempting':
      case 'outcome':
        rows.attempts.push({ sequence, at: receivedAt, record });
        return;
      case 'command':
        if (registryIsAt !== undefined && sequence <= registryIsAt) return;
        for (const change of registryChanges(record.command)) rows.entities.push({ sequence, change });
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
        return;
    }
  }

  /** In place of the changes that led to it, for a copy that cannot have them from the journal any more. */
  function wholeRegistry(sequence: number): ProjectionBatch['entities'] {
    const everything = entityTypes.flatMap((entity) =>
      [...registry.list(entity)].map(({ id }) => ({ sequence, change: entityChange(entity, id) })),
    );
    return [{ sequence, change: { entity: 'every', id: '', value: undefined } }, ...everything];
  }

  function collectReport(record: ReportRecord, placed: Pick<Stored, 'sequence' | 'receivedAt'>, rows: ProjectedRows) {
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

  function registryChanges(command: Command): EntityChange[] {
    const applied = commands.follow(command);
    if (!applied) return [];
    for (const { id } of applied.devicesRemoved) decoder.forget(id);
    return changedEntities(applied);
  }

  function changedEntities({ added, changed, removed }: Applied): EntityChange[] {
    return [...removed, ...added, ...changed].map((key) => {
      const colon = key.indexOf(':');
      return entityChange(key.slice(0, colon) as EntityType, key.slice(colon + 1));
    });
  }

  function entityChange<T extends EntityType>(entity: T, id: string): EntityChange {
    const value: Entity<T> | undefined = registry.get(entity, id);
    return { entity, id, value } as EntityChange;
  }
}

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
