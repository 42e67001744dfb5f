import { goneForGood } from './absence.ts';
import { entityVersion } from './entity-version.ts';
import { normalPhone } from './phone.ts';
import type { Area, Contact, Device, Entity, EntityType, Person, Place, RegistryChange } from './registry.ts';
import { entityTypes } from './registry.ts';
import { isEntityType, keyOf, type Link, linksOf } from './registry-links.ts';

/** What is wrong with one entity of an import, in words that say what would be right; `zh` says it in Chinese. */
export type RegistryProblem = {
  entity: EntityType;
  id: string;
  field?: string;
  problem: string;
  zh: string;
  /** The key of what is referred to and is not there. */
  missing?: string;
};

/** The registry as it is: values, and who refers to whom. */
export type Standing = {
  get<T extends EntityType>(entity: T, id: string): Entity<T> | undefined;
  size(entity: EntityType): number;
  referrers(to: Link['to'], id: string, from: EntityType): readonly string[];
  areas(): Iterable<Area>;
};

/** Beyond this the alarm process would hold more than its memory allows; it is also far beyond any county. */
export const mostOfEachEntity = 500_000;

/**
 * Judges changes by the registry as it would stand after all of them; their order does not matter.
 * An empty answer means that they can be applied.
 */
export function checkChanges(changes: readonly RegistryChange[], standing: Standing): RegistryProblem[] {
  const { after, problems } = collect(changes);
  const world: World = {
    get: <T extends EntityType>(entity: T, id: string) => {
      const key = keyOf(entity, id);
      const change = after.get(key);
      if (change === undefined) return standing.get(entity, id);
      return change.type === 'put' ? (change.value as Entity<T>) : undefined;
    },
  };
  for (const change of after.values()) {
    problems.push(...overtaken(change, standing));
    if (change.type === 'put') problems.push(...putProblems(change, world));
    else problems.push(...removeProblems(change, standing, (key) => after.has(key)));
  }
  problems.push(...areaProblems(after, standing, world), ...sizeProblems(after, standing));
  problems.push(...crowded(after, standing), ...shadowProblems(after, standing));
  return problems;
}

type World = { get<T extends EntityType>(entity: T, id: string): Entity<T> | undefined };
type Put = Extract<RegistryChange, { type: 'put' }>;
type Remove = Extract<RegistryChange, { type: 'remove' }>;

export const idOf = (change: RegistryChange): string => (change.type === 'put' ? change.value.id : change.id);

function collect(changes: readonly RegistryChange[]) {
  const after = new Map<string, RegistryChange>();
  const problems: RegistryProblem[] = [];
  for (const change of changes) {
    const id = idOf(change);
    const key = keyOf(change.entity, id);
    if (after.has(key)) problems.push({ entity: change.entity, id, ...twice });
    after.set(key, change);
  }
  return { after, problems };
}

const twice = { problem: 'occurs twice in one import; keep one of them', zh: '在一次导入中出现两次，请只保留一条' };

function putProblems({ entity, value }: Put, world: World): RegistryProblem[] {
  const problems: RegistryProblem[] = [];
  for (const { field, to, id } of linksOf(entity, value)) {
    if (!isEntityType(to) || world.get(to, id)) continue;
    problems.push({ entity, id: value.id, field, ...absentProblem(to, id), missing: keyOf(to, id) });
  }
  if (entity === 'device') problems.push(...deviceProblems(value));
  if (entity === 'person') problems.push(...personProblems(value));
  if (entity === 'contact') problems.push(...contactProblems(value));
  if (entity === 'place') problems.push(...placeProblems(value, world));
  return problems;
}

/** What is said of a reference to what is not there; to whoever may not see it, also of what is. */
export const absentProblem = (to: EntityType, id: string) => ({
  problem: `there is no ${to} "${id}"; add it, or correct the id`,
  zh: `没有编号为“${id}”的${chineseNames[to]}，请先添加，或更正编号`,
});

export const chineseNames: Record<EntityType, string> = {
  ...{
    area: '区域',
    site: '机构',
    place: '地点',
    household: '住户',
    person: '人员',
    contact: '联系人',
    zone: '活动范围',
  },
  ...{ device: '设备', account: '账号', apiKey: '接口密钥', ruleSetting: '规则设置', subscription: '事件订阅' },
  threshold: '读数限值',
  ...{ roster: '值班表', policy: '通知方案', profile: '频繁呼叫约定' },
};

/** Somebody else changed it after whoever asks had looked. */
function overtaken(change: RegistryChange, standing: Standing): RegistryProblem[] {
  const { entity, expectedVersion } = change;
  const id = idOf(change);
  if (expectedVersion === undefined || entityVersion(standing.get(entity, id)) === expectedVersion) return [];
  const problem = 'was changed by somebody else meanwhile; look again, and ask again';
  return [{ entity, id, problem, zh: '期间已被他人修改，请重新查看后再提交' }];
}

