import { readFileSync } from 'node:fs';
import { connectAsync, type MqttClient } from 'mqtt';
import { childPids, type System, startSystem, until } from '../bench/system.ts';
import { deviceId, registerVillage, secretOf } from '../bench/village.ts';
import type { Chance } from '../platform/random.ts';
import { between, chanceOf, oneOf } from '../simulators/seeded-chance.ts';
import { isAlive, publish, webhookSecret } from './running-system.test-support.ts';
import { type Arrival, type SlowReceiver, startSlowReceiver } from './slow-receiver.ts';
import { type Judgement, judge } from './torture-verdict.ts';

/**
 * The running system under load, of which alarm, desk or both (with the supervisor) are killed again and again: what was
 * acknowledged is kept, once, and people are told, once for each cause. The seed draws whom it hits, and when.
 */
export async function torture({ kills, seed, dataFolder, say }: TortureParts): Promise<Verdict> {
  const chance = chanceOf(seed, 'answers');
  const receiver = await startSlowReceiver({ answerAfterMs: () => between(chance, 20, 200) });
  const system = await startSystem({ dataFolder });
  const world: World = {
    ...{ dataFolder, receiver, system, startedAt: performance.now() },
    ...{ calls: [], struck: [], killed: new Set(), complaints: [] },
  };
  const crashes = { alarm: 0, desk: 0, both: 0 };
  let load: Load | undefined;
  try {
    const homes = firstCallHome + callsPerStroke * kills;
    await registerVillage(world.system, homes * devicesPerHome, { url: receiver.url, secret: webhookSecret });
    load = startLoad(world);
    for (const [index, stroke] of drawStrokes(kills, chanceOf(seed, 'strokes')).entries()) {
      say(`kill ${index + 1}: ${stroke.victim} ${inWords(stroke)}`);
      await strike(world, load, stroke, firstCallHome + callsPerStroke * index);
      crashes[stroke.victim] += 1;
    }
    await Promise.all(world.calls.map(({ taken }) => taken));
    const acknowledged = await load.stop();
    complain(world);
    const judged = await judge({ ...world, acknowledged, arrivals: receiver.arrivals });
    const critical = world.struck.filter(({ severity }) => severity === 'critical').length;
    const cutOff = { critical, urgent: world.struck.length - critical };
    return { ...judged, crashes, cutOff, problems: [...world.complaints, ...judged.problems] };
  } finally {
    await world.system.stop();
    await load?.stop();
    await receiver.close();
  }
}

export type TortureParts = { kills: number; seed: number; dataFolder: string; say: (text: string) => void };
/** `problems` is empty when every promise was kept. */
export type Verdict = Judgement & {
  crashes: Record<Victim, number>;
  /** Of these crashes, those that came between a message and its answer. */
  cutOff: { critical: number; urgent: number };
};

type Victim = 'alarm' | 'desk' | 'both';
/** `in recovery` counts from the kill before; `before the answer` is when a message has arrived and was not answered. */
type Stroke = {
  victim: Victim;
  when:
    | { type: 'under load' | 'in recovery'; afterMs: number }
    | { type: 'before the answer'; severity: 'critical' | 'urgent' };
};

type World = {
  dataFolder: string;
  receiver: SlowReceiver;
  /** The one that runs: a new one after both processes and the supervisor were killed. */
  system: System;
  calls: Call[];
  struck: Arrival[];
  killed: Set<number>;
  startedAt: number;
  complaints: string[];
};
/** A press of a home's button, which is sent until it is acknowledged, as a button does it. */
type Call = { home: number; call: 'emergency' | 'care'; taken: Promise<void> };

const devicesPerHome = 4;
const loadDevices = 20;
/** Homes before that one make the load; each of the others calls once. */
const firstCallHome = loadDevices;
const callsPerStroke = 3;
/** The station hears of a call for care when the desk has not taken it for five minutes: only a long run comes so far. */
const urgentAfterMs = 305_000;
const patienceForUrgentMs = 10_000;
const patienceMs = 60_000;

/** Each three kills are one of each kind, and one that is not desk's comes between a message and its answer. */
function drawStrokes(kills: number, chance: Chance): Stroke[] {
  const strokes: Stroke[] = [];
  while (strokes.length < kills) {
    const answering = oneOf(chance, ['alarm', 'both'] as const);
    const victims: Victim[] = ['alarm', 'desk', 'both'];
    while (victims.length > 0) {
      const [victim = 'both'] = victims.splice(Math.floor(between(chance, 0, victims.length)), 1);
      const severity = oneOf(chance, ['critical', 'critical', 'urgent'] as const);
      const type = oneOf(chance, ['under load', 'under load', 'in recovery'] as const);
      const afterMs = Math.round(between(chance, 0, 1_500));
      strokes.push({
        victim,
        when: victim === answering ? { type: 'before the answer', severity } : { type, afterMs },
      });
    }
  }
  return strokes.slice(0, kills);
}

function inWords({ when }: Stroke): string {
  return when.type === 'before the answer'
    ? `${when.type} to a ${when.severity} message`
    : `${when.type}, ${when.afterMs} ms`;
}

