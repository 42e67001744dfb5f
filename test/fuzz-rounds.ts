import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { createFold } from '../app/alarm/alarm-core.ts';
import { benchDevice, benchVillage, deviceId } from '../bench/village.ts';
import { reportsOfKind } from '../firmware-contracts/contracts.ts';
import type { JournalRecord } from '../records/journal-record.ts';
import { encodeRecord } from '../records/record-codec.ts';
import { isOfHome } from '../simulators/world/reading.ts';
import { openPacketRange } from './fuzz-broker.ts';
import { perform, scripts } from './fuzz-packets.ts';
import { cries, type Mutated, mayBeQuiet, telemetry } from './fuzz-payloads.ts';
import { devicesInHome, openFuzzedSystem } from './fuzz-system.ts';

// Each round draws what it does from its seed alone, and throws when something does not hold; what it throws names the seed.

/**
 * So many connections that say anything, a hundred at a time. Meanwhile a detector is served; afterwards nothing of them is left:
 * no connection, no memory.
 */
export async function fuzzPackets({ seed, connections }: { seed: number; connections: number }): Promise<string> {
  const range = await openPacketRange();
  try {
    let heapBefore = 0;
    const batches = Math.ceil(connections / atOnce);
    for (let batch = 0; batch < batches; batch++) {
      const drawn = fc.sample(scripts(), { seed: seed + batch, numRuns: atOnce });
      const where = `packets of seed ${seed + batch}`;
      await Promise.all([
        ...drawn.map((script) => perform(script, range.ports).catch(failWith(where))),
        range.fireIsHeard().catch(failWith(where)),
      ]);
      await range.isQuiet().catch(failWith(where));
      // The first batches compile, and fill what is filled once.
      if (batch === Math.floor(batches / 3)) heapBefore = heapAfterCollection();
    }
    const grownBytes = heapAfterCollection() - heapBefore;
    if (grownBytes > mostGrowthBytes) throw new Error(`seed ${seed}: the heap grew by ${grownBytes} bytes`);
    return `${batches * atOnce} connections, ${range.kept()} reports of theirs kept, heap ${mebibytes(grownBytes)} more`;
  } finally {
    await range.close();
  }
}
const atOnce = 100;
const mostGrowthBytes = 6 * 2 ** 20;
const mebibytes = (bytes: number) => `${Math.round((bytes / 2 ** 20) * 10) / 10} MiB`;

/** In each of so many homes one device says one call for help, mutated: through the real broker and journal, into an incident. */
export async function fuzzSystem({
  seed,
  homes,
  folder,
}: {
  seed: number;
  homes: number;
  folder: string;
}): Promise<string> {
  const system = await openFuzzedSystem({ folder, homes });
  try {
    const drawn = fc.sample(cries(), { seed, numRuns: homes }).map((mutated, home) => {
      return { mutated, device: home * devicesInHome + ((home + seed) % devicesInHome) };
    });
    for (let from = 0; from < drawn.length; from += 50)
      await Promise.all(drawn.slice(from, from + 50).map(({ device, mutated }) => system.publish(device, mutated)));
    // Whoever is only suspected to have fallen is waited for; a clock that is set forward waits for nobody.
    system.setWall(3 * 60_000);
    const status = { report: 'status', payload: Buffer.from('{"v":1,"boot":1,"seq":1,"age":0}') };
    await system.publish(0, status);
    const incidents = await system.incidentsByDevice();
    const silent = drawn.filter(({ device, mutated }) => !incidents.has(deviceId(device)) && !mayBeQuiet(mutated));
    if (silent.length > 0) throw new Error(`seed ${seed}: no incident for ${silent.map(textOf).join('; ')}`);
    if (system.complaints.length > 0) throw new Error(`seed ${seed}: ${system.complaints.slice(0, 5).join('\n')}`);
    return `${drawn.length} calls for help acknowledged, ${incidents.size} devices in incidents`;
  } finally {
    await system.close();
  }
}
const textOf = ({ mutated: { report, payload } }: { mutated: Pick<Mutated, 'report' | 'payload'> }) =>
  `${report} ${Buffer.from(payload).toString('hex')}`;

