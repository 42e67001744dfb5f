import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { deskRegistry, standInAlarm } from '../api/desk.test-support.ts';
import type { ShiftNow } from '../incidents/hand-overs.ts';
import type { Command } from '../records/command.ts';
import type { Unproved } from '../records/contact-proofs.ts';
import type { Incident } from '../records/incident.ts';
import { put } from '../records/registry.test-support.ts';
import { createPageCodes } from '../responders/page-code.ts';
import { toDoAbout } from '../responders/texts/advice.ts';
import { browserForAll, desktop, isTooWide, li, signIn, wang } from './console.test-support.ts';

const desk = browserForAll();
const codes = createPageCodes({ pepper: Buffer.alloc(32, 7) });
const log = { type: 'log' };
const shifts = [{ contactId: 'bao', from: '08:00', to: '20:00' }];
const changes = [
  ...deskRegistry,
  put('place', {
    ...{ id: 'house-2', areaId: 'east', kind: 'house', name: 'house at the end', directions: 'left at the mill' },
    ...{ position: { lat: 44.1, lon: 116.2, datum: 'WGS-84' }, heating: 'stove', hazards: ['gas-bottle'] },
  }),
  put('contact', {
    ...{ id: 'bao', of: { type: 'place', id: 'house-2' }, role: 'neighbour', name: 'Bao', language: 'en' },
    ...{ phone: '138 1234 5678', phoneKey: '13812345678'.padEnd(22, 'x'), channels: [log] },
  }),
  put('contact', {
    ...{ id: 'desk-1', of: { type: 'area', id: 'county' }, role: 'desk', name: 'Duty', phone: '0479 511 2349' },
    channels: [log],
  }),
  put('roster', { id: 'team', name: 'mobile team', of: { type: 'area', id: 'east' }, shifts, acceptWithinMinutes: 15 }),
];
const viewers = [
  ['on a desktop, in English', li],
  ['on a phone, in Chinese', wang],
] as const;

const patience = { timeout: 8_000 };
const open = (page: Page, { incidentId }: Incident) =>
  page.locator(`.pane-queue a[href$="${encodeURIComponent(incidentId)}"]`).click();
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const choose = (page: Page, name: string) => page.getByText(name, { exact: true }).click();

test.each(viewers)(
  '%s: an incident is handed on, told to 120, joined with another, and read out',
  async (_, viewer) => {
    const { alarm, complaints, visit, end } = await desk(standInAlarm({ changes }));
    const call = alarm.raise('call-emergency', 'button-2');
    const fire = alarm.raise('smoke', 'smoke-1');
    const now = ({ incidentId }: Incident) => alarm.view.incident(incidentId)?.incident;
    const { duty, actions, timelineWords } = viewer.texts;
    const page = await visit(viewer);
    await signIn(page, viewer);
    await open(page, call);

    await press(page, duty.more);
    await press(page, duty.handUp.button);
    await choose(page, timelineWords.levels.township);
    await page.getByRole('textbox', { name: duty.reason, exact: true }).fill('they have a car');
    await press(page, duty.handUp.send);
    await page.getByText(duty.level(timelineWords.levels.township), { exact: true }).waitFor();
    expect(now(call)?.level).toBe('township');

    await press(page, duty.more);
    await press(page, duty.transfer.button);
    expect(await page.getByRole('button', { name: duty.transfer.send, exact: true }).isDisabled()).toBe(true);
    await choose(page, duty.transfer.services['120']);
    await press(page, duty.transfer.send);
    await expect.poll(() => now(call)?.transferred?.to, patience).toBe('120');
    await press(page, duty.more);
    await press(page, duty.outcome.button);
    await choose(page, timelineWords.transferResults.hospital);
    await press(page, duty.outcome.send);
    await expect.poll(() => now(call)?.transferred?.result, patience).toBe('hospital');

    await press(page, duty.readOut.button);
    const card = page.locator('.read-out');
    for (const said of ['left at the mill', '44.10000, 116.20000', 'Grandmother N.', '0479 511 2349'])
      await card.getByText(said, { exact: false }).first().waitFor();
    expect(await isTooWide(page)).toBe(false);
    await press(page, duty.readOut.close);

    await press(page, duty.more);
    await press(page, duty.merge.button);
    await page.getByText(fire.code, { exact: false }).last().click();
    await page.getByRole('textbox', { name: duty.reason, exact: true }).fill('the same call');
    await press(page, duty.merge.send);
    await page.getByText(duty.mergedInto, { exact: false }).waitFor();
    expect(now(call)?.mergedInto).toBe(fire.incidentId);
    expect(await page.getByRole('button', { name: actions.reopen, exact: true }).count()).toBe(1);
    expect(complaints).toEqual([]);
    await end();
  },
);

