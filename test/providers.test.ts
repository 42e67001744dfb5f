import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IncidentCard, IncidentDetail } from '../api/answers.ts';
import { register, type System, until } from '../bench/system.ts';
import { deviceId } from '../bench/village.ts';
import { registerHomes, type Told } from './homes.test-support.ts';
import { startCounty } from './providers.test-support.ts';
import { type Desk, press, printedAccount, publish, resolveBy, signIn } from './running-system.test-support.ts';

// One county with a cloud for texts, a centre for texts behind it, and a cloud for calls; each story has homes and telephones of its own.

const sms = { type: 'sms' as const };
const voice = { type: 'voice' as const };
const [bao, wulan, tuya, dorj, station] = ['13800000001', '13800000002', '13800000003', '13800000004', '13800000005'];
const [lead, oyun, sarna, bator] = ['13800000006', '13800000007', '13800000008', '13800000009'];
const stranger = '13900000000';

let county: Awaited<ReturnType<typeof startCounty>>;
let system: System;
let desk: Desk;
let login: { account: string; password: string };

beforeAll(async () => {
  county = await startCounty();
  system = await county.start();
  const ofBao = [0, 1, 2, 3, 4, 5].map((home): Told[] => [{ id: `bao-${home}`, phone: bao, channels: [sms] }]);
  await registerHomes(system, [
    ...ofBao,
    [{ id: 'wulan', phone: wulan, channels: [sms] }],
    [{ id: 'wulan-too', phone: wulan, channels: [sms] }],
    [{ id: 'tuya', phone: tuya, channels: [sms] }],
    [
      { id: 'dorj', phone: dorj, channels: [sms, voice] },
      { id: 'station', role: 'station', phone: station, channels: [sms] },
    ],
    [
      { id: 'oyun', phone: oyun, channels: [sms] },
      { id: 'lead', role: 'township', phone: lead, channels: [voice] },
    ],
    [{ id: 'sarna', phone: sarna, channels: [sms, voice] }],
    [{ id: 'bator', phone: bator, channels: [sms] }],
    [{ id: 'bator-too', phone: bator, channels: [sms] }],
    [{ id: 'wulan-again', phone: wulan, channels: [sms] }],
  ]);
  login = await until('the first account', async () => printedAccount(system.output()));
  desk = await until('the desk', () => signIn(system, login));
}, 120_000);
afterAll(async () => {
  await system?.killAll();
  await county?.end();
});

const incidentOf = (home: number): Promise<IncidentCard> =>
  until(`the incident of home ${home}`, async () =>
    (await desk.incidents()).find(({ where }) => where.place?.startsWith(`东井${home + 1}户`)),
  );
const phaseOf = async (home: number) => (await incidentOf(home)).state.phase;
async function timelineOf(home: number): Promise<IncidentDetail['timeline']> {
  const { incidentId } = await incidentOf(home);
  const answer = await desk.ask('GET', `/incidents/${encodeURIComponent(incidentId)}`);
  return ((await answer.json()) as IncidentDetail).timeline;
}
const lines = async (home: number, what: string) => (await timelineOf(home)).filter((entry) => entry.what === what);
const troubles = async () =>
  (await desk.incidents()).filter(({ alerts }) => alerts.some(({ condition }) => condition === 'channel-trouble'));
const writes = (phone: string, content: string, sequence_id: string) =>
  county.push('texts', { phone_number: phone, content, send_time: '2026-11-23 03:12:40', sequence_id });

