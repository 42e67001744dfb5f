import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HealthReport, IncidentCard } from '../api/answers.ts';
import { readMetrics, register, type System, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { deviceId, placeId, registerVillage } from '../bench/village.ts';
import { type Received, startWebhookReceiver, type WebhookReceiver } from '../simulators/webhook-receiver.ts';
import { type Desk, press, publish, signIn, webhookSecret } from './running-system.test-support.ts';
import { megabyte, mountSmallDisk, type SmallDisk, whyNoSmallDisk } from './small-disk.test-support.ts';

// Case 23, on a disk whose room the test takes away and gives back.

const why = whyNoSmallDisk();
if (why) process.stderr.write(`\nSKIPPED, a full disk: ${why}\n`);
const layouts = [
  { layout: 'with the journal on a disk of its own', folderOf: (dataFolder: string) => join(dataFolder, 'journal') },
  { layout: 'with everything on one disk', folderOf: (dataFolder: string) => dataFolder },
];

describe.skipIf(why !== undefined).each(layouts)(
  `a full disk, $layout${why ? ` (SKIPPED: ${why})` : ''}:`,
  ({ folderOf }) => {
    const temporary = temporaryFolder('full');
    const dataFolder = temporary.folder;
    const messages: Received[] = [];
    let disk: SmallDisk;
    let receiver: WebhookReceiver;
    let system: System;
    let desk: Desk;

    beforeAll(async () => {
      receiver = await startWebhookReceiver({
        secret: webhookSecret,
        onMessage: (message) => void messages.push(message),
      });
      disk = mountSmallDisk(folderOf(dataFolder));
      system = await startSystem({ dataFolder });
      await registerVillage(system, 32, { url: receiver.url, secret: webhookSecret });
      await register(system.control, [countyLead(`${receiver.url}/county`)]);
      desk = await until('the page', () => signIn(system));
      await until('the reserve', reserveIsWhole);
    });
    afterAll(async () => {
      await system?.killAll();
      await receiver?.close();
      disk?.unmount();
      temporary.remove();
    });

    const reserveIsWhole = async () =>
      statSync(join(dataFolder, 'journal', 'reserve'), { throwIfNoEntry: false })?.size === 64 * megabyte;
    const refusesTelemetry = async () => (await readMetrics(system)).get('steppewatch_journal_reserve_in_use');
    const report = (home: number, seq: number) => {
      const payload = `{"v":1,"boot":1,"seq":${seq},"age":0,"battery":3.4}`;
      return publish(system, { id: deviceId(home * 4), topic: 'status', payload });
    };
    const buttonOf = (home: number) => home * 4 + 3;
    const isTold = (home: number) => messages.some(({ data }) => data.placeIds.includes(placeId(buttonOf(home))));
    const toldCounty = () =>
      messages.filter(({ path, data }) => path === '/county' && ['alarm', 'worse'].includes(data.purpose));
    const isOfDisk = ({ alerts }: IncidentCard) => alerts.some(({ condition }) => condition === 'journal-reserve');
    const openOfDisk = async () =>
      (await desk.incidents()).filter((card) => isOfDisk(card) && card.state.phase !== 'resolved');

    test('before it is full telemetry waits without PUBACK, people are told, and a press is served', async () => {
      expect(await report(0, 1)).toBe(true);
      disk.leaveFree(200 * megabyte);
      await until('that telemetry is refused', refusesTelemetry, 15_000);
      expect(await answeredWithin(1_500, report(1, 1))).toBe(false);
      await press(system, buttonOf(0));
      await until('the neighbour', async () => isTold(0), 3_000);

      await until('the operator', async () => toldCounty().length === 1, 5_000);
      expect(toldCounty()[0]?.data).toMatchObject({ severity: 'critical', title: expect.stringContaining('disk') });
      expect(system.output()).toContain('the disk is nearly full: telemetry is refused until there is room');
      expect((await readMetrics(system)).get('steppewatch_journal_free_bytes')).toBeLessThan(256 * megabyte);
      await until('the page', async () => (await openOfDisk()).length === 1, 5_000);
      const health = await until('the page to say so', async () => {
        const report = (await (await desk.ask('GET', '/health')).json()) as HealthReport;
        return report.watching === 'failing' && report;
      });
      expect(health.parts.journal).toMatchObject({ state: 'failing', why: 'disk-full' });
    });

    test('when it is full a press is kept in the reserve and reaches the neighbour, and the operator hears that too', async () => {
      disk.leaveFree(0);
      await press(system, buttonOf(1));
      await until('the neighbour', async () => isTold(1), 3_000);
      await until('the operator', async () => toldCounty().length === 2, 10_000);
      expect(system.output()).toContain('the reserve is given up for what must be kept');
      expect(await reserveIsWhole()).toBe(false);
      expect(await answeredWithin(1_500, report(2, 1))).toBe(false);
      // Somebody takes note of it, which makes no room.
      await until('the note', async () => {
        const [{ incidentId = '', version = 0 } = {}] = await openOfDisk();
        const resolve = { outcome: 'equipment', contact: 'not-applicable', expectedVersion: version };
        const path = `/incidents/${encodeURIComponent(incidentId)}/resolve`;
        return (await desk.ask('POST', path, { commandId: `resolve-${version}`, ...resolve })).status === 200;
      });
      expect(await openOfDisk()).toEqual([]);
    });

    test('with the reserve used up people are told before the press is on disk, and its PUBACK comes when there is room', async () => {
      // What a last page has room for is still written, so that the first of them may yet be kept.
      let held: Promise<true> | undefined;
      for (let home = 2; !held; home++) {
        expect(home).toBeLessThan(8);
        disk.leaveFree(0);
        const pressed = press(system, buttonOf(home));
        await until(`the neighbour of home ${home}`, async () => isTold(home), 8_000);
        if (!(await answeredWithin(500, pressed))) held = pressed;
      }
      disk.leaveFree(450 * megabyte);
      expect(await held).toBe(true);
    });

    test('when there is room it goes on by itself, and when it fills up again people are told again', async () => {
      await until('telemetry', async () => !(await refusesTelemetry()), 30_000);
      expect(await report(3, 1)).toBe(true);
      await until('the reserve', reserveIsWhole);

      disk.leaveFree(200 * megabyte);
      await until('that telemetry is refused', refusesTelemetry, 15_000);
      await until('the operator', async () => toldCounty().length === 3, 5_000);
      await until('the page', async () => (await openOfDisk()).length === 1, 5_000);

      disk.leaveFree(450 * megabyte);
      await until('the end of it', async () => (await openOfDisk()).length === 0, 30_000);
      const cleared = (await desk.incidents()).filter(isOfDisk);
      expect(cleared.map(({ state }) => state.phase === 'resolved' && state.by.type).sort()).toEqual([
        'account',
        'system',
      ]);
      const ends = () => messages.filter(({ path, data }) => path === '/county' && data.purpose === 'stand-down');
      await until('word of it', async () => ends().length === 2);
    });
  },
);

function countyLead(url: string) {
  const channels = [{ type: 'webhook' as const, url, secret: webhookSecret }];
  const of = { type: 'area' as const, id: 'county' };
  const value = { id: 'lead', of, role: 'county' as const, order: 1, name: 'Lead', language: 'en' as const, channels };
  return { type: 'put' as const, entity: 'contact' as const, value };
}

/** Whether a publish was acknowledged by then; one that is not goes on waiting, or is cut. */
async function answeredWithin(ms: number, published: Promise<true>): Promise<boolean> {
  published.catch(() => {});
  return Promise.race([published, new Promise<false>((done) => setTimeout(done, ms, false))]);
}
