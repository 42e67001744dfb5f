import { openAlarm } from '../app/alarm/alarm-core.ts';
import { deadlineOf } from '../incidents/incident-table.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { openDisk } from '../platform/disk.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { systemChance } from '../platform/random.ts';
import type { Command } from '../records/command.ts';
import type { Notice } from '../records/notice.ts';
import type { RegistryChange } from '../records/registry.ts';
import type { Channel } from '../responders/channel.ts';
import { glassVault } from '../simulators/glass-vault.ts';
import type { Bench } from './run.ts';
import { temporaryFolder, until } from './system.ts';
import { benchVillage, deviceId } from './village.ts';

/**
 * The alarm path on a real disk with 100,000 open deadlines: the watch over as many devices, and incidents that climb. `timers`: from when
 * a rung of an incident is due until the first message of it goes out, 99th percentile, while other devices report. `timers-restart`: the
 * same deadlines are an hour and a half overdue at a start; from then until the last critical incident was told of, and before all of
 * them were, nobody is told of another.
 */
export const run: Bench = async (report) => {
  const temporary = temporaryFolder('timers');
  const devices = Number(process.env.BENCH_DEVICES ?? 100_000);
  const clock = movableClock();
  try {
    const { lateMs, deadlines } = await steady({ folder: temporary.folder, clock, devices });
    const at = (share: number) => lateMs[Math.min(lateMs.length - 1, Math.floor(lateMs.length * share))] ?? 0;
    report('timers', at(0.99), 'ms');
    report('timers-p50', at(0.5), 'ms');
    report('timers-worst', at(1), 'ms');
    report('timers-fired', lateMs.length, 'deadlines');
    report('timers-open', deadlines, 'deadlines');
    clock.aheadMs += 90 * 60_000;
    report('timers-restart', await restart({ folder: temporary.folder, clock }), 's');
  } finally {
    temporary.remove();
  }
};

/** How many incidents of each kind, and how long they take to begin, ms. */
const incidentsOfEach = 1_000;
const beginWithinMs = 30_000;

type Parts = { folder: string; clock: Clock };

/** Ascending, how late each rung came. Errors: one that is too early or does not come. */
async function steady({ folder, clock, devices }: Parts & { devices: number }) {
  const dueAt = new Map<string, number>();
  const lateMs: number[] = [];
  const told = ({ incidentId, purpose }: Notice) => {
    const due = dueAt.get(incidentId);
    if (purpose !== 'escalation' || due === undefined) return;
    dueAt.delete(incidentId);
    lateMs.push(clock.now() - due);
  };
  const alarm = await open({ folder, clock, told });
  await enter(alarm, devices);
  const stopReports = keepReporting(alarm, devices);
  await begin(alarm);
  for (const incident of alarm.incidents.openIncidents()) {
    const due = deadlineOf(incident);
    if (incident.severity === 'critical' && due !== undefined) dueAt.set(incident.incidentId, due);
  }
  const expected = dueAt.size;
  const deadlines = await alarm.deadlines();
  await until('every rung', async () => lateMs.length === expected, 120_000);
  stopReports();
  await alarm.close();
  if (expected < incidentsOfEach / 2) throw new Error(`only ${expected} incidents waited for their next rung`);
  if (lateMs.some((late) => late < 0)) throw new Error('a rung came before it was due');
  return { lateMs: lateMs.toSorted((a, b) => a - b), deadlines };
}

/** Seconds from the start to the last critical incident that somebody was told of. */
async function restart({ folder, clock }: Parts): Promise<number> {
  const startedAt = performance.now();
  const critical = new Set<string>();
  let lastAt = startedAt;
  let others = 0;
  const alarm = await open({
    ...{ folder, clock },
    told({ incidentId, severity }) {
      if (severity !== 'critical') others += 1;
      else if (!critical.has(incidentId)) {
        if (others > 0) throw new Error('somebody was told of something else before a fire');
        critical.add(incidentId);
        lastAt = performance.now();
      }
    },
  });
  await until('every critical incident', async () => critical.size === incidentsOfEach);
  await until('what is less urgent', async () => others > 0);
  await alarm.close();
  return (lastAt - startedAt) / 1_000;
}

