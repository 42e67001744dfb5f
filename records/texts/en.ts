import { duration, type RecordTexts, valueText } from './explain.ts';

const unless = (plain: string, say: (value: string) => string) => (value: Parameters<typeof valueText>[0]) =>
  value === plain ? undefined : say(valueText(value));

export const en: RecordTexts = {
  conditions: {
    smoke: 'Smoke alarm',
    heat: 'Heat alarm',
    co: 'Carbon monoxide alarm',
    gas: 'Gas alarm',
    water: 'Water alarm',
    unreadable: 'Alarm that could not be read',
    'call-emergency': 'Emergency call',
    'call-care': 'Call for care',
    'call-service': 'Call for a service',
    fall: 'Fall',
    'device-silent': 'Device is silent',
    'battery-low': 'Battery is low',
    'counter-reused': 'Device began to count anew',
    'record-quarantined': 'A record could not be processed and was skipped',
    'journal-reserve': 'The disk has no room: only alarms and what people do are still kept',
    'ladder-empty': 'Nobody is registered to be told',
    'notice-undelivered': 'Nobody could be reached',
    'emergency-left-open': 'An emergency was open while the system stood still',
  },
  facts: {
    source: () => undefined,
    state: unless('on', (state) => (state === 'hushed' ? 'silenced by hand while the cause lasts' : `now ${state}`)),
    obscurationDbPerM: (value) => `smoke ${valueText(value)} dB/m`,
    celsius: (value) => `${valueText(value)} °C`,
    coPpm: (value) => `carbon monoxide ${valueText(value)} ppm`,
    gasPercentLel: (value) => `gas ${valueText(value)} % LEL`,
    unread: (value) => `could not be read: ${valueText(value)}`,
    report: (value) => `a report "${valueText(value)}"`,
    call: () => undefined,
    transition: (value) => transitions[valueText(value)],
    verdictWithinMs: () => undefined,
    lastedMs: (value) => `after ${duration(Number(value), 'en')}`,
    silentSinceAt: () => undefined,
    intervalMinutes: (value) => `promised to report every ${duration(Number(value) * 60_000, 'en')}`,
    missedReports: (value) => `${valueText(value)} reports are missing`,
    chargePercent: (value) => `charge ${valueText(value)} %`,
    batteryVolts: (value) => `battery ${valueText(value)} V`,
    low: (value) => `limit ${valueText(value)}`,
    enough: () => undefined,
    boot: (value) => `restart ${valueText(value)}`,
    seq: (value) => `report number ${valueText(value)} came twice with different content`,
    freeBytes: (value) => `${Math.floor(Number(value) / 1_000_000)} MB free`,
    error: (value) => valueText(value),
    incidentId: () => undefined,
    incidentCode: (value) => `incident ${valueText(value)}`,
    about: conditionNamed,
    follower: (value) => `in ${valueText(value)}`,
    record: (value) => `record ${valueText(value)}`,
    subject: unless('all', (subject) => `for ${subject}`),
  },
  late: (time) => `reported ${time} after it happened`,
  duration: {
    days: (count) => `${count} d`,
    hours: (count) => `${count} h`,
    minutes: (count) => `${count} min`,
    seconds: (count) => `${count} s`,
    between: ' ',
  },
  colon: ': ',
  semicolon: '; ',
  fullStop: '.',
};

/** The words of a condition that another reason names; what is none of them says nothing here. */
function conditionNamed(value: Parameters<typeof valueText>[0]): string | undefined {
  return Object.entries(en.conditions).find(([condition]) => condition === value)?.[1];
}

const transitions: { [transition: string]: string } = {
  'none to confirmed': 'confirmed by the device',
  'suspected to confirmed': 'suspected, then confirmed by the device',
  'suspected to no verdict': 'suspected, and no all-clear from the device in time',
  'suspected to press': 'suspected, and the button was pressed',
  'testing to on': 'went on after the end of a test',
};
