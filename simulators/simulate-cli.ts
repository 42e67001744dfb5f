import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { scaledClock, systemClock } from '../platform/clock.ts';
import { readCredentials, writeCredentials } from './credentials-file.ts';
import { type FleetCounts, runFleet } from './fleet.ts';
import { plots } from './happenings.ts';
import { chanceOf } from './seeded-chance.ts';
import { asked, refuse, runCommand, say } from './terminal.ts';
import { tlsOptionsOf } from './tls-options.ts';
import { makeVillage, registryFile } from './village.ts';

const usage = `usage: npm run simulate -- --url mqtt://127.0.0.1:1883 [--credentials FILE] [--homes 40] [--seed 7]
                          [--scenario ${Object.keys(plots).join('|')}] [--minutes 60] [--speed 1] [--cbor] [--ca FILE]
       npm run simulate -- --write-registry FILE --write-credentials FILE [--homes 40] [--seed 7] [--language en]

Lets a simulated village live against an MQTT broker until Ctrl-C or for so many minutes. The same seed always makes the same
devices; --credentials names other secrets for them. --ca is whom an mqtts:// broker's certificate is from. --speed only where the system's clock runs as fast (STEPPEWATCH_CLOCK).`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      credentials: { type: 'string' },
      homes: { type: 'string', default: '40' },
      seed: { type: 'string', default: '7' },
      scenario: { type: 'string', default: 'quiet-day' },
      minutes: { type: 'string', default: '60' },
      speed: { type: 'string', default: '1' },
      language: { type: 'string', default: 'en' },
      cbor: { type: 'boolean', default: false },
      ca: { type: 'string' },
      'write-registry': { type: 'string' },
      'write-credentials': { type: 'string' },
    },
  });
  const [homes, seed, minutes, speed] = [values.homes, values.seed, values.minutes, values.speed].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const language = values.language === 'zh-CN' ? 'zh-CN' : 'en';
  const village = makeVillage({ homes, seed, language });
  const { 'write-registry': registryPath, 'write-credentials': credentialsPath, url } = values;
  if (registryPath !== undefined) writeFileSync(registryPath, registryFile(village), { mode: 0o600 });
  if (credentialsPath !== undefined)
    writeCredentials(
      credentialsPath,
      village.homes.flatMap(({ devices }) => devices),
    );
  if (url === undefined) return (registryPath ?? credentialsPath) ? 0 : refuse('--url is missing', usage);
  const plot = plots[values.scenario];
  if (!plot) return refuse(`there is no scenario "${values.scenario}"`, usage);
  if (!(minutes > 0 && speed >= 1)) return refuse('--minutes and --speed are numbers above 0', usage);

  const clock = speed === 1 ? systemClock : scaledClock(speed);
  const fleet = runFleet({
    ...{ homes: village.homes, url, seed, clock, format: values.cbor ? 'cbor' : 'json' },
    tls: tlsOptionsOf('', { ca: values.ca }),
    ...(values.credentials !== undefined && { secrets: readCredentials(values.credentials) }),
    onHappening: ({ says }) => says !== undefined && say(says),
    onProblem: fewProblems(),
  });
  fleet.plan(plot(village.homes, clock.now() + 10_000, chanceOf(seed, values.scenario)));
  const ticker = setInterval(() => say(countsText(fleet.counts())), 10_000);
  await asked(minutes * 60_000);
  clearInterval(ticker);
  await fleet.stop();
  say(countsText(fleet.counts()));
  return 0;
}

const countsText = ({ devices, connected, sent, acknowledged }: FleetCounts) =>
  `${connected} of ${devices} devices connected, ${sent} reports sent, ${acknowledged} acknowledged`;

/** A village that is refused as a whole says so a few times, not once a device and attempt. */
function fewProblems(most = 5): (deviceId: string, problem: string) => void {
  let count = 0;
  return (deviceId, problem) => {
    count += 1;
    if (count <= most) say(`${deviceId}: ${problem}${count === most ? ' (further ones are not shown)' : ''}`);
  };
}

await runCommand(main, usage);
