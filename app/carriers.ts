import { type CarrierListener, serveCarriers } from '../broker/carriers/listener.ts';
import { offersOf } from '../ingest/carriers/offers.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Alarm } from './alarm-core.ts';
import type { Configuration } from './configuration.ts';

/**
 * Opens the carriers' way in, when it is configured.
 * Errors: LISTEN_FAILED, those of the journal.
 */
export async function startCarriers(parts: {
  carriers: Configuration['carriers'];
  alarm: Pick<Alarm, 'adoptProducts' | 'caughtUp' | 'keep' | 'registry'>;
  died: (error: unknown) => void;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}): Promise<CarrierListener | undefined> {
  const { carriers, alarm, ...ports } = parts;
  if (!carriers) return undefined;
  const { products } = carriers;
  await alarm.adoptProducts(products);
  let isCaughtUp = false;
  alarm.caughtUp.then(
    () => {
      isCaughtUp = true;
    },
    () => {},
  );
  return serveCarriers({
    ...{ ...ports, listen: carriers.listen, tokens: carriers.tokens, keep: alarm.keep },
    offers: (push) => offersOf({ ...push, products, device }),
  });

  /** While the journal is still read, nobody is taken for a stranger. */
  function device(id: string) {
    const known = alarm.registry.device(id);
    return { kind: known?.kind, isRegistered: known !== undefined || !isCaughtUp };
  }
}
