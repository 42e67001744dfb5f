import type { Severity } from '../records/alert.ts';
import { isDrill, isSimulated } from '../records/drill.ts';
import type { Incident, IncidentAlert, Told } from '../records/incident.ts';
import type { Notice, NoticePurpose, NoticeText, Recipient } from '../records/notice.ts';
import type { RegistryView } from '../records/registry.ts';

/**
 * Names a notice by its cause: the incident, the version that caused it, the rung (0: not of the ladder), and who gets
 * it.
 */
export function noticeIdOf({ incidentId, cause, rung, recipient }: NoticeName): string {
  const to = recipient.type === 'contact' ? recipient.contactId : recipient.areaId;
  return `${incidentId}/v${cause}/${rung}/${recipient.type}:${to}`;
}

/**
 * The reverse of `noticeIdOf`; undefined for what it never made. An incident's id may hold slashes, what follows it
 * none.
 */
export function parseNoticeId(noticeId: string): NoticeName | undefined {
  const [, incidentId, cause, rung, type, to] = /^(.+)\/v(\d+)\/(\d+)\/(contact|desk):([^/]*)$/s.exec(noticeId) ?? [];
  if (incidentId === undefined || to === undefined) return undefined;
  const recipient: Recipient = type === 'desk' ? { type, areaId: to } : { type: 'contact', contactId: to };
  return { incidentId, cause: Number(cause), rung: Number(rung), recipient };
}

export function createNotice(incident: Incident, registry: RegistryView, at: number, words: NoticeWords): Notice {
  const { cause, rung, recipient, purpose, prefer, channels } = words;
  const { incidentId, severity } = incident;
  const noticeId = noticeIdOf({ incidentId, cause, rung, recipient });
  const text = textOf(incident, registry, words);
  const ways = { ...(prefer && { prefer }), ...(channels && { channels: [...channels] }) };
  return { noticeId, incidentId, purpose, severity, rung, recipient, at, ...ways, text };
}

/** The person is on the list of those who hear the end; `undefined` when the list is full and they are not on it. */
export function withTold(
  told: readonly Told[],
  { contactId, noticeId, at, asked, purpose }: NewlyTold,
): Told[] | undefined {
  const before = told.find((one) => one.contactId === contactId);
  if (!before && told.length >= mostTold) return undefined;
  const informed = !asked && (!before || before.informed === true);
  const answer = before?.answer === undefined ? {} : { answer: before.answer };
  const heard = {
    ...(before?.arrived && { arrived: true as const }),
    ...((before?.updated || purpose === 'update') && { updated: true as const }),
  };
  const now: Told = { contactId, noticeId, at, reached: 'unknown', ...(informed && { informed }), ...answer, ...heard };
  return before ? told.map((one) => (one === before ? now : one)) : [...told, now];
}

/** The alert that a message speaks of when nothing newer caused it: the first of the most urgent ones, a drill's last of all. */
export function leadingAlert(
  { alerts, severity }: Pick<Incident, 'alerts' | 'severity'>,
  registry: Pick<RegistryView, 'device'>,
): IncidentAlert | undefined {
  const real = alerts.filter((alert) => !isSimulated(alert, registry));
  const among = real.length > 0 ? real : alerts;
  return among.find((alert) => alert.severity === severity) ?? among[0];
}

export const alertCount = ({ alerts, moreAlerts = 0 }: Incident): number => alerts.length + moreAlerts;

/** From the least to the most urgent. */
export const severities: readonly Severity[] = ['service', 'urgent', 'critical'];
export const moreUrgent = (a: Severity, b: Severity): Severity =>
  severities.indexOf(b) > severities.indexOf(a) ? b : a;

