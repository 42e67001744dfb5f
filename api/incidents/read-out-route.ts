import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { wgs84ToGcj02 } from '../../records/geodesy.ts';
import type { Incident } from '../../records/incident.ts';
import type { Contact, Person } from '../../records/registry.ts';
import { hazards, heatings, rescueNeeds, waters } from '../../records/registry.ts';
import type { Registry } from '../../records/registry-fold.ts';
import { openText } from '../../records/sealed-text.ts';
import type { Sealer } from '../../records/sealing.ts';
import { recordTexts } from '../../records/texts/texts.ts';
import { refuse } from '../problem.ts';
import type { Looks } from '../rights/looks.ts';
import { entityShown } from '../rights/masking.ts';
import { accessOf } from '../rights/rights.ts';
import type { DutyView } from './duty-view.ts';
import { incidentParams, noIncident } from './incident-page.ts';
import { type IncidentSight, ofIncident } from './incident-sight.ts';

/**
 * What a person reads out to 119, 120 or 110, whom nothing here ever dials: what happened, the way there in words and as coordinates of
 * both kinds of maps, who is inside and cannot walk or hear, stove, gas and water, and whom to call back. No illness. Each look is on record.
 */
export const readOutRoute: FastifyPluginAsyncZod<ReadOutParts> = async (api, parts) => {
  const { view, sight, looks } = parts;
  const config = { permission: 'personal:incident' } as const;
  const schema = {
    ...{ summary: 'What to read out to the emergency services', tags: ['incidents'], params: incidentParams },
    response: { 200: readOut },
  };
  api.get('/incidents/:incidentId/card', { config, schema }, async (request, reply) => {
    const { incidentId } = request.params;
    const access = accessOf(request);
    const incident = view.incident(incidentId)?.incident;
    if (!incident || !sight.sees(access, incident)) return noIncident(reply, incidentId);
    if (!sight.isOpen(access, incident))
      return refuse(reply, 'forbidden', 'it is over: nobody has to be found any more');
    await looks.shown(access, ofIncident(incident));
    return readOutOf(parts, incident);
  });
};

export type ReadOutParts = {
  view: Pick<DutyView, 'incident' | 'timeline'>;
  registry: Registry;
  sight: IncidentSight;
  looks: Looks;
  unseal: Sealer['unseal'];
  /** Journal time. */
  now: () => number;
};
export type ReadOut = z.infer<typeof readOut>;

const degrees = z.object({ lat: z.number(), lon: z.number() });
const readOut = z
  .object({
    incidentId: z.string(),
    code: z.string(),
    openedAt: z.int(),
    /** What happened, in both languages. */
    about: z.object({ 'zh-CN': z.string(), en: z.string() }),
    /** The village first. */
    areas: z.array(z.string()),
    place: z.string().optional(),
    site: z.string().optional(),
    rooms: z.array(z.string()),
    address: z.string().optional(),
    directions: z.string().optional(),
    position: z.object({ 'WGS-84': degrees, 'GCJ-02': degrees }).optional(),
    people: z.array(
      z.object({
        name: z.string().optional(),
        needs: z.array(z.enum([...rescueNeeds, 'disabled'])),
        /** Known to be away from home. */
        isAway: z.boolean(),
      }),
    ),
    heating: z.enum(heatings).optional(),
    water: z.enum(waters).optional(),
    hazards: z.array(z.enum(hazards)),
    callback: z.array(
      z.object({
        who: z.enum(['desk', 'caller', 'person', 'responder']),
        name: z.string().optional(),
        phone: z.string(),
      }),
    ),
  })
  .meta({
    examples: [
      {
        ...{ incidentId: 'smoke:860000000000001/41/7', code: '7K4Q', openedAt: 1_795_410_000_000 },
        about: { 'zh-CN': '烟雾报警', en: 'Smoke alarm' },
        areas: ['东井嘎查', '巴彦苏木', '乌力旗'],
        ...{ place: '东井1号，井台西侧', rooms: ['厨房'], directions: '从303省道巴彦路口向北12公里，井台向西800米' },
        position: { 'WGS-84': { lat: 44.0, lon: 116.0 }, 'GCJ-02': { lat: 44.00201, lon: 116.00669 } },
        people: [{ name: '萨仁大娘', needs: ['deaf'], isAway: false }],
        ...{ heating: 'stove', water: 'well', hazards: ['gas-bottle', 'dog'] },
        callback: [{ who: 'desk', name: '旗养老服务热线', phone: '0479-5112349' }],
      },
    ],
  });

