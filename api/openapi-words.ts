import { problemCodes } from './problem.ts';
import { limitWords } from './rate-limit.ts';

/** What the document says of itself. */
export const apiWords = {
  title: 'Steppewatch',
  version: '1',
  description: [
    'Incidents, devices and the registry of a county. Instants are epoch milliseconds. Positions are WGS-84.',
    'Sign in with `POST /api/v1/session` (a cookie; whatever changes something also sends the header `x-steppewatch: 1`), or send an API key as `Authorization: Bearer swk_…`.',
    'Lists answer `next` while there is more: send it as `cursor`.',
    'What changes something carries `commandId` (or the header `Idempotency-Key`): sent again, it is done once. What replaces something names the version that was seen (`expectedVersion`, or `If-Match`), and is answered 409 with what is true now when somebody was faster.',
    `Limits for each account and key: ${limitWords}; the headers \`RateLimit\` and \`Retry-After\` say how it stands.`,
  ].join('\n\n'),
};

export const problemSchema = {
  type: 'object',
  description: 'RFC 9457. `code` is stable; `detail` says in English what would be right.',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { enum: problemCodes },
    incident: { type: 'object', description: 'The incident as it is now' },
    device: { type: 'object', description: 'The device as it is now' },
    entity: { type: 'object', description: 'The entry of the registry as it is now' },
    problems: {
      type: 'array',
      description: 'One by one: the field or cell, in English and Chinese',
      items: {
        type: 'object',
        required: ['problem', 'zh'],
        properties: {
          ...{
            field: { type: 'string' },
            sheet: { type: 'string' },
            line: { type: 'integer' },
            cell: { type: 'string' },
          },
          ...{ problem: { type: 'string' }, zh: { type: 'string' } },
        },
      },
    },
    problemCount: { type: 'integer' },
    retryAfterSeconds: { type: 'number' },
  },
};

const problemExample = (
  code: (typeof problemCodes)[number],
  status: number,
  title: string,
  detail: string,
  more = {},
) => ({
  value: { type: `urn:steppewatch:${code}`, title, status, detail, code, ...more },
});
export const problemExamples = {
  overtaken: problemExample(
    'version-conflict',
    409,
    'It has changed meanwhile',
    'household "h-01" is registered, and not as you saw it: look at it again',
    {
      entity: { id: 'h-01', areaId: 'dongjing', currentPlaceId: 'dj-02', version: 4503599627370499 },
    },
  ),
  wrong: problemExample(
    'invalid',
    400,
    'The request is not right',
    'areaId: there is no area "dongjin"; add it, or correct the id',
    {
      problems: [
        {
          field: 'areaId',
          problem: 'there is no area "dongjin"; add it, or correct the id',
          zh: '没有编号为“dongjin”的区域，请先添加，或更正编号',
        },
      ],
    },
  ),
  tooMany: problemExample('too-many', 429, 'Too many at once', 'too many requests: wait 1 s', { retryAfterSeconds: 1 }),
};

/** `example`: of an answer; without one it has no content. `body`: of what is sent, beside the command's id and the version. */
export type RouteWords = {
  summary?: string;
  tag?: string;
  example?: unknown;
  body?: object;
  produces?: string[];
  consumes?: string[];
};

