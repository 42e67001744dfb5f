import type { Alert, AlertChange, Note, Reason, Severity } from '../records/alert.ts';
import type { Incident, IncidentAlert } from '../records/incident.ts';
import { plausibleFrom } from './arrival.ts';
import { shortenedClaim } from './claims.ts';
import { moveLadder } from './climb.ts';
import { codeFor } from './code.ts';
import { type Correlation, correlationOf, isCry, isSameCry, mayEndByItself, sameCryMs } from './correlation.ts';
import { type IncidentTable, isOpen, keyOfIncident } from './incident-table.ts';
import { alertCount, moreUrgent } from './notices.ts';
import type { Round } from './round.ts';
import { isSilence } from './silences.ts';
import { happen } from './transition.ts';
import { forgetWhoWent, nextVersion, soundDesk, type Turn, tellTheEnd, write } from './turn.ts';

/**
 * What rules said, into incidents. All of one step's alerts come first and people are told afterwards, so that one
 * message names them all.
 */
export function stepAlerts(round: Round, changes: readonly AlertChange[]): void {
  const news: News = new Map();
  for (const change of changes) {
    if (change.type === 'raise' && round.suppressions.take(change.alert, round.at)) continue;
    if (change.type === 'raise' && isSilence(change.alert)) round.silences.wait(change.alert, round.at);
    else if (change.type === 'raise') raise(round, change.alert, news);
    else if (change.type === 'strengthen') strengthen(round, change, news);
    else if (change.type === 'clear') clear(round, change, news);
    else if (change.type === 'note') note(round, change.note);
  }
  tellAll(round, news);
}

/** Silences that lasted and are no part of an outage, and what was suppressed and still stands. */
export function stepWaiting(round: Round, lasted: readonly Alert[]): void {
  const news: News = new Map();
  for (const alert of lasted) raise(round, alert, news);
  tellAll(round, news);
}

function tellAll(round: Round, news: News): void {
  for (const [turn, item] of news) {
    tellNews(turn, item);
    round.keep(turn);
  }
}

/** What a step's alerts were to one incident, before anybody is told. `newest`: what messages speak of. */
type NewsItem = {
  opened: boolean;
  severityBefore: Severity;
  lastAlertBefore: number;
  newest?: { kind: 'worse' | 'second call' | 'lesser alert'; about: IncidentAlert };
};
type News = Map<Turn, NewsItem>;

/** Alerts that an incident keeps; further ones are counted. */
const mostAlerts = 200;

function raise(round: Round, alert: Alert, news: News): void {
  if (round.table.ofAlert(alert.alertId) || round.table.isUncarried(alert.alertId)) return;
  const correlation = correlationOf({ ...alert, at: round.at }, round.localTime);
  const standing = findOpen(round, alert, correlation) ?? round.table.restingWithKey(correlation.key);
  const added = incidentAlert(alert);
  const turn = round.turnOf(standing ?? opened(round, added, correlation));
  const item = newsOf(news, turn, standing === undefined);
  if (standing && !addAlert(turn, added)) round.table.countUncarried(alert, standing.incidentId);
  const { alertId, condition, severity, lateMs } = alert;
  write(turn, standing ? 'alert' : 'opened', { alertId, condition, severity, ...(lateMs !== undefined && { lateMs }) });
  const kind = condition === 'call-emergency' ? 'second call' : isTold(alert) ? 'worse' : 'lesser alert';
  if (item.newest?.kind !== 'worse' || kind === 'worse') item.newest = { kind, about: added };
  round.keep(turn);
}

/** Whom nothing watches over any more is somebody else than those whom the incident is about: it is told, however urgent. */
const isTold = ({ condition, severity }: Pick<IncidentAlert, 'condition' | 'severity'>): boolean =>
  severity === 'critical' || (condition === 'blind' && severity === 'urgent');

/** The open incident with the alert's key, else the latest cry at the same place that it may belong to. */
function findOpen(
  { table, at }: Round,
  words: Parameters<typeof correlationOf>[0],
  { key }: Correlation,
): Incident | undefined {
  const same = table.openWithKey(key);
  const { placeId } = words.where;
  if (same || placeId === undefined || !isCry(words.condition)) return same;
  const cries = table.openCriesAt(placeId).filter((incident) => isSameCry({ ...words, at }, incident));
  return cries.reduce<Incident | undefined>(
    (best, cry) => (best && best.lastAlertAt >= cry.lastAlertAt ? best : cry),
    undefined,
  );
}

function opened(
  { at, table, firstVersion }: Round,
  alert: IncidentAlert,
  { category, subject, week }: Correlation,
): Incident {
  const incidentId = `i:${alert.alertId}`;
  const { areaId } = alert.where;
  const version = firstVersion();
  return {
    incidentId,
    version,
    code: codeFor(incidentId, table.hasCode),
    category,
    severity: alert.severity,
    subject,
    // What gathers a village's devices is nowhere in particular.
    where: subject.type === 'area' && areaId !== undefined ? { areaId } : alert.where,
    openedAt: at,
    lastAlertAt: at,
    alerts: [alert],
    state: { phase: 'open', since: at },
    ladder: { phase: 'running', rung: 0, startedAt: at, cause: version },
    told: [],
    ...(week && { week }),
  };
}

