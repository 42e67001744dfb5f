import type { NoticeText } from '../../records/notice.ts';
import type { RegistryView } from '../../records/registry.ts';
import { plain } from './plain.ts';

export type PlaceNames = Pick<RegistryView, 'place' | 'site' | 'area'>;
export type PlaceWords = {
  unknown: string;
  system: string;
  within: string;
  between: string;
  more: (count: number) => string;
};

/**
 * Where to go: the village, the site and the place, once each, then the rooms. Beyond `longest` characters the places that
 * are left over are counted; the first is always named.
 */
export function whereabouts(text: NoticeText, registry: PlaceNames, words: PlaceWords, longest: number): string {
  const { placeIds, rooms } = text;
  const paths = placeIds.flatMap((id) => pathTo(id, registry));
  const [first] = paths;
  // What happens in no home, to no device and in no area is about the system itself.
  if (!first) {
    const area = text.areaId === undefined ? undefined : registry.area(text.areaId);
    if (area && placeIds.length === 0) return plain(area.name, longestName);
    return (text.deviceId ?? text.personId ?? placeIds[0]) ? words.unknown : words.system;
  }
  const shared = paths.every(({ around }) => around.join() === first.around.join());
  const names = [...new Set(paths.map(({ around, name }) => (shared ? name : [...around, name].join(words.within))))];
  const around = shared ? first.around : [];
  // With several places nobody knows which room belongs to which: the places are enough.
  const inside = names.length === 1 ? rooms.map((room) => plain(room, longestName)) : [];
  const units = inside.length > 0 ? inside : names;
  const outside = inside.length > 0 ? [...around, ...names] : around;
  return [...outside, listed(units, words, longest)].join(words.within);
}

const longestName = 60;

type Path = { around: string[]; name: string };

function pathTo(placeId: string, registry: PlaceNames): Path[] {
  const place = registry.place(placeId);
  if (!place) return [];
  const site = place.siteId === undefined ? undefined : registry.site(place.siteId);
  const area = registry.area(place.areaId);
  const around = [area?.name, site?.name].filter((name) => name !== undefined).map((name) => plain(name, longestName));
  return [{ around, name: plain(place.name, longestName) }];
}

function listed(names: string[], { between, more }: PlaceWords, longest: number): string {
  let shown = 1;
  while (shown < names.length && names.slice(0, shown + 1).join(between).length <= longest) shown += 1;
  const text = names.slice(0, shown).join(between);
  return shown === names.length ? text : `${text}${more(names.length - shown)}`;
}