function readOutOf(parts: ReadOutParts, incident: Incident): ReadOut {
  const { registry, unseal } = parts;
  const { incidentId, code, openedAt, where, alerts } = incident;
  const place = where.placeId === undefined ? undefined : registry.place(where.placeId);
  const shown = place && entityShown('place', place, { unseal, isOpen: true });
  const site = where.siteId === undefined ? undefined : registry.site(where.siteId)?.name;
  const conditions = [...new Set(alerts.map(({ condition }) => condition))];
  const named = (language: 'zh-CN' | 'en') =>
    conditions.map((condition) => recordTexts[language].conditions[condition]).join(language === 'en' ? ', ' : '、');
  const position = place?.position && { lat: place.position.lat, lon: place.position.lon };
  const rooms = alerts.flatMap(({ where: { deviceId } }) => registry.device(deviceId ?? '')?.room ?? []);
  return {
    ...{ incidentId, code, openedAt, about: { 'zh-CN': named('zh-CN'), en: named('en') } },
    areas: areaNames(registry, where.areaId),
    ...(place && { place: place.name }),
    ...(site !== undefined && { site }),
    rooms: [...new Set(rooms)],
    ...(shown?.address !== undefined && { address: shown.address }),
    ...(shown?.directions !== undefined && { directions: shown.directions }),
    ...(position && { position: { 'WGS-84': position, 'GCJ-02': rounded(wgs84ToGcj02(position)) } }),
    people: peopleOf(parts, incident).map((person) => inside(parts, person)),
    ...(place?.heating && { heating: place.heating }),
    ...(place?.water && { water: place.water }),
    hazards: place?.hazards ?? [],
    callback: callbacks(parts, incident),
  };
}

/** Five decimals are a metre. */
const rounded = ({ lat, lon }: { lat: number; lon: number }) => ({
  lat: Number(lat.toFixed(5)),
  lon: Number(lon.toFixed(5)),
});

function areaNames(registry: Registry, areaId: string | undefined): string[] {
  const names: string[] = [];
  for (let area = registry.area(areaId ?? ''); area && names.length < 3; area = registry.area(area.parentId ?? ''))
    names.push(area.name);
  return names;
}

function peopleOf({ registry }: ReadOutParts, { where: { householdId, personId } }: Incident): readonly Person[] {
  if (householdId !== undefined) return registry.referring('person', 'household', householdId).slice(0, mostPeople);
  const person = personId === undefined ? undefined : registry.person(personId);
  return person ? [person] : [];
}
const mostPeople = 12;

function inside({ unseal, now }: ReadOutParts, person: Person): ReadOut['people'][number] {
  const { name, callName } = entityShown('person', person, { unseal, isOpen: true });
  const { absence } = person;
  const called = callName ?? name;
  return {
    ...(called !== undefined && { name: called }),
    needs: [...(person.rescueNeeds ?? []), ...(person.categories.includes('disabled') ? (['disabled'] as const) : [])],
    isAway: absence !== undefined && absence.since <= now() && (absence.until ?? Number.POSITIVE_INFINITY) > now(),
  };
}

/** The desk's own telephone, whoever called, the people of the home, and who is on the way. */
function callbacks(parts: ReadOutParts, incident: Incident): ReadOut['callback'] {
  const { registry, view } = parts;
  const desk = registry.contactsFor(incident.where).filter(({ role }) => role === 'desk');
  const { entries } = view.timeline(incident.incidentId);
  const numbers = entries.flatMap(({ what, details: { number } }) =>
    what === 'call-logged' && typeof number === 'string' ? (openText(number, parts) ?? []) : [],
  );
  const going = incident.told
    .filter(({ answer }) => answer === 'going')
    .flatMap(({ contactId }) => registry.contact(contactId) ?? []);
  const caller = numbers.at(-1);
  const found = [
    ...desk.map((contact) => numberOf(parts, 'desk', contact)),
    ...(caller === undefined ? [] : [{ who: 'caller' as const, phone: caller }]),
    ...peopleOf(parts, incident).map((person) => phoneOfPerson(parts, person)),
    ...going.map((contact) => numberOf(parts, 'responder', contact)),
  ];
  return found.flatMap((one) => one ?? []).slice(0, mostNumbers);
}
const mostNumbers = 8;

function numberOf({ unseal }: ReadOutParts, who: 'desk' | 'responder', contact: Contact) {
  const { name, phone } = entityShown('contact', contact, { unseal, isOpen: true });
  return phone === undefined ? undefined : { who, ...(name !== undefined && { name }), phone };
}

function phoneOfPerson({ unseal }: ReadOutParts, person: Person) {
  const { callName, name = callName, phone } = entityShown('person', person, { unseal, isOpen: true });
  return phone === undefined ? undefined : { who: 'person' as const, ...(name !== undefined && { name }), phone };
}
