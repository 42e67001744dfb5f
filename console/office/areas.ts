import type { Area, Grant } from '../../records/registry.ts';
import type { Speech } from '../words.ts';

/** The areas that somebody sees, by id, and in the order in which a list reads: each below the one that it belongs to. */
export type Areas = { area(id: string): Area | undefined; sorted: readonly Area[] };

export function areasOf(all: readonly Area[], { language }: Pick<Speech, 'language'>): Areas {
  const byId = new Map(all.map((one) => [one.id, one]));
  const area = (id: string) => byId.get(id);
  const order = new Intl.Collator(language);
  const keyed = all.map((one) => ({ one, path: pathOf(one.id, { area }) }));
  return { area, sorted: keyed.sort((a, b) => order.compare(a.path, b.path)).map(({ one }) => one) };
}

/** "Wulan › Baiyin › East Well": two villages of one name are told apart. An area that is gone or not seen is named by its id. */
export function areaWords(areaId: string | undefined, areas: Areas, { texts }: Speech): string {
  if (areaId === undefined) return texts.office.everywhere;
  return areas.area(areaId) ? pathOf(areaId, areas) : areaId;
}

export const grantWords = ({ role, areaId }: Grant, areas: Areas, speech: Speech): string =>
  `${speech.texts.corner.roles[role]} · ${areaWords(areaId, areas, speech)}`;

function pathOf(areaId: string, { area }: Pick<Areas, 'area'>): string {
  const names: string[] = [];
  // Three levels; a circle in a broken registry ends here.
  for (let at = area(areaId); at && names.length < 8; at = at.parentId === undefined ? undefined : area(at.parentId))
    names.unshift(at.name);
  return names.join(' › ');
}
