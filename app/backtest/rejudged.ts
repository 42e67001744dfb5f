import { createIncidents } from '../../incidents/incidents.ts';
import type { CarriageFold, NoticeFold } from '../../ingest/collection.ts';
import { createDecoder } from '../../ingest/decoder.ts';
import { createDownlinks } from '../../ingest/downlinks.ts';
import { createJudge, type Stored } from '../../ingest/judge.ts';
import { deviceEvent } from '../../ingest/registry-events.ts';
import { localTimeIn } from '../../platform/local-time.ts';
import { FoldState, type StateChange } from '../../records/fold-state.ts';
import type { JournalRecord } from '../../records/journal-record.ts';
import { decodeRecord, recordKind } from '../../records/record-codec.ts';
import type { RuleSetting } from '../../records/registry.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import { isInstalled } from '../../records/registry-links.ts';
import { allRules } from '../../rules/all-rules.ts';
import type { RuleEvent } from '../../rules/event.ts';
import type { StoredVisit } from '../../storage/sql-history.ts';
import type { ReportRow } from '../../storage/store.ts';
import { createTwin, type HeardTwice } from './twin-engine.ts';

/**
 * Judges history again, twice at once, by the rules of this release: under the settings that were in force, and as if `tried` had been too.
 * The homes are those of then, as the records say. What people and providers did meanwhile is not judged again: nobody is told anything.
 */
export function createRejudged({ tried, timeZone, heard }: RejudgedParts) {
  const state = new FoldState();
  const registry = createRegistry({ state });
  const localTime = localTimeIn(timeZone);
  const engine = createTwin({ rules: allRules, state, registry, localTime, tried, heard });
  const incidents = createIncidents({ state, registry, localTime });
  const decoder = createDecoder({ state, registry });
  const downlinks = createDownlinks({ state, registry, decoder, incidents });
  const judge = createJudge({
    ...{ state, registry, engine, incidents, decoder, downlinks },
    ...{ outbox: nobody, carriage: nothingSent, version: 'backtest' },
  });
  const pending = state.table<JournalRecord[]>('pending-decisions');

  function fireUpTo(at: number): void {
    for (let due = engine.nextDeadline(at); due !== undefined; due = engine.nextDeadline(at)) engine.fire(due);
  }
  function step(event: RuleEvent): void {
    fireUpTo(event.at);
    engine.step(event);
  }

  return {
    registry,

    /** One record of the journal, in its order. */
    record(stored: Stored): void {
      const kind = recordKind(stored.body);
      if (kind === 'decided') {
        const record = decodeRecord(stored.body);
        if (record.kind === 'decided') decoder.decided(record);
      }
      if (!heardByRules.has(kind)) return;
      judge.step(stored);
      pending.delete(String(stored.sequence));
    },

    /** A report that the database kept, in the journal's order. */
    row({ deviceId, sequence, part, receivedAt: at, occurredAt, clock, report, unread }: ReportRow): void {
      const kind = registry.device(deviceId)?.kind;
      step({
        ...{ type: 'report', at, causeId: `${deviceId}:@${sequence}.${part}`, where: registry.whereabouts(deviceId) },
        ...{ report, occurredAt, clock, unread },
        ...(kind && { deviceKind: kind }),
        ...(clock === 'trusted' && { lateMs: at - occurredAt }),
      });
    },

    /** A visit that the database kept. */
    visit({ at, householdId, visitedAt, result }: StoredVisit): void {
      const where = registry.whereaboutsOf({ type: 'household', id: householdId });
      step({ type: 'visit', at, where, householdId, visitedAt, result });
    },

    /** Takes the homes from a state that was saved; `since`: watched from then on (epoch ms), where no record will say so. */
    beginWith(saved: readonly StateChange[], since?: number): void {
      for (const change of saved) state.load(change);
      registry.rebuild();
      if (since === undefined) return;
      for (const device of registry.devices())
        if (isInstalled(device)) step(deviceEvent(registry, device, 'device-added', since));
      for (const { id: householdId } of registry.list('household')) {
        const where = { ...registry.whereaboutsOf({ type: 'household', id: householdId }), householdId };
        step({ type: 'home-changed', at: since, where, householdId });
      }
    },

    /** What time alone brings until then (epoch ms). */
    until: fireUpTo,

    /** The state counts what changed until somebody takes it, which nobody else does here. */
    sweep: (): void => void state.takeChanges(),
  };
}

export type Rejudged = ReturnType<typeof createRejudged>;
type RejudgedParts = { tried: readonly RuleSetting[]; timeZone: string; heard: (step: HeardTwice) => void };

/** What was decided, sent and put aside followed from these. */
const heardByRules: ReadonlySet<JournalRecord['kind']> = new Set<JournalRecord['kind']>([
  ...(['report', 'command', 'started', 'clock-step', 'tick', 'reserve', 'uplink', 'carrier-products', 'lost'] as const),
]);

const nothing = () => {};
const nothingSent: CarriageFold = { attempting: () => undefined, outcome: nothing };
const nobody: NoticeFold = {
  ...{ issue: nothing, withdraw: nothing, withdrawAll: nothing, follow: nothing, answered: nothing },
  ...{ attempting: nothing, outcome: nothing, rebuild: nothing, readdress: nothing },
};

/** The tables of a saved state that say which homes there are. */
export const isOfHomes = ({ table }: StateChange): boolean =>
  table.startsWith('registry:') || table === 'carrier-products';
