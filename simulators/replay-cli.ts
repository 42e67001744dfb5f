import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import { systemClock } from '../platform/clock.ts';
import { type DeviceSecret, readCredentials, writeCredentials } from './credentials-file.ts';
import { casasEvents, motionWindow, type Recorded, type Trial, wearableOf } from './recordings.ts';
import { replay } from './replay.ts';
import { chanceOf } from './seeded-chance.ts';
import { asked, refuse, runCommand, say } from './terminal.ts';

const usage = `usage: npm run replay -- --recordings DIR --url mqtt://127.0.0.1:1883 [--credentials FILE] [--only presence|motion]
                        [--windows 500] [--in-flight 200]
       npm run replay -- --recordings DIR --write-registry FILE --write-credentials FILE

Publishes recordings as reports that were stored in their devices and end now: the presence events of
DIR/inactivity/casas-al-30d.txt.gz, and so many windows of acceleration out of DIR/falls/*.ndjson.gz.`;

const presenceFile = 'inactivity/casas-al-30d.txt.gz';
const motionFiles = ['falls/wrist-weda50.ndjson.gz', 'falls/waist-sisfall50.ndjson.gz'];
/** Nothing to replay. */
const noRecordings = 2;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      recordings: { type: 'string' },
      url: { type: 'string' },
      credentials: { type: 'string' },
      only: { type: 'string' },
      windows: { type: 'string', default: '500' },
      'in-flight': { type: 'string', default: '200' },
      'write-registry': { type: 'string' },
      'write-credentials': { type: 'string' },
    },
  });
  const {
    recordings: folder,
    only,
    url,
    'write-registry': registryPath,
    'write-credentials': credentialsPath,
  } = values;
  const files = [...(only === 'motion' ? [] : [presenceFile]), ...(only === 'presence' ? [] : motionFiles)];
  const missing = files.filter((file) => folder === undefined || !existsSync(join(folder, file)));
  if (folder === undefined || missing.length > 0) {
    process.stderr.write(
      `there are no recordings here: ${folder ?? '(no --recordings)'} has no ${missing.join(', ')}\n${usage}\n`,
    );
    return noRecordings;
  }
  const read = (file: string) => gunzipSync(readFileSync(join(folder, file))).toString();
  const presence = only === 'motion' ? [] : casasEvents(read(presenceFile));
  const motion = only === 'presence' ? [] : motionReports(motionFiles.map(read), Number(values.windows));
  const devices = secretsOf([...presence, ...motion]);
  if (registryPath !== undefined)
    writeFileSync(registryPath, registryFile([...presence, ...motion], devices), { mode: 0o600 });
  if (credentialsPath !== undefined) writeCredentials(credentialsPath, devices);
  if (url === undefined) return (registryPath ?? credentialsPath) ? 0 : refuse('--url is missing', usage);

  const secrets =
    values.credentials === undefined
      ? new Map(devices.map(({ id, secret }) => [id, secret]))
      : readCredentials(values.credentials);
  const stop = new AbortController();
  asked().then(() => stop.abort());
  const shared = {
    secrets,
    url,
    clock: systemClock,
    inFlight: Number(values['in-flight']),
    signal: stop.signal,
  };
  let isComplete = true;
  for (const [what, recorded, format] of [
    ['presence events', presence, 'json'],
    ['parts of motion windows', motion, 'cbor'],
  ] as const) {
    if (recorded.length === 0) continue;
    const begunAt = performance.now();
    const acknowledged = await replay({
      ...shared,
      recorded,
      format,
      onProgress: every(10_000, (count) => say(`${count} ${what} acknowledged`)),
    });
    const seconds = (performance.now() - begunAt) / 1000;
    say(`${acknowledged} of ${recorded.length} ${what} acknowledged in ${seconds.toFixed(1)} s`);
    isComplete &&= acknowledged === recorded.length;
  }
  return isComplete ? 0 : 1;
}

/** A minute from one window to the next, the last one now. */
function motionReports(files: string[], windows: number): Recorded[] {
  const trials = files.flatMap((text) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Trial),
  );
  // Spread over people, activities and both placements, whatever their number.
  const step = Math.max(1, trials.length / windows);
  const chosen = Array.from(
    { length: Math.min(windows, trials.length) },
    (_, index) => trials[Math.floor(index * step)],
  );
  return chosen.flatMap((trial, index) => {
    if (!trial) return [];
    const deviceId = wearableOf(trial);
    return motionWindow(trial).map((fields) => ({ deviceId, at: index * 60_000, name: 'motion' as const, fields }));
  });
}

/** Simulated devices guard nothing: their secrets can be made again. */
function secretsOf(recorded: readonly Recorded[]): DeviceSecret[] {
  const ids = [...new Set(recorded.map(({ deviceId }) => deviceId))];
  return ids.map((id) => ({ id, secret: Buffer.from(chanceOf(1, `secret ${id}`).bytes(24)).toString('base64url') }));
}

/** A registry file in which the sensors hang in one house, and each wearable is worn by a person of its own there. */
function registryFile(recorded: readonly Recorded[], devices: readonly DeviceSecret[]): string {
  const first = new Map(recorded.map((one) => [one.deviceId, one] as const).toReversed());
  const isWorn = ({ id }: DeviceSecret) => first.get(id)?.name === 'motion';
  const intervalMinutes = 1440;
  return stringify({
    areas: [
      { id: 'recorded-county', level: 'county', name: 'Recorded county' },
      { id: 'recorded-township', level: 'township', parentId: 'recorded-county', name: 'Recorded township' },
      { id: 'recorded', level: 'village', parentId: 'recorded-township', name: 'Recorded village' },
    ],
    places: [{ id: 'recorded-house', areaId: 'recorded', kind: 'house', name: 'the recorded house' }],
    households: [{ id: 'recorded-household', areaId: 'recorded', currentPlaceId: 'recorded-house' }],
    people: devices.filter(isWorn).map(({ id }) => ({ id: `p-${id}`, householdId: 'recorded-household', name: id })),
    devices: devices.map((device) => {
      const room = first.get(device.id)?.room;
      const where = isWorn(device) ? { personId: `p-${device.id}` } : { placeId: 'recorded-house', room };
      return {
        ...device,
        kind: isWorn(device) ? 'wearable' : 'presence-sensor',
        ...where,
        intervalMinutes,
        simulated: true,
      };
    }),
  });
}

function every(count: number, run: (count: number) => void): (now: number) => void {
  return (now) => now % count === 0 && run(now);
}

await runCommand(main, usage);
