import { put } from '../../records/registry.test-support.ts';
import type { RegistryChange } from '../../records/registry.ts';
import { type Role, roles } from '../../records/rights.ts';
import { staff, staffedCounty } from './rights.test-support.ts';

/**
 * Who may do what. A letter for each role that may: C call taker, D dispatcher, Q quality monitor, A data administrator, V village helper,
 * U auditor, O operator; `everybody`: also nobody at all; `signed-in`: whoever is. Behind it what those who may get about a thing of another
 * township; `-` where a route is about nothing in particular, and shows what is one's own.
 */
export const matrix = `
POST   /session                                everybody  -
DELETE /session                                everybody  -
GET    /session                                signed-in  -
PUT    /session/password                       signed-in  -
GET    /health                                 everybody  -
GET    /health/live                            everybody  -
GET    /health/ready                           everybody  -
GET    /openapi.json                           everybody  -

GET    /incidents                              CDQ.V..    -
GET    /incidents/:incidentId                  CDQ.V..    not-found
POST   /incidents/:incidentId/claim            CD..V..    not-found
POST   /incidents/:incidentId/release          CD..V..    not-found
POST   /incidents/:incidentId/act              CD..V..    not-found
POST   /incidents/:incidentId/accept           CD..V..    not-found
POST   /incidents/:incidentId/decline          CD..V..    not-found
POST   /incidents/:incidentId/arrive           CD..V..    not-found
POST   /incidents/:incidentId/report           CD..V..    not-found
POST   /incidents/:incidentId/resolve          .D.....    not-found
POST   /incidents/:incidentId/reopen           .D.....    not-found
POST   /incidents/:incidentId/let-go           .D.....    not-found
POST   /incidents/:incidentId/take-over        CD..V..    not-found
POST   /incidents/:incidentId/hand-up          CD..V..    not-found
POST   /incidents/:incidentId/merge            .D.....    not-found
POST   /incidents/:incidentId/transfer         CD..V..    not-found
POST   /incidents/:incidentId/transfer-outcome CD..V..    not-found
POST   /incidents/:incidentId/reclass          CD..V..    not-found
GET    /incidents/:incidentId/card             CD..V..    not-found
POST   /calls                                  CD..V..    not-found
POST   /calls/look-up                          CD..V..    -
POST   /calls/log                              CD..V..    -
GET    /suppressions                           CDQ.V..    -
POST   /suppressions                           .D.....    not-found
DELETE /suppressions/:suppressionId            .D.....    not-found
GET    /incidents/:incidentId/signs-of-life    CD..V..    not-found
GET    /incidents/:incidentId/track            CD..V..    not-found
GET    /holding                                CDQ.V..    -
POST   /holding/all                            .D.....    -
POST   /attendance                             CD..V..    -
GET    /duty                                   CDQ.V..    -
GET    /duty/contacts                          CD..V..    -
POST   /rosters/:rosterId/hand-over            CD..V..    not-found
POST   /contacts/:contactId/proof              CD..V..    not-found
GET    /history                                CDQ.V..    -
GET    /history/:incidentId                    CDQ.V..    not-found
GET    /events                                 CDQ.V..    -
POST   /glass                                  CD..V..    ok
GET    /glass                                  .D...U.    -

GET    /areas                                  CDQAVUO    -
GET    /areas/:id                              CDQAVUO    not-found
PUT    /areas/:id                              ...A...    not-allowed
DELETE /areas/:id                              ...A...    not-found
GET    /sites                                  CDQAVUO    -
GET    /sites/:id                              CDQAVUO    not-found
PUT    /sites/:id                              ...A...    not-allowed
DELETE /sites/:id                              ...A...    not-found
GET    /places                                 CDQAVUO    -
GET    /places/:id                             CDQAVUO    not-found
PUT    /places/:id                             ...A...    not-allowed
DELETE /places/:id                             ...A...    not-found
GET    /households                             CDQAVUO    -
GET    /households/:id                         CDQAVUO    not-found
PUT    /households/:id                         ...A...    not-allowed
DELETE /households/:id                         ...A...    not-found
POST   /households/:id/move                    ...A...    not-found
GET    /people                                 CDQAVUO    -
GET    /people/:id                             CDQAVUO    not-found
PUT    /people/:id                             ...A...    not-allowed
DELETE /people/:id                             ...A...    not-found
PUT    /people/:personId/consents/:purpose     ...A...    not-found
GET    /people/:personId/export                ...A...    not-found
POST   /people/:personId/erasure               ...A...    not-found
GET    /contacts                               CDQAVUO    -
GET    /contacts/:id                           CDQAVUO    not-found
PUT    /contacts/:id                           ...A...    not-allowed
DELETE /contacts/:id                           ...A...    not-found
GET    /responders                             CDQAVUO    -
GET    /zones                                  CDQAVUO    -
GET    /zones/:id                              CDQAVUO    not-found
PUT    /zones/:id                              ...A...    not-allowed
DELETE /zones/:id                              ...A...    not-found
GET    /rule-settings                          CDQAVUO    -
GET    /rule-settings/:id                      CDQAVUO    not-found
PUT    /rule-settings/:id                      ...A...    not-allowed
DELETE /rule-settings/:id                      ...A...    not-found
GET    /thresholds                             CDQAVUO    -
GET    /thresholds/:id                         CDQAVUO    not-found
PUT    /thresholds/:id                         ...A...    not-allowed
DELETE /thresholds/:id                         ...A...    not-found
GET    /rosters                                CDQAVUO    -
GET    /rosters/:id                            CDQAVUO    not-found
PUT    /rosters/:id                            ...A...    not-allowed
DELETE /rosters/:id                            ...A...    not-found
GET    /policies                               CDQAVUO    -
GET    /policies/:id                           CDQAVUO    not-found
PUT    /policies/:id                           ...A...    not-allowed
DELETE /policies/:id                           ...A...    not-found
GET    /profiles                               CDQAVUO    -
GET    /profiles/:id                           CDQAVUO    not-found
PUT    /profiles/:id                           ...A...    not-allowed
DELETE /profiles/:id                           ...A...    not-found
GET    /registry/export                        ...A...    -
POST   /registry/import                        ...A...    invalid

GET    /devices                                CDQAVUO    -
GET    /devices/:deviceId                      CDQAVUO    not-found
POST   /devices                                ...A...    invalid
PATCH  /devices/:deviceId                      ...A...    not-found
DELETE /devices/:deviceId                      ...A...    not-found
POST   /devices/:deviceId/rotate-secret        ...A...    not-found
POST   /devices/:deviceId/rotate-code          ...A...    not-found
POST   /devices/:deviceId/claim                .D.AV..    wrong-code
GET    /devices/:deviceId/commands             CDQAVUO    not-found
POST   /devices/:deviceId/commands             .D.....    not-found
DELETE /devices/:deviceId/commands/:cancels    .D.....    not-found
POST   /devices/:deviceId/test-window          .D.A...    not-found

GET    /households/:householdId/coverage       CDQAVUO    not-found
GET    /prompts                                CDQ.V..    -
POST   /prompts/:promptId/answer               CD..V..    not-found
POST   /visits                                 CD..V..    not-found
GET    /shadow-alerts                          CDQAVUO    -
GET    /statistics/visits                      .DQA.UO    -
GET    /statistics/visits.csv                  .DQA.UO    -
GET    /audit                                  .....U.    -

GET    /subscriptions                          ...A...    -
GET    /subscriptions/:id                      ...A...    not-found
PUT    /subscriptions/:id                      ...A...    not-found
DELETE /subscriptions/:id                      ...A...    not-found
POST   /subscriptions/:id/rotate-secret        ...A...    not-found
POST   /subscriptions/:id/test                 ...A...    not-found
GET    /subscriptions/:id/deliveries           ...A...    not-found
POST   /subscriptions/:id/replay               ...A...    not-found

GET    /accounts                               ......O    -
POST   /accounts                               ......O    forbidden
PATCH  /accounts/:accountId                    ......O    not-found
POST   /accounts/:accountId/password           ......O    not-found
DELETE /accounts/:accountId                    ......O    not-found
GET    /lockouts                               ......O    -
DELETE /lockouts/:accountId                    ......O    not-found
GET    /api-keys                               ......O    -
POST   /api-keys                               ......O    forbidden
DELETE /api-keys/:keyId                        ......O    not-found
`;

