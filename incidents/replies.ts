import type { CommandResult, HandOver, PromptAnswer, Reply } from '../records/command.ts';
import type { Incident, Told } from '../records/incident.ts';
import type { Notice } from '../records/notice.ts';
import type { ProviderEntry } from '../records/providers.ts';
import type { Contact } from '../records/registry.ts';
import { answered, type IncidentCommand, stepCommand } from './commands.ts';
import { handOverName } from './hand-overs.ts';
import { isOpen } from './incident-table.ts';
import { leadingAlert, parseNoticeId } from './notices.ts';
import { promptIn } from './prompts.ts';
import { type Line, replyLine } from './reply-line.ts';
import type { Round } from './round.ts';
import { happen } from './transition.ts';
import { minutesOfTravel } from './travel.ts';
import { nextVersion, soundDesk, write } from './turn.ts';

/**
 * Somebody answers by telephone. Whose number it is says who they are; what they answer is the notice that the way names, the incident
 * whose code they wrote, or the one that they were told of. They speak for themselves alone, and no answer ends what a life hangs on. Each
 * is answered by one short line, unless it comes from a number that belongs to nobody.
 * `prompt`: it is the person's own answer to whether all is well. `handOver`: they take over the shift about which they were asked.
 */
export function stepReply(round: Round, command: Reply, ports: ReplyPorts): ReplyAnswer {
  const contacts = speakers(round, command);
  if (contacts.length === 0) return refuseStranger(round, command);
  const meant = meantBy(round, command, contacts, ports);
  if (meant.type === 'prompt') return answerPrompt(round, command, meant, ports);
  if (meant.type === 'shift') return answerShift(round, command, meant, ports);
  const [first] = contacts;
  if (meant.type === 'line')
    return first ? said(round, command, first, meant.line, ports) : refusedAnswer(meant.line.what);
  const { incident } = meant;
  const told = new Set(incident.told.map(({ contactId }) => contactId));
  const contact = contacts.find(({ id }) => told.has(id));
  if (!contact) {
    refuseForeign(round, incident, command, first?.id);
    return first ? said(round, command, first, { what: 'not-yours', incident }, ports) : refusedAnswer('not-yours');
  }
  return said(round, command, contact, { what: carryOut(round, incident, contact, command), incident }, ports);
}

export type ReplyPorts = {
  providers: readonly ProviderEntry[];
  /** The question to that contact which nobody has answered yet, the newest one. */
  openPrompt(contactId: string, at: number): string | undefined;
  /** The roster by which they were asked to take over a shift: with that code, else the newest. */
  openShift(contactId: string, code?: string): string | undefined;
};
export type ReplyAnswer = { result: CommandResult; notices: Notice[]; prompt?: PromptAnswer; handOver?: HandOver };

type Meant =
  | { type: 'incident'; incident: Incident }
  | { type: 'prompt'; promptId: string; contact: Contact }
  | { type: 'shift'; rosterId: string; contact: Contact }
  | { type: 'line'; line: Line };

function speakers({ registry }: Round, { by, phoneKey }: Reply): Contact[] {
  if (by.type !== 'contact') return registry.contactsByPhone(phoneKey);
  const contact = registry.contact(by.id);
  return contact ? [contact] : [];
}

function meantBy(round: Round, { about, code, answer }: Reply, contacts: readonly Contact[], ports: ReplyPorts): Meant {
  const name = about === undefined ? undefined : parseNoticeId(about);
  const promptId = name && promptIn(name.incidentId);
  const asked = contacts.find(({ id }) => name?.recipient.type === 'contact' && name.recipient.contactId === id);
  if (promptId !== undefined && asked) return { type: 'prompt', promptId, contact: asked };
  const named = name && round.table.wholeOf(round.table.get(name.incidentId));
  if (named) return { type: 'incident', incident: named };
  const coded = code === undefined ? undefined : round.table.wholeOf(round.table.withCode(code));
  if (coded) return { type: 'incident', incident: coded };

  const shift = shiftMeant(contacts, { name: name?.incidentId, code, answer }, ports);
  if (shift) return shift;
  // Of a shift, or of a trial, it is no word about an incident; but help is help.
  if (name && !name.incidentId.startsWith('i:') && answer !== 'help')
    return { type: 'line', line: { what: 'nothing-open' } };

  const ids = new Set(contacts.map(({ id }) => id));
  const isTold = ({ told }: Incident): boolean => told.some(({ contactId }) => ids.has(contactId));
  const open = [...round.table.open()].filter((incident) => isOpen(incident) && isTold(incident));
  const question = questionTo(contacts, round.at, ports);
  // Somebody of the home has the same telephone as the person, and was told for information: that all is well sends nobody on the way.
  const isInformed = ({ told }: Incident): boolean =>
    told.every(({ contactId, informed }) => !ids.has(contactId) || informed);
  if (question && (open.length === 0 || (answer === 'going' && open.every(isInformed)))) return question;
  const waiting = open.length === 0 ? shiftOf(contacts, answer, ports) : undefined;
  if (waiting) return waiting;
  const [only, another] = open;
  if (only && !another) return { type: 'incident', incident: only };
  // Whoever needs help is not asked for codes: it is called for the most urgent of them.
  if (only && answer === 'help') return { type: 'incident', incident: mostUrgent(open) };
  if (only) return { type: 'line', line: { what: 'which', codes: open.map(({ code: one }) => one) } };
  const over = [...round.table.all()].filter((incident) => !isOpen(incident) && isTold(incident)).at(-1);
  return over ? { type: 'incident', incident: over } : { type: 'line', line: { what: 'nothing-open' } };
}

