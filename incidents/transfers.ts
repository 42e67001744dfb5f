import type { CommandResult } from '../records/command.ts';
import type { Incident, Transfer } from '../records/incident.ts';
import { awaitedTransfers, transfersOf } from '../records/transfer.ts';
import type { IncidentCommand } from './commands.ts';
import { refused, transit } from './refusals.ts';
import type { Turn } from './turn.ts';

type Of<T extends IncidentCommand['type']> = Extract<IncidentCommand, { type: T }>;

/** A person telephoned a service. Who is told of the same again is told anew, under the number that they gave it last. */
export function transfer(turn: Turn, { by, to, reference }: Of<'transfer'>): CommandResult | undefined {
  const said = reference === undefined ? {} : { reference };
  const refusal = transit(turn, 'transfer', { what: 'transferred', by, details: { to, ...said } });
  if (refusal) return refusal;
  const others = transfersOf(turn.incident).filter((one) => one.to !== to);
  turn.incident = withTransfers(turn.incident, [{ to, at: turn.at, by, ...said }, ...others]);
  return undefined;
}

/** Without `to` it is the word of the one that was told last, of those that are waited for. */
export function transferOutcome(
  turn: Turn,
  { by, to, result, note }: Of<'transfer-outcome'>,
): CommandResult | undefined {
  const { incident } = turn;
  const all = transfersOf(incident);
  const meant = to === undefined ? (awaitedTransfers(incident)[0] ?? all[0]) : all.find((one) => one.to === to);
  if (!meant)
    return refused(incident, 'not-allowed', `incident ${incident.code} was not transferred to ${to ?? 'anybody'}`);
  const details = { to: meant.to, result, ...(note !== undefined && { note }) };
  const refusal = transit(turn, 'transfer', { what: 'transfer-outcome', by, details });
  if (refusal) return refusal;
  const known = all.map((one) => (one === meant ? { ...one, result } : one));
  turn.incident = withTransfers(turn.incident, known);
  return undefined;
}

/** Of two incidents that are one from now on; where both told the same service, what is still waited for counts. */
export function transfersOfBoth(whole: Transferred, part: Transferred): Transferred {
  const both = new Map(transfersOf(whole).map((one) => [one.to, one]));
  for (const one of transfersOf(part)) if (!both.has(one.to) || one.result === undefined) both.set(one.to, one);
  return withTransfers({}, [...both.values()]);
}

type Transferred = Pick<Incident, 'transferred' | 'transfers'>;

function withTransfers<I extends Transferred>({ transferred: _, transfers: __, ...incident }: I, all: Transfer[]) {
  const [newest, ...others] = all;
  return {
    ...incident,
    ...(newest && { transferred: newest }),
    ...(others.length > 0 && { transfers: others }),
  };
}
