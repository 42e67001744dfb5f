import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { LastTrack } from '../api/answers.ts';
import { standInAlarm } from '../api/desk.test-support.ts';
import { systemClock } from '../platform/clock.ts';
import type { Command } from '../records/command.ts';
import { browserForAll, isTooWide, li, signIn, wang } from './console.test-support.ts';

const desk = browserForAll();
const MINUTE_MS = 60_000;
const fix = { deviceId: 'watch-2', lat: 43.94, lon: 116.04, source: 'gnss' } as const;
const trackAt = (at: number): LastTrack => ({
  personId: 'widow',
  home: { lat: 43.92, lon: 116.04 },
  fixes: [
    { ...fix, at: at - 30 * MINUTE_MS, homeMeters: 1800, bearingDegrees: 44, isUnworn: true },
    {
      ...fix,
      at,
      lat: 43.951236,
      homeMeters: 3470,
      bearingDegrees: 350,
      accuracyMeters: 12,
      speedMetersPerSecond: 1.2,
    },
  ],
});

test.each([
  ['on a desktop, in English', li, ['3.5 km north of home', '1800 m north-east of home', 'accuracy 12 m · 4 km/h']],
  ['on a phone, in Chinese', wang, ['在家的北方向3.5公里', '在家的东北方向1800米', '精度12米 · 时速4公里']],
] as const)(
  '%s: the way of somebody who is lost is shown when it is asked for, and each time is one look',
  async (_, viewer, said) => {
    const asked: string[] = [];
    const tracks = {
      async of(personId: string) {
        asked.push(personId);
        return trackAt(systemClock.now());
      },
      signs: async () => ({ latest: [] }),
    };
    const { alarm, complaints, visit, end } = await desk(standInAlarm(), { tracks });
    const words = viewer.texts.track;
    const { incidentId } = alarm.raise('wandering', 'watch-2');
    const page = await visit(viewer);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await signIn(page, viewer);
    await open(page, incidentId);
    const foldOut = page.getByText(words.title, { exact: true });
    await foldOut.waitFor();
    expect(asked).toEqual([]);

    await foldOut.click();
    const lines = page.locator('.fixes > li');
    await lines.first().waitFor();
    const [newest = '', older = ''] = await lines.allInnerTexts();
    expect(newest).toContain(said[0]);
    expect(newest).toContain(said[2]);
    expect(older).toContain(said[1]);
    expect(older).toContain(words.unworn);
    expect(await isTooWide(page)).toBe(false);
    await lines.first().getByRole('button').click();
    await page.getByText(words.copied, { exact: true }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('43.951236, 116.040000');

    await foldOut.click();
    await foldOut.click();
    expect(asked).toEqual(['widow']);
    await page.getByRole('button', { name: words.again, exact: true }).click();
    await expect.poll(() => asked).toEqual(['widow', 'widow']);
    expect(complaints).toEqual([]);
    await end();
  },
);

test('an incident that nobody is lost in has no way to be shown', async () => {
  const { alarm, visit, end } = await desk();
  const { incidentId } = alarm.raise('fall', 'watch-2');
  const page = await visit(li);
  await signIn(page, li);
  await open(page, incidentId);
  await page.getByText(li.texts.timelineWords.opened, { exact: false }).first().waitFor();
  expect(await page.locator('.track').count()).toBe(0);
  await end();
});

test.each([
  ['on a desktop, in English', li],
  ['on a phone, in Chinese', wang],
])('%s: who is being asked is shown, and whoever phones back is answered for', async (_, viewer) => {
  const alarm = standInAlarm();
  const answers: Command[] = [];
  const commands = {
    async apply(command: Command) {
      if (command.type !== 'prompt-answer') return alarm.apply(command);
      answers.push(command);
      alarm.record({ kind: 'command', command });
      return { ok: true } as const;
    },
  };
  const { complaints, visit, end } = await desk(alarm, { commands });
  const at = systemClock.now();
  ask(alarm, { promptId: 'quiet:couple', placeId: 'house-1', at, until: at + MINUTE_MS });
  ask(alarm, { promptId: 'quiet:alone', placeId: 'house-2', at: at - 5 * MINUTE_MS, until: at - MINUTE_MS });
  ask(alarm, { promptId: 'quiet:long-ago', placeId: 'room-1', at: at - 60 * MINUTE_MS, until: at - 59 * MINUTE_MS });
  const words = viewer.texts.prompts;
  const page = await visit(viewer);
  await signIn(page, viewer);
  const lines = page.locator('.prompts li');
  await lines.nth(1).waitFor();
  expect(await lines.count()).toBe(2);
  const couple = lines.filter({ hasText: 'East Well' }).filter({ hasText: 'house by the well' });
  const alone = lines.filter({ hasText: 'house at the end' });
  const clock = (ms: number) => new Date(ms + 8 * 60 * MINUTE_MS).toISOString().slice(11, 16);
  await couple.getByText(words.waiting(clock(at), clock(at + MINUTE_MS)), { exact: true }).waitFor();
  await alone.getByText(words.late(clock(at - 5 * MINUTE_MS), clock(at - MINUTE_MS)), { exact: true }).waitFor();
  expect(await isTooWide(page)).toBe(false);

  await couple.getByRole('button', { name: words.fine, exact: true }).click();
  expect(answers).toEqual([]);
  await couple.getByRole('button', { name: words.sure, exact: true }).click();
  await couple.waitFor({ state: 'detached' });
  await alone.getByRole('button', { name: words.help, exact: true }).click();
  await page.locator('.prompts').waitFor({ state: 'detached' });
  expect(answers).toMatchObject([
    { promptId: 'quiet:couple', answer: 'fine', by: { id: viewer.account } },
    { promptId: 'quiet:alone', answer: 'help', by: { id: viewer.account } },
  ]);
  expect(complaints).toEqual([]);
  await end();
});

const open = (page: Page, incidentId: string) => page.locator(`a[href$="${encodeURIComponent(incidentId)}"]`).click();

/** A rule asks whoever lives there. */
function ask(
  alarm: ReturnType<typeof standInAlarm>,
  { placeId, ...words }: { promptId: string; placeId: string; at: number; until: number },
): void {
  const prompt = { ...words, rule: 'inactivity', about: 'inactivity', where: { placeId, areaId: 'east' } } as const;
  alarm.record({ kind: 'decided', cause: 1, version: 'test', alerts: [{ type: 'prompt', prompt }] });
}