type OwnerRule = { owner: 'placeId' | 'personId' | 'either'; problem: string; zh: string };
const ownerOfKind: Record<Device['kind'], OwnerRule> = {
  'smoke-detector': {
    owner: 'placeId',
    problem: 'a smoke detector hangs in a place: give it a placeId and no personId',
    zh: '烟感安装在地点：请填地点编号，不填人员编号',
  },
  'presence-sensor': {
    owner: 'placeId',
    problem: 'a presence sensor hangs in a place: give it a placeId and no personId',
    zh: '人体传感器安装在地点：请填地点编号，不填人员编号',
  },
  wearable: {
    owner: 'personId',
    problem: 'a wearable belongs to a person: give it a personId and no placeId',
    zh: '穿戴设备属于人员：请填人员编号，不填地点编号',
  },
  'call-button': {
    owner: 'either',
    problem: 'a call button belongs to a place or to a person: give it a placeId or a personId',
    zh: '呼叫按钮属于地点或人员：请填地点编号或人员编号之一',
  },
};

function deviceProblems({ id, kind, placeId, personId, claim }: Device): RegistryProblem[] {
  // Stock is what a label can still bind; whatever else has no place was forgotten.
  if (placeId === undefined && personId === undefined && claim !== undefined && !claim.used) return [];
  const { owner, ...said } = ownerOfKind[kind];
  const one = (placeId === undefined) !== (personId === undefined);
  const right = one && (owner === 'either' || (owner === 'placeId') === (placeId !== undefined));
  return right ? [] : [{ entity: 'device', id, ...said }];
}

function personProblems({ id, phone, absence }: Person): RegistryProblem[] {
  const problems = phoneProblems('person', id, phone);
  if (absence?.until === undefined || !goneForGood.has(absence.reason)) return problems;
  const problem = 'whoever moved away or died does not come back: leave the time of return out';
  return [...problems, { entity: 'person', id, field: 'absence.until', problem, zh: '已迁走或已去世，返回时间请留空' }];
}

function contactProblems({ id, phone, channels }: Contact): RegistryProblem[] {
  const needsPhone = phone === undefined && channels.some(({ type }) => type === 'sms' || type === 'voice');
  const problem = 'SMS and calls need the phone number: enter it, or leave those channels out';
  const without = {
    entity: 'contact',
    id,
    field: 'phone',
    problem,
    zh: '短信、电话需要号码：请填电话，或去掉这些渠道',
  };
  return [...phoneProblems('contact', id, phone), ...(needsPhone ? [without as RegistryProblem] : [])];
}

/** Numbers that must not be kept, of changes whose personal fields are still open; sealed ones were asked about before. */
export function emergencyPhones(changes: readonly RegistryChange[]): RegistryProblem[] {
  return changes.flatMap((change) => {
    if (change.type !== 'put' || (change.entity !== 'person' && change.entity !== 'contact')) return [];
    return phoneProblems(change.entity, change.value.id, change.value.phone);
  });
}

/** Nothing here ever dials fire, ambulance or police: a person does. */
function phoneProblems(entity: 'person' | 'contact', id: string, phone: Contact['phone']): RegistryProblem[] {
  if (typeof phone !== 'string' || !emergencyNumbers.has(normalPhone(phone))) return [];
  const problem = 'emergency services are never dialled by a machine: enter the number of a person or a station';
  return [{ entity, id, field: 'phone', problem, zh: '系统不会自动拨打紧急电话，请填人员或站点的号码' }];
}
const emergencyNumbers: ReadonlySet<string> = new Set(['110', '112', '119', '120', '122', '911', '999']);

function placeProblems({ id, areaId, siteId }: Place, world: World): RegistryProblem[] {
  const site = siteId === undefined ? undefined : world.get('site', siteId);
  if (!site || site.areaId === areaId) return [];
  const problem = `its site "${site.id}" is in area "${site.areaId}", so this place is too`;
  const zh = `所属机构“${site.id}”在区域“${site.areaId}”，此地点应在同一区域`;
  return [{ entity: 'place', id, field: 'areaId', problem, zh }];
}

/** Whoever is part of the import is judged by its own put; here are those that the import leaves as they are. */
function removeProblems(
  { entity, id }: Remove,
  standing: Standing,
  isTouched: (key: string) => boolean,
): RegistryProblem[] {
  if (!standing.get(entity, id))
    return [{ entity, id, problem: 'is not in the registry, so it cannot be removed', zh: '档案中没有此项，无法删除' }];
  const referrers = entityTypes.flatMap((from) =>
    standing.referrers(entity, id, from).map((referrer) => ({ from, referrer, key: keyOf(from, referrer) })),
  );
  const left = referrers.filter(({ key }) => !isTouched(key));
  if (left.length === 0) return [];
  // Whoever may not see one of them hears that it is there, and not what it is.
  const first = left.filter(({ from, referrer }) => standing.get(from, referrer)).slice(0, 3);
  const named = first.map(({ from, referrer }) => `${from} "${referrer}"`).join(', ');
  const rest = left.length - first.length;
  const all = rest === 0 ? named : first.length === 0 ? `${rest} elsewhere` : `${named} and ${rest} more`;
  const problem = `is still referred to by ${all}; remove or change them in the same import`;
  const namedZh = first.map(({ from, referrer }) => `${chineseNames[from]}“${referrer}”`).join('、');
  const allZh = first.length === 0 ? `其他辖区的${rest}项` : rest === 0 ? namedZh : `${namedZh}等${left.length}项`;
  const zh = `仍被${allZh}引用，请在同一次导入中删除或修改它们`;
  return [{ entity, id, problem, zh }];
}

