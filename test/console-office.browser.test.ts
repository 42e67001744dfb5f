import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { ask, signedIn, standInAlarm } from '../api/desk.test-support.ts';
import type { SubscribedEvents } from '../api/events/subscription-change.ts';
import { eastern, ofCounty, staffedCounty } from '../api/rights/rights.test-support.ts';
import { en } from '../console/texts/en.ts';
import type { EventDelivery } from '../records/outgoing-event.ts';
import { browserForAll, enter, isTooWide, li, signIn, type Viewer, wang } from './console.test-support.ts';

const desk = browserForAll();
const county = () => standInAlarm({ changes: staffedCounty });

/** An account, a key or a subscription in its list. */
const item = (page: Page, name: string) => page.locator('.office-item', { hasText: name });
const press = (within: Page | ReturnType<typeof item>, name: string) =>
  within.getByRole('button', { name, exact: true }).click();
const choice = (page: Page, name: string) => page.getByRole('combobox', { name, exact: true });
const secretOf = (page: Page, title: string) => page.getByLabel(title, { exact: true }).inputValue();

async function openOffice(page: Page, { texts }: Viewer, name: keyof typeof en.office.pages): Promise<void> {
  await page.getByRole('link', { name: texts.office.link }).click();
  await page.getByRole('link', { name: texts.office.pages[name], exact: true }).click();
}

test.each([
  ['on a desktop, in English', li],
  ['on a phone, in Chinese', wang],
])(
  '%s: a helper gets an account for one village, signs in with the password that was shown once, and loses it again',
  async (_, viewer) => {
    const { complaints, visit, end } = await desk(county());
    const { texts } = viewer;
    const { accounts, rights, once, save, name, area } = texts.office;
    const page = await visit(viewer);
    await signIn(page, viewer);
    await openOffice(page, viewer, 'accounts');
    await press(page, accounts.add);
    await page.getByLabel(accounts.idLabel).fill('saran');
    await page.getByLabel(name, { exact: true }).fill('Saran');
    await choice(page, rights.role).selectOption('village-helper');
    await choice(page, area).selectOption({ label: 'Wulan › Baiyin › East Well' });
    await press(page, rights.add);
    expect(await isTooWide(page)).toBe(false);
    await press(page, accounts.create);
    const first = await secretOf(page, accounts.passwordOf('Saran'));
    await press(page, once.close);
    const hers = item(page, 'saran');
    await hers.getByText(`${texts.corner.roles['village-helper']} · Wulan › Baiyin › East Well`).waitFor();
    expect(await isTooWide(page)).toBe(false);

    const helper = await visit(viewer);
    await enter(helper, { ...viewer, account: 'saran' }, first);
    await helper.getByText(texts.status.live, { exact: true }).waitFor();
    expect(await helper.getByRole('link', { name: texts.office.link }).count()).toBe(0);

    await press(hers, texts.office.change);
    await press(hers, rights.takeAway(`${texts.corner.roles['village-helper']} · Wulan › Baiyin › East Well`));
    await press(hers, save);
    await hers.getByText(rights.none).waitFor();
    await helper.getByText(texts.office.nothing).waitFor({ timeout: 20_000 });

    await press(hers, accounts.password);
    await hers.getByText(accounts.passwordWarning).waitFor();
    await press(hers, accounts.passwordSend);
    expect(await secretOf(page, accounts.passwordOf('Saran'))).not.toBe(first);
    await helper.reload();
    await helper.getByRole('button', { name: texts.signIn.submit }).waitFor();

    await press(hers, texts.office.remove);
    expect(await isTooWide(page)).toBe(false);
    await press(hers, accounts.removeSend);
    await hers.waitFor({ state: 'detached' });
    // Whoever lost their rights was refused once, and asked then what is left.
    expect(complaints.filter((one) => !one.includes('status of 403'))).toEqual([]);
    await end();
  },
  60_000,
);

test('of two who change an account at once, the second is shown what the first did before it is done again', async () => {
  const { api, visit, end } = await desk(county());
  const page = await visit(li);
  await signIn(page, li);
  await openOffice(page, li, 'accounts');
  const one = item(page, eastern('auditor'));
  await press(one, en.office.change);
  const name = one.getByLabel(en.office.name, { exact: true });
  await name.fill('Slow Hand');

  const other = await signedIn(api(), 'wang');
  const { accounts } = (await (await other.get('/accounts?limit=200')).json()) as {
    accounts: { id: string; version: number }[];
  };
  const version = accounts.find(({ id }) => id === eastern('auditor'))?.version;
  const change = { commandId: 'renamed-elsewhere', expectedVersion: version, name: 'Quick Hand' };
  expect((await other.ask('PATCH', `/accounts/${eastern('auditor')}`, change)).status).toBe(200);

  await press(one, en.office.save);
  await page.getByText(en.office.refused['version-conflict']).waitFor();
  await one.getByText('Quick Hand').first().waitFor();
  expect(await name.inputValue()).toBe('Quick Hand');
  await name.fill('Slow Hand');
  await press(one, en.office.save);
  await one.locator('b', { hasText: 'Slow Hand' }).waitFor();
  await end();
});