const incident = {
  ...{ incidentId: 'smoke:860000000000001/41/7', version: 3, code: '7K4Q', category: 'fire', severity: 'critical' },
  ...{ openedAt: 1795410000000, lastAlertAt: 1795410012000, state: { phase: 'open', since: 1795410000000 } },
  where: { areas: ['东井嘎查', '巴彦苏木', '乌力旗'], place: '东井1号，井台西侧', room: '厨房' },
};
const device = {
  ...{ id: '860000000000001', kind: 'smoke-detector', placeId: 'dj-01', room: '厨房', intervalMinutes: 1440 },
  ...{ simulated: false, version: 4503599627370497, state: 'installed', hasSecret: true, label: { phase: 'none' } },
};
const account = {
  id: 'li',
  name: '李娜',
  language: 'zh-CN',
  version: 4503599627370497,
  grants: [{ role: 'dispatcher', areaId: 'wuli' }],
};
const key = { id: 'sms-gateway', name: 'SMS gateway', grants: [{ role: 'call-taker', areaId: 'wuli' }] };
const session = {
  account: { id: 'li', name: '李娜', language: 'zh-CN' },
  grants: [{ role: 'call-taker', areaId: 'wuli', area: '乌力旗' }],
  permissions: [
    'incident:read',
    'incident:act',
    'personal:incident',
    'personal:glass',
    'registry:read',
    'visit:record',
  ],
  timeZone: 'Asia/Shanghai',
};
const asked = (summary: string, body = {}) => ({ summary, tag: 'incidents', example: incident, body });

