import { type Areas, silentIn } from '../areas.ts';
import { earliest } from '../cause.ts';
import type { DeviceConditionEvent } from '../event.ts';
import type { Rule } from '../rule.ts';
import { checked, ended, lost, regained, scheduled, settled, unanswered } from './outage-reach.ts';

/**
 * Of each area: quiet -> falling (devices fell silent within `windowMs`) -> settling (as many as `leastDevices` and `sharePercent`, or
 * `standingPercent` of all however slowly) -> out (`settleMs` later, so that one message says how far it reaches) -> quiet (less than half of that is still silent).
 * Where most villages of a township, or of the county, are out, that is one alert higher up, and further villages are part
 * of it. Where the whole county fell silent and nobody at all was heard since, our own uplink is what was lost; so it is
 * when the host that is asked does not answer and no device is heard either. Nothing here ends or delays what is life safety.
 */
export const villageOutage: Rule<VillageOutage, VillageOutageSettings> = {
  name: 'village-outage',
  isOfAll: true,
  initial: { areas: {} },
  settings: {
    leastDevices: 5,
    sharePercent: 10,
    standingPercent: 30,
    windowMs: 15 * 60_000,
    settleMs: 2 * 60_000,
    checkMs: 5 * 60_000,
    leastVillages: 3,
  },
  ranges: {
    leastDevices: [3, 100],
    sharePercent: [5, 50],
    standingPercent: [15, 100],
    windowMs: [5 * 60_000, 60 * 60_000],
    settleMs: [60_000, 10 * 60_000],
    checkMs: [60_000, 60 * 60_000],
    leastVillages: [2, 50],
  },
  hears: ['uplink', 'device-condition'],
  subject(event) {
    return event.type === 'uplink' || (event.type === 'device-condition' && event.condition === 'silent')
      ? 'all'
      : undefined;
  },
  deadline: (state) => earliest([state.checkAt, ...Object.values(state.areas).map((area) => nextOf(area))]),
  rebase: (state, byMs) => ({
    ...state,
    areas: Object.fromEntries(Object.entries(state.areas).map(([id, area]) => [id, later(area, byMs)])),
    ...(state.checkAt !== undefined && { checkAt: state.checkAt + byMs }),
  }),
  step(state, event, settings, { areas }) {
    switch (event.type) {
      case 'device-condition':
        return [event.began ? fell(state, event, settings, areas) : returned(state, event), []];
      case 'uplink': {
        const { at, probe, reachable, heard = false } = event;
        const told = { at, by: 'probe', probe } as const;
        const [after, changes] = reachable || heard ? regained(state, told, settings, areas) : lost(state, told);
        const [known, said] = unanswered(after, { at, probe, stands: heard });
        return [scheduled(known, at, settings), [...changes, ...said]];
      }
      case 'tick': {
        const [settledState, raised] = settled(state, event.at, settings, areas);
        const [left, over] = ended(settledState, event.at);
        const [after, back] = checked(left, event.at, settings, areas);
        return [scheduled(after, event.at, settings), [...raised, ...over, ...back]];
      }
      default:
        return [state, []];
    }
  },
};

/**
 * `checkAt`: when it is looked at whether what is out has come back. `uplink`: it counts as lost, because nobody is heard or a host does
 * not answer. `probeAlertId`: that host does not answer, and devices are heard.
 */
export type VillageOutage = { areas: AreaStates; checkAt?: number; uplink?: Uplink; probeAlertId?: string };
export type Uplink = { alertId: string; since: number; by: 'silence' | 'probe' };
export type AreaStates = { readonly [areaId: string]: AreaState };
/**
 * `silent`: who fell silent within the window, and when. `limit`: how many of them are an outage there, as counted at `countedAt`.
 * `settling`: they are, and `at` that time people hear of it. `out`: of an area itself, or with `villages` of most that is below
 * it, which ends at `endsAt` when what is left of it has settled. `part`: of what is out above it, or of the uplink.
 */
