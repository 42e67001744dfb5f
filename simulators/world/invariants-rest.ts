import type { Evidence, Rows } from './evidence.ts';
import type { FaultKind } from './faults.ts';
import { type Invariant, invariant, type Violation } from './invariant.ts';
import { differentIncidents } from './invariants-history.ts';
import { isSame } from './same-rows.ts';

/** When the storm is over, everything comes to rest, and every copy says what the journal says. */
export const restInvariants: readonly Invariant[] = [
  invariant('rest', 'the world comes to rest', function* ({ stuck }) {
    for (const says of stuck) yield { says };
  }),
  invariant('rest', 'desk shows what the journal says', ({ duty }) => differentIncidents(duty.live, duty.anew, 'desk')),
  invariant('rest', 'the copy says what the journal says', differentRows),
  invariant('rest', 'every error in the log has a reason', unexplainedComplaints),
  invariant(9, 'everything in memory is bounded', function* ({ peaks }) {
    for (const { what, most, bound } of peaks) if (most > bound) yield { says: `${what}: ${most}, bound ${bound}` };
  }),
];

const lists = ['reports', 'rejections', 'alerts', 'incidents', 'notices', 'attempts'] as const;

/** Row by row; what could not be copied is a gap that says so, and no more. */
function* differentRows({ store: { copied, anew } }: Evidence): Iterable<Violation> {
  const isLeftOut = (sequence: number) => copied.gaps.some(({ from, to }) => from <= sequence && sequence <= to);
  yield* differentEntities(copied.entities, anew.entities);
  for (const list of lists) {
    const have: readonly Row[] = copied[list];
    const due: readonly Row[] = anew[list].filter(({ sequence }) => !isLeftOut(sequence));
    for (let index = 0; index < Math.max(have.length, due.length); index++) {
      const [row, other] = [have[index], due[index]];
      if (row && other && isSame(row, other)) continue;
      const place = `record ${row?.sequence ?? 'none'}, where record ${other?.sequence ?? 'none'} is due`;
      yield { says: `${list} of the copy, row ${index + 1}: ${place}`, sequence: other?.sequence ?? row?.sequence };
      // Everything behind it is out of step.
      break;
    }
  }
}
type Row = Rows[(typeof lists)[number]][number];

/** By what they are in the end: a copy that was put back before a journal that is cut, or lost its place, has the registry written whole. */
function* differentEntities(copied: Rows['entities'], anew: Rows['entities']): Iterable<Violation> {
  const [have, due] = [inTheEnd(copied), inTheEnd(anew)];
  for (const name of new Set([...have.keys(), ...due.keys()])) {
    if (!isSame(have.get(name), due.get(name))) yield { says: `${name} of the copy is not what the journal says` };
  }
}

function inTheEnd(rows: Rows['entities']): Map<string, unknown> {
  const entities = new Map<string, unknown>();
  for (const { change } of rows) {
    const { entity, id, value } = change;
    if (entity === 'every') entities.clear();
    else if (value === undefined) entities.delete(`${entity} ${id}`);
    else entities.set(`${entity} ${id}`, value);
  }
  return entities;
}

/** How an error in the log begins, and what has to go wrong for it. */
export const explainedComplaints: readonly { begins: string; by: readonly FaultKind[] }[] = [
  { begins: 'this version would have decided otherwise', by: ['release'] },
  { begins: 'the process ends: journal failed', by: ['disk'] },
  { begins: 'the process ends: EIO', by: ['disk'] },
  { begins: 'the account of looks and changes', by: ['disk', 'process', 'store', 'restore'] },
  { begins: 'the log of deliveries was not written', by: ['disk'] },
  { begins: 'the disk is nearly full', by: ['disk'] },
  { begins: 'the disk is full', by: ['disk'] },
  { begins: 'a snapshot is damaged', by: ['disk'] },
  { begins: 'a snapshot could not be written whole', by: ['disk'] },
  { begins: 'the state of the projection was not kept', by: ['disk'] },
  { begins: 'the journal could not wait any longer', by: ['store', 'process', 'restore'] },
  { begins: 'the journal no longer holds what the projection comes to next', by: ['store', 'process', 'restore'] },
  { begins: 'the journal no longer holds what outgoing events come to next', by: ['disk', 'process', 'restore'] },
];

function* unexplainedComplaints({ complaints, faults }: Evidence): Iterable<Violation> {
  for (const { atMs, process, message } of complaints) {
    const known = explainedComplaints.filter(({ begins }) => message.startsWith(begins));
    if (known.some(({ by }) => by.some((kind) => faults.kinds.includes(kind)))) continue;
    yield { says: `${process}: ${message}`, atMs };
  }
}
