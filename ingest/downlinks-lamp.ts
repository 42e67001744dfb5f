import type { Incidents } from '../incidents/incidents.ts';
import type { Downlink } from '../records/downlink.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { Incident } from '../records/incident.ts';
import type { RegistryView } from '../records/registry.ts';

/** A lamp that should be switched, for the reason of an incident. `id` comes from its cause, so that it is asked once. */
export type LampChange = { id: string; deviceId: string; state: 'on' | 'off'; reason: string };

/** Who asks for these lamps. */
export const theSystem = { type: 'system', id: 'help' } as const;

/**
 * Whoever called or fell, and nobody whose device is merely looked after, sees that help is coming: the buttons and wearables in an incident show it while somebody is on the way or
 * there, for this incident or another one, and no longer when nobody is. A device that was asked to show it may do so, whatever is known of it, until
 * it is asked not to.
 */
export function createHelpLamps(state: FoldState) {
  /** Devices that may be lit: the latest word of the system to each was `on`. */
  const lit = state.table<true>('help-lamps');

  return {
    changes(incident: Incident, { registry, incidents, ofDevice }: LampParts): LampChange[] {
      if (!isCall(incident)) return [];
      const { code, version } = incident;
      return devicesOf(incident).flatMap((deviceId, index) => {
        const kind = registry.device(deviceId)?.kind;
        if (kind !== 'call-button' && kind !== 'wearable') return [];
        const isComing = isHelpComing(incidents.openIncidents(), deviceId);
        if (isComing ? isAsked(ofDevice(deviceId)) : !lit.has(deviceId)) return [];
        const id = `help-${code}-${version}-${isComing ? 'on' : 'off'}-${index}`;
        const reason = `incident ${code}: ${isComing ? 'somebody is on the way' : 'nobody is on the way any more'}`;
        return [{ id, deviceId, state: isComing ? 'on' : 'off', reason }];
      });
    },

    /** What was decided about a command. */
    note(row: Downlink): void {
      const state = row.state.phase === 'waiting' ? lampOfSystem(row) : undefined;
      if (state === 'on') lit.set(row.deviceId, true);
      if (state === 'off') lit.delete(row.deviceId);
    },
    /** It was never asked: what should not be lit is asked so again, and once too often does no harm. */
    takeBack(row: Downlink): void {
      if (lampOfSystem(row) === 'off') lit.set(row.deviceId, true);
    },
    forget: (deviceId: string): void => lit.delete(deviceId),
  };
}

type LampParts = {
  registry: Pick<RegistryView, 'device'>;
  incidents: Pick<Incidents, 'openIncidents'>;
  ofDevice: (deviceId: string) => Downlink[];
};

const isCall = ({ category }: Incident): boolean => category !== 'supervision' && category !== 'system';

const devicesOf = ({ alerts }: Incident): string[] => [...new Set(alerts.flatMap(({ where }) => where.deviceId ?? []))];

function isHelpComing(open: Iterable<Incident>, deviceId: string): boolean {
  return Iterator.from(open).some(
    (incident) =>
      (incident.state.phase === 'responding' || incident.state.phase === 'on-scene') &&
      isCall(incident) &&
      incident.alerts.some(({ where }) => where.deviceId === deviceId),
  );
}

const lampOfSystem = ({ ask, by }: Downlink): 'on' | 'off' | undefined =>
  ask.name === 'lamp' && by.type === 'system' ? ask.state : undefined;

/** Whether the latest word of the system to it is `on`, and it waits for it or has obeyed. */
function isAsked(rows: Downlink[]): boolean {
  const last = rows.findLast((row) => lampOfSystem(row) !== undefined);
  if (!last || lampOfSystem(last) === 'off') return false;
  return last.state.phase === 'waiting' || last.state.phase === 'done';
}
