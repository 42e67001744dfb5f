import { encode } from 'cborg';
import { fromHexadecimal } from './hexadecimal.ts';
import type { DeviceKind, LifeSafetyReport } from './report.ts';

/**
 * What devices get wrong. Vectors are kept for ever, so the versions, names and words that are none here must never become any.
 * `raises`: the alert all the same, because life hangs on it. `kind`: of the device that sends it, where that decides.
 */
export type Mistake = { says: string; report: string; payload: Uint8Array; kind?: DeviceKind; raises?: Raised };
/** In the words of the rules. */
export type Raised = { condition: string; severity: string };

export const smoke: Raised = { condition: 'smoke', severity: 'critical' };
export const emergency: Raised = { condition: 'call-emergency', severity: 'critical' };
export const fallen: Raised = { condition: 'fall', severity: 'critical' };
const heat: Raised = { condition: 'heat', severity: 'critical' };
const unreadable: Raised = { condition: 'unreadable', severity: 'critical' };

const text = (json: string) => new TextEncoder().encode(json);
/** JSON of a report with the counters that every report has; `fields` is what stands behind them. */
const json = (fields: string) => text(`{"v":1,"boot":1,"seq":1,"age":0${fields}}`);
const hex = (bytes: string) => fromHexadecimal(bytes) ?? new Uint8Array();
/** CBOR of the same, by integer keys; a key of `fields` takes the place of one that stands there. */
const cbor = (...fields: readonly (readonly [number, unknown])[]) =>
  encode(new Map<number, unknown>([[1, 1], [2, 1], [3, 1], [4, 0], ...fields]));

const smokeOn = ',"source":"smoke","state":"on"';
const smokeOnKeys = [
  [10, 'smoke'],
  [11, 'on'],
] as const;

/** The alarm counts, and what could not be read is said with it. */
const stillRead: readonly Mistake[] = [
  { says: 'a field of newer firmware', report: 'alarm', payload: json(`${smokeOn},"mood":"dusk"`), raises: smoke },
  { says: 'a key of newer firmware', report: 'alarm', payload: cbor(...smokeOnKeys, [99, 'dusk']), raises: smoke },
  { says: 'an obscuration of 300', report: 'alarm', payload: json(`${smokeOn},"obscuration":300`), raises: smoke },
  { says: 'an obscuration of 300', report: 'alarm', payload: cbor(...smokeOnKeys, [12, 300]), raises: smoke },
  {
    says: 'an obscuration that is no number',
    report: 'alarm',
    payload: cbor(...smokeOnKeys, [12, NaN]),
    raises: smoke,
  },
  {
    says: 'a temperature of 900',
    report: 'alarm',
    payload: json(',"source":"heat","state":"on","temperature":900'),
    raises: heat,
  },
  { says: 'a reading in words', report: 'alarm', payload: json(`${smokeOn},"co":"high"`), raises: smoke },
  {
    says: 'no counters and no age',
    report: 'alarm',
    payload: text('{"v":1,"source":"smoke","state":"on"}'),
    raises: smoke,
  },
  {
    says: 'counters that are none',
    report: 'press',
    payload: text('{"v":1,"boot":-1,"seq":1.5,"age":"now","call":"emergency"}'),
    raises: emergency,
  },
  {
    says: 'a version in words',
    report: 'fall',
    payload: text('{"v":"1","boot":1,"seq":1,"state":"confirmed"}'),
    raises: fallen,
  },
  { says: 'a call that no contract knows', report: 'press', payload: json(',"call":"tea"'), raises: emergency },
  { says: 'a call that no contract knows', report: 'press', payload: cbor([10, 'tea']), raises: emergency },
  { says: 'a press without its call', report: 'press', payload: json(''), raises: emergency },
  {
    says: 'an alarm from a device that is a button in the registry',
    report: 'alarm',
    kind: 'call-button',
    payload: json(smokeOn),
    raises: smoke,
  },
];