export type Row = { route: string; who: string; far: string };
export const rows: Row[] = matrix
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => {
    const [method, path, who = '', far = ''] = line.split(/ +/);
    return { route: `${method} ${path}`, who, far };
  });

export const letters: Record<Role, string> = {
  ...{ 'call-taker': 'C', dispatcher: 'D', 'quality-monitor': 'Q', 'data-admin': 'A' },
  ...{ 'village-helper': 'V', auditor: 'U', operator: 'O' },
};

const hook = { types: ['incident.opened'], url: 'https://events.example/x', secret: `whsec_${'A'.repeat(32)}` };
const setting = { rule: 'device-silent', settings: { missedReports: 3 } };
const shifts = (contactId: string) => ({ name: 'team', shifts: [{ contactId, from: '08:00', to: '08:00' }] });
const ladder = {
  ...{ name: 'at once', severity: 'critical' },
  rungs: [{ afterSeconds: 0, desk: true, tell: [{ role: 'neighbour', nth: 1 }] }],
};
const agreed = { owner: 'li', reason: 'often by mistake', until: 1_900_000_000_000 };
const limit = { name: 'cold', quantity: 'status.temperature', below: 8 };
const circle = { datum: 'WGS-84', shape: { type: 'circle', lat: 44, lon: 116, radiusMeters: 500 } };
const keyOf = (id: string, areaId: string) =>
  put('apiKey', { id, name: id, hash: `hash of ${id}`, grants: [{ role: 'operator', areaId }] });

