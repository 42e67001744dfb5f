import { expect, test } from 'vitest';
import { standInAlarm } from '../api/desk.test-support.ts';
import { systemClock } from '../platform/clock.ts';
import { browserForAll, isTooWide, li, signIn, wang } from './console.test-support.ts';

const desk = browserForAll();
const threeHoursMs = 3 * 3_600_000;

test.each([
  ['on a desktop, in English', li],
  ['on a phone, in Chinese', wang],
])(
  '%s: the page asks about what is held; one is sent, the rest is dropped, and then nothing is asked',
  async (_, viewer) => {
    const { account, texts } = viewer;
    let passedMs = 0;
    const now = () => systemClock.now() + passedMs;
    const alarm = standInAlarm({ now });
    const fire = alarm.raise('smoke', 'smoke-1');
    for (const device of ['watch-2', 'button-1']) alarm.raise(device === 'watch-2' ? 'fall' : 'call-emergency', device);
    passedMs = threeHoursMs;
    alarm.stoodStill(threeHoursMs);
    const count = [...alarm.view.openIncidents()].filter(({ incident }) => incident.ladder.phase === 'held').length;

    const { complaints, visit, end } = await desk(alarm, { now });
    const page = await visit(viewer);
    await signIn(page, viewer);

    const words = texts.holding;
    await page.getByText(words.title(count)).waitFor();
    await page.getByRole('button', { name: words.show, exact: true }).click();
    const line = page.locator('.held li', { hasText: fire.code });
    await line.getByText(texts.roles.station, { exact: false }).waitFor();
    expect(await isTooWide(page)).toBe(false);
    const before = alarm.notices.length;
    await line.getByRole('button', { name: words.send, exact: true }).click();
    expect(alarm.notices.length).toBe(before);
    await line.getByRole('button', { name: words.sureSend }).click();
    await page.getByText(words.title(count - 1)).waitFor();
    expect(alarm.notices.length).toBeGreaterThan(before);

    await page.getByRole('button', { name: words.dropAll, exact: true }).click();
    await page.getByRole('button', { name: words.sureDrop }).click();
    await page.locator('.holding').waitFor({ state: 'detached' });
    const dropped = alarm.commands.filter((command) => command.type === 'let-go' && command.choice === 'drop');
    expect(dropped.map(({ by }) => by.id)).toEqual(Array(count - 1).fill(account));
    expect(complaints).toEqual([]);
    await end();
  },
  60_000,
);