function questionTo(contacts: readonly Contact[], at: number, { openPrompt }: ReplyPorts): Meant | undefined {
  for (const contact of contacts) {
    const promptId = openPrompt(contact.id, at);
    if (promptId !== undefined) return { type: 'prompt', promptId, contact };
  }
  return undefined;
}

/** By what they answer, or by the code that they wrote. */
function shiftMeant(
  contacts: readonly Contact[],
  { name, code, answer }: { name: string | undefined; code: string | undefined; answer: Reply['answer'] },
  ports: ReplyPorts,
): Meant | undefined {
  const byCode = code === undefined ? undefined : shiftOf(contacts, answer, ports, code);
  const newest = byCode ?? shiftOf(contacts, answer, ports);
  return byCode ?? (newest?.type === 'shift' && name === handOverName(newest.rosterId) ? newest : undefined);
}

function shiftOf(
  contacts: readonly Contact[],
  answer: Reply['answer'],
  { openShift }: ReplyPorts,
  code?: string,
): Meant | undefined {
  if (answer !== 'going' && answer !== 'cannot') return undefined;
  for (const contact of contacts) {
    const rosterId = openShift(contact.id, code);
    if (rosterId !== undefined) return { type: 'shift', rosterId, contact };
  }
  return undefined;
}

function mostUrgent(open: readonly Incident[]): Incident {
  const rank = ({ severity }: Incident): number => ['critical', 'urgent', 'service'].indexOf(severity);
  return open.reduce((a, b) => (rank(b) < rank(a) || (rank(b) === rank(a) && b.openedAt > a.openedAt) ? b : a));
}

/** Does it, once: who says the same again hears the same again. Answers which line they read. */
function carryOut(round: Round, incident: Incident, { id: contactId }: Contact, command: Reply): Line['what'] {
  const before = incident.told.find((one) => one.contactId === contactId);
  const { commandId, answer } = command;
  const by = { type: 'contact', id: contactId } as const;
  const named = { commandId, by, incidentId: incident.incidentId, expectedVersion: incident.version };
  const { phase } = incident.state;
  if (phase === 'resolved') return answer === 'help' ? 'over-call' : 'over';
  // Where whoever went before them turned back, who says it again is the one who goes.
  const isAwaited = phase === 'responding' || phase === 'on-scene';
  const ask = (asked: IncidentCommand, line: Line['what']): Line['what'] =>
    stepCommand(round, asked).ok ? line : 'not-now';
  switch (answer) {
    case 'going':
      if (before?.informed && command.minutes === undefined) return noteGoing(round, incident, before, command);
      if (before?.answer === 'going' && isAwaited && command.minutes === undefined) return 'going';
      return ask(
        { ...named, type: 'accept', contactId, expectedMinutes: minutesOf(round, incident, contactId, command) },
        'going',
      );
    case 'cannot':
      return before?.answer === 'cannot' ? 'cannot' : ask({ ...named, type: 'decline', contactId }, 'cannot');
    case 'arrived':
      if (before?.arrived) return 'arrived';
      return stepCommand(round, { ...named, type: 'arrive' }).ok ? 'arrived' : 'doubted';
    case 'false-alarm':
      return reportFalseAlarm(round, incident, named, contactId);
    case 'help':
      askForHelp(round, incident, contactId);
      return 'help';
    case 'unclear':
      note(round, incident, contactId, command);
      return 'unclear';
  }
}

/**
 * Whoever was told for information alone was asked nothing: "received" is no word on which others are called off. That they may come is
 * noted, and the ladder goes on; who says in how many minutes, or says it on the page, is a responder like any other.
 */
function noteGoing(round: Round, incident: Incident, { contactId, answer }: Told, command: Reply): 'going' {
  if (answer === 'going') return 'going';
  const turn = round.turnOf(incident);
  const expectedAt = round.at + minutesOf(round, incident, contactId, command) * 60_000;
  answered(turn, contactId, { answer: 'going' });
  nextVersion(turn);
  write(turn, 'accepted', { contactId, expectedAt, informed: true }, { type: 'contact', id: contactId });
  round.keep(turn);
  return 'going';
}

type Named = Pick<IncidentCommand, 'commandId' | 'incidentId' | 'expectedVersion'> & {
  by: { type: 'contact'; id: string };
};