/** False: the list is full of what stands. */
function addAlert(turn: Turn, alert: IncidentAlert): boolean {
  const { closing, ...incident } = turn.incident;
  const { alerts, moreAlerts = 0, severity } = incident;
  // The first alert names the incident and stays; a cleared one makes room for what stands.
  const cleared =
    alerts.length < mostAlerts ? -1 : alerts.findIndex(({ clearedAt }, index) => index > 0 && clearedAt !== undefined);
  const room = alerts.length < mostAlerts || cleared >= 0;
  turn.incident = {
    ...incident,
    severity: moreUrgent(severity, alert.severity),
    lastAlertAt: turn.at,
    ...(room ? { alerts: [...alerts.filter((_, index) => index !== cleared), alert] } : { moreAlerts: moreAlerts + 1 }),
    ...(closing && alert.severity !== 'critical' && { closing }),
  };
  nextVersion(turn);
  return room;
}

/**
 * What strengthens a resolved matter is news: to the incident that is open for the same now, else it is open again. Of two that a person
 * had ended one is, and it is told of both.
 */
function strengthen(round: Round, change: Strengthened, news: News): void {
  const { table, silences, suppressions } = round;
  if (silences.strengthen(change) || suppressions.strengthen(change)) return;
  const standing = table.ofAlert(change.alertId);
  const before = standing?.alerts.find(({ alertId }) => alertId === change.alertId);
  if (!standing || !before) return;
  const { clearedAt, ...latched } = before;
  const severity = moreUrgent(before.severity, change.severity);
  const alert = { ...latched, severity, reason: { ...before.reason, ...change.reason } };
  const turn = isOpen(standing) ? round.turnOf(standing) : turnAgain(round, standing, news);
  const item = newsOf(news, turn, false);
  replaceAlert(turn, alert);
  const { alertId, condition } = alert;
  write(turn, 'alert', { alertId, condition, severity, strengthened: true });
  const isNews = severity !== before.severity || clearedAt !== undefined || !isOpen(standing);
  if (isNews) {
    nextVersion(turn);
    item.newest = { kind: isTold(alert) ? 'worse' : 'lesser alert', about: alert };
  }
  round.keep(turn);
}

function turnAgain(round: Round, resolved: Incident, news: News): Turn {
  const key = keyOfIncident(resolved);
  const isAgain = ([{ incident }, { newest }]: [Turn, NewsItem]) =>
    newest !== undefined && !isOpen(incident) && keyOfIncident(incident) === key;
  return [...news].find(isAgain)?.[0] ?? round.turnOf(round.table.openWithKey(key) ?? resolved);
}
type Strengthened = Extract<AlertChange, { type: 'strengthen' }>;

function clear(round: Round, { alertId, at, reason }: Extract<AlertChange, { type: 'clear' }>, news: News): void {
  if (round.silences.drop(alertId) || round.suppressions.drop(alertId)) return;
  const uncarried = round.table.takeUncarried(alertId);
  if (uncarried) {
    clearUncarried(round, alertId, uncarried, reason, news);
    return;
  }
  const standing = round.table.ofAlert(alertId);
  const alert = standing?.alerts.find((one) => one.alertId === alertId);
  if (!standing || !alert || !isOpen(standing) || alert.clearedAt !== undefined) return;
  const turn = round.turnOf(standing);
  newsOf(news, turn, false);
  replaceAlert(turn, { ...alert, clearedAt: at });
  if (standing.subject.type === 'area') forgetCleared(turn);
  write(turn, 'alert-cleared', { ...reason, alertId, condition: alert.condition });
  round.keep(turn);
}

/** What was only counted, because the list was full, is counted no longer. */
function clearUncarried(
  round: Round,
  alertId: string,
  { standing, condition }: NonNullable<ReturnType<IncidentTable['takeUncarried']>>,
  reason: Reason,
  news: News,
): void {
  if (!standing || !isOpen(standing)) return;
  const turn = round.turnOf(standing);
  newsOf(news, turn, false);
  const { moreAlerts = 0, ...incident } = turn.incident;
  turn.incident = moreAlerts > 1 ? { ...incident, moreAlerts: moreAlerts - 1 } : incident;
  write(turn, 'alert-cleared', { ...reason, alertId, condition });
  round.keep(turn);
}

/** A note calls nobody; it stands in the timeline of the open incident whose alert it is about. */
function note(round: Round, { what, noteId, reason }: Note): void {
  const about = [reason.alertId, reason.alertIds].flat().filter((alertId) => typeof alertId === 'string');
  const incident = about.map((alertId) => round.table.ofAlert(alertId)).find((found) => found && isOpen(found));
  if (incident)
    write(round.turnOf(incident), what === 'call-repeated' ? 'call-again' : 'alert', { note: what, noteId });
}

