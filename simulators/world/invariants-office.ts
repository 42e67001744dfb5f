import { createHash } from 'node:crypto';
import type { AuditLine } from '../../ingest/audit-lines.ts';
import type { Command } from '../../records/command.ts';
import type { IncidentChange } from '../../records/incident.ts';
import type { Entry, Evidence, Told } from './evidence.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import { decisionsOf, entriesOf, once } from './reading.ts';

/** The account of looks and changes, and what a program elsewhere is told. */
export const officeInvariants: readonly Invariant[] = [
  invariant('rest', 'the account of looks is one chain', brokenLinks),
  invariant('rest', 'who looked or changed something is in the account, once', untoldLooks),
  invariant('rest', 'the account says what the journal says', inventedLines),
  invariant(4, 'an event that goes out again has the id that it had', renamedEvents),
  invariant(5, 'who subscribed hears of every incident, and of every visit', unheardNews),
  invariant(5, 'of one incident a program hears in its order', disorderlyEvents),
  invariant(5, 'a program is told what happened, and nothing else', inventedEvents),
];

const linesOf = once(({ account }): AuditLine[] => account.flatMap((text) => parsed(text) ?? []));

function parsed(text: string): AuditLine | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Each line has the hash of the one before it, and its own: of its bytes up to it. */
function* brokenLinks({ account }: Evidence): Iterable<Violation> {
  let [n, prev] = [0, '0'.repeat(64)];
  for (const text of account) {
    const line = parsed(text);
    const hash = createHash('sha256')
      .update(text.replace(/,"hash":"[0-9a-f]{64}"\}$/, '}'))
      .digest('hex');
    n += 1;
    if (line?.n !== n || line.prev !== prev || line.hash !== hash) {
      yield { says: `line ${n} of the account does not follow the one before it` };
      return;
    }
    prev = line.hash;
  }
}

/** What was asked and decided, until so long before the end; a gap of the account says that it could not be told. */
function* untoldLooks(evidence: Evidence): Iterable<Violation> {
  const lines = linesOf(evidence);
  if (!evidence.office) return;
  const told = Map.groupBy(lines, ({ sequence }) => sequence);
  const gaps = lines.flatMap(({ what, details }) =>
    what === 'gap' ? { from: Number(details?.from), to: Number(details?.to) } : [],
  );
  const asked = new Map<string, Command>();
  for (const { record } of entriesOf(evidence.journal, 'command')) {
    const { command } = record;
    if (toldOf.has(command.type) && !asked.has(command.commandId)) asked.set(command.commandId, command);
  }
  for (const { record, sequence, atMs } of entriesOf(evidence.journal, 'decided')) {
    const command = asked.get(record.result?.commandId ?? '');
    if (!command || atMs > evidence.endedAtMs - lateMs) continue;
    asked.delete(command.commandId);
    if (gaps.some(({ from, to }) => from <= sequence && sequence <= to)) continue;
    const count = told.get(sequence)?.filter(({ by }) => by === `${command.by.type}:${command.by.id}`).length ?? 0;
    if (count !== 1)
      yield { says: `${command.type} ${command.commandId} is ${count} times in the account`, sequence, atMs };
  }
}
const toldOf: ReadonlySet<string> = new Set(['look', 'resolve', 'reopen', 'registry-change']);
const lateMs = 5 * 60_000;

function* inventedLines(evidence: Evidence): Iterable<Violation> {
  const decided = new Set(entriesOf(evidence.journal, 'decided').map(({ sequence }) => sequence));
  for (const { n, sequence, what } of linesOf(evidence)) {
    if (what !== 'journal' && what !== 'gap' && !decided.has(sequence))
      yield { says: `line ${n} of the account, ${what}, is of record ${sequence}, in which nothing was decided` };
  }
}

/** What it is about; undefined for what is not about an incident. */
type Subject = { incidentId: string; version: number; position: string };
function subjectOf({ body }: Told): Subject | undefined {
  return body.type.startsWith('incident.') ? (body.data as Subject) : undefined;
}

function* renamedEvents({ told }: Evidence): Iterable<Violation> {
  const saidBy = new Map<string, string>();
  const idOf = new Map<string, string>();
  for (const one of told) {
    const { id, atMs, body } = one;
    if (body.type === 'subscription.gap') continue;
    const said = JSON.stringify(body);
    if ((saidBy.get(id) ?? said) !== said) yield { says: `${id} was told twice, and not with the same words`, atMs };
    const subject = subjectOf(one);
    const about = subject && `${body.type} ${subject.incidentId} of ${subject.position}`;
    if (about && (idOf.get(about) ?? id) !== id)
      yield { says: `${about} was told as ${idOf.get(about)} and as ${id}`, atMs };
    saidBy.set(id, said);
    if (about) idOf.set(about, id);
  }
}

