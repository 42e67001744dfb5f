import { describe, expect, test } from 'vitest';
import type { DownlinkFold } from '../../broker/downlinks.ts';
import type { DeviceAskName, Downlink } from '../../records/downlink.ts';
import { bug, expectCaught, type PlantedBug } from './planted-bug.test-support.ts';
import { judgeSeed } from './verdict.ts';

// Worlds in which somebody asks things of devices all the time, and faults in what answers them.

const hours = 24;

// In 74 and 91 a promise was not kept once: a fall that a hanging disk kept hours late, an alarm whose end was heard of first. In 900 that
// end could not be read. In 1765 an operator stopped a process that waited for room on a full disk, and it complained of its end.
test.each([...[74, 91, 900, 201, 202, 203, 204, 205, 206].map((seed) => ({ seed, hours })), { seed: 1765, hours: 48 }])(
  'every promise is kept in the world of seed $seed, in which devices are asked all the time',
  { timeout: 60_000 },
  async (world) => {
    const { violations, stuck } = await judgeSeed({ ...world, commands: true });
    expect([...violations.map(({ invariant, says, story }) => `${invariant}: ${says}\n${story}`), ...stuck]).toEqual(
      [],
    );
  },
);

test('equal seeds make equal worlds', { timeout: 60_000 }, async () => {
  const [one, another] = [await asked(), await asked()];
  expect(another).toBe(one);
  expect((await judgeSeed({ seed: 201, hours: 6 })).trace).not.toBe(one);

  async function asked(): Promise<string> {
    return (await judgeSeed({ seed: 201, hours: 6, commands: true })).trace;
  }
});

type Sender = typeof import('../../broker/downlinks.ts');
type Parts = ConstructorParameters<Sender['DownlinkSender']>[0];

/** A sender that was given something else than the system gives it. */
const senderWith = (change: (parts: Parts) => Partial<Parts>) => (real: Sender) => ({
  DownlinkSender: class extends real.DownlinkSender {
    constructor(parts: Parts) {
      super({ ...parts, ...change(parts) });
    }
  },
});

const plantedBugs: PlantedBug[] = [
  bug<typeof import('../../records/downlink.ts')>({
    bug: 'a restart goes out in the middle of a fire',
    caughtBy: 'after a call for help only what helps goes out',
    module: '../../records/downlink.ts',
    plant: () => ({
      sentAfterLifeSafety: new Set<DeviceAskName>(['lamp', 'locate', 'time', 'hush', 'interval', 'reboot']),
    }),
  }),
  bug<Sender>({
    bug: 'a command goes out while it is being put on record',
    caughtBy: 'a command goes out on record, as it was asked',
    module: '../../broker/downlinks.ts',
    plant: senderWith(({ record }) => ({ record: async (one) => void record(one).catch(() => {}) })),
  }),
  bug<Sender>({
    bug: 'what was cancelled or is done goes out again',
    caughtBy: 'a command has an end, and does not go out after it',
    module: '../../broker/downlinks.ts',
    hours: 6,
    plant: senderWith(({ fold }) => ({ fold: { has: fold.has, due: (id) => (fold as Everything).ofDevice(id) } })),
  }),
  bug<typeof import('../../ingest/downlinks-alarms.ts')>({
    bug: 'a hush is good for any alarm of its detector',
    caughtBy: 'a hush reaches its own alarm or none',
    seed: 2,
    module: '../../ingest/downlinks-alarms.ts',
    plant: () => ({ isOf: () => true }),
  }),
];
type Everything = DownlinkFold & { ofDevice(deviceId: string): Downlink[] };

describe('a planted fault is caught:', () => {
  test.each(plantedBugs)('$bug', { timeout: 120_000 }, (planted) =>
    expectCaught(planted, { seed: 7, hours, commands: true }),
  );
});
