import { until } from '../bench/system.ts';
import { placeId } from '../bench/village.ts';
import { openJournalReader } from '../journal/reader.ts';
import { systemClock } from '../platform/clock.ts';
import { openDisk } from '../platform/disk.ts';
import { silentLog } from '../platform/log.ts';
import type { DecidedRecord, JournalRecord, ReportRecord } from '../records/journal-record.ts';
import type { Notice } from '../records/notice.ts';
import { decodeRecord } from '../records/record-codec.ts';
import { idempotencyId } from '../responders/channel.ts';
import { query } from './running-system.test-support.ts';
import type { Arrival } from './slow-receiver.ts';

/**
 * Compares what devices and people saw with the journal, and the journal with the database, which is given time to follow.
 * Each problem is a sentence; when there is none, every promise was kept.
 */
export async function judge(evidence: Evidence): Promise<Judgement> {
  const { dataFolder } = evidence;
  const arrivedByNow = evidence.arrivals.map(({ id }) => id);
  let account = await readAccount(dataFolder);
  // What was acknowledged a moment ago is judged a moment later.
  const callProblems = await whenSettled(async () => {
    const found = problemsOfCalls(account, evidence);
    if (found.length > 0) account = await readAccount(dataFolder);
    return found;
  });
  const ids = new Set([...account.notices.values()].map(messageId));
  const problems = [
    ...account.problems,
    ...reportsMissing(account, evidence),
    ...callProblems,
    ...arrivedByNow.filter((id) => !ids.has(id)).map((id) => `message ${id} arrived, and nobody had decided it`),
    ...(await whenSettled(async () => problemsOfMessages(account, evidence))),
    ...(await whenSettled(() => problemsOfCopy(dataFolder, account))),
  ];
  const reports = [...account.reports.values()].reduce((sum, seq) => sum + seq, account.pressed.size);
  return { reports, alerts: account.raised.size, notices: account.notices.size, problems };
}

export type Evidence = {
  dataFolder: string;
  /** By device: it reported 1, 2, 3 and so on, and this was the last that was acknowledged. */
  acknowledged: ReadonlyMap<string, number>;
  /** Presses that were acknowledged, each of another home of the bench's village. */
  calls: readonly { home: number; call: 'emergency' | 'care' }[];
  /** What came to the receiver; it still grows. */
  arrivals: Arrival[];
  /** Messages after whose arrival, and before whose answer, the sender was killed. */
  struck: Arrival[];
};
export type Judgement = { reports: number; alerts: number; notices: number; problems: string[] };

/** What the journal says up to `head`. */
type Account = {
  head: number;
  /** The last number of each device that reports 1, 2, 3 and so on. */
  reports: Map<string, number>;
  pressed: Set<string>;
  /** Condition and place by alert. */
  raised: Map<string, string>;
  incidents: Set<string>;
  notices: Map<string, Notice>;
  /** Notices that nobody tries again. */
  givenUp: Set<string>;
  problems: string[];
};

async function readAccount(dataFolder: string): Promise<Account> {
  const disk = openDisk(dataFolder);
  const reader = await openJournalReader({ disk, clock: systemClock, log: silentLog });
  const account: Account = {
    ...{ head: reader.headSequence, reports: new Map(), pressed: new Set(), raised: new Map() },
    ...{ incidents: new Set(), notices: new Map(), givenUp: new Set(), problems: [] },
  };
  for (let next = reader.firstSequence; next <= account.head; ) {
    const batch = await reader.readBatch(next, { maxRecords: 5_000, maxBytes: 4_000_000 });
    for (const { sequence, body } of batch) if (sequence <= account.head) take(account, decodeRecord(body));
    next += batch.length;
  }
  await reader.close();
  await disk.close();
  return account;
}

function take(account: Account, record: JournalRecord): void {
  if (record.kind === 'report') takeReport(account, record);
  if (record.kind === 'decided') takeDecided(account, record);
  if (record.kind === 'outcome' && record.final) account.givenUp.add(record.noticeId);
  if (record.kind === 'quarantined')
    account.problems.push(`record ${record.sequence} was quarantined: ${record.error}`);
}

/** A report whose PUBACK was lost stands there twice, one behind the other; none is missing between two others. */
function takeReport({ reports, pressed, problems }: Account, { deviceId, report, payload }: ReportRecord): void {
  if (report === 'press') return void pressed.add(deviceId);
  const { seq } = JSON.parse(new TextDecoder().decode(payload)) as { seq: number };
  const last = reports.get(deviceId) ?? 0;
  if (seq !== last && seq !== last + 1) problems.push(`${deviceId}: report ${seq} follows ${last} in the journal`);
  reports.set(deviceId, seq);
}

function takeDecided({ raised, incidents, notices, problems }: Account, decided: DecidedRecord): void {
  for (const change of decided.alerts ?? []) {
    if (change.type !== 'raise') continue;
    const { alertId, condition, where } = change.alert;
    if (raised.has(alertId)) problems.push(`alert ${alertId} was raised twice`);
    raised.set(alertId, `${condition} of ${where.placeId}`);
  }
  for (const { incident } of decided.incidents ?? []) incidents.add(incident.incidentId);
  for (const notice of decided.notices ?? []) {
    if (notices.has(notice.noticeId)) problems.push(`notice ${notice.noticeId} was issued twice`);
    notices.set(notice.noticeId, notice);
  }
}

