import { pskOf } from '../../broker/tls-psk.ts';
import { OperationalError } from '../../platform/errors.ts';
import { systemChance } from '../../platform/random.ts';
import { openVault } from '../../platform/vault.ts';
import type { Device } from '../../records/registry.ts';
import { readConfiguration } from '../configuration.ts';
import { connectControl } from '../control-socket.ts';
import { exitWith } from '../exit.ts';
import type { PageRequest, RegistryPage } from './registry-pages.ts';

export type PskCliParts = {
  argv: string[];
  page(request: PageRequest): Promise<RegistryPage>;
  /** Opened when the system has answered, because it is what makes the keys. */
  openPepper(): Promise<Uint8Array>;
  print(text: string): void;
  complain(text: string): void;
};

const usage = 'usage: npm run psk -- DEVICE...';

/**
 * `npm run psk`: prints the pre-shared keys of devices, in hexadecimal, one line each. A new secret of a device is a new key.
 * Answers 0: done. 1: a device is not registered, or has no secret. 64: wrong usage. 69: the system is away.
 */
export async function runPskCli({ argv, page, openPepper, print, complain }: PskCliParts): Promise<0 | 1 | 64 | 69> {
  if (argv.length === 0 || argv.some((id) => id.startsWith('-'))) {
    complain(usage);
    return 64;
  }
  try {
    const devices = await fetchDevices(page, new Set(argv));
    const pepper = await openPepper();
    const without = argv.filter((id) => devices.get(id)?.credential === undefined);
    for (const id of argv) {
      const salt = devices.get(id)?.credential?.salt;
      if (salt !== undefined) print(`${id} ${pskOf({ deviceId: id, salt, pepper }).toString('hex')}\n`);
    }
    if (without.length > 0) complain(`not registered, or without a secret: ${without.join(', ')}`);
    return without.length > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof OperationalError) || error.retry !== 'later') throw error;
    complain(error.message);
    return 69;
  }
}

async function fetchDevices(page: PskCliParts['page'], wanted: ReadonlySet<string>): Promise<Map<string, Device>> {
  const devices = new Map<string, Device>();
  for (let from: number | undefined = 0; from !== undefined; ) {
    const { values, next }: RegistryPage = await page({ entity: 'device', from });
    for (const device of values as Device[]) if (wanted.has(device.id)) devices.set(device.id, device);
    from = next;
  }
  return devices;
}

if (import.meta.main) {
  try {
    const { dataFolder, keysFolder, masterKey } = readConfiguration(process.env);
    const control = connectControl(dataFolder);
    process.exitCode = await runPskCli({
      argv: process.argv.slice(2),
      page: (request) => control.ask('registry-page', request),
      async openPepper() {
        const vault = await openVault({ folder: keysFolder, masterKey, chance: systemChance, readOnly: true });
        await vault.close();
        return vault.pepper();
      },
      print: (text) => process.stdout.write(text),
      complain: (text) => process.stderr.write(`${text}\n`),
    });
    control.close();
  } catch (error) {
    exitWith(error);
  }
}