function newsOf(news: News, turn: Turn, isNew: boolean): NewsItem {
  const { severity, lastAlertAt } = turn.incident;
  const item = news.get(turn) ?? { opened: isNew, severityBefore: severity, lastAlertBefore: lastAlertAt };
  news.set(turn, item);
  return item;
}

function replaceAlert(turn: Turn, alert: IncidentAlert): void {
  const { alerts, severity } = turn.incident;
  const replaced = alerts.map((one) => (one.alertId === alert.alertId ? alert : one));
  turn.incident = { ...turn.incident, alerts: replaced, severity: moreUrgent(severity, alert.severity) };
}

/** Tells people once what a step's alerts came to, by the table. */
function tellNews(turn: Turn, item: NewsItem): void {
  const { opened, severityBefore, newest } = item;
  const { state, severity } = turn.incident;
  if (opened) moveLadder(turn, 'starts');
  else if (state.phase === 'resolved') reopenForNews(turn, newest?.about);
  else if (severity !== severityBefore && newest)
    happen(turn, 'more urgent', { about: newest.about, entering: shortenedClaim(turn) });
  else if (newest && isAwaited(turn, newest.about)) happen(turn, 'worse', { about: newest.about });
  else if (newest?.kind === 'second call' && !isNewCry(turn, item)) secondCall(turn, newest.about);
  else if (newest) happen(turn, newest.kind === 'lesser alert' ? 'lesser alert' : 'worse', { about: newest.about });
  if (mayEndByItself(turn.incident)) endByItself(turn);
}

/** Nobody is under way for what is held, whatever its state says: a new call there must be told, as if it came by itself. */
function isAwaited({ incident }: Turn, about: IncidentAlert): boolean {
  return incident.ladder.phase === 'held' && about.severity !== 'service';
}

function secondCall(turn: Turn, about: IncidentAlert): void {
  const { phase } = turn.incident.state;
  happen(turn, 'second call', { about });
  notePress(turn, about);
  if (phase !== 'responding' && phase !== 'on-scene') return;
  write(turn, 'call-again', { alertId: about.alertId });
  soundDesk(turn, about);
}

/** The home's own button, when who is on the way could be there, may be them: it takes their word, too. */
function notePress(turn: Turn, { where }: IncidentAlert): void {
  const { state } = turn.incident;
  const button = where.deviceId === undefined ? undefined : turn.registry.device(where.deviceId);
  if (state.phase !== 'responding' || button?.placeId === undefined) return;
  if (turn.at < (plausibleFrom(turn, state.by.id) ?? turn.at)) return;
  turn.incident = { ...turn.incident, state: { ...state, pressedAt: turn.at } };
}

/** Somebody was there long ago, and the person calls again: those who were told must hear it, or nobody would. */
function isNewCry({ incident, at }: Turn, { lastAlertBefore }: NewsItem): boolean {
  const { state } = incident;
  return state.phase === 'on-scene' && at - Math.max(lastAlertBefore, state.since) > sameCryMs;
}

/** A week's work is written anew with each change of it: of what was done it keeps the newest, the timeline names all. */
function forgetCleared(turn: Turn): void {
  const { alerts } = turn.incident;
  const cleared = alerts
    .filter(({ clearedAt }) => clearedAt !== undefined)
    .toSorted((a, b) => (a.clearedAt ?? 0) - (b.clearedAt ?? 0));
  const forgotten = new Set(cleared.slice(0, -mostCleared));
  turn.incident = { ...turn.incident, alerts: alerts.filter((alert) => !forgotten.has(alert)) };
}
const mostCleared = 5;

function reopenForNews(turn: Turn, about: IncidentAlert | undefined): void {
  if (!about || (about.severity !== 'critical' && !turn.incident.week)) return;
  write(turn, 'reopened', { alertId: about.alertId });
  forgetWhoWent(turn);
  happen(turn, 'reopen', { about });
}

function endByItself(turn: Turn): void {
  if (turn.incident.state.phase !== 'open') return;
  const by = { type: 'system' as const, id: 'incidents' };
  const { category } = turn.incident;
  // A home that is warm again, a fall that was none, and who came home by themselves were no fault of the equipment.
  const isOfPeople = category === 'reading' || category === 'fall' || category === 'wandering';
  const outcome = isOfPeople ? 'no-help-needed' : 'equipment';
  // Only the person takes back a possible fall.
  const contact = category === 'fall' ? 'reached' : 'not-applicable';
  nextVersion(turn);
  happen(turn, 'all cleared', { entering: { phase: 'resolved', since: turn.at, by, outcome, contact } });
  write(turn, 'resolved', { outcome, contact, alerts: alertCount(turn.incident) }, by);
  tellTheEnd(turn, undefined, outcome);
}

function incidentAlert(alert: Alert): IncidentAlert {
  const { alertId, rule, condition, severity, at, occurredAt, clock, lateMs, subject, where, reason } = alert;
  const late = lateMs === undefined ? {} : { lateMs };
  return { alertId, rule, condition, severity, at, occurredAt, clock, ...late, subject, where, reason };
}