async function open({ folder, clock, told }: Parts & { told: (notice: Notice) => void }) {
  const metrics = createMetrics();
  const vault = glassVault();
  const send: Channel['send'] = async ({ notice }) => {
    told(notice);
    return { type: 'delivered' };
  };
  const alarm = await openAlarm({
    ...{ disk: openDisk(folder), stateDisk: openDisk(folder), clock, chance: systemChance, log: silentLog },
    ...{ metrics, vault, version: 'bench', timeZone: 'Asia/Shanghai', limits: { reserveBytes: 0 } },
    channels: (['webhook', 'log'] as const).map((name) => ({ name, send })),
  });
  await Promise.race([alarm.caughtUp, alarm.failure]);
  return { ...alarm, deadlines: async () => (await metrics.deadlines.get()).values[0]?.value ?? 0 };
}
type Opened = Awaited<ReturnType<typeof open>>;

async function enter(alarm: Opened, devices: number): Promise<void> {
  const by = { type: 'system', id: 'bench' } as const;
  const hash = () => ({ salt: 'bench', hmac: 'bench' });
  const webhook = { url: 'https://receiver.example/', secret: `whsec_${'A'.repeat(32)}` };
  const above = (['township', 'county'] as const).map((level) => officerOf(level, webhook));
  const changes = [...benchVillage({ devices, webhook, hash }), ...above];
  const importId = 'bench-homes';
  const parts = Math.ceil(changes.length / 1_000);
  const apply = async (command: Command) => {
    const answer = await alarm.send(command);
    if (!answer.ok) throw new Error(answer.message);
  };
  for (let part = 0; part < parts; part++) {
    const some = changes.slice(part * 1_000, (part + 1) * 1_000);
    await apply({ type: 'registry-part', commandId: `bench-part-${part}`, by, importId, part, changes: some });
  }
  await apply({ type: 'registry-commit', commandId: 'bench-commit', by, importId, parts });
}

/** Who is told when nobody has answered: of the township after a minute, of the county after another. */
const officerOf = (level: 'township' | 'county', webhook: { url: string; secret: string }): RegistryChange => ({
  ...{ type: 'put', entity: 'contact' },
  value: {
    ...{ id: `officer-${level}`, of: { type: 'area', id: level }, role: level, order: 1, name: 'Officer' },
    ...{ language: 'en', channels: [{ type: 'webhook', ...webhook }] },
  },
});

/** Smoke in a thousand homes, and a call for care in a thousand others, evenly over half a minute. */
async function begin(alarm: Opened): Promise<void> {
  const beganAt = performance.now();
  const smoke = { report: 'alarm', fields: { source: 'smoke', state: 'on' } };
  const care = { report: 'press', fields: { call: 'care' } };
  for (let number = 0; number < incidentsOfEach; number++) {
    const waitMs = beganAt + (number * beginWithinMs) / incidentsOfEach - performance.now();
    if (waitMs > 0) await new Promise((next) => setTimeout(next, waitMs));
    await say(alarm, number * devicesInHome, smoke, true);
    await say(alarm, (incidentsOfEach + number) * devicesInHome + 3, care, false);
  }
}

/** What is said all the time: a hundred reports a second of homes in which nothing happens. */
function keepReporting(alarm: Opened, devices: number): () => void {
  const quiet = { first: 2 * incidentsOfEach * devicesInHome, among: devices / devicesInHome - 2 * incidentsOfEach };
  let said = 0;
  const timer = setInterval(() => {
    const device = quiet.first + (said % quiet.among) * devicesInHome;
    said += 1;
    say(alarm, device, { report: 'status', fields: { battery: 3.1 } }, false).catch(() => {});
  }, 10);
  return () => clearInterval(timer);
}

const devicesInHome = 4;

async function say(alarm: Opened, device: number, { report, fields }: Said, lifeSafety: boolean): Promise<void> {
  const seq = Math.floor(performance.now() * 10);
  const payload = Buffer.from(JSON.stringify({ v: 1, boot: 1, seq, age: 0, ...fields }));
  await alarm.keep({ deviceId: deviceId(device), standing: 'registered', report, payload }, lifeSafety);
}
type Said = { report: string; fields: object };

/** The true time and what it is ahead of it. */
function movableClock(): Clock & { aheadMs: number } {
  const clock = { ...systemClock, aheadMs: 0, now: () => systemClock.now() + clock.aheadMs };
  return clock;
}
