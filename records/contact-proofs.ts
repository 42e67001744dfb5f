import type { ContactProof } from './command.ts';
import type { FoldState } from './fold-state.ts';
import type { Contact } from './registry.ts';

/**
 * When it was last known that a contact can be reached by the number that is entered of them; with another number nothing is known any
 * more. One row a contact. Units: epoch ms.
 */
export function proofShelf(state: FoldState) {
  const rows = state.table<Proof>('contact-proofs');
  return {
    prove({ id, phoneKey }: Contact, how: Proof['how'], at: number): void {
      rows.set(id, { at, how, ...(phoneKey !== undefined && { phoneKey }) });
    },
    provedAt({ id, phoneKey }: Contact): number | undefined {
      const row = rows.get(id);
      return row?.phoneKey === phoneKey ? row?.at : undefined;
    },
    forget(contactId: string): void {
      rows.delete(contactId);
    },
  };
}

/** A proof counts for so long, ms. */
export const proofLastsMs = 90 * 86_400_000;
/** So many of those who could go have to be proved for each home. */
export const provedNeeded = 2;

/** Whether somebody who could go is meant: not the person, and none of those who only send others. */
export const couldGo = ({ role }: Contact): boolean => goers.has(role);
const goers: ReadonlySet<Contact['role']> = new Set(['neighbour', 'family', 'night-carer', 'station', 'fire-post']);

/** Contacts who could go and are not proved at that time, those of whom it was never known first. Bound: `mostUnproved`. */
export function unprovedContacts(state: FoldState, contacts: Iterable<Contact>, at: number): Unproved[] {
  const { provedAt } = proofShelf(state);
  const rows = [...contacts].filter(couldGo).map((contact) => ({ contactId: contact.id, at: provedAt(contact) ?? 0 }));
  const old = rows.filter((row) => row.at <= at - proofLastsMs).sort((a, b) => a.at - b.at);
  return old
    .slice(0, mostUnproved)
    .map(({ contactId, at: before }) => ({ contactId, ...(before > 0 && { provedAt: before }) }));
}
/** `provedAt`: the last time, epoch ms. */
export type Unproved = { contactId: string; provedAt?: number };
const mostUnproved = 2_000;

type Proof = { at: number; how: ContactProof['how']; phoneKey?: string };
