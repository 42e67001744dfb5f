import { deepStrictEqual, strictEqual } from 'node:assert';
import { silentLog } from '../platform/log.ts';
import type { Chance } from '../platform/random.ts';
import { between, chanceOf } from '../simulators/seeded-chance.ts';
import { VirtualClock } from '../simulators/virtual-clock.ts';
import type { FaultPlan } from '../simulators/world/faults.ts';
import { type DiskUser, SimulatedDisk } from '../simulators/world/simulated-disk.ts';
import { Checkpoint } from './checkpoint.ts';
import { everything, text, wordsOf } from './journal.test-support.ts';
import { type AppendClass, type Journal, openJournal } from './journal.ts';
import { assertKept } from './position.ts';

/** What happened in one world. `failures`: the process ended by itself, as a sync had failed. `records`: the journal's last. */
export type Crashed = { crashes: number; powerCuts: number; failures: number; acknowledged: number; records: number };

/**
 * One process after the other appends to a journal, keeps the last words of 20 homes beside it, and dies at a random call of
 * the disk, half of them with the power; syncs fail, and the disk is full or hangs at times. After every start all that
 * stands is compared with all that was ever acknowledged or read. Equal seeds, equal worlds.
 * Errors: an assertion with the seed in it.
 */
export async function crash(seed: number, lives: number): Promise<Crashed> {
  const world = new CrashingWorld(seed);
  try {
    for (let life = 1; life <= lives; life++) await world.live(life);
    return world.crashed;
  } catch (cause) {
    throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
  }
}