/** For routes whose code says no more than their names, by method and path: what they are for, and what an answer looks like. */
export const routeWords: Record<string, RouteWords> = {
  'POST /api/v1/session': {
    body: { account: 'li', password: 'correct horse battery' },
    summary: 'Sign in with a password; the answer sets a cookie',
    example: session,
  },
  'GET /api/v1/session': { summary: 'Who is signed in, and what they may do', example: session },
  'DELETE /api/v1/session': { summary: 'Sign out' },
  'PUT /api/v1/session/password': {
    body: { current: 'correct horse battery', next: 'another long password' },
    summary: 'Change the password of the account that is signed in',
  },
  'GET /api/v1/accounts': { summary: 'List the accounts that one manages', example: { accounts: [account] } },
  'POST /api/v1/accounts': {
    body: { id: 'li', name: '李娜', language: 'zh-CN', grants: [{ role: 'dispatcher', areaId: 'wuli' }] },
    summary: 'Make an account; its password is in this answer alone',
    example: { account, password: 'shown-once' },
  },
  'PATCH /api/v1/accounts/{accountId}': {
    body: { grants: [{ role: 'call-taker', areaId: 'wuli' }] },
    summary: 'Change the name, language or roles of an account',
    example: account,
  },
  'DELETE /api/v1/accounts/{accountId}': { summary: 'End an account and its sessions' },
  'POST /api/v1/accounts/{accountId}/password': {
    summary: 'Give an account a new password, shown in this answer alone',
    example: { account, password: 'shown-once' },
  },
  'GET /api/v1/lockouts': {
    summary: 'Doors that guessing has closed',
    tag: 'accounts',
    example: { at: 1795410000000, lockouts: [] },
  },
  'DELETE /api/v1/lockouts/{accountId}': { summary: 'Open the locked doors of an account', tag: 'accounts' },
  'GET /api/v1/api-keys': { summary: 'List the keys of programs', example: { keys: [key] } },
  'POST /api/v1/api-keys': {
    body: { ...key },
    summary: 'Make a key; its token is in this answer alone',
    example: { key, token: 'swk_shown-once' },
  },
  'DELETE /api/v1/api-keys/{keyId}': { summary: 'End a key at once' },
  'POST /api/v1/glass': {
    body: { of: { type: 'household', id: 'h-01' }, reason: '邻村火警，电话无人接听' },
    summary: 'Break the glass: see one thing for an hour, for a reason that is on record',
    example: { of: { type: 'household', id: 'h-01' }, until: 1795413600000 },
  },
  'GET /api/v1/glass': { summary: 'Whose glass is or was broken, and why', example: { at: 1795410000000, glass: [] } },
  'GET /api/v1/health': {
    summary: 'How the parts of the system are',
    tag: 'system',
    example: { at: 1795410000000, overall: 'well', watching: 'well', parts: {} },
  },
  'GET /api/v1/health/live': { summary: 'Whether this process runs', tag: 'system', example: { live: true } },
  'GET /api/v1/health/ready': {
    summary: 'Whether what pages show can be relied on; 503 when not',
    tag: 'system',
    example: { ready: true, parts: {} },
  },
  'GET /api/v1/incidents': {
    summary: 'List incidents, the newest first',
    example: { at: 1795410000000, incidents: [incident] },
  },
  'GET /api/v1/incidents/{incidentId}': {
    summary: 'Look at an incident with its timeline',
    example: { ...incident, timeline: [], earlierEntries: 0 },
  },
  'POST /api/v1/incidents/{incidentId}/claim': asked('Take an incident'),
  'POST /api/v1/incidents/{incidentId}/release': asked('Give an incident back'),
  'POST /api/v1/incidents/{incidentId}/act': asked('Say what was done; the claim no longer expires', {
    action: '已致电',
  }),
  'POST /api/v1/incidents/{incidentId}/accept': asked('A responder goes', {
    contactId: 'c-neighbour-1',
    expectedMinutes: 15,
  }),
  'POST /api/v1/incidents/{incidentId}/decline': asked('A responder cannot go', { contactId: 'c-neighbour-1' }),
  'POST /api/v1/incidents/{incidentId}/arrive': asked('A responder is there'),
  'POST /api/v1/incidents/{incidentId}/report': asked('Write down what whoever is there says of the end', {
    contactId: 'bao',
    outcome: 'helped',
    contact: 'reached',
  }),
  'POST /api/v1/incidents/{incidentId}/resolve': asked('End an incident with its outcome', {
    outcome: 'helped',
    contact: 'reached',
  }),
  'POST /api/v1/incidents/{incidentId}/reopen': asked('Open an incident again', { reason: '再次报警' }),
  'POST /api/v1/incidents/{incidentId}/take-over': asked('Take an incident from who has claimed it', {
    reason: '李娜正在接另一个电话',
  }),
  'POST /api/v1/incidents/{incidentId}/hand-up': asked('Hand an incident to another level; its clocks run on', {
    ...{ to: 'township', reason: '需要车辆' },
  }),
  'POST /api/v1/incidents/{incidentId}/merge': asked('Let an incident go on as part of another', {
    ...{ into: 'i:fall:860000000000002/3/18', reason: '同一次摔倒' },
  }),
  'POST /api/v1/incidents/{incidentId}/transfer': asked('A person has told 119, 120 or 110', {
    ...{ to: '120', reference: '2026-1123-041' },
  }),
  'POST /api/v1/incidents/{incidentId}/transfer-outcome': asked('What became of it there', { result: 'hospital' }),
  'POST /api/v1/incidents/{incidentId}/reclass': asked('A call is more, or less, than was asked for', {
    ...{ to: 'rescue', reason: '电话中说胸口疼' },
  }),
  'POST /api/v1/calls': { example: incident },
  'POST /api/v1/calls/log': { example: { commandId: '4f0c6e2a-call-2' } },
  'POST /api/v1/incidents/{incidentId}/let-go': asked('Let go of what is held since the system stood still', {
    choice: 'send',
  }),
  'GET /api/v1/holding': {
    summary: 'What is held since the system stood still, and who would be told',
    tag: 'incidents',
    example: { at: 1795410000000, held: [], more: 0 },
  },
  'POST /api/v1/holding/all': {
    body: { choice: 'send' },
    summary: 'Let go of everything that is held',
    tag: 'incidents',
    example: { done: 3, refused: [] },
  },
  'POST /api/v1/attendance': {
    body: { sound: true, idleSeconds: 40 },
    summary: 'Say that somebody watches at the desk',
    tag: 'incidents',
    example: { watching: true },
  },
  'GET /api/v1/history': {
    summary: 'List incidents of former times',
    tag: 'incidents',
    example: { at: 1795410000000, incidents: [incident] },
  },
  'GET /api/v1/history/{incidentId}': {
    summary: 'The timeline of an incident of former times',
    tag: 'incidents',
    example: { timeline: [] },
  },
  'GET /api/v1/devices': { summary: 'List devices, by id', example: { devices: [device] } },
  'POST /api/v1/devices': {
    body: { id: '860000000000001', kind: 'smoke-detector', placeId: 'dj-01', room: '厨房' },
    summary: 'Register a device; its secret is in this answer alone',
    example: { device, secret: 'shown-once' },
  },
  'GET /api/v1/devices/{deviceId}': { summary: 'Look at a device', example: device },
  'PATCH /api/v1/devices/{deviceId}': {
    body: { placeId: 'dj-02', room: '卧室' },
    summary: 'Hang a device elsewhere, or change its interval',
    example: device,
  },
  'DELETE /api/v1/devices/{deviceId}': { summary: 'Retire a device' },
  'POST /api/v1/devices/{deviceId}/rotate-secret': {
    summary: 'Give a device a new secret, shown in this answer alone',
    example: { device, secret: 'shown-once' },
  },
  'POST /api/v1/devices/{deviceId}/rotate-code': {
    body: { release: true },
    summary: 'Give a device a new label code, shown in this answer alone',
    example: { device, claimCode: 'SHOWN-ONCE' },
  },
  'POST /api/v1/devices/{deviceId}/claim': {
    body: { code: 'ABCDE-FGHJK-MNPQR', placeId: 'dj-01', room: '厨房' },
    summary: 'Say where a device hangs, with the code on its label',
    example: device,
  },
  'GET /api/v1/devices/{deviceId}/commands': {
    summary: 'What is wanted of a device, and what came of it',
    example: { commands: [] },
  },
  'POST /api/v1/devices/{deviceId}/commands': {
    body: { ask: { name: 'locate' }, reason: '家属求助' },
    summary: 'Ask something of a device',
    example: { id: 'c1f0aa93', state: { phase: 'waiting' } },
  },
  'DELETE /api/v1/devices/{deviceId}/commands/{cancels}': { summary: 'Take back what a device has not obeyed yet' },
  'POST /api/v1/visits': {
    body: { householdId: 'h-01', visitedAt: 1795410000000, why: 'round', result: 'well' },
    example: { visit: { householdId: 'h-01', visitedAt: 1795410000000, why: 'round', result: 'well' } },
  },
  'GET /api/v1/statistics/visits': { example: { month: '2026-11', areas: [] } },
  'GET /api/v1/statistics/visits.csv': { produces: ['text/csv'] },
  'PUT /api/v1/people/{personId}/consents/{purpose}': {
    body: { given: true },
    example: {
      id: 'p-0001',
      consents: { location: { given: true, at: 1795410000000, by: 'account:li' } },
      told: { near: 3, inArea: 4 },
    },
  },
  'GET /api/v1/people/{personId}/export': { example: { person: { id: 'p-0001', name: '萨仁高娃' } } },
  'POST /api/v1/people/{personId}/erasure': {
    body: { reason: '本人申请删除' },
    example: { id: 'p-0001', stock: ['860000000000004'], labels: [] },
  },
  'GET /api/v1/audit': {
    example: {
      entries: [
        {
          n: 1,
          at: 1795410000000,
          by: { type: 'account', id: 'li' },
          what: 'look',
          of: { type: 'person', id: 'p-0001' },
        },
      ],
    },
  },
  'GET /api/v1/openapi.json': {
    example: { openapi: '3.1.0', info: { title: 'Steppewatch', version: '1' }, paths: {} },
  },
  'GET /api/v1/registry/export': {
    produces: ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'text/csv'],
  },
  'POST /api/v1/registry/import': {
    consumes: ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'text/csv'],
  },
  'GET /api/v1/events': {
    summary: 'Watch incidents as they change: a stream of server-sent events',
    tag: 'incidents',
    produces: ['text/event-stream'],
  },
};
