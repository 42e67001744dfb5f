import type { StateChange } from '../../records/fold-state.ts';
import { type FaultPlan, noFaults } from './faults.ts';
import { bug, type PlantedBug } from './planted-bug.test-support.ts';

type AlarmCore = typeof import('../../app/alarm/alarm-core.ts');
type AlarmOf = Awaited<ReturnType<AlarmCore['openAlarm']>>;

/** Every one of them was easy to write by mistake, or nearly was. */
export const plantedBugs: readonly PlantedBug[] = [
  bug<AlarmCore>({
    bug: 'a report is acknowledged before it is synced',
    caughtBy: 'acknowledged means kept',
    seed: 10,
    module: '../../app/alarm/alarm-core.ts',
    plant: ({ openAlarm }) => ({
      openAlarm: async (ports) => withKeep(await openAlarm(ports), async (keeping) => void keeping.catch(() => {})),
    }),
  }),
  bug<AlarmCore>({
    bug: 'a report that the journal refuses is acknowledged all the same',
    caughtBy: 'acknowledged means kept',
    seed: 2,
    module: '../../app/alarm/alarm-core.ts',
    plant: ({ openAlarm }) => ({
      openAlarm: async (ports) => withKeep(await openAlarm(ports), (keeping) => keeping.catch(() => {})),
    }),
  }),
  bug<typeof import('../../journal/checkpoint.ts')>({
    bug: 'the position is saved before the state that belongs to it',
    caughtBy: 'the same journal leads to the same incidents',
    seed: 3,
    module: '../../journal/checkpoint.ts',
    plant: ({ Checkpoint }) => ({
      Checkpoint: class extends Checkpoint {
        #late: readonly StateChange[] = [];
        override save(sequence: number, changes: readonly StateChange[]) {
          const before = this.#late;
          this.#late = changes;
          return super.save(sequence, before);
        }
      },
    }),
  }),
  bug<typeof import('../../journal/journal-clock.ts')>({
    bug: 'journal time follows a wall clock that is set back',
    caughtBy: 'the journal is whole and in order',
    seed: 1,
    faults: only({ clockSteps: [{ atMs: 10 * 3_600_000, byMs: -2 * 3_600_000 }] }),
    module: '../../journal/journal-clock.ts',
    plant: ({ JournalClock }) => ({
      JournalClock: class extends JournalClock {
        readonly #wall: () => number;
        constructor(...parts: ConstructorParameters<typeof JournalClock>) {
          super(...parts);
          this.#wall = parts[0].now;
        }
        override now() {
          return Math.floor(this.#wall());
        }
      },
    }),
  }),
  bug<typeof import('../../ingest/counters.ts')>({
    bug: 'a repeat is known by its counters, and not by what it says',
    caughtBy: 'a fire or a call for help that was kept is in an incident',
    seed: 5,
    faults: only({ devices: { ...noFaults(0).devices, factoryResetChance: 0.6 } }),
    module: '../../ingest/counters.ts',
    plant: ({ count }) => ({ count: (counters, counted) => count(counters, { ...counted, hash: 'always' }) }),
  }),
  bug<typeof import('../../ingest/occurrence.ts')>({
    bug: 'the age of a report is not looked at',
    caughtBy: 'late is not lost',
    seed: 1,
    module: '../../ingest/occurrence.ts',
    plant: ({ occurrenceOf }) => ({
      occurrenceOf: ({ age: _, ...report }, receivedAt, known) => occurrenceOf(report, receivedAt, known),
    }),
  }),
  bug<typeof import('../../ingest/judge.ts')>({
    bug: 'a decision that a crash swallowed is not made up for',
    caughtBy: 'a command that was answered is on record',
    seed: 16,
    module: '../../ingest/judge.ts',
    plant: ({ createJudge }) => ({ createJudge: (parts) => ({ ...createJudge(parts), unrecorded: () => [] }) }),
  }),
  bug<typeof import('../../rules/engine.ts')>({
    bug: 'a deadline fires twenty seconds early',
    caughtBy: 'no deadline fires early',
    seed: 5,
    module: '../../rules/engine.ts',
    plant: ({ createEngine }) => ({
      createEngine(parts) {
        const engine = createEngine(parts);
        const earlyMs = 20_000;
        const nextDeadline = () => {
          const due = engine.nextDeadline();
          return due === undefined ? undefined : due - earlyMs;
        };
        return { ...engine, nextDeadline, fire: (due) => engine.fire(due + earlyMs) };
      },
    }),
  }),
  bug<typeof import('../../rules/engine.ts')>({
    bug: 'a system that was down takes its own silence for that of the homes',
    caughtBy: 'a device that speaks is not called silent',
    seed: 17,
    module: '../../rules/engine.ts',
    plant: ({ createEngine }) => ({ createEngine: (parts) => ({ ...createEngine(parts), rebase: () => {} }) }),
  }),
  bug<typeof import('../../rules/all-rules.ts')>({
    bug: 'an alarm that cannot be read is dropped',
    caughtBy: 'what cannot be read raises an alarm',
    seed: 4,
    module: '../../rules/all-rules.ts',
    plant: ({ allRules }) => ({ allRules: allRules.filter(({ name }) => name !== 'unreadable') }),
  }),
  bug<typeof import('../../firmware-contracts/decode.ts')>({
    bug: 'in a batch, what cannot be read is dropped',
    caughtBy: 'a cry of a broken device is in an incident',
    seed: 1,
    faults: only({ hostile: [{ manner: 'batches', fromMs: 3_600_000, everyMs: 30 * 60_000, count: 40 }] }),
    module: '../../firmware-contracts/decode.ts',
    plant: ({ decodeBatch }) => ({
      decodeBatch: (input) => decodeBatch(input).filter(({ type }) => type !== 'unreadable'),
    }),
  }),
  bug<typeof import('../../rules/all-rules.ts')>({
    bug: 'each alarm that cannot be read is remembered by itself, for ever',
    caughtBy: 'everything in memory is bounded',
    seed: 1,
    faults: only({ hostile: flooding() }),
    module: '../../rules/all-rules.ts',
    plant: ({ allRules }) => ({
      allRules: allRules.map((rule) =>
        rule.name === 'unreadable'
          ? { ...rule, subject: (event) => ('causeId' in event ? event.causeId : undefined), deadline: () => undefined }
          : rule,
      ),
    }),
  }),
  bug<typeof import('../../app/journal-keepers.ts')>({
    bug: 'time enters the journal with reports alone',
    caughtBy: 'a deadline that is due is soon on record',
    seed: 1,
    module: '../../app/journal-keepers.ts',
    plant: () => ({ tickSource: () => ({ arm: () => {}, stop: () => {} }) }),
  }),
  bug<typeof import('../../incidents/claims.ts')>({
    bug: 'a claim never expires',
    caughtBy: 'a claim without action is taken back',
    seed: 1,
    module: '../../incidents/claims.ts',
    plant: ({ claimMs }) => ({ claimMs: { ...claimMs, critical: 24 * 3_600_000 } }),
  }),
  bug<typeof import('../../incidents/correlation.ts')>({
    bug: 'every alert is an incident of its own',
    caughtBy: 'one matter is one incident',
    seed: 5,
    module: '../../incidents/correlation.ts',
    plant: ({ keyOf }) => ({ keyOf: (alert, subject) => `${keyOf(alert, subject)} ${counter++}` }),
  }),
  bug<typeof import('../../incidents/notices.ts')>({
    bug: 'a notice is named by a counter',
    caughtBy: 'the same journal leads to the same incidents',
    seed: 3,
    module: '../../incidents/notices.ts',
    plant: ({ createNotice }) => ({
      createNotice: (incident, registry, at, words) => {
        const notice = createNotice(incident, registry, at, words);
        return { ...notice, noticeId: `${notice.noticeId}${counter++}` };
      },
    }),
  }),
  bug<typeof import('../../incidents/turn.ts')>({
    bug: 'nobody is told that it is over',
    caughtBy: 'everyone who was told hears the end',
    seed: 1,
    module: '../../incidents/turn.ts',
    plant: () => ({ tellTheEnd: () => {} }),
  }),
  bug<typeof import('../../incidents/incidents.ts')>({
    bug: 'after hours without the system everything goes on as if it had been there',
    caughtBy: 'what was open while the system stood still goes on by no one but people',
    seed: 1,
    faults: only(longPowerCuts()),
    module: '../../incidents/incidents.ts',
    plant: ({ createIncidents }) => ({
      createIncidents: (parts) => ({ ...createIncidents(parts), stoodStill: () => ({ incidents: [], notices: [] }) }),
    }),
  }),
  bug<typeof import('../../rules/life/coverage.ts')>({
    bug: 'a device that falls silent takes nothing from whom it watched over',
    caughtBy: 'whoever loses their last device is on record as blind',
    seed: 1,
    module: '../../rules/life/coverage.ts',
    plant: ({ coverage }) => ({
      coverage: {
        ...coverage,
        subject: (event) =>
          event.type === 'device-condition' && event.condition === 'silent' ? undefined : coverage.subject(event),
      },
    }),
  }),
  bug<typeof import('../../responders/retry-schedule.ts')>({
    bug: 'after three attempts a message is given up',
    caughtBy: 'every critical message comes to an end',
    seed: 1,
    module: '../../responders/retry-schedule.ts',
    plant: ({ nextAttemptAt }) => ({
      nextAttemptAt: (notice, failure) => (failure.attempt < 3 ? nextAttemptAt(notice, failure) : undefined),
    }),
  }),
  bug<typeof import('../../responders/delivery.ts')>({
    bug: 'messages go out while the past is still being read',
    caughtBy: 'a critical message does not rest',
    seed: 10,
    module: '../../responders/delivery.ts',
    plant: ({ startDelivery }) => ({
      startDelivery(parts) {
        const delivery = startDelivery(parts);
        delivery.begin();
        return delivery;
      },
    }),
  }),
  bug<typeof import('../../responders/outbox.ts')>({
    bug: 'an attempt that a crash cut off is forgotten',
    caughtBy: 'every critical message comes to an end',
    seed: 10,
    module: '../../responders/outbox.ts',
    plant: ({ createOutbox }) => ({
      createOutbox: (parts) => Object.assign(createOutbox(parts), { unanswered: () => [] }),
    }),
  }),
  bug<typeof import('../../ingest/settling.ts')>({
    bug: 'the copy takes what is not synced yet',
    caughtBy: 'the copy says what the journal says',
    seed: 5,
    faults: only(powerCutsInHangs()),
    module: '../../ingest/settling.ts',
    plant: ({ createSettling }) => ({
      createSettling: (parts) =>
        createSettling({ ...parts, isDurable: () => true, clock: { ...parts.clock, monotonic: hastily } }),
    }),
  }),
  bug<typeof import('./memory-store.ts')>({
    bug: 'rows and position are not written in one transaction',
    caughtBy: 'the copy says what the journal says',
    seed: 5,
    module: './memory-store.ts',
    plant: ({ MemoryStore }) => ({
      MemoryStore: class extends MemoryStore {
        override async writeBatch(batch: Parameters<InstanceType<typeof MemoryStore>['writeBatch']>[0]) {
          const after = (await this.position())?.sequence ?? 0;
          await super.writeBatch({ ...batch, after });
        }
      },
    }),
  }),
];

/** Two days in which nothing else goes wrong. */
function only(faults: Partial<FaultPlan>): FaultPlan {
  return { ...noFaults(48 * 3_600_000), ...faults };
}

let counter = 0;
let hasty = 0;
/** A clock by which everything has settled at once. */
const hastily = () => {
  hasty += 1_000;
  return hasty;
};

/** Every three hours the disk answers no sync for a minute, and in the middle of that the power is cut. */
function powerCutsInHangs(): Partial<FaultPlan> {
  const { disk } = noFaults(0);
  const hangs = Array.from({ length: 15 }, (_, index) => {
    const fromMs = (index + 1) * 3 * 3_600_000;
    return { fromMs, toMs: fromMs + 60_000 };
  });
  const crashes = hangs.map(({ fromMs }) => ({ atMs: fromMs + 55_000, who: 'power', calls: 1 }) as const);
  return { disk: { ...disk, hangs }, crashes };
}

/** Every three and a half hours there is no power for two and a half. */
function longPowerCuts(): Partial<FaultPlan> {
  const hourMs = 3_600_000;
  const crashes = Array.from({ length: 13 }, (_, index) => ({
    atMs: (index + 1) * 3.5 * hourMs,
    darkMs: 2.5 * hourMs,
  }));
  return { crashes: crashes.map((crash) => ({ ...crash, who: 'power', calls: 1 }) as const) };
}

/** Eight devices whose memory is worn out, for a day. */
function flooding(): FaultPlan['hostile'] {
  return Array.from({ length: 8 }, () => ({ manner: 'garbage', fromMs: 3_600_000, everyMs: 20 * 60_000, count: 70 }));
}

function withKeep(alarm: AlarmOf, answer: (keeping: Promise<void>) => Promise<void>): AlarmOf {
  return { ...alarm, keep: (report, lifeSafety) => answer(alarm.keep(report, lifeSafety)) };
}