type Change = IncidentChange & { sequence: number; atMs: number };
const changesOf = once((evidence): Change[] =>
  decisionsOf(evidence).flatMap(({ entry: { sequence, atMs }, record }) =>
    (record.incidents ?? []).map((change) => ({ ...change, sequence, atMs })),
  ),
);

/** What rests until its next attempt, hours later, and what was kept from it by a gap that was told, is not unheard. */
function* unheardNews(evidence: Evidence): Iterable<Violation> {
  if (!evidence.office) return;
  const arrived = evidence.told.filter((one) => one.arrived);
  const gaps = arrived.flatMap(({ body }) => (body.type === 'subscription.gap' ? rangeOf(body.data) : []));
  const heard = new Set(arrived.flatMap((one) => newsIn(one) ?? []));
  const subscribedAt = subscriptionOf(evidence.journal);
  const unheard = [...openingsOf(evidence), ...visitsOf(evidence)].filter(({ news, sequence, atMs }) => {
    const isOwed = sequence > subscribedAt && atMs <= evidence.endedAtMs - lateMs;
    return isOwed && !heard.has(news) && !gaps.some(({ from, to }) => from <= sequence && sequence <= to);
  });
  if (unheard.length <= evidence.waiting) return;
  for (const { news, sequence, atMs } of unheard)
    yield { says: `nobody elsewhere was told of ${news}`, sequence, atMs };
}
type News = { news: string; sequence: number; atMs: number };

/** Where in the journal a program is subscribed: what stands before it, as of a device that spoke before its county was entered, is no news. */
function subscriptionOf(journal: readonly Entry[]): number {
  const taken = takenIn(journal);
  const commands = entriesOf(journal, 'command').map(({ record, sequence }) => ({ ...record, sequence }));
  const imports = new Set(
    commands.flatMap(({ command }) => {
      const isOfIt =
        command.type === 'registry-part' && command.changes.some(({ entity }) => entity === 'subscription');
      return isOfIt ? command.importId : [];
    }),
  );
  const commit = commands.find(({ command }) => {
    return command.type === 'registry-commit' && imports.has(command.importId) && taken.has(command.commandId);
  });
  return commit?.sequence ?? Infinity;
}

/** The ids of commands that were not refused. */
const takenIn = (journal: readonly Entry[]): ReadonlySet<string> =>
  new Set(
    entriesOf(journal, 'decided').flatMap(({ record }) => (record.result?.result.ok ? record.result.commandId : [])),
  );

function newsIn({ body }: Told): string | undefined {
  if (body.type === 'visit.recorded') return visitIn(body.data.householdId, Date.parse(body.data.visitedAt));
  return body.type === 'incident.opened' ? body.data.incidentId : undefined;
}
const visitIn = (householdId: string, visitedAt: number): string =>
  `a visit to ${householdId} at ${Math.floor(visitedAt / 1_000)}`;

const openingsOf = (evidence: Evidence): News[] =>
  changesOf(evidence)
    .filter(({ timeline }) => timeline.some(({ what }) => what === 'opened'))
    .map(({ incident, sequence, atMs }) => ({ news: incident.incidentId, sequence, atMs }));

/** Of those that were taken. */
function visitsOf({ journal }: Evidence): News[] {
  const taken = takenIn(journal);
  return entriesOf(journal, 'command').flatMap(({ record: { command }, sequence, atMs }) =>
    command.type === 'visit' && taken.has(command.commandId)
      ? { news: visitIn(command.householdId, command.visitedAt), sequence, atMs }
      : [],
  );
}

/** A position ends in the sequence. */
const sequenceIn = (position: string): number => Number(position.split('/').at(-1));
const rangeOf = ({ from, to }: { from: string; to: string }) => ({ from: sequenceIn(from), to: sequenceIn(to) });

/** By when a version was first tried; what was refused waits for another day, and keeps nobody waiting. */
function* disorderlyEvents({ told }: Evidence): Iterable<Violation> {
  const newest = new Map<string, number>();
  const seen = new Set<string>();
  for (const one of told) {
    const subject = subjectOf(one);
    if (!subject || seen.has(one.id)) continue;
    seen.add(one.id);
    const { incidentId, version } = subject;
    if (version < (newest.get(incidentId) ?? 0))
      yield { says: `version ${version} of ${incidentId} was told after ${newest.get(incidentId)}`, atMs: one.atMs };
    newest.set(incidentId, Math.max(version, newest.get(incidentId) ?? 0));
  }
}

function* inventedEvents(evidence: Evidence): Iterable<Violation> {
  const known = new Set(changesOf(evidence).map(({ incident }) => `${incident.incidentId} ${incident.version}`));
  for (const one of evidence.told) {
    const subject = subjectOf(one);
    if (subject && !known.has(`${subject.incidentId} ${subject.version}`))
      yield {
        says: `a program heard of version ${subject.version} of ${subject.incidentId}, which the journal does not know`,
        atMs: one.atMs,
      };
  }
}