/** By who was asked to agree that it may end it is their word for that. By anybody else the desk hears of it, and decides. */
function reportFalseAlarm(round: Round, incident: Incident, named: Named, contactId: string): Line['what'] {
  const { closing } = incident;
  if (closing?.asked?.includes(contactId)) {
    const { outcome = 'merged', contact = 'not-reached' } = closing;
    const agreed = outcome === 'merged' ? 'false-alarm' : outcome;
    if (stepCommand(round, { ...named, type: 'resolve', outcome: agreed, contact }).ok) return 'agreed';
  }
  const reported = { ...named, type: 'report', contactId, outcome: 'false-alarm', contact: 'not-applicable' } as const;
  const before = incident.report;
  if (before?.contactId === contactId && before.outcome === 'false-alarm') return 'reported';
  if (!stepCommand(round, reported).ok) return 'not-now';
  sound(round, incident);
  return 'reported';
}

/** The desk sounds, and the next people are called at once, whoever has it in hand. */
function askForHelp(round: Round, incident: Incident, contactId: string): void {
  const turn = round.turnOf(incident);
  nextVersion(turn);
  write(turn, 'help-asked', { contactId }, { type: 'contact', id: contactId });
  const about = leadingAlert(turn.incident, round.registry);
  happen(turn, 'help asked', { about });
  if (about) soundDesk(turn, about);
  round.keep(turn);
}

function sound(round: Round, incident: Incident): void {
  const turn = round.turnOf(incident);
  const about = leadingAlert(turn.incident, round.registry);
  if (about) soundDesk(turn, about);
  round.keep(turn);
}

/** What nobody understood is read by people. */
function note(round: Round, incident: Incident, contactId: string, { text, via }: Reply): void {
  const turn = round.turnOf(incident);
  write(turn, 'replied', { contactId, via, text }, { type: 'contact', id: contactId });
  round.keep(turn);
}

function minutesOf(round: Round, incident: Incident, contactId: string, { minutes }: Reply): number {
  if (minutes !== undefined) return minutes;
  const contact = round.registry.contact(contactId);
  const byDistance = contact && minutesOfTravel(contact, incident.where, round.registry);
  return byDistance === undefined ? usualMinutes : Math.min(600, Math.max(1, Math.ceil(byDistance)));
}
const usualMinutes = 15;

function answerPrompt(
  round: Round,
  command: Reply,
  { promptId, contact }: Extract<Meant, { type: 'prompt' }>,
  ports: ReplyPorts,
): ReplyAnswer {
  const { commandId, answer } = command;
  const word = answer === 'help' ? 'help' : answer === 'going' || answer === 'false-alarm' ? 'fine' : undefined;
  if (word === undefined) return said(round, command, contact, { what: 'unclear-self' }, ports);
  const by = { type: 'contact', id: contact.id } as const;
  const line = word === 'help' ? 'help-comes' : 'fine';
  return {
    ...said(round, command, contact, { what: line }, ports),
    prompt: { type: 'prompt-answer', commandId, by, promptId, answer: word },
  };
}

/** Whoever cannot take it is waited for as long as anybody who says nothing, and may call the desk meanwhile. */
function answerShift(
  round: Round,
  command: Reply,
  { rosterId, contact }: Extract<Meant, { type: 'shift' }>,
  ports: ReplyPorts,
): ReplyAnswer {
  if (command.answer !== 'going') return said(round, command, contact, { what: 'not-now' }, ports);
  const by = { type: 'contact', id: contact.id } as const;
  const step = { type: 'accept', contactId: contact.id } as const;
  return {
    ...said(round, command, contact, { what: 'shift-yours' }, ports),
    handOver: { type: 'hand-over', commandId: command.commandId, by, rosterId, step },
  };
}

/** Nobody of the registry: on record, where a code says what it was about; and not answered, whoever writes there. */
function refuseStranger(round: Round, command: Reply): ReplyAnswer {
  const incident = command.code === undefined ? undefined : round.table.withCode(command.code);
  if (incident) refuseForeign(round, incident, command, undefined);
  return refusedAnswer('not-yours');
}

function refuseForeign(
  round: Round,
  incident: Incident,
  { answer, via, by }: Reply,
  contactId: string | undefined,
): void {
  const turn = round.turnOf(incident);
  const message =
    contactId === undefined ? 'from a number of nobody' : `contact ${contactId} is no responder of this incident`;
  write(
    turn,
    'refused-reply',
    { command: answer, message, via },
    contactId === undefined ? by : { type: 'contact', id: contactId },
  );
  round.keep(turn);
}

function refusedAnswer(what: Line['what']): ReplyAnswer {
  return { result: { ok: false, problem: 'not-allowed', message: what }, notices: [] };
}

const refusals: ReadonlySet<Line['what']> = new Set<Line['what']>([
  'not-yours',
  'not-now',
  'nothing-open',
  'over',
  'over-call',
  'doubted',
]);

function said(round: Round, command: Reply, contact: Contact, line: Line, { providers }: ReplyPorts): ReplyAnswer {
  const notice = replyLine(line, { command, contact, providers, at: round.at });
  const version = line.incident && round.table.get(line.incident.incidentId)?.version;
  const result: CommandResult = refusals.has(line.what)
    ? {
        ok: false,
        problem: 'not-allowed',
        message: line.what,
        ...(version !== undefined && { currentVersion: version }),
      }
    : { ok: true, ...(version !== undefined && { version }) };
  return { result, notices: notice ? [notice] : [] };
}