/** A near and a far township, each with one of everything; everything far is named so. */
export const twoTownships: RegistryChange[] = [
  ...staffedCounty,
  ...roles.map((role) => staff(near(role), { role, areaId: 'township' })),
  put('area', { id: 'far-township', level: 'township', parentId: 'county', name: 'far-off' }),
  put('area', { id: 'far-village', level: 'village', parentId: 'far-township', name: 'far-away' }),
  put('site', { id: 'far-site', areaId: 'far-village', name: 'far-house', kind: 'care-home' }),
  put('place', { id: 'far-place', areaId: 'far-village', kind: 'house', name: 'far-home', address: 'far-street' }),
  put('household', { id: 'far-household', areaId: 'far-village', currentPlaceId: 'far-place', note: 'far-note' }),
  put('household', { id: 'far-glass', areaId: 'far-village', currentPlaceId: 'far-place' }),
  put('person', { id: 'far-person', householdId: 'far-household', name: 'far-name' }),
  put('contact', {
    ...{ id: 'far-contact', of: { type: 'area', id: 'far-village' }, role: 'station', name: 'far-contact' },
    channels: [{ type: 'log' }],
  }),
  put('device', { id: 'far-device', kind: 'smoke-detector', placeId: 'far-place' }),
  put('zone', { id: 'near-zone', of: { type: 'place', id: 'house-1' }, name: 'garden', ...circle }),
  put('zone', { id: 'far-zone', of: { type: 'place', id: 'far-place' }, name: 'far-garden', ...circle }),
  put('ruleSetting', { id: 'near-setting', scope: { type: 'area', id: 'east' }, ...setting }),
  put('ruleSetting', { id: 'far-setting', scope: { type: 'area', id: 'far-village' }, ...setting }),
  put('threshold', { id: 'near-limit', scope: { type: 'area', id: 'east' }, ...limit }),
  put('threshold', { id: 'far-limit', scope: { type: 'area', id: 'far-village' }, ...limit }),
  put('roster', { id: 'near-roster', of: { type: 'area', id: 'east' }, ...shifts('near') }),
  put('roster', { id: 'far-roster', of: { type: 'area', id: 'far-village' }, ...shifts('far-contact') }),
  put('policy', { id: 'near-policy', scope: { type: 'area', id: 'east' }, ...ladder }),
  put('policy', { id: 'far-policy', scope: { type: 'area', id: 'far-village' }, ...ladder }),
  put('profile', { id: 'near-profile', of: { type: 'household', id: 'couple' }, ...agreed }),
  put('profile', { id: 'far-profile', of: { type: 'household', id: 'far-household' }, ...agreed }),
  put('subscription', { id: 'near-events', name: 'events', areaId: 'east', ...hook }),
  put('subscription', { id: 'far-events', name: 'far-events', areaId: 'far-village', ...hook }),
  staff('near-staff', { role: 'operator', areaId: 'east' }),
  staff('far-staff', { role: 'operator', areaId: 'far-village' }),
  keyOf('near-key', 'east'),
  keyOf('far-key', 'far-village'),
];