/** Many more of the same through the judge alone, each into a system that knows nothing else. */
export function fuzzCries({ seed, count }: { seed: number; count: number }): string {
  let quiet = 0;
  for (const mutated of fc.sample(cries(), { seed, numRuns: count })) {
    const { judge } = createFold('fuzz');
    const said = [report('stranger', mutated), { kind: 'tick' } as const].flatMap((record, index) => {
      const receivedAt = startAt + index * longestVerdictMs;
      return judge.step({ sequence: index + 1, receivedAt, body: encodeRecord(record) }).followUps;
    });
    if (said.some(({ kind }) => kind === 'quarantined'))
      throw new Error(`seed ${seed}: a rule threw for ${textOf({ mutated })}`);
    const isTold = said.some((record) => record.kind === 'decided' && (record.incidents ?? []).length > 0);
    if (!isTold && !mayBeQuiet(mutated)) throw new Error(`seed ${seed}: no incident for ${textOf({ mutated })}`);
    if (!isTold) quiet++;
  }
  return `${count} calls for help, ${quiet} of them say that all is well`;
}
const startAt = Date.parse('2026-11-22T20:00:00Z');
const longestVerdictMs = 2 * 60_000;

/** Telemetry of devices that are known, mutated: it is never taken for a call for help, and nothing throws. */
export function fuzzTelemetry({ seed, count }: { seed: number; count: number }): string {
  const { judge } = createFold('fuzz');
  let sequence = 0;
  const step = (record: JournalRecord) => {
    sequence += 1;
    return judge.step({ sequence, receivedAt: startAt + sequence * 1_000, body: encodeRecord(record) });
  };
  for (const record of registryOf(count)) step(record);
  let rejected = 0;
  for (const [number, mutated] of fc.sample(telemetry(), { seed, numRuns: count }).entries()) {
    const { followUps, rejections } = step(report(deviceId(fitting(number, mutated)), mutated));
    rejected += rejections.length;
    for (const record of followUps) {
      const raised = record.kind === 'decided' ? (record.alerts ?? []) : [];
      const isWrong = raised.some((change) => change.type === 'raise' && isOfHome(change.alert.condition));
      if (record.kind !== 'quarantined' && !isWrong) continue;
      throw new Error(`seed ${seed}: ${JSON.stringify(record).slice(0, 400)} for ${textOf({ mutated })}`);
    }
  }
  return `${count} pieces of telemetry, ${rejected} of them refused`;
}

/** The nearest device of a kind that sends such reports. */
function fitting(number: number, { was }: Mutated): number {
  const near = Array.from({ length: devicesInHome }, (_, index) => number - (number % devicesInHome) + index);
  return near.find((one) => reportsOfKind[benchDevice(one).kind].includes(was)) ?? number;
}

function registryOf(devices: number): JournalRecord[] {
  const by = { type: 'system', id: 'fuzz' } as const;
  const webhook = { url: 'https://receiver.example/', secret: `whsec_${'A'.repeat(32)}` };
  const changes = benchVillage({ devices, webhook, hash: () => ({ salt: 'none', hmac: 'none' }) });
  const importId = 'homes';
  return [
    { kind: 'command', command: { type: 'registry-part', commandId: 'part', by, importId, part: 0, changes } },
    { kind: 'command', command: { type: 'registry-commit', commandId: 'commit', by, importId, parts: 1 } },
  ];
}

function report(device: string, { report: name, payload }: Pick<Mutated, 'report' | 'payload'>): JournalRecord {
  return { kind: 'report', source: 'mqtt', deviceId: device, standing: 'registered', report: name, payload };
}

const failWith = (where: string) => (cause: unknown) => {
  throw new Error(`${where}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
};

let collect: (() => void) | undefined;
function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  collect ??= runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