export type NoticeName = { incidentId: string; cause: number; rung: number; recipient: Recipient };
export type NoticeWords = Omit<NoticeName, 'incidentId'> & {
  purpose: NoticePurpose;
  about?: IncidentAlert;
  detail?: string;
  goingId?: string;
  heldMs?: number;
  prefer?: 'voice';
  channels?: Notice['channels'];
};
/** `asked`: to go. Whoever was asked once is not merely informed later. */
type NewlyTold = Pick<Told, 'contactId' | 'noticeId' | 'at'> & { asked: boolean; purpose?: NoticePurpose };

/** People who hear about one incident, and names in one message. */
export const mostTold = 60;
const mostNamed = 20;
const longestDetail = 200;

function textOf(
  incident: Incident,
  registry: RegistryView,
  { recipient, about, detail, goingId, heldMs }: NoticeWords,
): NoticeText {
  const { code: incidentCode, openedAt, alerts } = incident;
  const alert = about ?? leadingAlert(incident, registry);
  const isReal = alert !== undefined && isSimulated(alert, registry) && !isDrill(incident, registry);
  const { areaId, placeId, personId, deviceId, unregistered } = alert?.where ?? {};
  const village = villageOf(recipient, alert, registry);
  const said = detail ?? (alert && unreadOf(alert));
  return {
    condition: alert?.condition ?? incident.category,
    incidentCode,
    openedAt,
    occurredAt: alert?.occurredAt ?? openedAt,
    ...(alert?.lateMs !== undefined && { lateMs: alert.lateMs }),
    placeIds: named(placed(alerts, alert).flatMap((one) => placesOf(one, registry, village))),
    rooms: named(alerts.map(({ where }) => where.deviceId && registry.device(where.deviceId)?.room)),
    ...(areaId !== undefined && placeId === undefined && { areaId: village ?? areaId }),
    ...(personId !== undefined && { personId }),
    ...(goingId !== undefined && { goingId }),
    ...(deviceId !== undefined && { deviceId }),
    ...(unregistered && { unregistered }),
    ...(isReal && { isReal }),
    ...(said !== undefined && { detail: said.slice(0, longestDetail) }),
    ...(typeof alert?.reason.incidentCode === 'string' && { aboutCode: alert.reason.incidentCode }),
    ...(heldMs !== undefined && { heldMs }),
    alertCount: alertCount(incident),
  };
}

/** The newest of those whom nothing watches over come first: there may be more of them than a message names. */
function placed(alerts: readonly IncidentAlert[], about: IncidentAlert | undefined): readonly IncidentAlert[] {
  if (about?.condition !== 'blind') return alerts;
  return [about, ...alerts.filter(({ clearedAt }) => clearedAt === undefined).toReversed()];
}

/** Where it is, or where to go first when it is a round of many homes: in the village alone of whoever answers for that. */
function placesOf(
  { where, reason: { round } }: IncidentAlert,
  registry: RegistryView,
  village: string | undefined,
): (string | undefined)[] {
  if (!Array.isArray(round)) return [where.placeId];
  const places = round.map((householdId) => registry.household(householdId)?.currentPlaceId);
  if (village === undefined) return places;
  return places.filter((placeId) => placeId !== undefined && registry.place(placeId)?.areaId === village);
}

/** Of many villages that of the recipient, who answers for it alone. */
function villageOf(recipient: Recipient, alert: IncidentAlert | undefined, registry: RegistryView): string | undefined {
  const of = recipient.type === 'contact' ? registry.contact(recipient.contactId)?.of : undefined;
  const villageIds = alert?.reason.villageIds;
  return of?.type === 'area' && Array.isArray(villageIds) && villageIds.includes(of.id) ? of.id : undefined;
}

function named(names: (string | undefined)[]): string[] {
  return [...new Set(names.filter((name) => name !== undefined && name !== ''))].slice(0, mostNamed) as string[];
}

/** What could not be read of a report, in the rule's words. */
function unreadOf({ reason: { unread } }: IncidentAlert): string | undefined {
  return Array.isArray(unread) && unread.length > 0 ? unread.join(', ') : undefined;
}
