import type { Person, Place } from '../../records/registry.ts';

/** What breaking the glass says in English. */
export const glassEn = {
  desk: 'See something elsewhere…',
  heading: 'See something elsewhere',
  deskHint: 'For when somebody needs help outside of your area, or you need a name that is masked.',
  title: 'Why do you have to see this?',
  warning:
    'For one hour you see this one thing. Your name, what you saw and the reason go on record, and dispatchers and auditors there see them.',
  reason: 'Reason (at least 10 characters)',
  send: 'Show it, and record that I did',
  what: 'What',
  id: 'Its id',
  ask: 'Go on…',
  nothing: 'There is nothing with this id.',
  forbidden: 'Your rights do not allow this.',
  away: 'It could not be put on record, so it is not shown. Try again.',
  record: 'Seen out of need in the last day',
  things: { household: 'Household', person: 'Person', place: 'Place', contact: 'Contact', incident: 'Incident' },
  fields: {
    id: 'Id',
    name: 'Name',
    callName: 'Called',
    phone: 'Telephone',
    address: 'Address',
    note: 'Before you go',
    areaId: 'Area',
    householdId: 'Household',
    currentPlaceId: 'Place',
    siteId: 'House',
    kind: 'Kind',
    role: 'Role',
    categories: 'Categories',
    language: 'Language',
  },
  /** Of fields that hold one of several. */
  values: {
    kind: {
      house: 'house',
      'winter-camp': 'winter camp',
      'summer-camp': 'summer camp',
      room: 'room',
      bed: 'bed',
    } satisfies Record<Place['kind'], string>,
    categories: {
      'living-alone': 'lives alone',
      'advanced-age': 'of advanced age',
      'left-behind': 'left behind',
      'low-income': 'low income',
      disabled: 'disabled',
      dementia: 'dementia',
    } satisfies Record<Person['categories'][number], string>,
    language: { 'zh-CN': 'Chinese', en: 'English' } satisfies Record<Person['language'], string>,
  },
};
