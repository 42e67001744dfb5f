import type { AlertChange } from '../../records/alert.ts';
import { type Areas, silentIn } from '../areas.ts';
import { type Lost, outageRaise, unansweredRaise, uplinkRaise } from './outage-alerts.ts';
import type { AreaState, AreaStates, Marks, OutState, VillageOutage, VillageOutageSettings } from './village-outage.ts';

/** Areas whose time to settle is over, all together: how far up does it reach? Who came back meanwhile makes it none. */
export function settled(
  state: VillageOutage,
  at: number,
  settings: VillageOutageSettings,
  areas: Areas,
): [VillageOutage, AlertChange[]] {
  const due = Object.entries(state.areas).flatMap(([id, area]) =>
    area.phase === 'falling' && area.settling && area.settling.at <= at ? { id, area, ...area.settling } : [],
  );
  if (due.length === 0) return [state, []];
  const gone = due.filter(({ id, marks }) => silentIn(areas, id).silent >= marks.outFrom).map(({ id }) => id);
  const dueIds = new Set(due.map(({ id }) => id));
  const rest = { ...state, areas: keptOf(state.areas, (id) => !dueIds.has(id) || gone.includes(id)) };
  if (gone.length === 0) return [rest, []];
  if (state.uplink) return [withParts(rest, gone, 'uplink'), []];
  const fellAt = Math.min(...due.map(({ area }) => area.silent[0]?.at ?? area.countedAt));
  if (isNobodyHeard(gone, Math.min(at - settings.windowMs, fellAt), settings, areas))
    return lost(withParts(rest, gone, 'uplink'), { at, by: 'silence' });
  return reached(rest, gone, at, settings, areas);
}

/**
 * What is out and has come back ends. What is left of it settles to stand for itself, and until then the whole stands: nobody who is
 * on the way to a village that is still dark must hear that it is over.
 */
export function checked(
  before: VillageOutage,
  at: number,
  settings: VillageOutageSettings,
  areas: Areas,
): [VillageOutage, AlertChange[]] {
  if (before.checkAt === undefined || before.checkAt > at) return [before, []];
  const { uplink } = before;
  const isHeardAgain = uplink?.by === 'silence' && newestWord(areas) > uplink.since;
  const [state, said] = isHeardAgain ? regained(before, { at, by: 'silence' }, settings, areas) : [before, []];
  const isBack = (id: string, area: AreaState) =>
    area.phase === 'part' || (area.phase === 'out' && !area.villages)
      ? silentIn(areas, id).silent < area.marks.backBelow
      : false;
  const standing = keptOf(state.areas, (id, area) => !isBack(id, area));
  const isOver = (id: string, area: AreaState) =>
    area.phase === 'out' && area.villages && area.endsAt === undefined && !isMost(id, standing, settings, areas);
  const over = Object.entries(standing).flatMap(([id, area]) => (isOver(id, area) ? id : []));
  const endsAt = at + settings.settleMs;
  const alone = Object.entries(standing).map(([id, area]): [string, AreaState] => {
    if (area.phase === 'part' && over.includes(area.of)) return [id, settling(area.marks, at, endsAt)];
    return [id, area.phase === 'out' && over.includes(id) ? { ...area, endsAt } : area];
  });
  const cleared = Object.entries(state.areas).flatMap(([id, area]) =>
    area.phase === 'out' && !(id in standing) ? clearOf(area.alertId, at, 'out to back') : [],
  );
  return [{ ...state, areas: Object.fromEntries(alone) }, [...said, ...cleared]];
}

/** Wholes whose parts have settled by now, and stand for themselves or are back. */
export function ended(state: VillageOutage, at: number): [VillageOutage, AlertChange[]] {
  const isOver = (area: AreaState): area is OutState => area.phase === 'out' && (area.endsAt ?? Infinity) <= at;
  const over = Object.values(state.areas).filter(isOver);
  if (over.length === 0) return [state, []];
  const areas = keptOf(state.areas, (_, area) => !isOver(area));
  return [{ ...state, areas }, over.flatMap(({ alertId }) => clearOf(alertId, at, 'out to back'))];
}

/** Our own uplink counts as lost; who is silent is then part of that. */
export function lost(state: VillageOutage, told: Lost): [VillageOutage, AlertChange[]] {
  if (state.uplink) return [state, []];
  const raised = uplinkRaise(told);
  const { alertId } = raised.alert;
  return [{ ...state, uplink: { alertId, since: told.at, by: told.by } }, [raised]];
}

/** Who does not speak again soon after is out all the same. */
export function regained(
  { uplink, ...state }: VillageOutage,
  { at, by }: Lost,
  settings: VillageOutageSettings,
  areas: Areas,
): [VillageOutage, AlertChange[]] {
  if (uplink?.by !== by) return [{ ...state, ...(uplink && { uplink }) }, []];
  const parted = Object.entries(state.areas).flatMap(([id, area]): [string, AreaState][] => {
    if (area.phase !== 'part' || area.of !== 'uplink') return [[id, area]];
    const { marks } = area;
    return silentIn(areas, id).silent < marks.outFrom
      ? []
      : [[id, settling(marks, uplink.since, at + settings.windowMs)]];
  });
  return [{ ...state, areas: Object.fromEntries(parted) }, clearOf(uplink.alertId, at, 'lost to heard again')];
}

/** The host that is asked does not answer while devices are heard, or that is no longer so. */
export function unanswered(
  { probeAlertId, ...state }: VillageOutage,
  { at, probe, stands }: { at: number; probe: string; stands: boolean },
): [VillageOutage, AlertChange[]] {
  if (!stands) return [state, probeAlertId === undefined ? [] : clearOf(probeAlertId, at, 'unanswered to known')];
  if (probeAlertId !== undefined) return [{ ...state, probeAlertId }, []];
  const raised = unansweredRaise({ at, probe });
  return [{ ...state, probeAlertId: raised.alert.alertId }, [raised]];
}

