import { influxCopy } from '../../ingest/influx-copy.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Disk } from '../../platform/disk.ts';
import type { Log } from '../../platform/log.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Area, RegistryView } from '../../records/registry.ts';
import { createInflux } from '../../storage/influx.ts';
import type { InfluxConfiguration } from '../influx-settings.ts';
import type { Desk } from './desk-core.ts';

/**
 * Copies the reports to InfluxDB from now on, when the operator asked for it. `close` after desk's folds have ended.
 */
export function copyToInflux({ configuration, desk, ...parts }: InfluxParts): { close(): void } | undefined {
  if (!configuration) return undefined;
  const { target, holdsBytes } = configuration;
  const { disk, clock, metrics } = parts;
  const log = parts.log.child({ copy: 'influxdb' });
  const influx = createInflux({ target, clock, log, metrics });
  const areaPathOf = (deviceId: string) => areaPath(desk.duty.registry, deviceId);
  const store = influxCopy({ influx, target, source: desk.reader, disk, areaPathOf, log, metrics });
  desk.copyBeside({ name: 'influxdb', store, holdsBytes, log });
  return influx;
}

type InfluxParts = {
  configuration: InfluxConfiguration | undefined;
  desk: Desk;
  disk: Disk;
  clock: Clock;
  log: Log;
  metrics: Metrics;
};

/** Ids from the county down to where the device is, joined by "/"; undefined: nobody knows. */
export function areaPath(registry: Pick<RegistryView, 'whereabouts' | 'area'>, deviceId: string): string | undefined {
  const ids: string[] = [];
  let id: Area['parentId'] = registry.whereabouts(deviceId).areaId;
  while (id !== undefined && ids.length < deepest) {
    ids.unshift(id);
    id = registry.area(id)?.parentId;
  }
  return ids.length === 0 ? undefined : ids.join('/');
}

const deepest = 8;
