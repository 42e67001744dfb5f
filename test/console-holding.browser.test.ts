import sparticuz from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDesk, password, standInAlarm } from '../api/desk.test-support.ts';
import { en } from '../console/texts/en.ts';
import { zhCN } from '../console/texts/zh-CN.ts';
import { systemClock } from '../platform/clock.ts';

let browser: Browser;
beforeAll(async () => {
  const executablePath = await sparticuz.executablePath();
  const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--mute-audio', '--headless=shell'];
  browser = await chromium.launch({ executablePath, args });
});
afterAll(() => browser?.close());

const threeHoursMs = 3 * 3_600_000;

test.each([
  ['on a desktop, in English', { account: 'li', texts: en, locale: 'en-GB', viewport: { width: 1366, height: 768 } }],
  ['on a phone, in Chinese', { account: 'wang', texts: zhCN, locale: 'zh-CN', viewport: { width: 360, height: 740 } }],
])(
  '%s: the page asks about what is held; one is sent, the rest is dropped, and then nothing is asked',
  async (_, viewer) => {
    const { account, texts, locale, viewport } = viewer;
    let passedMs = 0;
    const now = () => systemClock.now() + passedMs;
    const alarm = standInAlarm({ now });
    const fire = alarm.raise('smoke', 'smoke-1');
    for (const device of ['watch-2', 'button-1']) alarm.raise(device === 'watch-2' ? 'fall' : 'call-emergency', device);
    passedMs = threeHoursMs;
    alarm.stoodStill(threeHoursMs);
    const count = [...alarm.view.openIncidents()].filter(({ incident }) => incident.ladder.phase === 'held').length;

    const api = await openDesk(alarm, { now });
    const context = await browser.newContext({ locale, viewport });
    try {
      context.setDefaultTimeout(8_000);
      const page = await context.newPage();
      await page.goto(api.address.url);
      await page.getByLabel(texts.signIn.account, { exact: true }).fill(account);
      await page.getByLabel(texts.signIn.password, { exact: true }).fill(password);
      await page.getByRole('button', { name: texts.signIn.submit }).click();

      const words = texts.holding;
      await page.getByText(words.title(count)).waitFor();
      await page.getByRole('button', { name: words.show, exact: true }).click();
      const line = page.locator('.held li', { hasText: fire.code });
      await line.getByText(texts.roles.station, { exact: false }).waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth > innerWidth')).toBe(false);
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
    } finally {
      await context.close();
      await api.close();
    }
  },
  60_000,
);