const parentLevel = { county: undefined, township: 'county', village: 'township' } as const;

/** One level below the other leaves no room for a circle; an area that changes its level is judged with its children. */
function areaProblems(after: Map<string, RegistryChange>, standing: Standing, world: World): RegistryProblem[] {
  const puts = [...after.values()].flatMap((change) =>
    change.type === 'put' && change.entity === 'area' ? [change.value] : [],
  );
  const others = puts.length === 0 ? [] : [...standing.areas()].filter(({ id }) => !after.has(keyOf('area', id)));
  return [...puts, ...others].flatMap((area) => {
    const said = levelProblem(area, area.parentId === undefined ? undefined : world.get('area', area.parentId));
    return said === undefined ? [] : [{ entity: 'area' as const, id: area.id, field: 'parentId', ...said }];
  });
}

const levelNames = { county: '旗县', township: '苏木乡镇', village: '嘎查村' } as const;

function levelProblem({ level, parentId }: Area, parent: Area | undefined) {
  const expected = parentLevel[level];
  if (expected === undefined) {
    const said = { problem: 'a county has no parent; leave parentId out', zh: '旗县没有上级，上级编号请留空' };
    return parentId === undefined ? undefined : said;
  }
  const belongs = `${levelNames[level]}属于${levelNames[expected]}`;
  if (parentId === undefined)
    return { problem: `a ${level} belongs to a ${expected}: give its parentId`, zh: `${belongs}，请填上级编号` };
  // A parent that does not exist has been reported as a dangling reference.
  if (!parent || parent.level === expected) return undefined;
  const problem = `its parent "${parent.id}" is a ${parent.level}, but a ${level} belongs to a ${expected}`;
  return { problem, zh: `上级“${parent.id}”是${levelNames[parent.level]}，而${belongs}` };
}

function sizeProblems(after: Map<string, RegistryChange>, standing: Standing): RegistryProblem[] {
  const gained = new Map<EntityType, number>();
  for (const change of after.values()) {
    const isThere = standing.get(change.entity, idOf(change)) !== undefined;
    const gain = change.type === 'put' ? (isThere ? 0 : 1) : isThere ? -1 : 0;
    gained.set(change.entity, (gained.get(change.entity) ?? 0) + gain);
  }
  return [...gained].flatMap(([entity, gain]) => {
    if (standing.size(entity) + gain <= mostOfEachEntity) return [];
    const problem = `the registry holds at most ${mostOfEachEntity} of each kind`;
    return [{ entity, id: '', problem, zh: `每类最多 ${mostOfEachEntity} 条` }];
  });
}

/** Every report is held against all limits of its scopes, every ladder against all policies. */
const mostOfScope = { threshold: 32, policy: 32, profile: 4 } as const;
const isScoped = (entity: EntityType): entity is keyof typeof mostOfScope => Object.hasOwn(mostOfScope, entity);

function crowded(after: Map<string, RegistryChange>, standing: Standing): RegistryProblem[] {
  const counts = new Map<string, number>();
  return [...after.values()].flatMap((change) => {
    const { entity } = change;
    if (change.type !== 'put' || !isScoped(entity)) return [];
    const ofScope = linksOf(entity, change.value as never).filter(({ field }) => field === 'scope' || field === 'of');
    for (const { to, id } of ofScope) {
      const others = standing.referrers(to, id, entity).filter((one) => !after.has(keyOf(entity, one)));
      const key = `${entity}<${to}:${id}`;
      const count = (counts.get(key) ?? others.length) + 1;
      counts.set(key, count);
      if (count > mostOfScope[entity]) return [{ entity, id: change.value.id, ...tooMany(mostOfScope[entity]) }];
    }
    return [];
  });
}
const tooMany = (most: number) => ({
  ...{ field: 'scope', problem: `there are ${most} of them for this scope already: change one` },
  zh: `同一范围最多 ${most} 条，请修改已有的`,
});

/** Each is a copy of its rule that steps on everything of its scope. */
const mostShadows = 16;

function shadowProblems(after: Map<string, RegistryChange>, standing: Standing): RegistryProblem[] {
  const puts = [...after.values()].flatMap((change) =>
    change.type === 'put' && change.entity === 'ruleSetting' && change.value.mode === 'shadow' ? [change.value.id] : [],
  );
  const others = standing.referrers('shadow', '', 'ruleSetting').filter((id) => !after.has(keyOf('ruleSetting', id)));
  const problem = `at most ${mostShadows} settings are tried at a time: remove one of mode shadow`;
  const zh = `同时试行的规则设置最多 ${mostShadows} 条，请先删除一条`;
  return puts
    .slice(Math.max(0, mostShadows - others.length))
    .map((id) => ({ entity: 'ruleSetting', id, field: 'mode', problem, zh }));
}
