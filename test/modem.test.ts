import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { startSystem, temporaryFolder, until } from '../bench/system.ts';
import { SimulatedModem } from '../simulators/modem.ts';
import type { Submitted } from '../simulators/modem-tpdu.ts';
import { openPseudoTerminal } from '../simulators/pseudo-terminal.ts';
import { callNameOf, registerHomes } from './homes.test-support.ts';
import { press, resolveBy, signIn } from './running-system.test-support.ts';

const sms = { type: 'sms' as const };
const voice = { type: 'voice' as const };
const [bao, altan, station] = ['13800000001', '13800000002', '13800000003'];

test('with nothing but a modem a neighbour is called by SMS, answers 1, the others hear who goes, and all hear the end', async () => {
  const temporary = temporaryFolder('modem');
  const terminal = await openPseudoTerminal();
  const modem = new SimulatedModem(terminal, { world: { reports: 0 } });
  const file = join(temporary.folder, 'providers.yaml');
  const providers = [
    { id: 'modem-1', type: 'modem', port: terminal.path },
    { id: 'ring-1', type: 'modem-ring', modem: 'modem-1', seconds: 5 },
  ];
  writeFileSync(file, stringify(providers));
  const environment = { STEPPEWATCH_PROVIDERS: file };
  const system = await startSystem({ dataFolder: join(temporary.folder, 'data'), environment });
  try {
    await registerHomes(system, [
      [
        { id: 'bao', name: '宝音', phone: bao, channels: [voice, sms] },
        { id: 'altan', name: 'Altan', role: 'family', phone: altan, language: 'en', channels: [sms] },
        {
          ...{ id: 'station', role: 'station', of: { type: 'area', id: 'village' } },
          ...{ phone: station, channels: [sms] },
        },
      ],
    ]);
    const desk = await signIn(system);
    await press(system, 0);
    const read = (phone: string, words: RegExp) =>
      until(`${words} at ${phone}`, async () => readAt(modem, phone).find((text) => words.test(text)));

    const alarm = await read(bao, /紧急呼叫/);
    expect(alarm).toMatch(
      new RegExp(`${callNameOf(0)}，东井1户，水井以西三公里，.*编号[0-9A-Z]{6}。回复1去2不去3到了9求助$`),
    );
    await read(altan, new RegExp(`^FOR INFORMATION: ${callNameOf(0)}, .*We write when it ends`));
    expect(modem.sent.filter(({ phone }) => phone.endsWith(altan)).map(({ part }) => part?.number)).toEqual([1, 2]);
    await read(station, /紧急呼叫：东井嘎查，/);
    expect(modem.dialled).toEqual([bao]);

    modem.receive({ phone: bao, text: '1 我去' });
    await read(bao, /^已登记您前往/);
    await read(altan, new RegExp(`^宝音 is going to ${callNameOf(0)}`));
    await read(station, /^邻居正赶往东井嘎查，.*请保持电话畅通/);
    const going = await until('Bao on the way', async () =>
      (await desk.incidents()).find(({ state }) => state.phase === 'responding'),
    );
    expect(going.state).toMatchObject({ by: { id: 'bao' } });

    await until('the line is free', async () => !modem.isCalling);
    expect(await resolveBy(desk, going, { outcome: 'helped', contact: 'reached' })).toBe(200);
    await read(bao, new RegExp(`^请返回：${callNameOf(0)}，`));
    await read(altan, new RegExp(`^ALL CLEAR: ${callNameOf(0)}, `));
    await read(station, /^请返回：东井嘎查，/);
    expect(modem.dialled).toEqual([bao, bao]);
    expect(modem.complaints).toEqual([]);
  } finally {
    await system.killAll();
    await terminal.close();
    temporary.remove();
  }
}, 120_000);

/** The messages to that number as its telephone shows them: parts joined. */
function readAt(modem: SimulatedModem, phone: string): string[] {
  const to = modem.sent.filter((one) => one.phone.endsWith(phone));
  const key = ({ part }: Submitted, index: number) => part?.reference ?? `whole ${index}`;
  const messages = Map.groupBy(to.entries(), ([index, one]) => key(one, index));
  return [...messages.values()].flatMap((parts) => {
    const [first] = parts;
    if (parts.length < (first?.[1].part?.total ?? 1)) return [];
    return parts.map(([, { text }]) => text).join('');
  });
}
