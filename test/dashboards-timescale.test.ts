import { expect, test } from 'vitest';
import { type DashboardFile, dashboards } from '../dashboards/publish.ts';
import { withTimescale } from '../storage/timescale.test-support.ts';
import { writeMonth } from './dashboards-month.test-support.ts';
import { columnsOf } from './dashboards-query.test-support.ts';
import { openScreen, picture } from './dashboards-screen.test-support.ts';

test('every query of every dashboard is answered by TimescaleDB over a month of twenty homes', {
  timeout: 240_000,
}, async () => {
  await withTimescale(async ({ url, query }) => {
    const month = await writeMonth({ url, homes: 20, thinning: 24, connections: 1 });
    await query('update projection_position set true_until = now()');
    const screen = await openScreen({ url, account: 'wall_reader' });
    try {
      for (const name of Object.keys(dashboards) as DashboardFile[]) {
        for (const chosen of [{}, { from: month.startsAt, to: month.endsAt }, { variables: { village: [] } }]) {
          for (const [panel, fields] of await screen.everything(name, chosen)) {
            const named = columnsOf(panel);
            expect(fields.map((field) => field.name)).toEqual(expect.arrayContaining(named));
          }
        }
      }
      const devices = month.homes.flatMap(({ home }) => home.devices);
      const [counts] = picture(await screen.cells('fleet', 1));
      expect(counts).toMatchObject({ devices: `${devices.length} (green)`, 'silent devices': '1 (orange)' });
      // From the roll-up, which is a continuous aggregate here.
      const heard = await screen.fields('fleet', 10, { from: month.startsAt, to: month.endsAt });
      expect(heard[0]?.values.length).toBeGreaterThan(28);
      const [weak] = picture(await screen.cells('fleet', 5));
      expect(weak).toMatchObject({ device: 'sim7-008-kitchen', battery: expect.stringMatching(/^2\.[56]\d V$/) });
    } finally {
      await screen.close();
    }
  });
});
