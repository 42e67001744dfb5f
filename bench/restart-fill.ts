import { join } from 'node:path';
import { openAlarm } from '../app/alarm/alarm-core.ts';
import { version } from '../app/version.ts';
import { systemClock } from '../platform/clock.ts';
import { openDisk } from '../platform/disk.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { systemChance } from '../platform/random.ts';
import { openVault } from '../platform/vault.ts';
import { deviceId } from './village.ts';

/** The alarm path without a checkpoint: takes that many reports, says so, and waits to be killed. */
process.once(
  'message',
  async ({ dataFolder, reports, devices }: { dataFolder: string; reports: number; devices: number }) => {
    const alarm = await openAlarm({
      disk: openDisk(dataFolder),
      stateDisk: openDisk(dataFolder),
      clock: systemClock,
      chance: systemChance,
      log: silentLog,
      metrics: createMetrics(),
      vault: await openVault({ folder: join(dataFolder, 'keys'), chance: systemChance }),
      channels: [],
      version,
      timeZone: 'Asia/Shanghai',
      checkpointEveryMs: Number.POSITIVE_INFINITY,
    });
    const payload = (seq: number) =>
      new TextEncoder().encode(
        `{"v":1,"boot":1,"seq":${seq},"age":0,"battery":3.92,"rsrp":-97,"snr":8.5,"interval":600}`,
      );
    for (let from = 0; from < reports; from += 1_000) {
      await Promise.all(
        Array.from({ length: 1_000 }, (_, index) => {
          const number = from + index;
          const id = deviceId((number * 37) % devices);
          return alarm.keep(
            { deviceId: id, standing: 'registered', report: 'status', payload: payload(number) },
            false,
          );
        }),
      );
    }
    process.send?.('filled');
  },
);