function reportsMissing({ reports }: Account, { acknowledged }: Pick<Evidence, 'acknowledged'>): string[] {
  return [...acknowledged]
    .filter(([device, seq]) => (reports.get(device) ?? 0) < seq)
    .map(([device, seq]) => `${device}: report ${seq} was acknowledged, the journal ends at ${reports.get(device)}`);
}

function problemsOfCalls({ raised }: Account, { calls }: Pick<Evidence, 'calls'>): string[] {
  const found = [...raised.values()];
  const expected = calls.map(({ home, call }) => `call-${call} of ${placeId(home * 4)}`);
  const twice = found.filter((alert, index) => found.indexOf(alert) !== index);
  return [
    ...twice.map((alert) => `${alert} was raised for one press more than once`),
    ...difference('alert', new Set(found), new Set(expected)),
  ];
}

const messageId = ({ noticeId }: Notice) => idempotencyId(noticeId, 'webhook');

/**
 * Life safety arrives, but for what a newer message to the same person overtakes, which nothing does within the first
 * minutes. What was cut off arrives again. Anything else arrives once at most.
 */
function problemsOfMessages({ notices, givenUp }: Account, { arrivals, struck }: Evidence): string[] {
  const times = new Map<string, number>();
  for (const { id } of arrivals) times.set(id, (times.get(id) ?? 0) + 1);
  const toPeople = [...notices.values()].filter(({ recipient }) => recipient.type === 'contact');
  const newest = new Map(toPeople.map((notice) => [`${notice.incidentId} ${personOf(notice)}`, notice]));
  const isNewest = (notice: Notice) => newest.get(`${notice.incidentId} ${personOf(notice)}`) === notice;
  const problems: string[] = [];
  for (const notice of toPeople) {
    const [came, isCritical] = [times.get(messageId(notice)) ?? 0, notice.severity === 'critical'];
    const mustCome = isCritical ? notice.rung === 1 || isNewest(notice) : !givenUp.has(notice.noticeId);
    if (came === 0 && mustCome) problems.push(`${notice.severity} notice ${notice.noticeId} never arrived`);
    if (came > 1 && !isCritical) problems.push(`${notice.severity} notice ${notice.noticeId} arrived ${came} times`);
  }
  for (const { id, severity } of struck) {
    if (severity === 'critical' && times.get(id) === 1) problems.push(`message ${id} was cut off and not sent again`);
  }
  return problems;
}

const personOf = ({ recipient }: Notice) => (recipient.type === 'contact' ? recipient.contactId : '');

/** The database has what the journal has up to `head`, each once. */
async function problemsOfCopy(dataFolder: string, account: Account): Promise<string[]> {
  const ask = <Row extends object>(sql: string) => query<Row & Record<string, unknown>>(dataFolder, sql);
  const [position] = await ask<{ sequence: string; gaps: string }>(
    'select sequence, (select count(*) from projection_gap) as gaps from projection_position',
  );
  if (!position || Number(position.sequence) < account.head)
    return [`the database is at ${position?.sequence}, the journal at ${account.head}`];
  const problems = position.gaps === '0' ? [] : [`${position.gaps} gaps in the copy`];
  const rows = await ask<{ device: string; copies: number; seqs: number; last: number }>(
    `select device_id as device, count(*)::int as copies, count(distinct seq)::int as seqs, max(seq)::int as last
     from report join device using (device_key) where journal_position <= ${account.head} group by 1`,
  );
  const expected = new Map([...account.reports, ...[...account.pressed].map((device) => [device, 1] as const)]);
  for (const { device, copies, seqs, last } of rows) {
    if (copies === seqs && seqs === last && last === expected.get(device)) continue;
    problems.push(
      `${device}: ${copies} rows of ${seqs} reports up to ${last}, the journal has ${expected.get(device)}`,
    );
  }
  problems.push(...difference('report of', new Set(rows.map(({ device }) => device)), new Set(expected.keys())));
  for (const [table, ids] of [
    ['alert', new Set(account.raised.keys())],
    ['incident', account.incidents],
    ['notice', new Set(account.notices.keys())],
  ] as const) {
    // An incident's position is that of its last change.
    const upTo = table === 'incident' ? '' : `where journal_position <= ${account.head}`;
    const found = await ask<{ id: string }>(`select ${table}_id as id from ${table} ${upTo}`);
    problems.push(...difference(`row of ${table}`, new Set(found.map(({ id }) => id)), ids));
  }
  return problems;
}

function difference(what: string, found: ReadonlySet<string>, expected: ReadonlySet<string>): string[] {
  return [
    ...[...expected.difference(found)].map((name) => `${what} ${name} is missing`),
    ...[...found.difference(expected)].map((name) => `${what} ${name} should not be there`),
  ];
}

/** What is left of the problems when those that follow the journal had time to. */
async function whenSettled(look: () => Promise<string[]>): Promise<string[]> {
  let problems: string[] = [];
  const isGood = async () => {
    problems = await look().catch((error) => [String(error)]);
    return problems.length === 0;
  };
  await until('the end', isGood, settlingMs).catch(() => {});
  return problems;
}
const settlingMs = 90_000;