/** Only the topic is understood, and it is enough. */
const notRead: readonly Mistake[] = (
  [
    ['a state that no contract knows', 'alarm', json(',"source":"smoke","state":"maybe"')],
    ['a state that no contract knows', 'alarm', cbor([10, 'smoke'], [11, 'maybe'])],
    ['no source', 'alarm', json(',"state":"on"')],
    [
      'a newer version of the contract',
      'alarm',
      text('{"v":255,"boot":1,"seq":1,"age":0,"source":"smoke","state":"on"}'),
    ],
    ['a newer version of the contract', 'alarm', cbor([1, 255], ...smokeOnKeys)],
    ['a newer version of the contract', 'press', cbor([1, 255], [10, 'emergency'])],
    ['bytes that end early', 'alarm', text('{"v":1,"boot":1,"seq":1,"age":0,"source":"smo')],
    ['bytes that end early', 'alarm', hex('a6010102010302')],
    ['bytes that end early', 'fall', text('{"v":1,"boot":1,"seq":1,"sta')],
    ['bytes that end early', 'press', hex('a50101020103')],
    ['a verdict in the wrong type', 'fall', json(',"state":["confirmed"]')],
    ['a field twice', 'alarm', json(`${smokeOn},"state":"off"`)],
    ['a list instead of a map', 'press', text('[1,1,1,0,"emergency"]')],
    ['bytes that are no UTF-8', 'alarm', hex('7b2276223a31ff7d')],
    ['JSON behind a byte order mark', 'fall', hex('efbbbf7b2276223a317d')],
    ['no bytes at all', 'alarm', text('')],
    ['no bytes at all', 'fall', text('')],
    ['no bytes at all', 'press', text('')],
  ] as const satisfies readonly (readonly [string, LifeSafetyReport, Uint8Array])[]
).map(([says, report, payload]) => ({ says, report, payload, raises: unreadable }));

/** Telemetry, one for each reason that it can be refused for; and what it can do without. */
const telemetry: readonly Mistake[] = [
  { says: 'a reading that cannot be is dropped', report: 'status', payload: json(',"battery":300') },
  { says: 'a reading that cannot be is dropped', report: 'status', payload: cbor([10, 300]) },
  { says: 'no age: it counts as sent at once', report: 'status', payload: text('{"v":1,"boot":1,"seq":1}') },
  { says: 'no restart counter', report: 'status', payload: text('{"v":1,"seq":1,"age":0}') },
  { says: 'a field of newer firmware', report: 'status', payload: json(',"mood":"dusk"') },
  { says: 'a key of newer firmware', report: 'status', payload: cbor([99, 'dusk']) },
  { says: 'a newer version of the contract', report: 'status', payload: text('{"v":255,"boot":1,"seq":1,"age":0}') },
  { says: 'bytes that end early', report: 'status', payload: text('{"v":1,"boot":1,') },
  { says: 'bytes that end early', report: 'status', payload: hex('a40101020103') },
  { says: 'a name twice', report: 'status', payload: text('{"v":1,"boot":1,"seq":1,"seq":2,"age":0}') },
  { says: 'a key twice', report: 'status', payload: hex('a4010102010201030a') },
  { says: 'a counter in words', report: 'status', payload: text('{"v":1,"boot":"1","seq":1,"age":0}') },
  { says: 'a place that is none', report: 'position', payload: json(',"source":"gnss","lat":95,"lon":116') },
  { says: 'a place without a longitude', report: 'position', payload: json(',"source":"gnss","lat":43') },
  { says: 'a sensor that no contract knows', report: 'presence', payload: json(',"source":"xray","state":"on"') },
  {
    says: 'samples of an odd number of bytes',
    report: 'motion',
    payload: cbor([10, -2000], [11, 50], [15, new Uint8Array([1, 2, 3])]),
  },
  {
    says: 'a report of another kind of device',
    report: 'vitals',
    kind: 'smoke-detector',
    payload: json(',"pulse":72'),
  },
  { says: 'a report that no contract has', report: 'weather', payload: json('') },
];

const stored = (report: string, seq: number, fields = '') =>
  `{"report":"${report}","v":1,"boot":1,"seq":${seq},"age":60${fields}}`;
const batches: readonly Mistake[] = [
  {
    says: 'one that cannot be read between two that can',
    report: 'batch',
    payload: text(
      `[${stored('status', 1)},${stored('alarm', 2, ',"state":"on"')},${stored('tamper', 3, ',"state":"on"')}]`,
    ),
    raises: unreadable,
  },
  {
    says: 'an item without its name, and a call',
    report: 'batch',
    payload: text(`[{"v":1,"boot":1,"seq":1},${stored('press', 2, ',"call":"emergency"')}]`),
    raises: emergency,
  },
  {
    says: 'bytes that end early, with a fall in them',
    report: 'batch',
    payload: text(`[${stored('status', 1)},{"report":"fall","v":1,"sta`),
    raises: unreadable,
  },
  {
    says: 'no list, with a call in it',
    report: 'batch',
    payload: text(stored('press', 1, ',"call":"emergency"')),
    raises: unreadable,
  },
  { says: 'bytes that end early, with telemetry alone', report: 'batch', payload: text(`[${stored('status', 1)},{`) },
  {
    says: 'more than fit: the last is telemetry, and lost',
    report: 'batch',
    payload: text(`[${Array.from({ length: 65 }, (_, seq) => stored('tamper', seq, ',"state":"off"'))}]`),
  },
];

export const mistakes: readonly Mistake[] = [...stillRead, ...notRead, ...telemetry, ...batches];