export function near(role: Role): string {
  return `${role}-near`;
}

/** What is in the way of a route, near and far. */
export const thingIn: Record<string, { near: string; far: string }> = {
  deviceId: { near: 'smoke-1', far: 'far-device' },
  cancels: { near: 'command-1', far: 'command-1' },
  accountId: { near: 'near-staff', far: 'far-staff' },
  keyId: { near: 'near-key', far: 'far-key' },
  personId: { near: 'her', far: 'far-person' },
  householdId: { near: 'couple', far: 'far-household' },
  rosterId: { near: 'near-roster', far: 'far-roster' },
  contactId: { near: 'near', far: 'far-contact' },
  promptId: { near: 'near-prompt', far: 'far-prompt' },
  suppressionId: { near: 'near-quiet', far: 'far-quiet' },
  purpose: { near: 'location', far: 'location' },
  '/areas': { near: 'east', far: 'far-village' },
  '/sites': { near: 'care', far: 'far-site' },
  '/places': { near: 'house-1', far: 'far-place' },
  '/households': { near: 'couple', far: 'far-household' },
  '/people': { near: 'her', far: 'far-person' },
  '/contacts': { near: 'near', far: 'far-contact' },
  '/zones': { near: 'near-zone', far: 'far-zone' },
  '/rule-settings': { near: 'near-setting', far: 'far-setting' },
  '/thresholds': { near: 'near-limit', far: 'far-limit' },
  '/rosters': { near: 'near-roster', far: 'far-roster' },
  '/policies': { near: 'near-policy', far: 'far-policy' },
  '/profiles': { near: 'near-profile', far: 'far-profile' },
  '/subscriptions': { near: 'near-events', far: 'far-events' },
};

const versioned = { commandId: 'command-of-matrix', expectedVersion: 1 };
const onIncident = { commandId: 'command-of-matrix', expectedVersion: 1 };
const grants = (where: Where) => [{ role: 'operator', areaId: where === 'near' ? 'east' : 'far-village' }];

const registryCollections = [
  'areas',
  'sites',
  'places',
  'households',
  'people',
  'contacts',
  'zones',
  'rule-settings',
  'thresholds',
  'rosters',
  'policies',
  'profiles',
];