async function strike(world: World, load: Load, { victim, when }: Stroke, home: number): Promise<void> {
  if (when.type !== 'in recovery') await load.flows();
  call(world, home + 1, 'care');
  const kill = await aim(world, victim);
  const callForHelp = () => call(world, home, 'emergency');
  if (when.type === 'before the answer') await strikeBeforeAnswer(world, { kill, callForHelp, ...when });
  else {
    callForHelp();
    await pause(when.afterMs);
    kill();
  }
  if (victim === 'both') {
    await world.system.killAll();
    complain(world);
    world.system = await startSystem({ dataFolder: world.dataFolder });
  }
  call(world, home + 2, 'emergency');
}

/** A function that kills at once, because what it must come before takes milliseconds. */
async function aim({ system, killed }: World, victim: Victim): Promise<() => void> {
  const group = system.process.pid ?? 0;
  // Its processes are a group of their own; the embedded database is not of that group.
  if (victim === 'both') return () => process.kill(-group, 'SIGKILL');
  const isNext = (pid = 0) => pid !== 0 && !killed.has(pid) && pid;
  // One that was killed a moment ago may still be there.
  const pid = await until(`the process of ${victim}`, async () => isNext(childNamed(system, victim)));
  return () => {
    killed.add(pid);
    process.kill(pid, 'SIGKILL');
  };
}

export function childNamed(system: System, name: 'alarm' | 'desk'): number | undefined {
  const isNamed = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`app/${name}/${name}.ts`);
  return childPids(system).find((pid) => isAlive(pid) && isNamed(pid));
}

/** Where no urgent message is on its way, a critical one will do: that of this home's call. */
async function strikeBeforeAnswer(world: World, { severity, kill, callForHelp }: StrikeParts) {
  const { receiver, struck, startedAt } = world;
  const isUrgent = (arrival: Arrival) => arrival.severity === 'urgent';
  const mayCome = severity === 'urgent' && performance.now() - startedAt > urgentAfterMs;
  let hit = mayCome
    ? await receiver.strike({ wanted: isUrgent, deed: kill, withinMs: patienceForUrgentMs })
    : undefined;
  const next = hit ? undefined : receiver.strike({ wanted: () => true, deed: kill, withinMs: patienceMs });
  callForHelp();
  hit ??= await next;
  if (!hit) throw new Error(`no message came within ${patienceMs} ms`);
  struck.push(hit);
}
type StrikeParts = { severity: 'critical' | 'urgent'; kill: () => void; callForHelp: () => void };

function call(world: World, home: number, kind: Call['call']): void {
  const button = home * devicesPerHome + 3;
  const payload = `{"v":1,"boot":1,"seq":1,"age":0,"call":"${kind}"}`;
  const sent = () => publish(world.system, { id: deviceId(button), topic: 'press', payload });
  const taken = until(`the call of home ${home}`, sent).then(() => {});
  // What goes wrong is said at the end, when somebody asks.
  taken.catch(() => {});
  world.calls.push({ home, call: kind, taken });
}

/** What only a fault of ours writes into the log. */
const faults = /would have decided otherwise|was not copied|quarantin|does not hold|uncaught|internal error/i;

function complain({ system, complaints }: World): void {
  complaints.push(
    ...system
      .output()
      .split('\n')
      .filter((line) => faults.test(line)),
  );
}

type Load = ReturnType<typeof startLoad>;

/**
 * Detectors that report some 500 times a second altogether, each when its last report was acknowledged; one that was not is
 * sent again. So a device's reports up to the last acknowledged one are 1, 2, 3 and so on.
 */
function startLoad(world: World) {
  const acknowledged = new Map<string, number>();
  let isOver = false;
  const sum = () => [...acknowledged.values()].reduce((all, one) => all + one, 0);
  async function live(id: string): Promise<void> {
    acknowledged.set(id, 0);
    for (let seq = 1; !isOver; ) {
      let client: MqttClient | undefined;
      try {
        client = await open(world.system, id);
        for (; !isOver; seq++) {
          const payload = `{"v":1,"boot":1,"seq":${seq},"age":0,"battery":3.4}`;
          await client.publishAsync(`up/${id}/status`, payload, { qos: 1 });
          acknowledged.set(id, seq);
          await pause(reportEveryMs);
        }
      } catch {
        // The kill ended the connection, which is what it is for.
        await pause(reconnectMs);
      }
      client?.end(true);
    }
  }
  const all = Promise.all(Array.from({ length: loadDevices }, (_, home) => live(deviceId(home * devicesPerHome))));
  return {
    async flows(): Promise<void> {
      const before = sum();
      await until('some load', async () => sum() > before + 100);
    },
    /** Answers each device's last report that was acknowledged. */
    async stop(): Promise<Map<string, number>> {
      isOver = true;
      await all;
      return acknowledged;
    },
  };
}

const reportEveryMs = 35;
const reconnectMs = 50;

async function open(system: System, id: string): Promise<MqttClient> {
  const options = { clientId: id, username: id, password: secretOf(id), reconnectPeriod: 0, connectTimeout: 5_000 };
  const client = await connectAsync(`mqtt://127.0.0.1:${system.ports.mqtt}`, options, false);
  client.on('error', () => client.end(true));
  // An answer that never comes would otherwise be waited for for ever.
  client.on('close', () => client.end(true));
  return client;
}

const pause = (ms: number) => new Promise<void>((next) => setTimeout(next, ms));