class CrashingWorld {
  readonly crashed: Crashed = { crashes: 0, powerCuts: 0, failures: 0, acknowledged: 0, records: 0 };
  readonly #seed: number;
  readonly #chance: Chance;
  readonly #clock = new VirtualClock({ startAt: Date.UTC(2026, 10, 3) });
  readonly #disk: SimulatedDisk;
  /** By sequence, what was acknowledged or read back, and so has to stay. */
  readonly #kept: string[] = [];
  #appended = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#chance = chanceOf(seed, 'crashes');
    this.#disk = new SimulatedDisk({ chance: chanceOf(seed, 'disk'), faults: faultsOf(chanceOf(seed, 'faults')) });
  }

  async live(number: number): Promise<void> {
    const life = this.#begin();
    this.#disk.damageNewestSnapshot();
    const run = this.#run(life, number).catch((error: unknown) => {
      const { code } = error as { code?: string };
      if (code !== 'EIO' && code !== 'JOURNAL_FAILED' && code !== 'JOURNAL_FULL') throw error;
      this.crashed.failures += 1;
      life.end();
    });
    let failure: unknown;
    run.catch((error: unknown) => {
      failure = error;
      life.end();
    });
    while (!life.isOver()) await this.#clock.advance(500);
    if (failure) throw failure;
  }

  /** It ends at one of the next calls of its disks, and with it, every other time, the power. */
  #begin() {
    const { clock, end: endTimers } = this.#clock.ofProcess();
    const ends = [endTimers];
    const counted = this.#chance.fraction() < 0.7 ? /^(append|write|open|rename|remove|truncate|repeat)/ : /./;
    let callsLeft = Math.floor(between(this.#chance, 1, this.#chance.fraction() < 0.3 ? 10 : 150));
    let isOver = false;
    const end = () => {
      isOver = true;
      for (const one of ends) one();
    };
    const onCall = (what: string) => {
      if (!counted.test(what)) return;
      callsLeft -= 1;
      if (callsLeft !== 0) return;
      this.crashed.crashes += 1;
      end();
      if (this.#chance.fraction() < 0.5) return;
      this.crashed.powerCuts += 1;
      this.#disk.powerCut();
    };
    const whenOver = (run: () => void) => void ends.push(run);
    return { clock, onCall, whenOver, end, isOver: () => isOver } satisfies DiskUser & Record<string, unknown>;
  }

  async #run(life: DiskUser, number: number): Promise<void> {
    const { clock } = life;
    const journal = await openJournal({
      ...{ disk: this.#disk.open(life), clock, log: silentLog, limits },
      chance: chanceOf(this.#seed, `life ${number}`),
      clockStepBody: () => text('a step of the clock'),
    });
    await this.#compare(journal);
    const homes = await this.#homesOf(journal, life);
    for (;;) {
      const failed = journal.failed.then((error) => Promise.reject(error));
      const burst = this.#chance.fraction() < 0.1 ? 60 : 6;
      for (let left = between(this.#chance, 1, burst); left > 0; left--) this.#append(journal);
      await Promise.race([
        failed,
        new Promise<void>((resolve) => clock.after(between(this.#chance, 1, 2_000), resolve)),
      ]);
      await homes.goOn();
    }
  }

  #append(journal: Journal): void {
    this.#appended += 1;
    const words = `report ${this.#appended} ${'x'.repeat(between(this.#chance, 0, 300))}`;
    const kind = (['life-safety', 'essential', 'telemetry'] as const)[Math.floor(between(this.#chance, 0, 3))];
    journal.append(text(words), (kind satisfies AppendClass | undefined) ?? 'essential').then(
      ({ sequence }) => {
        this.crashed.acknowledged += 1;
        this.#kept[sequence] = words;
      },
      () => {},
    );
  }

  /** What is there now: all that has to be there, and nothing that was not appended, or not in this order. */
  async #compare(journal: Journal): Promise<void> {
    strictEqual(journal.headSequence >= this.#kept.length - 1, true, `the journal ends at ${journal.headSequence}`);
    const records = await everything(journal);
    let last = 0;
    for (const [index, words] of wordsOf(records).entries()) {
      const sequence = journal.firstSequence + index;
      strictEqual(records[index]?.sequence, sequence);
      const report = Number(/^report (\d+) x*$/.exec(words)?.[1]);
      strictEqual(report > last && report <= this.#appended, true, `record ${sequence} is ${words}`);
      strictEqual(words, this.#kept[sequence] ?? words);
      this.#kept[sequence] = words;
      last = report;
    }
    this.crashed.records = journal.headSequence;
  }

  /** The follower's part: state and its place, loaded, compared with the journal, and kept as the journal goes on. */
  async #homesOf(journal: Journal, life: DiskUser) {
    const disk = this.#disk.open(life);
    const checkpoint = new Checkpoint({
      disk,
      name: 'homes',
      journalId: journal.id,
      log: silentLog,
      minChangeBytes: 3_000,
    });
    const homes = new Map<string, unknown>();
    let sequence = await checkpoint.load(({ key, value }) => homes.set(key, value));
    assertKept(sequence, journal);
    const expected = new Map<string, unknown>();
    for (let at = 1; at <= sequence; at++) expected.set(homeOf(at), this.#kept[at]);
    deepStrictEqual(homes, expected, `state at ${sequence}`);
    journal.pin('homes', checkpoint.reachesBackTo, { hard: true });
    const goOn = async () => {
      const records = await journal.readBatch(sequence + 1, { maxRecords: 50, maxBytes: 100_000 });
      const changes = records.map(({ sequence, body }) => ({
        ...{ table: 'homes', key: homeOf(sequence) },
        value: Buffer.from(body).toString(),
      }));
      for (const { key, value } of changes) homes.set(key, value);
      sequence = records.at(-1)?.sequence ?? sequence;
      await checkpoint.save(sequence, changes);
      await checkpoint.snapshotIfDue(() => [...homes].map(([key, value]) => ({ table: 'homes', key, value })));
      journal.pin('homes', checkpoint.reachesBackTo, { hard: true });
    };
    return { goOn };
  }
}

/** Small, so that segments fill, the reserve is used and old segments go within a few hundred records. */
const limits = {
  segmentBytes: 4_000,
  groupBytes: 1_000,
  keepBytes: 10_000,
  tailBytes: 2_000,
  reserveBytes: 3_000,
  floorBytes: 2_000,
};

const homeOf = (sequence: number) => `home ${sequence % 20}`;

function faultsOf(chance: Chance): FaultPlan['disk'] {
  const window = (lengthMs: number) => {
    const fromMs = between(chance, 0, 100_000);
    return { fromMs, toMs: fromMs + between(chance, 0, lengthMs) };
  };
  return {
    opMs: [1, between(chance, 2, 300)],
    hangs: [window(5_000)],
    full: [{ ...window(30_000), roomBytes: Math.round(between(chance, 0, 6_000)) }],
    failedSyncChance: chance.fraction() < 0.5 ? 0 : 0.01,
    tornChance: 0.8,
    flippedChance: 0.3,
    damagedSnapshotChance: 0.3,
  };
}
