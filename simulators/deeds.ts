import type { DeviceKind } from '../firmware-contracts/report.ts';
import {
  type Device,
  type Fields,
  lowVolts,
  rebooted,
  restarted,
  withAlarm,
  withReport,
  withStatus,
} from './device.ts';
import { tumbleWindow } from './tumble.ts';

/** Something that happens to a device, or that somebody does with it. */
export type Deed = (device: Device, at: number, fields: Fields) => Device;

/**
 * What can happen to a device of each kind. A word means the same on the keyboard of `npm run device`, in a scenario file and in
 * the simulated village.
 */
export const deeds: { readonly [Kind in DeviceKind]: { readonly [deed: string]: Deed } } = {
  'smoke-detector': {
    ...everyDevice(),
    alarm(device, at, fields) {
      return withAlarm(device, at, { source: 'smoke', state: 'on', obscuration: 0.6, temperature: 27, ...fields });
    },
    hush(device, at) {
      if (!device.alarm) return device;
      const hushed = withAlarm(device, at, { ...device.alarm.fields, state: 'hushed' });
      return { ...hushed, alarm: { ...hushed.alarm, repeatAt: device.alarm.repeatAt } };
    },
    off(device, at) {
      const { alarm, ...quiet } = device;
      return alarm ? withReport(quiet, at, 'alarm', { source: alarm.fields.source, state: 'off' }) : device;
    },
    test: says('test', { by: 'button', result: 'passed' }),
    tamper: says('tamper', { state: 'on' }),
  },
  wearable: {
    ...everyDevice(),
    /** Confirmed by itself when the person lies still for half a minute. */
    fall(device, at, fields) {
      const suspicion = { seq: device.seq, verdictAt: at + 30_000 };
      return { ...withReport(device, at, 'fall', { state: 'suspected', ...fields }), suspicion };
    },
    cancel(device, at) {
      const { suspicion, ...upright } = device;
      return suspicion ? withReport(upright, at, 'fall', { state: 'cancelled', of: suspicion.seq }) : device;
    },
    press: says('press', { call: 'emergency' }),
    /** Its movement looks like a fall, and it says nothing of it itself. */
    tumble: says('motion', tumbleWindow),
    position: says('position', { source: 'gnss', lat: 43.93, lon: 116.08, accuracy: 12 }),
    vitals: says('vitals', { pulse: 72, oxygen: 97 }),
  },
  'call-button': {
    ...everyDevice(),
    emergency: says('press', { call: 'emergency' }),
    care: says('press', { call: 'care' }),
    service: says('press', { call: 'service' }),
    cancel: says('press', { call: 'cancel' }),
    test: says('press', { call: 'test' }),
  },
  'presence-sensor': {
    ...everyDevice(),
    on: says('presence', { source: 'motion', state: 'on' }),
    off: says('presence', { source: 'motion', state: 'off' }),
  },
};

function says(name: Parameters<typeof withReport>[2], usual: Fields): Deed {
  return (device, at, fields) => withReport(device, at, name, { ...usual, ...fields });
}

function everyDevice(): { [deed: string]: Deed } {
  return {
    status: withStatus,
    /** Out of coverage: what happens is kept, and sent when it wakes. */
    sleep: (device) => (device.power === 'on' ? { ...device, power: 'asleep' } : device),
    wake(device, at) {
      if (device.power === 'dead') return withStatus(restarted(device, device.boot + 1), at);
      return { ...device, power: 'on', waiting: device.waiting.map((one) => ({ ...one, dueAt: at })) };
    },
    /** The battery is out: everything that was not acknowledged is lost. */
    die: (device) => ({ ...restarted(device, device.boot), power: 'dead' }),
    /** It counts from the beginning again, and does not know that it ever did. */
    'factory-reset': (device) => restarted(device, 0),
    reboot: rebooted,
    /** Its own clock is ahead of the world's by `aheadMs` from now on, whoever set it. */
    clock: (device, _at, { aheadMs = 0 }) => ({ ...device, clockAheadMs: Number(aheadMs) }),
    /** Its battery is nearly empty. */
    'run-low': (device) => ({ ...device, batteryVolts: lowVolts(device.kind) }),
  };
}
