import { setTimeout as rest } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Format } from '../firmware-contracts/codec.ts';
import { type DeviceKind, deviceKinds, type Report } from '../firmware-contracts/report.ts';
import { systemClock } from '../platform/clock.ts';
import { systemChance } from '../platform/random.ts';
import { deeds } from './deeds.ts';
import { newDevice } from './device.ts';
import { type Carry, type LiveDevice, liveDevice } from './live-device.ts';
import { openRadio, type RadioParts, type RadioState } from './radio.ts';
import { refuse, runCommand, say } from './terminal.ts';
import { tlsArguments, tlsOptionsOf } from './tls-options.ts';

/** What a key does, for each kind; sleep, wake, die and quit are the same everywhere. */
const keys: Record<DeviceKind, Record<string, string>> = {
  'smoke-detector': { a: 'alarm', o: 'off', t: 'test', h: 'hush' },
  wearable: { f: 'fall', c: 'cancel', p: 'press', g: 'position', v: 'vitals' },
  'call-button': { e: 'emergency', c: 'care', s: 'service', x: 'cancel', t: 'test' },
  'presence-sensor': { m: 'on', n: 'off' },
};
const everyKey: Record<string, string> = { i: 'status', z: 'sleep', w: 'wake', d: 'die' };
/** The button's own `s` is the call for service. */
const keysOf = (kind: DeviceKind) => ({ ...everyKey, ...(kind !== 'call-button' && { s: 'sleep' }), ...keys[kind] });

const usage = `usage: npm run device -- --kind KIND --id ID --secret SECRET [--url mqtt://127.0.0.1:1883] [--cbor] [--do a,b,wait:5,c]
Over mqtts:// also [--ca FILE], and in place of --secret [--cert FILE --key FILE] or [--psk HEX].
KIND is ${deviceKinds.join(', ')}. Without --do, keys do what happens to the device; --do takes words, and ends after them:
${deviceKinds.map((kind) => `  ${kind}: ${Object.keys(deeds[kind]).join(', ')}`).join('\n')}`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kind: { type: 'string' },
      id: { type: 'string' },
      secret: { type: 'string' },
      ...tlsArguments,
      url: { type: 'string', default: 'mqtt://127.0.0.1:1883' },
      interval: { type: 'string', default: '60' },
      cbor: { type: 'boolean', default: false },
      do: { type: 'string' },
    },
  });
  const { id, secret, url } = values;
  const kind = deviceKinds.find((one) => one === values.kind);
  if (kind === undefined || id === undefined || !(secret ?? values.cert ?? values.psk))
    return refuse('--kind, --id and --secret (or --cert, or --psk) say which device it is', usage);
  const script = values.do?.split(',').map((word) => word.trim());
  const unknown = script?.find((word) => !/^wait:\d+(\.\d+)?$/.test(word) && !Object.hasOwn(deeds[kind], word));
  if (unknown !== undefined) return refuse(`a ${kind} does no "${unknown}"`, usage);

  const intervalMinutes = Number(values.interval);
  const { live, radio, connected } = assemble({
    kind,
    id,
    secret,
    url,
    tls: tlsOptionsOf(id, values),
    intervalMinutes,
    format: values.cbor ? 'cbor' : 'json',
  });
  radio.on();
  try {
    if (!script) await keyboard(live, kind);
    else if (await Promise.race([connected, rest(patienceMs, 'in vain', { ref: false })]))
      throw new Error(`${url} does not let it in`);
    else await play(live, script);
  } finally {
    live.stop();
    await radio.off({ inGoodOrder: true });
  }
  return 0;
}

type Assembly = Pick<RadioParts, 'secret' | 'url' | 'tls'> & {
  kind: DeviceKind;
  id: string;
  intervalMinutes: number;
  format: Format;
};

/** The device with its radio; both say aloud what they do. */
function assemble({ kind, id, secret, url, tls, intervalMinutes, format }: Assembly) {
  const connected = Promise.withResolvers<void>();
  const radio = openRadio({
    ...{ deviceId: id, secret, url, tls, clock: systemClock, chance: systemChance },
    onState(state) {
      say(stateText(state));
      if (state.phase === 'connected') connected.resolve();
    },
    onCommand(command) {
      say(`is asked to ${command.name} (${command.id})`);
      live.obeys(command);
    },
  });
  const now = systemClock.now();
  const boot = Math.floor(now / 1000);
  const live = liveDevice({
    device: newDevice({ id, kind, intervalMinutes, boot, statusAt: now + 1_000 }),
    ...{ clock: systemClock, format },
    carry: (sent) => carryAloud(radio.carry, sent),
    onPower: (power) => void (power === 'on' ? radio.on() : radio.off()),
  });
  return { live, radio, connected: connected.promise };
}

/** How long a script waits for its connection, and for its last acknowledgement. */
const patienceMs = 5_000;

const stateText = (state: RadioState) =>
  state.phase === 'connected' ? 'connected' : `not connected${state.problem === undefined ? '' : `: ${state.problem}`}`;

/** Says what is sent, and how long its PUBACK took. */
async function carryAloud(carry: Carry, sent: Parameters<Carry>[0]): Promise<void> {
  const name = reportText(sent.report);
  const begunAt = performance.now();
  say(`${name} (${sent.payload.length} bytes)`);
  await carry(sent);
  say(`PUBACK for ${name} after ${Math.round(performance.now() - begunAt)} ms`);
}

function reportText(report: Report): string {
  const state = 'state' in report ? ` ${report.state}` : 'call' in report ? ` ${report.call}` : '';
  const late = report.age ? `, ${report.age} s old` : '';
  return `${report.name}${state} #${report.seq}${late}`;
}

/** Does one thing after the other; what was sent then has 5 s to be acknowledged. */
async function play(live: LiveDevice, script: string[]): Promise<void> {
  for (const word of script) {
    if (word.startsWith('wait:')) await rest(Number(word.slice('wait:'.length)) * 1000);
    else live.does(word);
  }
  for (let waited = 0; waited < patienceMs && live.now().power === 'on' && live.now().waiting.length > 0; waited += 20)
    await rest(20);
}

async function keyboard(live: LiveDevice, kind: DeviceKind): Promise<void> {
  const known: Record<string, string> = keysOf(kind);
  const help = Object.entries(known).map(([key, deed]) => `${key} ${deed}`);
  say(`a ${kind}: ${help.join(', ')}, q quit`);
  if (process.stdin.isTTY) process.stdin.setRawMode(true);
  process.stdin.setEncoding('utf8');
  for await (const typed of process.stdin as AsyncIterable<string>) {
    for (const key of typed) {
      if (key === 'q' || key === '\u0003') return;
      const deed = known[key];
      if (deed === undefined) continue;
      say(deed);
      live.does(deed);
    }
  }
}

await runCommand(main, usage);
