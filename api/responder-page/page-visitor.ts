import { parseNoticeId } from '../../incidents/notices.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Told } from '../../records/incident.ts';
import type { Contact } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { type Sealer, unsealEntity } from '../../records/sealing.ts';
import type { DutyIncident, DutyView } from '../incidents/duty-view.ts';
import { wholeAddress } from '../sign-in/sign-in-doors.ts';
import { createThrottle } from '../throttle.ts';

/** Whose page it is: somebody who was told of an incident that is open, or was until a day ago. */
export type Visitor = { duty: DutyIncident; contact: Contact; told: Told };

/** What the page needs of the installation's key. Who makes codes and links makes them for messages, too. */
export type PagePorts = {
  codeOf(whose: { incidentId: string; incidentCode: string; contactId: string }): string;
  noticeIn(token: string): string | undefined;
};

/** Finds whose page it is, by a link or by a code and the end of a number. */
export function createVisitors({ view, registry, unseal, page, now }: VisitorParts) {
  function visitorOf(duty: DutyIncident | undefined, contactId: string): Visitor | undefined {
    const told = duty?.incident.told.find((one) => one.contactId === contactId);
    const contact = registry.contact(contactId);
    return duty && told && contact && isStillShown(duty, now()) ? { duty, contact, told } : undefined;
  }

  function phoneEnd(contact: Contact): string | undefined {
    const { phone } = unsealEntity('contact', contact, { unseal });
    return typeof phone === 'string' ? phone.replaceAll(/[^0-9]/g, '').slice(-digitCount) : undefined;
  }

  return {
    byLink(token: string): Visitor | undefined {
      const named = parseNoticeId(page.noticeIn(token) ?? '');
      if (named?.recipient.type !== 'contact') return undefined;
      return visitorOf(goesOnAs(view, named.incidentId), named.recipient.contactId);
    },
    /** Both as `readCode` and `readDigits` give them. */
    byCode(code: string, digits: string): Visitor | undefined {
      const known = [...view.openIncidents(), ...view.resolvedIncidents()];
      for (const { incident } of known.filter(({ incident }) => code.startsWith(incident.code))) {
        const { incidentId, code: incidentCode } = incident;
        const duty = goesOnAs(view, incidentId);
        for (const { contactId } of duty?.incident.told ?? []) {
          if (page.codeOf({ incidentId, incidentCode, contactId }) !== code) continue;
          const visitor = visitorOf(duty, contactId);
          if (visitor && phoneEnd(visitor.contact) === digits) return visitor;
        }
      }
      return undefined;
    },
  };
}

type VisitorParts = {
  view: DutyView;
  registry: Registry;
  unseal: Sealer['unseal'];
  page: PagePorts;
  /** Journal time. */
  now: () => number;
};

/** As people type it: in any case, with spaces and dashes. Undefined for what is no code. */
export function readCode(typed: string): string | undefined {
  const code = typed.replaceAll(/[\s.-]/g, '').toUpperCase();
  return /^[A-Z0-9]{6}$/.test(code) ? code : undefined;
}
export function readDigits(typed: string): string | undefined {
  const digits = typed.replaceAll(/\s/g, '');
  return /^[0-9]{4}$/.test(digits) ? digits : undefined;
}

/**
 * Guesses: five wrong ones lock the incident's code, and five of one address that address, for a quarter of an hour; what guesses on is
 * locked again at once. A right one is not counted, and opens nothing that others locked.
 */
export function createGuessLocks({ clock }: { clock: Clock }) {
  const throttle = createThrottle({ clock, lockMs });
  const limitsOf = (code: string, address: string) => [
    { key: `code ${code.slice(0, incidentCodeLength)}`, free: wrongTries, lockAfter: wrongTries },
    { key: `from ${wholeAddress(address)}`, free: wrongTries, lockAfter: wrongTries },
  ];
  return {
    /** How many ms it has to wait; 0: it is counted, and may be made. */
    attempt: (code: string, address: string): number => throttle.attempt(limitsOf(code, address)),
    wasRight: (code: string, address: string): void => throttle.giveBack(limitsOf(code, address)),
  };
}

/** An incident that was merged goes on as another, which tells its people the end. */
function goesOnAs(view: DutyView, incidentId: string): DutyIncident | undefined {
  let duty = view.incident(incidentId);
  for (let steps = 0; duty?.incident.mergedInto !== undefined && steps < mostMerges; steps++) {
    duty = view.incident(duty.incident.mergedInto) ?? duty;
  }
  return duty;
}

function isStillShown({ incident: { state } }: DutyIncident, now: number): boolean {
  return state.phase !== 'resolved' || now - state.since < shownAfterMs;
}

const incidentCodeLength = 4;
const digitCount = 4;
const wrongTries = 5;
const lockMs = 15 * 60_000;
const shownAfterMs = 24 * 3_600_000;
const mostMerges = 5;
