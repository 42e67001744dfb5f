import { expect, test } from 'vitest';
import { FoldState } from '../../records/fold-state.ts';
import { put, smallCounty } from '../../records/registry.test-support.ts';
import { createRegistry } from '../../records/registry-fold.ts';
import type { StoredReport } from '../../storage/store.ts';
import { latestReportsOf, type PersonSources } from './person-export.ts';

test('a watch that talks much leaves room for the other device, and is named as not whole', async () => {
  const registry = createRegistry({ state: new FoldState() });
  registry.apply(smallCounty);
  registry.apply([put('device', { id: 'band-2', kind: 'wearable', personId: 'widow' })]);
  const said: { [deviceId: string]: number } = { 'watch-2': 30_000, 'band-2': 7 };
  const history: Pick<PersonSources['history'], 'reports'> = {
    async reports(deviceId, { limit, before = Number.POSITIVE_INFINITY }) {
      const from = Math.min(said[deviceId] ?? 0, before - 1);
      const times = Array.from({ length: Math.max(0, Math.min(limit, from)) }, (_, index) => from - index);
      return times.map((at): StoredReport => {
        const times = { receivedAt: at, occurredAt: at, clock: 'trusted' } as const;
        return { sequence: at, part: 0, ...times, report: { name: 'vitals' } };
      });
    },
  };
  const sources = { registry, history } as unknown as PersonSources;
  const { reports, moreReportsOf } = await latestReportsOf(sources, 'widow', 20_000);
  expect(moreReportsOf).toEqual(['watch-2']);
  const of = (id: string) => reports.filter(({ deviceId }) => deviceId === id);
  expect([of('watch-2').length, of('band-2').length, of('watch-2')[0]?.occurredAt]).toEqual([10_000, 7, 30_000]);
});
