import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { freePorts, readMetrics, register, startSystem, temporaryFolder, until } from '../bench/system.ts';
import { registerVillage } from '../bench/village.ts';
import { access, openAliyun } from '../responders/channels/aliyun-peer.test-support.ts';
import { templateNames, templates, variablesOf } from '../responders/texts/templates.ts';
import { press, printedAccount, signIn, webhookSecret } from './running-system.test-support.ts';
import { startSlowReceiver } from './slow-receiver.ts';

const token = 'p'.repeat(32);
const phone = '13800138000';
const codes = templateNames.map((name, at) => ({ name, code: `SMS_${1_000 + at}` }));

test('a neighbour with a keypad phone gets a text by Aliyun and answers 1, though the system is killed in between', async () => {
  const known = codes.map(({ name, code }) => [code, variablesOf(templates[name]['zh-CN'])]);
  const aliyun = await openAliyun(Object.fromEntries(known));
  const receiver = await startSlowReceiver({ answerAfterMs: () => 0 });
  const temporary = temporaryFolder('aliyun');
  const [port = 0] = await freePorts(1);
  const file = join(temporary.folder, 'providers.yaml');
  const of = Object.fromEntries(codes.map(({ name, code }) => [name, code]));
  const secretIn = (name: string, secret: string): string => {
    writeFileSync(join(temporary.folder, name), `${secret}\n`);
    return join(temporary.folder, name);
  };
  const account = { accessKeyId: access.accessKeyId, accessKeySecretFile: secretIn('key', access.accessKeySecret) };
  const provider = { id: 'texts', type: 'aliyun-sms', ...account, endpoint: aliyun.url, signName: '守护草原' };
  writeFileSync(file, stringify([{ ...provider, templates: of, push: { tokenFile: secretIn('token', token) } }]));
  const environment = { STEPPEWATCH_PROVIDERS: file, STEPPEWATCH_PUSHES_PORT: String(port) };
  const start = () => startSystem({ dataFolder: join(temporary.folder, 'data'), environment });
  const push = async (item: object): Promise<number | undefined> => {
    const request = { method: 'POST', body: JSON.stringify([item]), signal: AbortSignal.timeout(5_000) };
    return fetch(`http://127.0.0.1:${port}/texts/${token}`, request).then(
      ({ status }) => status,
      () => undefined,
    );
  };
  let system = await start();
  try {
    await registerVillage(system, 4, { url: receiver.url, secret: webhookSecret });
    const bao = { id: 'bao', of: { type: 'place', id: 'p0' }, role: 'neighbour', order: 1, name: 'Bao' } as const;
    const value = { ...bao, language: 'zh-CN' as const, phone, channels: [{ type: 'sms' as const }] };
    await register(system.control, [{ type: 'put', entity: 'contact', value }]);
    await press(system, 3);
    const sent = await until('the text', async () =>
      aliyun.got.find(({ url }) => url.searchParams.get('PhoneNumbers') === phone),
    );
    expect(sent.headers['x-acs-action']).toBe('SendSms');
    const login = await until('the first account', async () => printedAccount(system.output()));
    await system.killAll();
    const delivered = { success: true, err_code: 'DELIVERED', report_time: '2026-11-03 03:12:09' };
    const report = { phone_number: phone, biz_id: 'biz^1', ...delivered };
    expect(await push(report)).toBeUndefined();

    system = await start();
    await until('the way in', async () => (await push(report)) === 200);
    const up = { phone_number: phone, content: '1 我去', send_time: '2026-11-03 03:12:40', sequence_id: '77' };
    for (let times = 0; times < 3; times++) expect(await push(up)).toBe(200);
    const desk = await until('the desk', () => signIn(system, login).catch(() => undefined));
    const incident = await until('Bao on the way', async () =>
      (await desk.incidents()).find(({ state }) => state.phase === 'responding'),
    );
    expect(incident).toMatchObject({ severity: 'critical' });
    const pushes = await readMetrics(system);
    expect(pushes.get('steppewatch_provider_pushes_total{provider="texts",outcome="repeat"}')).toBeGreaterThan(1);
  } finally {
    await system.killAll();
    await receiver.close();
    aliyun.end();
    temporary.remove();
  }
}, 120_000);
