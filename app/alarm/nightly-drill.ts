import { connect } from 'node:net';
import { generate, type Packet, parser } from 'mqtt-packet';
import type { Drills } from '../../incidents/drills.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { DrillPlan } from '../../records/command.ts';
import type { JournalRecord } from '../../records/journal-record.ts';
import type { Registry } from '../../records/registry-fold.ts';

/** Puts on record which button is tried each night, when that is not what the journal says. Errors: those of the journal. */
export async function planDrill({ wanted, drills, append, unique }: PlanParts): Promise<void> {
  if (JSON.stringify(drills.planned()) === JSON.stringify(wanted)) return;
  const words = { commandId: `drill-plan-${unique()}`, by: { type: 'system', id: 'drill' }, plan: wanted } as const;
  const { plan, ...none } = words;
  await append({ kind: 'command', command: { type: 'drill-plan', ...none, ...(plan && { plan }) } });
}
type PlanParts = {
  wanted: DrillPlan['plan'] | undefined;
  drills: Pick<Drills, 'planned'>;
  append: (record: JournalRecord) => Promise<unknown>;
  unique: () => string;
};

/**
 * When a drill has begun, presses the simulated button as its own device would: a connection of its own to the broker's door, its
 * secret, one report that waits for its PUBACK. Until it was heard it is pressed again each minute; what keeps it from being heard is
 * what drills are for, and becomes an alert by itself.
 */
export function pressAtNight({ secret, broker, drills, registry, clock, log }: NightParts): { stop(): void } {
  let isStopped = false;
  let cancel = () => {};
  async function look(): Promise<void> {
    const waiting = drills.waitsFor();
    if (waiting) {
      const { deviceId } = waiting;
      const problem = registry.device(deviceId)?.simulated
        ? await pressOnce({ deviceId, secret, broker, clock })
        : 'it is not a simulated device of the registry';
      if (problem === undefined) log.info({ deviceId }, 'the button of the drill was pressed');
      else log.error({ deviceId, problem }, 'the button of the drill could not be pressed');
    }
    if (!isStopped) cancel = clock.after(waiting ? againMs : lookEveryMs, () => void look());
  }
  void look();
  return {
    stop() {
      isStopped = true;
      cancel();
    },
  };
}

type NightParts = {
  secret: string;
  broker: { host: string; port: number };
  drills: Pick<Drills, 'waitsFor'>;
  registry: Pick<Registry, 'device'>;
  clock: Clock;
  log: Log;
};

/** Tries the button once: undefined when it was acknowledged, else what was in the way. Never rejects. */
export async function pressOnce({ deviceId, secret, broker, clock }: Press): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect(broker);
  const send = (packet: Packet) => socket.write(generate(packet));
  const payload = JSON.stringify({ v: 1, boot: Math.floor(clock.now() / 1_000), seq: 1, age: 0, call: 'test' });
  const incoming = parser();
  incoming.on('error', (error: Error) => resolve(error.message));
  incoming.on('packet', (packet: Packet) => {
    if (packet.cmd === 'puback') return resolve(undefined);
    if (packet.cmd !== 'connack') return;
    if (packet.returnCode !== 0) return resolve(`the broker refused it (${packet.returnCode})`);
    const topic = `up/${deviceId}/press`;
    send({ cmd: 'publish', topic, payload, qos: 1, messageId: 1, dup: false, retain: false });
  });
  socket.on('data', (bytes) => incoming.parse(bytes));
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  socket.on('close', () => resolve('the broker closed the connection'));
  socket.on('connect', () => {
    const login = { clientId: deviceId, username: deviceId, password: Buffer.from(secret), keepalive: 60, clean: true };
    send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, ...login });
  });
  const stopWaiting = clock.after(patienceMs, () => resolve('no answer'));
  const problem = await promise;
  stopWaiting();
  socket.destroy();
  return problem;
}
type Press = Pick<NightParts, 'secret' | 'broker' | 'clock'> & { deviceId: string };

/**
 * The minute of the day for this installation: up to twenty minutes behind what was set, always the same, so that not every county
 * writes to the same provider at once.
 */
export function minuteOfDrill(at: string, journalId: string): number {
  const [hours = 0, minutes = 0] = at.split(':').map(Number);
  const spread = [...journalId].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9_973, 7) % 20;
  return (hours * 60 + minutes + spread) % (24 * 60);
}

const lookEveryMs = 5_000;
const againMs = 60_000;
const patienceMs = 15_000;
