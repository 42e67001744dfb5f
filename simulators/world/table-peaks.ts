import type { FoldState } from '../../records/fold-state.ts';
import type { Evidence } from './evidence.ts';

/**
 * Watches how many rows the tables of a fold have. `devices` counts everybody who ever spoke, strangers too. Whatever is said, and
 * however often, no table has more rows than there are devices, people and places to say it of.
 */
export function createTablePeaks({ devices }: { devices: number }) {
  const most = new Map<string, number>();
  let looks = 0;
  return {
    /** To be called after each record. */
    look(state: FoldState): void {
      looks += 1;
      if (looks % lookEvery !== 0) return;
      for (const [table, rows] of Map.groupBy(state.entries(), ({ table }) => table))
        most.set(table, Math.max(most.get(table) ?? 0, rows.length));
    },
    peaks: (): Evidence['peaks'][number][] =>
      [...most].map(([table, rows]) => ({ what: `rows of ${table}`, most: rows, bound: boundOf(table, devices) })),
  };
}

const lookEvery = 50;

function boundOf(table: string, devices: number): number {
  // An alarm, a fall and a press of each device are told apart.
  if (table.startsWith('rule:') || table.startsWith('decoder')) return 3 * devices;
  // One of each of six names waits, and sixteen are over.
  if (table === 'downlinks' || table === 'downlink-turns') return 22 * devices;
  return bounds[table] ?? registryRows;
}

const registryRows = 200;
const bounds: { readonly [table: string]: number } = {
  // Those that are resolved are kept for a day.
  incidents: 400,
  'incident-commands': 5_000,
  // One for each person and channel of each open incident, until it is delivered, refused or overtaken.
  outbox: 1_000,
  // Of a day.
  receipts: 2_000,
  // What a crash swallowed is made up for as one reads on; what a disk held up for hours is decided about behind all of it.
  'pending-decisions': 2_000,
  'downlinks-before': 2_000,
};