test('whoever manages one village sees the accounts of that village, and nothing that they may not do', async () => {
  const { complaints, visit, end } = await desk(county());
  const page = await visit(li);
  await enter(page, { ...li, account: eastern('operator') });
  const { office, corner } = en;
  await item(page, eastern('operator')).waitFor();
  const ids = await page.locator('.office-item .office-head .quiet').allInnerTexts();
  expect(ids.filter((id) => !id.includes('-east'))).toEqual([]);
  expect(await page.getByRole('link', { name: office.pages.subscriptions, exact: true }).count()).toBe(0);
  const buttonsOf = (id: string) => item(page, id).getByRole('button').allInnerTexts();
  expect(await buttonsOf(eastern('operator'))).toEqual([office.change]);
  expect(await buttonsOf(eastern('call-taker'))).toEqual([office.change, office.remove]);

  await press(page, office.accounts.add);
  const offered = (label: string) => choice(page, label).locator('option').allInnerTexts();
  expect(await offered(office.rights.role)).toEqual([corner.roles.operator]);
  expect(await offered(office.area)).toEqual(['East Well']);
  expect(complaints).toEqual([]);
  await end();
});

test('with the keyboard alone a program gets a key, which opens what it was given until it is revoked', async () => {
  const { complaints, api, visit, end } = await desk(county());
  const page = await visit(li);
  await enter(page, { ...li, account: ofCounty('operator') });
  const { keys, rights, id, once } = en.office;
  const type = async (words: string) => {
    await page.keyboard.type(words);
    await page.keyboard.press('Tab');
  };
  await page.getByRole('link', { name: en.office.pages.keys }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: keys.add }).focus();
  await page.keyboard.press('Enter');
  // What is typed before the form has the focus goes nowhere.
  await page.locator('input:focus').and(page.getByLabel(keys.nameLabel)).waitFor();
  await type('County platform');
  await type('platform');
  await expect.poll(() => page.getByLabel(id, { exact: true }).inputValue()).toBe('platform');
  const create = page.getByRole('button', { name: keys.create, exact: true });
  expect(await create.isDisabled()).toBe(true);
  await page.getByRole('button', { name: rights.add, exact: true }).focus();
  await page.keyboard.press('Enter');
  // What is still disabled takes no focus.
  await expect.poll(() => create.isEnabled()).toBe(true);
  await create.focus();
  await page.keyboard.press('Enter');
  const token = await secretOf(page, keys.tokenOf('County platform'));
  const authorization = { authorization: `Bearer ${token}` };
  expect((await ask(api(), 'GET', '/areas', { headers: authorization })).status).toBe(200);
  await page.getByRole('button', { name: once.close }).focus();
  await page.keyboard.press('Enter');

  const key = item(page, 'platform');
  await key.getByText(keys.ends(''), { exact: false }).waitFor();
  await key.getByRole('button', { name: keys.revoke }).focus();
  await page.keyboard.press('Enter');
  // Whoever presses once too often has changed nothing.
  const cancel = key.locator('button:focus', { hasText: en.actions.cancel });
  await cancel.waitFor();
  await page.keyboard.press('Enter');
  await key.getByRole('button', { name: keys.revoke }).waitFor();
  expect((await ask(api(), 'GET', '/areas', { headers: authorization })).status).toBe(200);
  await key.locator('button:focus', { hasText: keys.revoke }).waitFor();
  await page.keyboard.press('Enter');
  await cancel.waitFor();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await key.waitFor({ state: 'detached' });
  expect((await ask(api(), 'GET', '/areas', { headers: authorization })).status).toBe(401);
  expect(complaints).toEqual([]);
  await end();
});

const delivery: EventDelivery = {
  ...{ at: Date.UTC(2026, 10, 3, 3, 12), eventId: 'msg_1', type: 'incident.opened', attempt: 2 },
  ...{ outcome: 'later', detail: 'HTTP 503', tookMs: 31 },
};

