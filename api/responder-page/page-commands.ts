import { isLifeSafety } from '../../incidents/correlation.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Command, CommandResult } from '../../records/command.ts';
import type { DutyView } from '../incidents/duty-view.ts';
import { untilFolded } from '../until-folded.ts';
import type { PageForm } from './page-form.ts';
import type { Visitor } from './page-visitor.ts';
import type { Said } from './page-words.ts';

/**
 * Does what somebody pressed, by the same commands as the desk's, in their own name. What they saw may be minutes old on a slow line: what
 * they say is about themselves and holds for what is true now, so that it is asked again where the incident has changed meanwhile.
 */
export async function carryOutForm(visitor: Visitor, form: PageForm, parts: CommandParts): Promise<Said> {
  try {
    const id = nameOf(form);
    if (form.do === 'help') return saidOf(await parts.commands.apply(helpAsked(visitor, id)), 'help');
    const asked = askedOf(visitor, form);
    const result = await applied(visitor, id, asked, parts);
    if (!result.ok && result.problem === 'second-person-needed') return 'agreed-on';
    if (!result.ok && asked.type === 'arrive' && visitor.told.answer === 'going') return 'doubted';
    return saidOf(result, asked.type === 'report' ? 'reported' : 'recorded');
  } catch (error) {
    parts.log.warn({ err: error }, 'what a responder pressed was not answered');
    return 'away';
  }
}

type CommandParts = {
  view: DutyView;
  /** Errors: ALARM_AWAY, try later. */
  commands: { apply(command: Command): Promise<CommandResult> };
  clock: Clock;
  log: { warn(details: object, message: string): void };
};

/** A telephone may show the page of before once more: another button on it, or another time, is another word and no repeat. */
function nameOf(form: PageForm): string {
  const said = form.do === 'accept' ? `${form.minutes}` : form.do === 'done' ? `${form.outcome}.${form.contact}` : '';
  return `${form.id}.${form.do}${said}`;
}

const saidOf = ({ ok }: CommandResult, done: Said): Said => (ok ? done : 'refused');

/** Under names of its own for each version, because a command that was refused is refused for ever. */
async function applied(visitor: Visitor, id: string, asked: Asked, { view, commands, clock }: CommandParts) {
  const { incidentId, version } = visitor.duty.incident;
  const by = { type: 'contact', id: visitor.contact.id } as const;
  let expectedVersion = version;
  for (let attempt = 0; ; attempt++) {
    const commandId = attempt === 0 ? id : `${id}.${attempt}`;
    const command = { ...asked, incidentId, commandId, by, expectedVersion } as Command;
    const result = await commands.apply(command);
    const isStale = !result.ok && result.problem === 'version-conflict' && result.currentVersion !== undefined;
    if (!isStale || attempt >= mostAttempts) {
      const at = result.ok ? result.version : undefined;
      const isHere = () => (view.incident(incidentId)?.incident.version ?? 0) >= (at ?? 0) || undefined;
      await untilFolded(clock, isHere);
      return result;
    }
    expectedVersion = result.currentVersion ?? expectedVersion;
  }
}

type Asked =
  | { type: 'accept'; contactId: string; expectedMinutes: number }
  | { type: 'decline'; contactId: string }
  | { type: 'arrive' }
  | { type: 'report'; contactId: string; outcome: string; contact: string }
  | { type: 'resolve'; outcome: string; contact: string };

function askedOf(
  { duty: { incident }, contact: { id: contactId } }: Visitor,
  form: Exclude<PageForm, { do: 'help' }>,
): Asked {
  switch (form.do) {
    case 'accept':
      return { type: 'accept', contactId, expectedMinutes: form.minutes };
    case 'decline':
      return { type: 'decline', contactId };
    case 'arrive':
      return { type: 'arrive' };
    case 'done': {
      const { outcome, contact } = form;
      // Where a life was at stake the desk ends it, or two people together.
      return isLifeSafety(incident)
        ? { type: 'report', contactId, outcome, contact }
        : { type: 'resolve', outcome, contact };
    }
    case 'agree': {
      const { outcome = 'no-help-needed', contact = 'not-reached' } = incident.closing ?? {};
      return { type: 'resolve', outcome, contact };
    }
  }
}

/** As a reply with the key 9 is. */
function helpAsked({ contact, told }: Visitor, commandId: string): Command {
  return {
    ...{ type: 'reply', commandId, by: { type: 'contact', id: contact.id } },
    ...{ phoneKey: contact.phoneKey ?? '-', text: '9', answer: 'help', via: 'page', about: told.noticeId },
  };
}

const mostAttempts = 4;