test("somebody else's claim is taken over with a reason, by keyboard alone", async () => {
  const { alarm, complaints, visit, end } = await desk(standInAlarm({ changes }));
  const call = alarm.raise('call-emergency', 'button-2');
  const claim = { type: 'claim', commandId: 'claim-by-wang', by: { type: 'account', id: 'wang' } } as const;
  await alarm.apply({ ...claim, incidentId: call.incidentId, expectedVersion: call.version });
  const page = await visit(li);
  await signIn(page, li);
  await open(page, call);
  const { duty, state, you } = li.texts;
  await page.getByRole('button', { name: duty.takeOver.button, exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.type('he is on another call');
  await page.keyboard.press('Enter');
  await page.getByText(state.claimed(you), { exact: true }).first().waitFor();
  expect(alarm.view.incident(call.incidentId)?.incident.state).toMatchObject({ phase: 'claimed', by: { id: 'li' } });
  expect(complaints).toEqual([]);
  await end();
});

test.each(viewers)(
  '%s: a call comes in, the number names the home, and a key makes it an incident',
  async (_, viewer) => {
    const { alarm, complaints, visit, end } = await desk(standInAlarm({ changes }));
    const { call } = viewer.texts.duty;
    const page = await visit(viewer);
    await signIn(page, viewer);
    await page.getByText(call.link, { exact: true }).click();
    await page.getByLabel(call.number, { exact: true }).fill('138-1234-5678');
    await page.keyboard.press('Enter');
    await page.getByText('house at the end', { exact: false }).waitFor();
    await choose(page, call.callers.neighbour);
    expect(await isTooWide(page)).toBe(false);
    await press(page, call.kinds.rescue);
    await page.locator('.incident-critical').waitFor();
    const [opened] = alarm.view.openIncidents();
    expect(opened?.incident).toMatchObject({
      ...{ severity: 'critical', where: { placeId: 'house-2', personId: 'widow' } },
      call: { kind: 'rescue', caller: 'neighbour' },
    });
    expect(complaints).toEqual([]);
    await end();
  },
);

test.each(viewers)(
  '%s: whoever takes over a shift is said to have it, and whoever was called can be reached',
  async (_, viewer) => {
    const alarm = standInAlarm({ changes });
    const said: Command[] = [];
    let unproved: Unproved[] = [{ contactId: 'near' }];
    let shift: ShiftNow = {
      ...{ rosterId: 'team', onDuty: ['desk-1', 'bao'] },
      open: { asked: ['bao'], at: Date.now(), dueAt: Date.now() + 900_000 },
    };
    const commands = {
      async apply(command: Command) {
        if (command.type !== 'hand-over' && command.type !== 'contact-proof') return alarm.apply(command);
        said.push(command);
        if (command.type === 'contact-proof') unproved = [];
        else shift = { rosterId: 'team', onDuty: ['bao'] };
        return { ok: true } as const;
      },
    };
    const { complaints, visit, end } = await desk(alarm, {
      commands,
      duty: { now: async () => [shift], unproved: async () => unproved },
    });
    const { shifts: words } = viewer.texts.duty;
    const page = await visit(viewer);
    await signIn(page, viewer);
    await page.getByText(words.title, { exact: true }).click();
    await press(page, words.accept);
    await page.getByRole('button', { name: words.accept, exact: true }).waitFor({ state: 'detached' });
    await press(page, words.reached);
    await page.locator('.unproved').waitFor({ state: 'detached' });
    expect(said).toMatchObject([
      { rosterId: 'team', step: { type: 'accept', contactId: 'bao' }, by: { id: viewer.account } },
      { contactId: 'near', how: 'call' },
    ]);
    expect(await isTooWide(page)).toBe(false);
    expect(complaints).toEqual([]);
    await end();
  },
);

test('what is kept quiet has a reason and an end, is listed, and is let be heard again', async () => {
  const { alarm, complaints, visit, end } = await desk(standInAlarm({ changes }));
  const quiet = alarm.raise('inactivity', 'button-2');
  const { quiet: words, reason } = li.texts.duty;
  const page = await visit(li);
  await signIn(page, li);
  await open(page, quiet);
  await press(page, words.button);
  await choose(page, words.scopes.household);
  await choose(page, words.hours(4));
  expect(await page.getByRole('button', { name: words.send, exact: true }).isDisabled()).toBe(true);
  await page.getByRole('textbox', { name: reason, exact: true }).fill('she is at her daughter');
  await press(page, words.send);
  await expect
    .poll(() => alarm.view.suppressions.all(), patience)
    .toMatchObject([{ scope: { type: 'household', id: 'alone' } }]);
  await page.getByText(words.list, { exact: true }).click();
  await press(page, words.end);
  await page.getByRole('textbox', { name: reason, exact: true }).fill('she is back');
  await press(page, words.endSend);
  await page.getByText(words.none, { exact: true }).waitFor();
  expect(alarm.view.suppressions.all()).toEqual([]);
  expect(complaints).toEqual([]);
  await end();
});

test('an open page with its sound on is a desk that watches', async () => {
  const { api, complaints, visit, end } = await desk(standInAlarm({ changes }));
  const page = await visit(li);
  const [said] = await Promise.all([
    page.waitForRequest((request) => request.url().endsWith('/attendance') && request.postDataJSON().sound),
    signIn(page, li),
  ]);
  expect((said.postDataJSON() as { idleSeconds: number }).idleSeconds).toBeLessThan(60);
  // A desk that was just started says nothing to the alarm process until all pages had time to speak.
  expect(api().attendance()).toBeUndefined();
  expect(complaints).toEqual([]);
  await end();
});

test.each([
  ['320 pixels wide', { width: 320, height: 480 }],
  ['on a desktop', desktop],
])(
  "without a script, %s: a responder's page asks for the code, and the buttons do what they say",
  async (_, viewport) => {
    const page = { ...codes, toDo: toDoAbout };
    const { alarm, url, complaints, visit, end } = await desk(standInAlarm({ changes }), { page });
    const call = alarm.raise('call-emergency', 'button-2');
    const { incidentId, code: incidentCode } = call;
    const tab = await visit({ ...li, viewport });
    await tab.route('**/*', (route) =>
      route.request().resourceType() === 'script' ? route.abort() : route.continue(),
    );
    await tab.goto(`${url()}/r`);
    await tab.getByLabel('Code (6 characters)').fill(codes.codeOf({ incidentId, incidentCode, contactId: 'bao' }));
    await tab.getByLabel('The last 4 digits').fill('5678');
    await press(tab, 'Open');
    await press(tab, 'I am going');
    await tab.getByText('left at the mill').waitFor();
    expect(await isTooWide(tab)).toBe(false);
    expect(alarm.view.incident(incidentId)?.incident.state).toMatchObject({ phase: 'responding', by: { id: 'bao' } });
    // A page that is loaded again asks nothing again.
    await tab.reload();
    expect(alarm.commands.filter(({ type }) => type === 'accept')).toHaveLength(1);
    expect(complaints).toEqual([]);
    await end();
  },
);
