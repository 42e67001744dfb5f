import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Chance } from '../platform/random.ts';
import type { Command, CommandResult } from '../records/command.ts';
import type { Registry } from '../records/registry-fold.ts';
import type { Sealer } from '../records/sealing.ts';
import type { Store } from '../storage/store.ts';
import type { DutyView } from './duty-view.ts';
import type { Observations } from './health.ts';

export type ApiParts = {
  listen: { host: string; port: number };
  view: DutyView;
  /** The registry that the view folds. */
  registry: Registry;
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
  /** Asked every few seconds; may take its time, and reject. */
  health: () => Promise<Observations>;
  unseal: Sealer['unseal'];
  /** History before what the view keeps; it may be away. */
  store?: Pick<Store, 'incidentHistory' | 'incidentTimeline'>;
  log: Log;
  /** Timers, sessions and throttles run on it. */
  clock: Clock;
  /** Journal time, which is what people see (epoch ms): `clock`'s, unless that of the system is simulated. */
  now?: () => number;
  chance: Chance;
  /** Of the county: pages show times in it. */
  timeZone: string;
};

export type Api = { address: { host: string; port: number; url: string }; close(): Promise<void> };

/**
 * Opens the API and the page. It works with the database away: only history is missing then.
 * Errors: LISTEN_FAILED when the address is taken or not this machine's.
 */
export async function startApi(_parts: ApiParts): Promise<Api> {
  throw new Error('not yet');
}
