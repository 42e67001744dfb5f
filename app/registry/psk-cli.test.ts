import { expect, test } from 'vitest';
import { pskOf } from '../../broker/tls-psk.ts';
import { alarmAway } from '../../platform/errors.ts';
import { type PskCliParts, runPskCli } from './psk-cli.ts';

const pepper = Buffer.alloc(32, 7);
const device = (id: string, salt?: string) => ({
  ...{ id, kind: 'smoke-detector', intervalMinutes: 60, simulated: false },
  ...(salt !== undefined && { credential: { salt, hmac: 'x' } }),
});

async function run(argv: string[], page?: PskCliParts['page']) {
  const said: string[] = [];
  const pages = [[device('smoke-1', 'AAAA'), device('smoke-2')], [device('smoke-3', 'BBBB')]];
  const answer = async ({ from }: { from: number }) => ({
    ...{ revision: 1, values: pages[from] ?? [] },
    ...(from === 0 && { next: 1 }),
  });
  const code = await runPskCli({
    argv,
    page: page ?? (answer as PskCliParts['page']),
    openPepper: async () => pepper,
    print: (text) => said.push(text),
    complain: (text) => said.push(text),
  });
  return { code, said };
}

test('the keys of devices are printed as the broker knows them', async () => {
  const { code, said } = await run(['smoke-3', 'smoke-1']);
  const key = (deviceId: string, salt: string) => pskOf({ deviceId, salt, pepper }).toString('hex');
  expect(said).toEqual([`smoke-3 ${key('smoke-3', 'BBBB')}\n`, `smoke-1 ${key('smoke-1', 'AAAA')}\n`]);
  expect(code).toBe(0);
});

test('a device without a secret has no key, and is named', async () => {
  const { code, said } = await run(['smoke-2', 'smoke-1', 'smoke-9']);
  expect(code).toBe(1);
  expect(said.at(-1)).toBe('not registered, or without a secret: smoke-2, smoke-9');
  expect(said).toHaveLength(2);
});

test('without a device the usage is shown, and without the system that it is away', async () => {
  expect(await run([])).toMatchObject({ code: 64 });
  const away = () => Promise.reject(alarmAway({}));
  expect(await run(['smoke-1'], away)).toMatchObject({ code: 69 });
});