/** A receiver that was away: what it missed can be sent again. */
function receiver() {
  const replays: unknown[] = [];
  const events: SubscribedEvents = {
    mostSubscriptions: 64,
    health: () => ({ waiting: 3, missed: 1, failingSince: delivery.at, problem: 'HTTP 503', replaying: false }),
    publicKey: () => `whpk_${'A'.repeat(43)}=`,
    addressProblem: (url) => (url.includes('//10.') ? 'not a public address' : undefined),
    test: async () => ({ ...delivery, type: 'subscription.test', outcome: 'delivered', detail: 'HTTP 204' }),
    deliveries: async () => ({ deliveries: [delivery] }),
    async replay(id, { from }) {
      replays.push({ id, from });
      return { from: 'a', to: 'b', isWhole: false };
    },
  };
  return { events, replays };
}

test.each([
  ['on a desktop, in English', { ...li, account: ofCounty('data-admin') }],
  ['on a phone, in Chinese', { ...wang, account: ofCounty('data-admin') }],
])('%s: a program hears of a village, and who keeps the registry sees how it fares and helps it', async (_, viewer) => {
  const { events, replays } = receiver();
  const { alarm, complaints, visit, end } = await desk(county(), { events });
  const { office } = viewer.texts;
  const { subscriptions: words } = office;
  const page = await visit(viewer);
  await enter(page, viewer);
  await page.getByText(words.empty).waitFor();
  await press(page, words.add);
  await page.getByLabel(office.name, { exact: true }).fill('Platform');
  await page.getByLabel(office.id, { exact: true }).fill('platform');
  await page.getByLabel(words.url, { exact: true }).fill('https://10.0.0.1/events');
  await choice(page, office.area).selectOption({ label: 'Wulan › Baiyin › West Well' });
  await page.getByLabel(words.events['incident.opened'], { exact: true }).check();
  await press(page, words.create);
  await page.getByText(office.refused.invalid('not a public address')).waitFor();
  await page.getByLabel(words.url, { exact: true }).fill('https://events.example.org/a/long/way/to/where/it/is/heard');
  await press(page, words.create);
  const first = await secretOf(page, words.secretOf('Platform'));
  expect(first).toMatch(/^whsec_/);
  await press(page, office.once.close);
  expect(await isTooWide(page)).toBe(false);

  const one = item(page, 'platform');
  await one.getByText('HTTP 503', { exact: false }).first().waitFor();
  await press(one, words.pause);
  await one.getByText(words.paused).waitFor();
  await press(one, words.resume);
  await one.getByText(words.paused).waitFor({ state: 'detached' });
  await press(one, words.test);
  await page.getByText(words.tested(words.outcomes.delivered, 'HTTP 204')).waitFor();

  await press(one, words.log);
  await one.getByRole('table', { name: words.logOf('Platform') }).waitFor();
  await one.getByText(words.attempt(2), { exact: false }).waitFor();
  expect(await isTooWide(page)).toBe(false);
  await press(one, words.replay);
  await choice(page, words.replayFrom).selectOption({ label: words.spans['24'] });
  await press(one, words.replaySend);
  await page.getByText(words.replayPart).waitFor();
  expect(replays).toMatchObject([{ id: 'platform', from: { at: expect.any(Number) } }]);

  await press(one, words.rotate);
  await press(one, words.rotateSend);
  expect(await secretOf(page, words.secretOf('Platform'))).not.toBe(first);
  await press(one, office.remove);
  await press(one, words.removeSend);
  await page.getByText(words.empty).waitFor();
  const versions = alarm.commands.flatMap((command) =>
    command.type === 'registry-change' ? [command.change.expectedVersion] : [],
  );
  expect(versions[0]).toBe(0);
  expect(versions.slice(1).every((version) => version !== undefined && version > 0)).toBe(true);
  expect(complaints).toEqual([expect.stringContaining('status of 400')]);
  await end();
});

test('a list that cannot be had says so, and is there when it is asked for again', async () => {
  const { visit, end } = await desk(county());
  const page = await visit(li);
  let isAway = true;
  await page.route('**/api/v1/accounts?*', (route) => (isAway ? route.abort() : route.continue()));
  await enter(page, { ...li, account: ofCounty('operator') });
  await page.getByText(en.office.loadFailed).waitFor();
  expect(await page.getByText(en.office.accounts.empty).count()).toBe(0);
  isAway = false;
  await press(page, en.retry);
  await item(page, ofCounty('operator')).waitFor();
  await end();
});
