import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decodeRecord } from '../../records/record-codec.ts';
import { put } from '../../records/registry.test-support.ts';
import type { Purpose } from '../../records/registry.ts';
import { openCounty } from '../../simulators/virtual-county.ts';
import { SimulatedDisk } from '../../simulators/world/simulated-disk.ts';

// What comes in at the door of the alarm process, and what its journal then has.

const registryText = readFileSync(new URL('../../scenarios/county.yaml', import.meta.url), 'utf8');

test('what she took back is not journalled, right after a crash either, and its device is acknowledged as always', async () => {
  const { county, withdraw, says, kept } = await home();
  await says({ report: 'position', lat: 43.91 });
  expect(await kept()).toEqual(['position 43.91']);
  await withdraw('location');
  await says({ report: 'position', lat: 43.92 });
  // Every five seconds what is known is saved.
  await county.clock.advance(6_000);
  county.kill();
  await county.start();
  const said = says({ report: 'position', lat: 43.93 });
  await county.clock.advance(1_000);
  await said;
  await says({ report: 'vitals', pulse: 71 });
  expect(await kept()).toEqual(['position 43.91', 'withheld ', 'withheld ', 'vitals 71']);
});

test('a cry for help is journalled byte by byte, whatever it carries along', async () => {
  const { withdraw, says, kept } = await home();
  await withdraw('location');
  await says({ report: 'press', call: 'emergency', lat: 43.94 });
  expect(await kept()).toEqual(['press 43.94']);
});

async function home() {
  const disk = new SimulatedDisk();
  const county = await openCounty({ startAt: Date.parse('2026-11-22T20:00:00Z'), seed: 7, registryText, disk });
  let seq = 0;
  return {
    county,
    async withdraw(purpose: Purpose): Promise<void> {
      const consents = { [purpose]: { given: false, at: county.clock.now(), by: 'account:li' } };
      const change = put('person', { ...county.alarm.registry.person('p-sarna'), consents });
      const by = { type: 'account', id: 'li' } as const;
      const answer = county.send({ type: 'registry-change', commandId: `withdraw-${purpose}`, by, change });
      await county.clock.settled();
      expect(await answer).toMatchObject({ ok: true });
    },
    async says({ report, ...fields }: { report: string; [field: string]: unknown }): Promise<void> {
      seq += 1;
      const where = report === 'position' ? { source: 'gnss', lon: 116 } : {};
      const payload = Buffer.from(JSON.stringify({ v: 1, boot: 1, seq, age: 0, ...where, ...fields }));
      const sent = { deviceId: 'sarna-watch', standing: 'registered' as const, report, payload };
      const acknowledged = county.alarm.keep(sent, report === 'press');
      await county.clock.settled();
      await acknowledged;
    },
    /** Name and value of each report in the journal. */
    async kept(): Promise<string[]> {
      return (await county.journal()).flatMap(({ body }) => {
        const record = decodeRecord(body);
        if (record.kind !== 'report') return [];
        const [value = ''] = /43\.9\d|71/.exec(Buffer.from(record.payload).toString()) ?? [];
        return [`${record.report} ${value}`];
      });
    },
  };
}
