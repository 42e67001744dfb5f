import type { AlertChange } from '../../records/alert.ts';
import type { Place } from '../../records/registry.ts';
import { alertIdOf, causeOf, happenedAt, placeSubject, raise } from '../cause.ts';
import type { ReportEvent } from '../event.ts';
import type { Home } from '../home.ts';
import type { Rule } from '../rule.ts';
import { isUnworn } from './excuses.ts';
import { type Fix, fixOf, isFine, radiusOf } from './fixes.ts';
import { metersBetween } from './geodesy.ts';

/**
 * Whether a household went to another camp: home -> elsewhere (somebody of it was seen at a camp where nobody else lives) -> asked (they are
 * still seen there after `stayMs`, and nobody was seen at home) -> home (somebody is seen there, or the registry has moved them). It is
 * a question to whoever keeps the registry; nobody is sent for it, and nothing is moved by it.
 */
export const campMoved: Rule<CampMoved, CampMovedSettings> = {
  name: 'camp-moved',
  initial: { phase: 'home' },
  settings: { stayMs: 18 * 3_600_000, campMeters: 2000, coarseMeters: 300 },
  ranges: { stayMs: [6 * 3_600_000, 14 * 24 * 3_600_000], campMeters: [200, 10_000], coarseMeters: [50, 2000] },
  hears: ['position', 'home-changed'],
  subject(event) {
    const { type, where } = event;
    if (type === 'home-changed') return `household:${event.householdId}`;
    const isFix = type === 'report' && event.report.name === 'position' && where.personId !== undefined;
    return isFix && where.householdId !== undefined ? `household:${where.householdId}` : undefined;
  },
  deadline: () => undefined,
  step(state, event, settings, home) {
    switch (event.type) {
      case 'report':
        return onFix(state, event, settings, home);
      case 'home-changed':
        // The question was about another home than the one that the registry has by now.
        return state.phase === 'home' || state.fromPlaceId === home.place()?.id
          ? [state, []]
          : goneHome(state, event.at, 'asked to moved');
      default:
        return [state, []];
    }
  },
};

/** `sinceAt`, `seenAt`: when somebody was first and last seen there, epoch ms. */
export type CampMoved =
  | { phase: 'home' }
  | ({ phase: 'elsewhere' } & Stay)
  | ({ phase: 'asked'; alertId: string } & Stay);
type Stay = {
  placeId: string;
  fromPlaceId: string;
  sinceAt: number;
  seenAt: number;
  fixes: number;
};
export type CampMovedSettings = {
  /** Longer than a day's work there: it includes a night. */
  stayMs: number;
  /** So near to a camp somebody is at it. */
  campMeters: number;
  coarseMeters: number;
};
type Step = [CampMoved, AlertChange[]];

function onFix(state: CampMoved, event: ReportEvent, settings: CampMovedSettings, home: Home): Step {
  const { report, where } = event;
  const fix = report.name === 'position' ? fixOf(report, happenedAt(event)) : undefined;
  const from = home.place();
  if (!fix || !from?.position || !isFine(fix, settings.coarseMeters) || isUnworn(home, where.deviceId))
    return [state, []];
  // Most fixes are near home, and say no more than that.
  if (isAt(from, fix, settings)) return isNews(state, fix) ? goneHome(state, event.at, 'asked to home') : [state, []];
  const camp = home.camps().find((place) => isAt(place, fix, settings));
  if (!camp || !isNews(state, fix)) return [state, []];
  const isSame = state.phase !== 'home' && state.placeId === camp.id && state.fromPlaceId === from.id;
  const known = isSame ? state : undefined;
  const stay: Stay = {
    ...{ placeId: camp.id, fromPlaceId: from.id, sinceAt: known?.sinceAt ?? fix.at },
    ...{ seenAt: fix.at, fixes: (known?.fixes ?? 0) + 1 },
  };
  if (known?.phase === 'asked') return [{ ...stay, phase: 'asked', alertId: known.alertId }, []];
  const changes = known ? [] : goneHome(state, event.at, 'asked to elsewhere')[1];
  const isLong = fix.at - stay.sinceAt >= settings.stayMs && stay.fixes >= fewestFixes;
  return isLong ? asked(stay, event, { from, camp, settings }) : [{ ...stay, phase: 'elsewhere' }, changes];
}

function asked(
  stay: Stay,
  event: ReportEvent,
  { from, camp, settings }: { from: Place; camp: Place; settings: CampMovedSettings },
): Step {
  const { personId: _, ...where } = event.where;
  const cause = { ...causeOf(event), where };
  const reason = {
    transition: 'elsewhere to asked',
    ...{ toPlaceId: camp.id, toPlace: camp.name, sinceAt: stay.sinceAt, seenAt: stay.seenAt },
    ...{ fixes: stay.fixes, limitMs: settings.stayMs },
    ...(from.position && camp.position && { homeMeters: Math.round(metersBetween(from.position, camp.position)) }),
  };
  const words = { rule: campMoved.name, condition: 'camp-moved', severity: 'service' } as const;
  const raised = raise(cause, { ...words, at: event.at, subject: placeSubject(where), reason });
  return [{ ...stay, phase: 'asked', alertId: alertIdOf(campMoved.name, cause) }, [raised]];
}

/** One device that was left there and spoke twice is nobody's stay. */
const fewestFixes = 3;

/** A stored fix that is older than what is known says nothing about now. */
const isNews = (state: CampMoved, fix: Fix): boolean => state.phase === 'home' || fix.at > state.seenAt;

const isAt = ({ position }: Place, fix: Fix, { campMeters }: CampMovedSettings): boolean =>
  position !== undefined && metersBetween(position, fix) + radiusOf(fix) < campMeters;

function goneHome(state: CampMoved, at: number, transition: string): Step {
  const changes: AlertChange[] =
    state.phase === 'asked' ? [{ type: 'clear', alertId: state.alertId, at, reason: { transition } }] : [];
  return [campMoved.initial, changes];
}