test('the operator is warned before the budget of a template is used up, and the alarm beyond it goes another way at once', async () => {
  for (const home of [0, 1, 2, 3, 4]) {
    if (home === 3) expect(await troubles()).toEqual([]);
    await press(system, home);
    await until(`text ${home + 1}`, async () => county.textsTo(bao).length === home + 1);
  }
  const [warning] = await until('the warning', async () => (await troubles()).length > 0 && troubles());
  expect(warning).toMatchObject({
    severity: 'service',
    alerts: [{ reason: { channel: 'sms:texts', trouble: 'limit-near', used: 4, count: 5 } }],
  });
  expect(await resolveBy(desk, warning, { outcome: 'equipment', contact: 'not-applicable' })).toBe(200);
  expect(county.centerTextsTo(bao)).toEqual([]);
  await press(system, 5);
  const pressedAt = performance.now();
  expect(await until('the sixth', async () => county.centerTextsTo(bao)[0])).toMatch(/^紧急呼叫：巴图5，/);
  expect(performance.now() - pressedAt).toBeLessThan(20_000);
  expect(county.textsTo(bao)).toHaveLength(5);

  // He answers where he read it. Six are open: which one is asked for by the same way.
  county.write(bao, '1');
  await until('the question', async () => county.centerTextsTo(bao).some((text) => text.includes('请带上编号')));
  county.write(bao, `1 ${(await incidentOf(5)).code}`);
  await until('Bao on the way', async () => (await phaseOf(5)) === 'responding');
  expect(await phaseOf(4)).toBe('open');
}, 60_000);

test('when the key of a provider has expired in the night, the message goes by the next one at once, and the operator knows once', async () => {
  county.texts.state.say = { status: 400, json: { Code: 'InvalidAccessKeyId.Inactive', Message: 'expired' } };
  await press(system, 6);
  const pressedAt = performance.now();
  expect(await until('the text', async () => county.centerTextsTo(wulan)[0])).toMatch(/^紧急呼叫：巴图6，/);
  expect(performance.now() - pressedAt).toBeLessThan(20_000);
  const urgent = async () => (await troubles()).filter(({ severity }) => severity === 'urgent');
  const [trouble] = await until('the alert', async () => (await urgent()).length > 0 && urgent());
  expect(trouble).toMatchObject({
    alerts: [{ reason: { channel: 'sms:texts', trouble: 'credentials' } }],
    state: { phase: 'open' },
  });
  await press(system, 7);
  await until('the second text', async () => county.centerTextsTo(wulan)[1]);
  expect(county.textsTo(wulan)).toHaveLength(2);
  expect(await urgent()).toHaveLength(1);

  county.texts.state.say = undefined;
  await press(system, 14);
  await until('the end of the trouble', async () => (await urgent()).every(({ state }) => state.phase === 'resolved'));
  expect(county.centerTextsTo(wulan)).toHaveLength(2);
}, 60_000);

test('a stranger who knows the code is refused by either way, one answer that comes three times is one, and who cannot be there yet is not', async () => {
  await press(system, 8);
  await until('the text', async () => county.textsTo(tuya).length > 0);
  const { code } = await incidentOf(8);
  expect(await writes(stranger, `1 ${code}`, '10')).toBe(200);
  county.write(stranger, `1 ${code}`);
  await until('two refusals', async () => (await lines(8, 'refused-reply')).length === 2);
  expect(await phaseOf(8)).toBe('open');

  for (let times = 0; times < 3; times++) expect(await writes(tuya, '1 40分钟', '11')).toBe(200);
  await until('Tuya on the way', async () => (await phaseOf(8)) === 'responding');
  await press(system, 8, 2);
  expect(await writes(tuya, '到了', '12')).toBe(200);
  await until('the answer', async () =>
    county.textsTo(tuya).some(({ variables }) => variables.line?.startsWith('这么快到达')),
  );
  expect(await phaseOf(8)).toBe('responding');
  expect(await lines(8, 'accepted')).toHaveLength(1);
  expect([county.textsTo(stranger), county.centerTextsTo(stranger)]).toEqual([[], []]);
}, 60_000);

test('the person cancels while a neighbour is on the way: the telephone of who goes rings, who was told reads it, both within 30 s', async () => {
  await press(system, 9);
  await until('both texts', async () => county.textsTo(dorj).length > 0 && county.textsTo(station).length > 0);
  expect(await writes(dorj, '好', '20')).toBe(200);
  await until('the update', async () => county.textsTo(station).some(({ template }) => template === 'update'));
  const cancel = '{"v":1,"boot":1,"seq":2,"age":0,"call":"cancel"}';
  await publish(system, { id: deviceId(9), topic: 'press', payload: cancel });
  const ending = { outcome: 'no-help-needed', contact: 'reached' } as const;
  await until('the end', async () => (await resolveBy(desk, await incidentOf(9), ending)) === 200);
  const turnBack = async () =>
    county.callsTo(dorj)[0]?.template === 'turn-back' &&
    county.textsTo(station).some(({ template }) => template === 'turn-back');
  await until('turn back', turnBack, 30_000);
  expect(county.callsTo(dorj)).toMatchObject([{ action: 'SingleCallByTts' }]);
}, 60_000);

