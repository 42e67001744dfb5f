import type { EntityType, RegistryChange } from './registry.ts';
import { registryChange } from './registry.ts';

/** A put of what a person would write: defaults are filled in as an import would. */
export const put = (entity: EntityType, value: object): RegistryChange =>
  registryChange.parse({ type: 'put', entity, value });
export const remove = (entity: EntityType, id: string): RegistryChange => ({ type: 'remove', entity, id });

const log = { type: 'log' };

/** One county, one township, two villages; a couple, a woman who lives alone, and a care home with two rooms. */
export const smallCounty: RegistryChange[] = [
  put('area', { id: 'county', level: 'county', name: 'Wulan' }),
  put('area', { id: 'township', level: 'township', parentId: 'county', name: 'Baiyin' }),
  put('area', { id: 'east', level: 'village', parentId: 'township', name: 'East Well' }),
  put('area', { id: 'west', level: 'village', parentId: 'township', name: 'West Well' }),
  put('site', { id: 'care', areaId: 'west', name: 'Evening House', kind: 'care-home' }),
  put('place', { id: 'house-1', areaId: 'east', kind: 'house', name: 'house by the well' }),
  put('place', { id: 'camp-1', areaId: 'west', kind: 'summer-camp', name: 'camp on the ridge' }),
  put('place', { id: 'house-2', areaId: 'east', kind: 'house', name: 'house at the end', address: 'East Well 7' }),
  put('place', { id: 'room-1', areaId: 'west', siteId: 'care', kind: 'room', name: 'room 1' }),
  put('place', { id: 'room-2', areaId: 'west', siteId: 'care', kind: 'room', name: 'room 2' }),
  put('household', { id: 'couple', areaId: 'east', currentPlaceId: 'house-1' }),
  put('household', { id: 'alone', areaId: 'east', currentPlaceId: 'house-2', note: 'the dog bites' }),
  put('household', { id: 'resident-1', areaId: 'west', currentPlaceId: 'room-1' }),
  put('household', { id: 'resident-2', areaId: 'west', currentPlaceId: 'room-1' }),
  put('person', { id: 'him', householdId: 'couple', name: 'Bat', categories: ['advanced-age'] }),
  put('person', { id: 'her', householdId: 'couple', name: 'Saran', categories: ['dementia'] }),
  put('person', { id: 'widow', householdId: 'alone', name: 'Narantuya', callName: 'Grandmother N.' }),
  put('person', { id: 'bed-1', householdId: 'resident-1', name: 'Tuya' }),
  put('person', { id: 'bed-2', householdId: 'resident-2', name: 'Oyun' }),
  put('contact', contactOf('daughter', 'person', 'her', 'family')),
  put('contact', contactOf('son', 'person', 'him', 'family', 2)),
  put('contact', contactOf('near', 'place', 'house-1', 'neighbour')),
  put('contact', contactOf('nearer', 'household', 'couple', 'neighbour', 3)),
  put('contact', contactOf('station-east', 'area', 'east', 'station')),
  put('contact', contactOf('team', 'area', 'township', 'township')),
  put('contact', contactOf('lead', 'area', 'county', 'county')),
  put('contact', contactOf('desk', 'area', 'county', 'desk', 2)),
  put('contact', contactOf('night', 'site', 'care', 'night-carer')),
  put('device', { id: 'smoke-1', kind: 'smoke-detector', placeId: 'house-1', room: 'kitchen' }),
  put('device', { id: 'button-2', kind: 'call-button', placeId: 'house-2' }),
  put('device', { id: 'watch-2', kind: 'wearable', personId: 'widow' }),
  put('device', { id: 'smoke-r1', kind: 'smoke-detector', placeId: 'room-1' }),
];

function contactOf(id: string, type: string, of: string, role: string, order = 1) {
  return { id, of: { type, id: of }, role, order, name: `${id} by name`, phone: '138 0000 0000', channels: [log] };
}
