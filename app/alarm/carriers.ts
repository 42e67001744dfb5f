import { type CarrierListener, type CarrierListenerOptions, serveCarriers } from '../../broker/carriers/listener.ts';
import { offersOf } from '../../ingest/carriers/offers.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Configuration } from '../configuration.ts';
import type { Alarm } from './alarm-core.ts';
import { inTheEnd } from './in-the-end.ts';

/**
 * Opens the carriers' way in, when it is configured. While its address is taken, or the journal has no room, it is tried
 * again: the devices on MQTT must not lose their alarms to it.
 * Errors: those of the journal that no waiting mends.
 */
export async function startCarriers(
  parts: Ports & {
    carriers: Configuration['carriers'];
    alarm: Pick<Alarm, 'adoptProducts' | 'caughtUp' | 'keep' | 'registry'>;
    died: (error: unknown) => void;
  },
): Promise<CarrierListener | undefined> {
  const { carriers, alarm, ...ports } = parts;
  if (!carriers) return undefined;
  const { products } = carriers;
  const { clock, log, metrics } = ports;
  const again = {
    clock,
    failed(error: unknown) {
      metrics.carrierOpeningsFailed.inc();
      log.error({ err: error }, 'carriers cannot push yet: tried again in a moment');
    },
  };
  await inTheEnd(() => alarm.adoptProducts(products), again);
  let isCaughtUp = false;
  alarm.caughtUp.then(
    () => {
      isCaughtUp = true;
    },
    () => {},
  );
  const { listen, tokens } = carriers;
  const offers: CarrierListenerOptions['offers'] = (push) => offersOf({ ...push, products, device });
  return inTheEnd(() => serveCarriers({ ...ports, listen, tokens, offers, keep: alarm.keep }), again);

  /** While the journal is still read, nobody is taken for a stranger. */
  function device(id: string) {
    const known = alarm.registry.device(id);
    return { kind: known?.kind, isRegistered: known !== undefined || !isCaughtUp };
  }
}

type Ports = { clock: Clock; log: Log; metrics: Metrics };
