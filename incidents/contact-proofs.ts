import type { Alert, AlertChange } from '../records/alert.ts';
import type { CommandResult, ContactProof } from '../records/command.ts';
import { couldGo, proofLastsMs, proofShelf, provedNeeded } from '../records/contact-proofs.ts';
import type { FoldState } from '../records/fold-state.ts';
import type { Contact, Household, RegistryView } from '../records/registry.ts';
import type { LocalTime } from '../rules/local-time.ts';

/**
 * Whether those who answer for a home can be reached at all: whoever answers a call or a message is proved for 90 days. A home with fewer
 * than two of them is work for its village, found out in a round over all homes on Monday mornings, a few of them at a time.
 * Shapes: the tables `contact-proofs`, `unproved-homes` (the alert of a home) and `proof-round`. Units: epoch ms.
 */
export function createContactProofs({ state, registry, localTime }: ProofParts) {
  const shelf = proofShelf(state);
  const alerts = state.table<string>('unproved-homes');
  const rounds = state.table<Round>('proof-round');

  function judged(household: Household, at: number): AlertChange[] {
    const where = registry.whereaboutsOf({ type: 'household', id: household.id });
    const isLivedIn = registry.referring('person', 'household', household.id).length > 0;
    const proved = registry.contactsFor(where).filter((contact) => couldGo(contact) && isProved(contact, at)).length;
    const standing = alerts.get(household.id);
    if (isLivedIn && proved < provedNeeded) {
      if (standing !== undefined) return [];
      const alert = alertOf(where, proved, at);
      alerts.set(household.id, alert.alertId);
      return [{ type: 'raise', alert }];
    }
    alerts.delete(household.id);
    return standing === undefined ? [] : [{ type: 'clear', alertId: standing, at, reason: { proved } }];
  }

  const isProved = (contact: Contact, at: number): boolean =>
    (shelf.provedAt(contact) ?? -Infinity) > at - proofLastsMs;

  /** It is known now; a home that waits for it is no work any more. */
  function prove(contact: Contact, how: ContactProof['how'], at: number): AlertChange[] {
    shelf.prove(contact, how, at);
    return homesOf(contact, registry).flatMap((household) => (alerts.has(household.id) ? judged(household, at) : []));
  }

  return {
    prove,

    step({ contactId, how }: ContactProof, at: number): { result: CommandResult; alerts: AlertChange[] } {
      const contact = registry.contact(contactId);
      if (contact) return { result: { ok: true }, alerts: prove(contact, how, at) };
      return { result: { ok: false, problem: 'not-found', message: `there is no contact ${contactId}` }, alerts: [] };
    },

    /** Contacts and households that left the registry, by their keys. */
    forget(removed: readonly string[], at: number): AlertChange[] {
      return removed.flatMap((key): AlertChange[] => {
        const [entity, id = ''] = key.split(':');
        if (entity === 'contact') shelf.forget(id);
        const alertId = entity === 'household' ? alerts.get(id) : undefined;
        if (alertId === undefined) return [];
        alerts.delete(id);
        return [{ type: 'clear', alertId, at, reason: {} }];
      });
    },

    /** The first round leaves time to call everybody. */
    begin(at: number): void {
      if (!rounds.has('next')) rounds.set('next', { at: mondayAfter(at + graceMs, localTime), from: 0 });
    },

    nextDeadline: (): number | undefined => rounds.get('next')?.at,

    fire(dueAt: number): { alerts: AlertChange[]; notices: [] } {
      const { from = 0 } = rounds.get('next') ?? {};
      const homes = registry.households(from, homesAtOnce);
      const isOver = homes.length < homesAtOnce;
      const next = isOver
        ? { at: mondayAfter(dueAt, localTime), from: 0 }
        : { at: dueAt + pauseMs, from: from + homesAtOnce };
      rounds.set('next', next);
      return { alerts: homes.flatMap((household) => judged(household, dueAt)), notices: [] };
    },
  };
}

type ProofParts = {
  state: FoldState;
  registry: RegistryView;
  localTime: (at: number) => LocalTime;
};
/** `from`: how many households were looked at. */
type Round = { at: number; from: number };

function alertOf(where: Alert['where'], proved: number, at: number): Alert {
  const { householdId, placeId, areaId } = where;
  const place = { type: 'place', id: placeId ?? '' } as const;
  return {
    alertId: `contacts-unproved:${householdId}:${at}`,
    ...({ rule: 'contact-proofs', condition: 'contacts-unproved', severity: 'service', clock: 'trusted' } as const),
    ...{ at, occurredAt: at, where },
    subject: placeId === undefined ? { type: 'area', id: areaId ?? '' } : place,
    reason: { proved, needed: provedNeeded },
  };
}

/** Of a contact of one home; those of a village wait for the round. */
function homesOf({ of }: Contact, registry: RegistryView): readonly Household[] {
  const household = (id: string | undefined) => (id === undefined ? undefined : registry.household(id));
  switch (of.type) {
    case 'household':
      return [household(of.id) ?? []].flat();
    case 'person':
      return [household(registry.person(of.id)?.householdId) ?? []].flat();
    case 'place':
      return registry.referring('household', 'place', of.id);
    default:
      return [];
  }
}

/** Nine in the morning of the next Monday in the county. */
function mondayAfter(at: number, localTime: (at: number) => LocalTime): number {
  const { weekday, minuteOfDay } = localTime(at);
  const minutes = (8 - weekday) * minutesOfDay + nine - minuteOfDay;
  const wait = weekday === 1 && minuteOfDay < nine ? nine - minuteOfDay : minutes;
  return Math.floor(at / minuteMs) * minuteMs + wait * minuteMs;
}

const minuteMs = 60_000;
const minutesOfDay = 24 * 60;
const nine = 9 * 60;
const graceMs = 14 * 86_400_000;
/** As many as a step may look at while alarms wait behind it. */
const homesAtOnce = 100;
const pauseMs = 1_000;
