import { expect, onTestFinished, test } from 'vitest';
import { Authority } from '../../broker/authority.test-support.ts';
import { tlsFolder } from '../../broker/tls-folder.test-support.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { systemChance } from '../../platform/random.ts';
import type { Device } from '../../records/registry.ts';
import { openSecureDoors } from './secure-doors.ts';

test('behind the door of smoke detectors are those, and whom nobody registered: it may be one', async () => {
  const folder = tlsFolder();
  folder.install(await (await Authority.make()).issue({ dns: ['localhost'] }));
  const kinds: Record<string, Device['kind']> = { smoke: 'smoke-detector', button: 'call-button' };
  const { doors, close } = await openSecureDoors({
    mqtts: { host: '127.0.0.1', files: folder.files, port: 1, smokePort: 2, pskPort: 3 },
    ...{
      keysFolder: folder.folder,
      clock: systemClock,
      chance: systemChance,
      log: silentLog,
      metrics: createMetrics(),
    },
    ...{ pepper: Buffer.alloc(32), device: (id) => (kinds[id] ? ({ id, kind: kinds[id] } as Device) : undefined) },
  });
  onTestFinished(close);
  expect(doors.map(({ only }) => only && ['smoke', 'button', 'unregistered'].map(only))).toEqual([
    undefined,
    [true, false, true],
    undefined,
  ]);
});