test('nobody was reached: not the desk alone and not a neighbour who was only told, but the township by its voice key ends it', async () => {
  await press(system, 10);
  await until('the text', async () => county.textsTo(oyun).length > 0);
  const ending = { outcome: 'no-help-needed', contact: 'not-reached' } as const;
  await until('the question', async () => {
    expect(await resolveBy(desk, await incidentOf(10), ending)).toBe(409);
    return (await lines(10, 'second-person-asked')).length > 0;
  });
  const call = await until('the call', async () => county.callsTo(lead)[0]);
  expect(call).toMatchObject({ action: 'IvrCall', template: 'agree' });
  expect(await writes(oyun, '4', '30')).toBe(200);
  await until('the line', async () => county.textsTo(oyun).some(({ template }) => template === 'reply'));
  expect(await resolveBy(desk, await incidentOf(10), ending)).toBe(409);
  expect(await phaseOf(10)).toBe('open');

  const ended = { call_id: call.callId, callee: lead, status_code: '200000', duration: '12', dtmf: '4' };
  expect(await county.push('calls', ended)).toBe(200);
  await until('the end', async () => (await phaseOf(10)) === 'resolved');
  expect(await lines(10, 'resolved')).toMatchObject([{ by: { id: 'lead' } }]);
}, 60_000);

test('when the centre refuses the password, too, the neighbour is called', async () => {
  county.texts.state.say = { status: 400, json: { Code: 'InvalidAccessKeyId.Inactive', Message: 'expired' } };
  county.center.answers.bind_transceiver = () => ({ command_status: 0x0e });
  for (const session of county.center.sessions) session.destroy();
  await press(system, 11);
  const call = await until('the call', async () => county.callsTo(sarna)[0], 30_000);
  expect(call).toMatchObject({ action: 'IvrCall', template: 'call' });
  const key = { call_id: call.callId, status_code: '300000', dtmf: '1', callee: sarna };
  expect(await county.push('calls', key)).toBe(200);
  await until('Sarna’s neighbour on the way', async () => (await phaseOf(11)) === 'responding');
  expect(county.centerTextsTo(sarna)).toEqual([]);
}, 60_000);

test('killed before a provider answered: an emergency goes out again under its name, a call for care does not', async () => {
  county.texts.state.say = 'hang';
  const care = { type: 'area' as const, id: 'village' };
  await register(system.control, [
    {
      ...{ type: 'put', entity: 'policy' },
      value: {
        ...{ id: 'care', name: '关爱', scope: care, severity: 'urgent', conditions: ['call-care'], nights: 'fair' },
        rungs: [{ afterSeconds: 0, tell: [{ role: 'neighbour', nth: 1 }], desk: true }],
      },
    },
  ]);
  const asked = (template: string) => county.textsTo(bator).filter((text) => text.template === template);
  await press(system, 12);
  await until('the emergency', async () => asked('call').length === 1);
  const payload = '{"v":1,"boot":1,"seq":1,"age":0,"call":"care"}';
  await publish(system, { id: deviceId(13), topic: 'press', payload });
  await until('the call for care', async () => asked('other').length === 1);
  await system.killAll();

  county.texts.state.say = undefined;
  system = await county.start();
  const again = await until('the emergency again', async () => asked('call')[1]);
  expect(again.id).toBe(asked('call')[0]?.id);
  desk = await until('the desk', () => signIn(system, login));
  const [unknown] = await until('the unknown', async () => {
    const found = await lines(13, 'undelivered');
    return found.length > 0 && found;
  });
  expect(unknown).toMatchObject({ details: { detail: 'unknown after restart', everyChannel: true } });
  expect(asked('other')).toHaveLength(1);
}, 120_000);
