import type { DeviceKind } from '../firmware-contracts/report.ts';
import type { Chance } from '../platform/random.ts';
import type { Happening, Home, HomeDevice } from './home.ts';
import { oneOf } from './seeded-chance.ts';

/** What can befall a simulated village beside its ordinary days, by name: in the world, not in the system. */
export const plots: { readonly [name: string]: Plot } = {
  'quiet-day': () => [],

  /** Something is left on the stove. The detector clears itself when the window is opened. */
  'kitchen-fire'(homes, beginsAt, chance) {
    const { home, device } = homeWith(homes, 'smoke-detector', chance);
    const sees = (obscuration: number, temperature: number) => ({ source: 'smoke', obscuration, temperature });
    return [
      {
        at: beginsAt,
        deviceId: device.id,
        deed: 'alarm',
        fields: sees(0.4, 31),
        says: `smoke in the ${device.room} of ${home.person.name}, ${home.name}`,
      },
      {
        at: beginsAt + 240_000,
        deviceId: device.id,
        deed: 'off',
        says: `the smoke at ${home.person.name}'s has cleared`,
      },
    ];
  },

  'fall-at-night'(homes, beginsAt, chance) {
    const { home, device } = homeWith(homes, 'wearable', chance);
    const says = `${home.person.name} falls on the way to the bathroom, ${home.name}, and lies still`;
    return [{ at: beginsAt, deviceId: device.id, deed: 'fall', says }];
  },

  'fall-and-up-again'(homes, beginsAt, chance) {
    const { home, device } = homeWith(homes, 'wearable', chance);
    return [
      { at: beginsAt, deviceId: device.id, deed: 'fall', says: `${home.person.name} stumbles, ${home.name}` },
      {
        at: beginsAt + 15_000,
        deviceId: device.id,
        deed: 'cancel',
        says: `${home.person.name} is up again, and says so on the watch`,
      },
    ];
  },

  'call-for-help'(homes, beginsAt, chance) {
    const { home, device } = homeWith(homes, 'call-button', chance);
    return [
      {
        at: beginsAt,
        deviceId: device.id,
        deed: 'emergency',
        says: `${home.person.name} presses the emergency button, ${home.name}`,
      },
    ];
  },

  'call-for-care'(homes, beginsAt, chance) {
    const { home, device } = homeWith(homes, 'call-button', chance);
    return [
      {
        at: beginsAt,
        deviceId: device.id,
        deed: 'care',
        says: `${home.person.name} presses the button for care, ${home.name}`,
      },
    ];
  },

  'monthly-test'(homes, beginsAt, chance) {
    const { home, device } = homeWith(homes, 'smoke-detector', chance);
    return [
      {
        at: beginsAt,
        deviceId: device.id,
        deed: 'test',
        says: `${home.person.name} tests the detector in the ${device.room}, ${home.name}`,
      },
    ];
  },
};

/** In order of time; `beginsAt` is epoch ms. */
type Plot = (homes: readonly Home[], beginsAt: number, chance: Chance) => Happening[];

/** Errors: no home has a device of that kind. */
function homeWith(homes: readonly Home[], kind: DeviceKind, chance: Chance): { home: Home; device: HomeDevice } {
  const equipped = homes.flatMap((home) => {
    const device = home.devices.find((one) => one.kind === kind);
    return device ? { home, device } : [];
  });
  if (equipped.length === 0) throw new Error(`no simulated home has a ${kind}: take more homes`);
  return oneOf(chance, equipped);
}