/** On a grid, so that a long outage costs a tick in each step and not one for each village. */
export function scheduled(
  { checkAt, ...state }: VillageOutage,
  at: number,
  { checkMs }: VillageOutageSettings,
): VillageOutage {
  const isAnythingOut =
    state.uplink?.by === 'silence' || Object.values(state.areas).some(({ phase }) => phase !== 'falling');
  if (!isAnythingOut) return state;
  return {
    ...state,
    checkAt: checkAt !== undefined && checkAt > at ? checkAt : (Math.floor(at / checkMs) + 1) * checkMs,
  };
}

function clearOf(alertId: string, at: number, transition: string): AlertChange[] {
  return [{ type: 'clear', alertId, at, reason: { transition } }];
}

const settling = (marks: Marks, countedAt: number, at: number): AreaState => ({
  ...{ phase: 'falling', silent: [], limit: marks.outFrom, countedAt, settling: { at, marks } },
});

function keptOf(states: AreaStates, isKept: (id: string, area: AreaState) => boolean): AreaStates {
  return Object.fromEntries(Object.entries(states).filter(([id, area]) => isKept(id, area)));
}

function withParts(state: VillageOutage, ids: readonly string[], of: string): VillageOutage {
  const parts = ids.map((id): [string, AreaState] => [id, { phase: 'part', of, marks: marksOf(state.areas[id]) }]);
  return { ...state, areas: { ...state.areas, ...Object.fromEntries(parts) } };
}

function marksOf(area: AreaState | undefined): Marks {
  const none = { outFrom: 1, backBelow: 1 };
  if (area?.phase === 'falling') return area.settling?.marks ?? none;
  return area?.marks ?? none;
}

/** Most of all devices are silent, villages of them at once, and no device at all was heard since then: nobody can be. */
function isNobodyHeard(
  gone: readonly string[],
  since: number,
  { leastVillages }: VillageOutageSettings,
  areas: Areas,
): boolean {
  if (gone.length < leastVillages || newestWord(areas) > since) return false;
  const standings = Iterator.from(areas.devices()).map(({ id }) => areas.standing(id));
  const heard = standings.filter((standing) => standing !== undefined).toArray();
  return 2 * heard.filter(({ silent }) => silent).length > heard.length;
}

function newestWord(areas: Areas): number {
  let newest = Number.NEGATIVE_INFINITY;
  for (const { id } of areas.devices()) newest = Math.max(newest, areas.standing(id)?.lastAt ?? newest);
  return newest;
}

/** The widest area of which most is out has one alert for all of them; else each village its own. */
function reached(
  before: VillageOutage,
  gone: readonly string[],
  at: number,
  settings: VillageOutageSettings,
  areas: Areas,
): [VillageOutage, AlertChange[]] {
  let state = before;
  const changes: AlertChange[] = [];
  for (const id of gone) {
    const above = areasAbove(id, areas).findLast(
      (one) => goesOn(outAbove(state, one)) || isMost(one, state.areas, settings, areas),
    );
    const marks = marksOf(state.areas[id]);
    const whole = above === undefined ? undefined : outAbove(state, above);
    if (above !== undefined && whole) {
      // More fell meanwhile: it goes on.
      const { endsAt: _, ...goingOn } = whole;
      state = { ...state, areas: { ...state.areas, [above]: goingOn } };
    } else {
      const villages =
        above === undefined ? [id] : villagesBelow(above, settings, areas).filter((one) => isGone(state.areas[one]));
      const raised = outageRaise(areas, { areaId: above ?? id, villages, at, limit: marks.outFrom });
      changes.push(raised);
      const out: AreaState = {
        phase: 'out',
        alertId: raised.alert.alertId,
        marks,
        ...(above !== undefined && { villages: true }),
      };
      state = { ...state, areas: { ...state.areas, [above ?? id]: out } };
    }
    if (above !== undefined) state = withParts(state, [id], above);
  }
  return [state, changes];
}

function outAbove({ areas }: VillageOutage, id: string): OutState | undefined {
  const area = areas[id];
  return area?.phase === 'out' && area.villages ? area : undefined;
}

const goesOn = (area: OutState | undefined): boolean => area !== undefined && area.endsAt === undefined;

/** The township, then the county. */
function areasAbove(id: string, areas: Areas): string[] {
  const parentId = areas.area(id)?.parentId;
  return parentId === undefined || parentId === id ? [] : [parentId, ...areasAbove(parentId, areas)];
}

/** Who is about to be out counts: else the first village of many would be told of by itself. */
function isGone(area: AreaState | undefined): boolean {
  return area?.phase === 'falling' ? area.settling !== undefined : area !== undefined;
}

/** Most villages of the area are out, and they are not all in one part of it: that part would say it better. */
function isMost(id: string, states: AreaStates, settings: VillageOutageSettings, areas: Areas): boolean {
  const villages = villagesBelow(id, settings, areas);
  const out = villages.filter((one) => isGone(states[one]));
  const parts = new Set(out.map((one) => areas.area(one)?.parentId));
  const isOnePart = parts.size === 1 && !parts.has(id);
  return out.length >= settings.leastVillages && 2 * out.length > villages.length && !isOnePart;
}

/** Areas anywhere below that have devices enough to be out. */
function villagesBelow(id: string, settings: VillageOutageSettings, areas: Areas): string[] {
  return areas.below(id).flatMap((area) => {
    const own = silentIn(areas, area.id).devices >= settings.leastDevices ? [area.id] : [];
    return [...own, ...villagesBelow(area.id, settings, areas)];
  });
}
