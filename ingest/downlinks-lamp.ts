import type { Downlink } from '../records/downlink.ts';
import type { Incident } from '../records/incident.ts';
import type { RegistryView } from '../records/registry.ts';

/** A lamp that should be switched, for the reason of an incident. `id` comes from its cause, so that it is asked once. */
export type LampChange = { id: string; deviceId: string; state: 'on' | 'off'; reason: string };

/**
 * Whoever called or fell, and nobody whose device is merely looked after, sees that help is coming: the buttons and wearables in an incident show it while somebody is on the way or
 * there, and no longer when nobody is.
 */
export function lampChanges(incident: Incident, { registry, ofDevice }: LampParts): LampChange[] {
  const { code, version, category, alerts, state } = incident;
  if (category === 'supervision' || category === 'system') return [];
  const isComing = state.phase === 'responding' || state.phase === 'on-scene';
  const devices = new Set(alerts.flatMap(({ where }) => where.deviceId ?? []));
  return [...devices].flatMap((deviceId, index) => {
    const kind = registry.device(deviceId)?.kind;
    if (kind !== 'call-button' && kind !== 'wearable') return [];
    if (isComing === isLit(ofDevice(deviceId))) return [];
    const id = `help-${code}-${version}-${isComing ? 'on' : 'off'}-${index}`;
    const reason = `incident ${code}: ${isComing ? 'somebody is on the way' : 'nobody is on the way any more'}`;
    return [{ id, deviceId, state: isComing ? 'on' : 'off', reason }];
  });
}

type LampParts = { registry: Pick<RegistryView, 'device'>; ofDevice: (deviceId: string) => Downlink[] };

/** By what the system itself asked last, and what became of it. */
function isLit(rows: Downlink[]): boolean {
  const last = rows.findLast(({ ask, by }) => ask.name === 'lamp' && by.type === 'system');
  if (last?.ask.name !== 'lamp') return false;
  const { phase } = last.state;
  return last.ask.state === 'on' && (phase === 'waiting' || phase === 'done');
}
