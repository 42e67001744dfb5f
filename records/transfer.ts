/** Each service that was told, once, the newest first: a fire may need all three. */
export const transfersOf = <T>({ transferred, transfers = [] }: Transferred<T>): T[] =>
  transferred === undefined ? [] : [transferred, ...transfers];

/** Of which of them nobody knows yet what became of it there: until then the incident does not end. */
export const awaitedTransfers = <T extends { result?: unknown }>(incident: Transferred<T>): T[] =>
  transfersOf(incident).filter(({ result }) => result === undefined);

type Transferred<T> = { transferred?: T; transfers?: T[] };
