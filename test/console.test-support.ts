import sparticuz from '@sparticuz/chromium';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { openDesk, password, standInAlarm } from '../api/desk.test-support.ts';
import type { ApiParts } from '../api/server.ts';
import { en } from '../console/texts/en.ts';
import { zhCN } from '../console/texts/zh-CN.ts';

export const desktop = { width: 1366, height: 768 };
export const phone = { width: 360, height: 740 };
export type Viewer = { account: string; texts: typeof en; locale: string; viewport: typeof desktop };
export const li: Viewer = { account: 'li', texts: en, locale: 'en-GB', viewport: desktop };
export const wang: Viewer = { account: 'wang', texts: zhCN, locale: 'zh-CN', viewport: phone };

/** One browser for all tests of a file: starting it takes longer than everything that is looked at. */
export function browserForAll() {
  let browser: Browser | undefined;
  beforeAll(async () => {
    const executablePath = await sparticuz.executablePath();
    const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--mute-audio', '--headless=shell'];
    browser = await chromium.launch({ executablePath, args });
  });
  afterAll(() => browser?.close());

  /** A desk and who looks at it. What a browser complains of, but for the question who is signed in, is a failure. */
  return async function desk(alarm = standInAlarm(), more: Partial<ApiParts> = {}) {
    let api = await openDesk(alarm, more);
    const contexts: BrowserContext[] = [];
    const complaints: string[] = [];
    return {
      alarm,
      complaints,
      url: () => api.address.url,
      api: () => api,
      async visit({ locale, viewport }: Viewer): Promise<Page> {
        if (!browser) throw new Error('the browser is opened before the first test');
        const context = await browser.newContext({ locale, viewport });
        context.setDefaultTimeout(8_000);
        contexts.push(context);
        const page = await context.newPage();
        page.on('pageerror', (error) => complaints.push(String(error)));
        page.on('console', (message) => {
          if (message.type() === 'error' && !/status of (401|404|409)|ERR_/.test(message.text()))
            complaints.push(message.text());
        });
        await page.goto(api.address.url);
        return page;
      },
      close: () => api.close(),
      async openAgain(): Promise<void> {
        api = await openDesk(alarm, { listen: { host: api.address.host, port: api.address.port } });
      },
      async end(): Promise<void> {
        for (const context of contexts) await context.close();
        await api.close();
      },
    };
  };
}

/** Signs in, to whatever page there is for the account then. */
export async function enter(page: Page, { account, texts }: Viewer, word = password): Promise<void> {
  await page.getByLabel(texts.signIn.account, { exact: true }).fill(account);
  await page.getByLabel(texts.signIn.password, { exact: true }).fill(word);
  await page.getByRole('button', { name: texts.signIn.submit }).click();
}

/** Signs in to the duty desk, and waits until it sees. */
export async function signIn(page: Page, viewer: Viewer): Promise<void> {
  await enter(page, viewer);
  await page.getByText(viewer.texts.status.live, { exact: true }).waitFor();
}

export const isTooWide = (page: Page) => page.evaluate('document.documentElement.scrollWidth > innerWidth');