export type Where = 'near' | 'far';
/** What each route is sent: right in every way, so that only rights can be in its way. */
export const bodies: Record<string, (where: Where) => object | string> = {
  'POST /session': () => ({ account: 'no-such-account', password: 'a wrong one' }),
  'PUT /session/password': () => ({ current: 'a wrong one', next: 'grass on the steppe' }),
  'POST /incidents/:incidentId/claim': () => onIncident,
  'POST /incidents/:incidentId/release': () => onIncident,
  'POST /incidents/:incidentId/act': () => ({ ...onIncident, action: 'on-it' }),
  'POST /incidents/:incidentId/accept': () => ({ ...onIncident, contactId: 'near', expectedMinutes: 10 }),
  'POST /incidents/:incidentId/decline': () => ({ ...onIncident, contactId: 'near' }),
  'POST /incidents/:incidentId/arrive': () => onIncident,
  'POST /incidents/:incidentId/report': () => ({
    ...{ ...onIncident, contactId: 'near' },
    ...{ outcome: 'helped', contact: 'reached' },
  }),
  'POST /incidents/:incidentId/resolve': () => ({ ...onIncident, outcome: 'helped', contact: 'reached' }),
  'POST /incidents/:incidentId/reopen': () => ({ ...onIncident, reason: 'it burns again' }),
  'POST /incidents/:incidentId/let-go': () => ({ ...onIncident, choice: 'send' }),
  'POST /rosters/:rosterId/hand-over': () => ({
    ...{ commandId: 'command-of-matrix', step: { type: 'accept', contactId: 'near' } },
  }),
  'POST /contacts/:contactId/proof': () => ({ commandId: 'command-of-matrix', how: 'call' }),
  'POST /attendance': () => ({ sound: true, idleSeconds: 0 }),
  'POST /incidents/:incidentId/take-over': () => ({ ...onIncident, reason: 'the matrix asks' }),
  'POST /incidents/:incidentId/hand-up': () => ({ ...onIncident, to: 'county', reason: 'the matrix asks' }),
  'POST /incidents/:incidentId/merge': () => ({ ...onIncident, into: 'i:smoke:smoke-1/1', reason: 'the matrix asks' }),
  'POST /incidents/:incidentId/transfer': () => ({ ...onIncident, to: '119' }),
  'POST /incidents/:incidentId/transfer-outcome': () => ({ ...onIncident, result: 'helped' }),
  'POST /incidents/:incidentId/reclass': () => ({ ...onIncident, to: 'rescue', reason: 'the matrix asks' }),
  'POST /calls': (where) => ({
    ...{ commandId: 'command-of-matrix', kind: 'care' },
    householdId: where === 'near' ? 'couple' : 'far-household',
  }),
  'POST /calls/look-up': () => ({ number: '13800000000' }),
  'POST /calls/log': () => ({ commandId: 'command-of-matrix', what: 'wrong-number' }),
  'POST /suppressions': (where) => ({
    ...{ commandId: 'command-of-matrix', conditions: ['inactivity'], until: 1, reason: 'the matrix asks' },
    scope: { type: 'household', id: where === 'near' ? 'couple' : 'far-household' },
  }),
  'POST /holding/all': () => ({ commandId: 'command-of-matrix', choice: 'send' }),
  'POST /glass': (where) => ({
    of: { type: 'household', id: where === 'near' ? 'alone' : 'far-glass' },
    reason: 'the matrix asks for it',
  }),
  'PUT /areas/:id': () => ({ ...versioned, level: 'village', parentId: 'township', name: 'East' }),
  'PUT /sites/:id': () => ({ ...versioned, areaId: 'west', name: 'House', kind: 'care-home' }),
  'PUT /places/:id': () => ({ ...versioned, areaId: 'east', kind: 'house', name: 'home' }),
  'PUT /households/:id': () => ({ ...versioned, areaId: 'east', currentPlaceId: 'house-1' }),
  ...Object.fromEntries(
    [...registryCollections, 'subscriptions'].map((name) => [`DELETE /${name}/:id`, () => versioned]),
  ),
  'POST /subscriptions/:id/rotate-secret': () => versioned,
  'POST /households/:id/move': () => ({ ...versioned, currentPlaceId: 'house-2' }),
  'PUT /people/:id': () => ({ ...versioned, householdId: 'couple', name: 'Saran' }),
  'PUT /people/:personId/consents/:purpose': () => ({ commandId: 'command-of-matrix', given: true }),
  'POST /people/:personId/erasure': () => ({ commandId: 'command-of-matrix', reason: 'asked for it' }),
  'PUT /contacts/:id': () => ({
    ...{ ...versioned, of: { type: 'place', id: 'house-1' }, role: 'neighbour', name: 'Bat' },
    channels: [{ type: 'log' }],
  }),
  'PUT /zones/:id': () => ({ ...versioned, of: { type: 'place', id: 'house-1' }, name: 'garden', ...circle }),
  'PUT /rule-settings/:id': () => ({ ...versioned, scope: { type: 'area', id: 'east' }, ...setting }),
  'PUT /thresholds/:id': () => ({ ...versioned, scope: { type: 'area', id: 'east' }, ...limit }),
  'PUT /rosters/:id': () => ({ ...versioned, of: { type: 'area', id: 'east' }, ...shifts('near') }),
  'PUT /policies/:id': () => ({ ...versioned, scope: { type: 'area', id: 'east' }, ...ladder }),
  'PUT /profiles/:id': () => ({ ...versioned, of: { type: 'household', id: 'couple' }, ...agreed }),
  'POST /registry/import': (where) =>
    `id,level,parentId,name\n${where === 'near' ? 'east' : 'far-village'},village,township,East\n`,
  'POST /devices': (where) => ({
    ...{ commandId: 'command-of-matrix', id: 'smoke-9', kind: 'smoke-detector' },
    placeId: where === 'near' ? 'house-1' : 'far-place',
  }),
  'PATCH /devices/:deviceId': () => ({ ...versioned, placeId: 'house-2' }),
  'DELETE /devices/:deviceId': () => versioned,
  'POST /devices/:deviceId/rotate-secret': () => versioned,
  'POST /devices/:deviceId/rotate-code': () => versioned,
  'POST /devices/:deviceId/commands': () => ({
    ...{ commandId: 'command-1', ask: { name: 'locate' }, reason: 'the matrix asks' },
  }),
  'POST /devices/:deviceId/test-window': () => ({ commandId: 'command-1', until: 1, reason: 'the matrix asks' }),
  'POST /prompts/:promptId/answer': () => ({ commandId: 'command-of-matrix', answer: 'fine' }),
  'POST /visits': (where) => ({
    ...{ commandId: 'command-of-matrix', householdId: where === 'near' ? 'couple' : 'far-household' },
    ...{ visitedAt: 1_000, why: 'round', result: 'well' },
  }),
  'PUT /subscriptions/:id': () => ({
    ...{ ...versioned, name: 'events', areaId: 'east', types: ['incident.opened'], url: 'https://events.example/x' },
    paused: false,
  }),
  'POST /subscriptions/:id/replay': () => ({ from: '2026-11-03T03:00:00+08:00' }),
  'POST /accounts': (where) => ({ commandId: 'command-of-matrix', id: 'one-more', name: 'Bat', grants: grants(where) }),
  'PATCH /accounts/:accountId': () => ({ ...versioned, name: 'Bat' }),
  'POST /accounts/:accountId/password': () => versioned,
  'DELETE /accounts/:accountId': () => versioned,
  'POST /api-keys': (where) => ({ commandId: 'command-of-matrix', id: 'one-more', name: 'x', grants: grants(where) }),
  'DELETE /api-keys/:keyId': () => ({ commandId: 'command-of-matrix' }),
};

/** What a route wants in its address. */
export const queries: Record<string, string> = {
  'GET /registry/export': '?format=csv&section=households',
  'POST /registry/import': '?section=areas&commandId=command-of-matrix',
  'GET /statistics/visits': '?month=2026-10',
  'GET /statistics/visits.csv': '?month=2026-10',
  'DELETE /suppressions/:suppressionId': '?commandId=command-of-matrix&reason=enough',
  'DELETE /devices/:deviceId/commands/:cancels': '?commandId=command-2&reason=enough',
};
