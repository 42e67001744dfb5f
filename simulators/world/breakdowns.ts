import type { Chance } from '../../platform/random.ts';
import type { Home, HomeDevice } from '../home.ts';
import { between, oneOf } from '../seeded-chance.ts';
import type { Truth } from './evidence.ts';
import type { FaultPlan } from './faults.ts';
import { type Story, truth } from './stories.ts';

/**
 * What goes wrong in devices. A device that people have called with, or will, does not die; one is reset only before it is
 * needed, because a reset forgets what was not sent. `diedAtMs`: after that nothing happens to it any more.
 */
export function breakDown({ homes, told, faults, chance }: Parts): Story & { diedAtMs: ReadonlyMap<string, number> } {
  const story: Breakdown = { truths: [], deeds: [], unheard: [], diedAtMs: new Map() };
  for (const home of homes) {
    for (const device of home.devices) {
      const own = told.filter(({ deviceId }) => deviceId === device.id);
      const subject = { home, device, own, faults, chance, story };
      setClock(subject);
      restart(subject);
      reset(subject);
      losePower(subject);
      loseCoverage(subject);
    }
  }
  return story;
}

type Parts = { homes: readonly Home[]; told: readonly Truth[]; faults: FaultPlan; chance: Chance };
type Breakdown = Story & { diedAtMs: Map<string, number> };
/** `own`: what its device is there to tell. */
type Subject = {
  home: Home;
  device: HomeDevice;
  own: readonly Truth[];
  faults: FaultPlan;
  chance: Chance;
  story: Breakdown;
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Six of ten have a clock. A wrong one is days ahead, hours behind, or thinks that the world has just begun. */
function setClock({ device, faults: { devices, stormMs }, chance, story }: Subject): void {
  const wrong = () => oneOf(chance, [2 * dayMs, -8 * hourMs, 400 * dayMs, -20_000 * dayMs]);
  const isWrong = chance.fraction() < devices.clockWrongChance;
  const set = (atMs: number, aheadMs: number) =>
    story.deeds.push({ atMs, deviceId: device.id, deed: 'clock', fields: { aheadMs: Math.round(aheadMs) } });
  if (isWrong || chance.fraction() < 0.6) set(0, isWrong ? wrong() : between(chance, -2_000, 2_000));
  for (const atMs of moments(stormMs, devices.clockJumpChance, chance)) set(atMs, wrong());
}

function restart({ home, device, faults: { devices, stormMs }, chance, story }: Subject): void {
  for (const atMs of moments(stormMs, devices.rebootChance, chance)) {
    story.deeds.push({ atMs, deviceId: device.id, deed: 'reboot' });
    story.truths.push(truth('reboot', home, device, atMs));
  }
}

function reset({ home, device, own, faults: { devices, stormMs }, chance, story }: Subject): void {
  const [atMs] = moments(stormMs, devices.factoryResetChance, chance);
  if (atMs === undefined || own.some((told) => told.atMs <= atMs)) return;
  story.deeds.push({ atMs, deviceId: device.id, deed: 'factory-reset' });
  story.truths.push(truth('factory-reset', home, device, atMs));
}

/** In the cold, some with a warning in their heartbeats. */
function losePower({ home, device, own, faults: { devices, stormMs }, chance, story }: Subject): void {
  const [atMs] = moments(stormMs, devices.batteryDeathChance, chance);
  if (atMs === undefined || own.length > 0) return;
  if (chance.fraction() < 0.7) story.deeds.push({ atMs: atMs / 2, deviceId: device.id, deed: 'run-low' });
  story.deeds.push({ atMs, deviceId: device.id, deed: 'die' });
  story.truths.push(truth('battery-death', home, device, atMs));
  story.diedAtMs.set(device.id, Math.round(atMs));
}

/** Hours without coverage, on any day; and rather when it matters. */
function loseCoverage({ device, own, faults: { devices, stormMs }, chance, story }: Subject): void {
  const matters = own.filter(() => chance.fraction() < 3 * devices.lateChance);
  const beginnings = [
    ...moments(stormMs, devices.lateChance, chance),
    ...matters.map(({ atMs }) => Math.max(0, atMs - between(chance, 0, 0.2) * hourMs)),
  ];
  for (const fromMs of beginnings) {
    story.unheard.push({ deviceId: device.id, fromMs, toMs: fromMs + between(chance, 0.5, 6) * hourMs });
  }
}

/** At most once a day, with that chance. */
function moments(stormMs: number, perDay: number, chance: Chance): number[] {
  return Array.from({ length: Math.ceil(stormMs / dayMs) }, (_, day) => {
    const atMs = day * dayMs + chance.fraction() * dayMs;
    return chance.fraction() < perDay ? atMs : Infinity;
  }).filter((atMs) => atMs < stormMs);
}