export type AreaState = Falling | OutState | { phase: 'part'; of: string; marks: Marks };
export type Falling = {
  phase: 'falling';
  silent: readonly { deviceId: string; at: number }[];
  limit: number;
  countedAt: number;
  settling?: { at: number; marks: Marks };
};
export type OutState = { phase: 'out'; alertId: string; marks: Marks; villages?: true; endsAt?: number };
/** So many silent devices in all, those that were silent long before among them, are an outage; with fewer it is over. */
export type Marks = { outFrom: number; backBelow: number };
export type VillageOutageSettings = {
  /** So many devices of an area, or the share, whichever is more. */
  leastDevices: number;
  sharePercent: number;
  /** So large a share that is silent at once is an outage, however slowly it came to that. */
  standingPercent: number;
  /** Within this they fell silent together. */
  windowMs: number;
  /** How long is waited for others before anybody is told. */
  settleMs: number;
  /** How often it is looked at whether they are back. */
  checkMs: number;
  /** Fewer villages make no township. */
  leastVillages: number;
};

function nextOf(area: AreaState): number | undefined {
  if (area.phase === 'falling') return area.settling?.at;
  return area.phase === 'out' ? area.endsAt : undefined;
}

function later(area: AreaState, byMs: number): AreaState {
  if (area.phase === 'out' && area.endsAt !== undefined) return { ...area, endsAt: area.endsAt + byMs };
  if (area.phase !== 'falling') return area;
  const silent = area.silent.map(({ deviceId, at }) => ({ deviceId, at: at + byMs }));
  const { settling } = area;
  return { ...area, silent, ...(settling && { settling: { ...settling, at: settling.at + byMs } }) };
}

/** Who was never heard was never switched on: it is work for somebody, and no outage. */
function fell(
  state: VillageOutage,
  { at, deviceId, where: { areaId } }: DeviceConditionEvent,
  settings: VillageOutageSettings,
  areas: Areas,
): VillageOutage {
  const before = areaId === undefined ? undefined : state.areas[areaId];
  if (areaId === undefined || (before && before.phase !== 'falling') || !areas.standing(deviceId)) return state;
  const recent = before?.silent.filter((one) => at - one.at < settings.windowMs && one.deviceId !== deviceId) ?? [];
  const silent = [...recent, { deviceId, at }];
  // To count is to walk the village: once in a window is enough.
  const isCounted = before && at - before.countedAt < settings.windowMs;
  const count = isCounted ? undefined : silentIn(areas, areaId);
  const limit = count ? limitOf(count.devices, settings) : (before?.limit ?? settings.leastDevices);
  const marksNow = () =>
    silent.length >= limit
      ? markedBy(silent.length, limit, silentIn(areas, areaId))
      : count && standing(count, settings);
  // Each that falls after those who made it an outage counts nothing anew.
  const marks = before?.settling ? undefined : marksNow();
  const settling = before?.settling ?? (marks && { at: at + settings.settleMs, marks });
  const countedAt = count || !before ? at : before.countedAt;
  const after = { phase: 'falling', silent, limit, countedAt, ...(settling && { settling }) } as const;
  return { ...state, areas: { ...state.areas, [areaId]: after } };
}

/** Beside those that were silent long before. */
function markedBy(fell: number, limit: number, { silent }: { silent: number }): Marks {
  const before = Math.max(0, silent - fell);
  return { outFrom: before + limit, backBelow: before + limit / 2 };
}

/** However slowly it came to that. */
function standing(
  { devices, silent }: { devices: number; silent: number },
  { leastDevices, standingPercent }: VillageOutageSettings,
): Marks | undefined {
  const outFrom = Math.max(leastDevices, Math.ceil((devices * standingPercent) / 100));
  return silent >= outFrom ? { outFrom, backBelow: outFrom / 2 } : undefined;
}

const limitOf = (devices: number, { leastDevices, sharePercent }: VillageOutageSettings): number =>
  Math.max(leastDevices, Math.ceil((devices * sharePercent) / 100));

function returned(state: VillageOutage, { where: { areaId }, deviceId }: DeviceConditionEvent): VillageOutage {
  const before = areaId === undefined ? undefined : state.areas[areaId];
  if (areaId === undefined || before?.phase !== 'falling') return state;
  const silent = before.silent.filter((one) => one.deviceId !== deviceId);
  if (silent.length === before.silent.length) return state;
  const { [areaId]: _, ...others } = state.areas;
  if (silent.length === 0 && before.settling === undefined) return { ...state, areas: others };
  return { ...state, areas: { ...others, [areaId]: { ...before, silent } } };
}
