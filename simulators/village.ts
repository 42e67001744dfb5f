import { stringify } from 'yaml';
import type { DeviceKind } from '../firmware-contracts/report.ts';
import type { Chance } from '../platform/random.ts';
import type { Language } from '../records/texts/texts.ts';
import type { Home, HomeDevice } from './home.ts';
import { between, chanceOf, oneOf } from './seeded-chance.ts';
import { type VillageWords, villageWords } from './village-words.ts';

/** A small simulated county: every home, and who answers for whom. `villageSize`: homes in one village. */
export type Village = { seed: number; language: Language; villageSize: number; homes: readonly Home[] };

/** Homes from a seed: the same seed always makes the same people, devices, ids and secrets. At most 2,000 homes. */
export function makeVillage({
  seed,
  homes: count,
  language = 'en',
  villageSize = 12,
}: {
  seed: number;
  homes: number;
  language?: Language;
  villageSize?: number;
}): Village {
  if (!(count >= 1 && count <= 2_000)) throw new Error('a simulated county has 1 to 2,000 homes');
  const words = villageWords[language];
  const homes = Array.from({ length: count }, (_, index) => makeHome({ seed, index, villageSize, words }));
  return { seed, language, villageSize, homes };
}

/**
 * The county as a file for `npm run registry -- import`, every device marked as simulated. `webhook`: where all its contacts
 * are reached, each under a path with its name; without it they are only in the log.
 */
export function registryFile(village: Village, webhook?: Webhook): string {
  const { language, homes } = village;
  const words = villageWords[language];
  const { county, township, villages } = areasOf(village);
  const places = homes.map(({ id, name, position }, index) => {
    const areaId = villageOf(village, index);
    return { id, areaId, kind: 'house', name, position: { ...position, datum: 'WGS-84' } };
  });
  const registry = {
    areas: [
      { id: county, level: 'county', name: words.county },
      { id: township, level: 'township', parentId: county, name: words.township },
      ...villages.map((id, at) => ({ id, level: 'village', parentId: township, name: words.village(at) })),
    ],
    places,
    households: places.map(({ id, areaId }) => ({ id: `${id}-h`, areaId, currentPlaceId: id })),
    people: homes.map(({ id, person }) => {
      const categories = ['living-alone', 'advanced-age'];
      return { id: person.id, householdId: `${id}-h`, name: person.name, categories, language };
    }),
    contacts: contactsOf(village, webhook),
    devices: homes.flatMap(({ id: placeId, person, devices }) =>
      devices.map(({ id, kind, room, secret, intervalMinutes }) => {
        const where = kind === 'wearable' ? { personId: person.id } : { placeId, room };
        return { id, kind, ...where, intervalMinutes, secret, simulated: true };
      }),
    ),
  };
  return stringify(registry, { lineWidth: 0, aliasDuplicateObjects: false });
}

type Webhook = { url: string; secret: string };

/** For every home the people next door, another neighbour and the station of the village, and whoever is above them. */
function contactsOf(village: Village, webhook: Webhook | undefined) {
  const { language, homes } = village;
  const words = villageWords[language];
  const { county, township, villages } = areasOf(village);
  const channels = (name: string) =>
    webhook
      ? [{ type: 'webhook', url: `${webhook.url}/${encodeURIComponent(name)}`, secret: webhook.secret }]
      : [{ type: 'log' }];
  const contact = (id: string, type: string, of: string, role: string, name: string, order = 1) => {
    return { id, of: { type, id: of }, role, order, name, language, channels: channels(name) };
  };
  const nextDoor = (index: number) =>
    [index + 1, index - 1]
      .filter((other) => villageOf(village, other) === villageOf(village, index))
      .map((at) => homes[at]);
  return [
    ...homes.flatMap(({ id }, index) => {
      const neighbour = nextDoor(index).find((home) => home !== undefined);
      return neighbour ? contact(`${id}-n`, 'place', id, 'neighbour', neighbour.person.name) : [];
    }),
    ...villages.flatMap((id, at) => [
      contact(`${id}-second`, 'area', id, 'neighbour', words.secondNeighbour(at), 2),
      contact(`${id}-station`, 'area', id, 'station', words.station(at)),
    ]),
    contact(`${township}-team`, 'area', township, 'township', words.team),
    contact(`${county}-desk`, 'area', county, 'desk', words.desk),
    contact(`${county}-lead`, 'area', county, 'county', words.lead),
  ];
}

function areasOf(village: Village) {
  const { seed, homes } = village;
  const villages = [...new Set(homes.map((_, index) => villageOf(village, index)))];
  return { county: `sim${seed}`, township: `sim${seed}-township`, villages };
}

const villageOf = ({ seed, villageSize }: Pick<Village, 'seed' | 'villageSize'>, index: number) =>
  `sim${seed}-v${Math.floor(index / villageSize) + 1}`;

function makeHome({ seed, index, villageSize, words }: HomeWish): Home {
  const id = `sim${seed}-${String(index + 1).padStart(3, '0')}`;
  const chance = chanceOf(seed, id);
  const centre = {
    lat: 43.9 + Math.floor(index / villageSize) * 0.15,
    lon: 116.0 + Math.floor(index / villageSize) * 0.2,
  };
  return {
    id,
    name: words.place(index % villageSize, chance),
    person: { id: `${id}-p`, name: oneOf(chance, words.people) },
    position: {
      lat: Math.round((centre.lat + between(chance, -0.05, 0.05)) * 1e5) / 1e5,
      lon: Math.round((centre.lon + between(chance, -0.07, 0.07)) * 1e5) / 1e5,
    },
    devices: makeDevices(id, words.rooms, chance),
    rhythm: { wakesAt: between(chance, 5, 7), sleepsAt: between(chance, 20, 22.5), liveliness: between(chance, 4, 12) },
  };
}

type HomeWish = { seed: number; index: number; villageSize: number; words: VillageWords };

/** A detector and a button hang everywhere; the rest where it was wanted. */
function makeDevices(id: string, rooms: VillageWords['rooms'], chance: Chance): HomeDevice[] {
  const device = (name: string, kind: DeviceKind, room: string, intervalMinutes: number) => ({
    ...{
      id: `${id}-${name}`,
      kind,
      room,
      intervalMinutes,
      secret: Buffer.from(chance.bytes(24)).toString('base64url'),
    },
  });
  const devices: HomeDevice[] = [
    device('kitchen', 'smoke-detector', rooms.kitchen, 1440),
    device('button', 'call-button', rooms.bedside, 720),
  ];
  if (chance.fraction() < 0.4) devices.push(device('bedroom', 'smoke-detector', rooms.bedroom, 1440));
  if (chance.fraction() < 0.7) devices.push(device('watch', 'wearable', rooms.bedroom, 60));
  if (chance.fraction() < 0.6) {
    devices.push({ ...device('motion', 'presence-sensor', rooms.kitchen, 240), source: 'motion' });
    devices.push({ ...device('door', 'presence-sensor', rooms.door, 240), source: 'door' });
  }
  return devices;
}
