import { createIncidents, type IncidentAnswer, type IncidentInput } from '../incidents/incidents.ts';
import { systemClock } from '../platform/clock.ts';
import { alarmAway } from '../platform/errors.ts';
import { localTimeIn } from '../platform/local-time.ts';
import { silentLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { systemChance } from '../platform/random.ts';
import type { Alert, Condition, Severity } from '../records/alert.ts';
import { claimCodeFrom, randomSymbols } from '../records/claim-code.ts';
import type { Command, CommandResult } from '../records/command.ts';
import { createCommandAnswers } from '../records/command-answers.ts';
import { FoldState } from '../records/fold-state.ts';
import type { Incident } from '../records/incident.ts';
import type { JournalRecord } from '../records/journal-record.ts';
import type { Notice, OutcomeResult } from '../records/notice.ts';
import { normalPhone } from '../records/phone.ts';
import { encodeRecord } from '../records/record-codec.ts';
import { put, smallCounty } from '../records/registry.test-support.ts';
import { carryOut, isRegistryCommand } from '../records/registry-commands.ts';
import { createRegistry } from '../records/registry-fold.ts';
import type { DeviceKeys } from './devices/device-keys.ts';
import type { Observations } from './health.ts';
import { createDutyView } from './incidents/duty-view.ts';
import { type Api, type ApiParts, startApi } from './server.ts';
import { hashPassword } from './sign-in/passwords.ts';

export const password = 'correct-horse';
export const staffHash = await hashPassword(password, systemChance);
export const deskRegistry = [
  ...smallCounty,
  put('account', { id: 'li', name: 'Li Na', hash: staffHash, language: 'en' }),
  put('account', { id: 'wang', name: 'Wang Gang', hash: staffHash, language: 'zh-CN' }),
];

/**
 * The alarm process as a desk sees it: real incidents behind a command port, each decision a record that the view folds
 * `newsAfterMs` later. It can be away, and its health is what the test says.
 */
export function standInAlarm({ changes = deskRegistry, now = systemClock.now, newsAfterMs = 0 } = {}) {
  const registry = createRegistry({ state: new FoldState() });
  registry.apply(changes);
  const incidents = createIncidents({ state: new FoldState(), registry, localTime: localTimeIn('Asia/Shanghai') });
  const answers = createCommandAnswers(new FoldState());
  const state = new FoldState();
  const deskCopy = createRegistry({ state });
  deskCopy.apply(changes);
  const view = createDutyView({ state, registry: deskCopy });
  const notices: Notice[] = [];
  let sequence = 0;
  let count = 0;
  const alarm = {
    ...{ view, registry: deskCopy, notices },
    isAway: false,
    commands: [] as Command[],
    health: {
      alarm: { headSequence: 0, lagRecords: 0, lagMs: 0, hungForMs: 0, reserveInUse: false },
      duty: { sequence: 0, caughtUp: true, lagRecords: 0, lagMs: 0 },
      projection: { phase: 'running', lagRecords: 0, lagMs: 0 },
      database: { reachable: true },
    } as Observations,

    record(record: JournalRecord): void {
      sequence += 1;
      view.apply({ sequence, receivedAt: now(), body: encodeRecord(record) });
    },
    decided(answer: IncidentAnswer, answered?: string): IncidentAnswer {
      notices.push(...answer.notices);
      const { incidents: changed, result } = answer;
      const named = answered && result ? { result: { commandId: answered, result } } : {};
      alarm.record({ kind: 'decided', cause: sequence, version: 'test', incidents: changed, ...named });
      return answer;
    },
    step: (input: IncidentInput): IncidentAnswer => alarm.decided(incidents.step(input)),
    /** Nobody listened for so long, ms. */
    stoodStill: (downMs: number): IncidentAnswer => alarm.decided(incidents.stoodStill(now(), { downMs })),
    /** Fires what is due. */
    tick(): void {
      for (let due = incidents.nextDeadline(); due !== undefined && due <= now(); due = incidents.nextDeadline()) {
        alarm.decided(incidents.fire(due, now()));
      }
    },
    /** Raises an alert of that device and answers its incident. */
    raise(condition: Condition, deviceId: string, words: Partial<Alert> = {}): Incident {
      count += 1;
      const times = { at: now(), occurredAt: now(), clock: 'trusted' } as const;
      const alert: Alert = {
        ...{ alertId: `${condition}:${deviceId}/${count}`, rule: 'test', condition, severity: severityOf(condition) },
        ...{ ...times, subject: { type: 'device', id: deviceId }, reason: {} },
        where: registry.whereabouts(deviceId),
        ...words,
      };
      const { incidents: changed } = alarm.step({ type: 'alerts', at: now(), changes: [{ type: 'raise', alert }] });
      const [first] = changed;
      if (!first) throw new Error('the alert led to no incident');
      return first.incident;
    },
    /** What came of the newest notice to that contact. */
    outcome(contactId: string, result: OutcomeResult, channel = 'log'): void {
      const notice = notices.findLast(({ recipient }) => 'contactId' in recipient && recipient.contactId === contactId);
      const noticeId = notice?.noticeId ?? 'none';
      const outcome = { kind: 'outcome', noticeId, channel, attempt: 1, result } as const;
      alarm.record(outcome);
      alarm.step({ type: 'outcome', at: now(), outcome });
    },
    async apply(command: Command): Promise<CommandResult> {
      if (alarm.isAway) throw alarmAway({});
      alarm.commands.push(command);
      if (isRegistryCommand(command)) {
        const result = answers.once(command, () => carryOut(registry, command).result);
        const fold = () => alarm.record({ kind: 'command', command });
        if (newsAfterMs === 0) fold();
        else setTimeout(fold, newsAfterMs);
        return result;
      }
      if (command.type === 'look') {
        alarm.record({ kind: 'command', command });
        return { ok: true };
      }
      if (command.type === 'suppress' || command.type === 'unsuppress') alarm.record({ kind: 'command', command });
      const input = inputOf(command, now());
      const { commandId } = command;
      if (input.type !== 'command' && answers.get(commandId)) return answers.once(command, () => ({ ok: true }));
      const answer = incidents.step(input);
      if (input.type !== 'command') answers.once(command, () => answer.result ?? { ok: true });
      if (newsAfterMs === 0) alarm.decided(answer, commandId);
      else setTimeout(() => alarm.decided(answer, commandId), newsAfterMs);
      return answer.result ?? { ok: false, problem: 'invalid', message: 'no answer' };
    },
  };
  return alarm;
}

export type StandIn = ReturnType<typeof standInAlarm>;

/** Errors: it is for another part of the alarm process. */
function inputOf(command: Command, at: number): IncidentInput {
  if ('incidentId' in command) return { type: 'command', at, command };
  switch (command.type) {
    case 'open-call':
      return { type: 'call', at, command };
    case 'call-log':
      return { type: 'call-log', at, command };
    case 'suppress':
    case 'unsuppress':
      return { type: 'suppression', at, command };
    default:
      throw new Error(`${command.type} is not for incidents`);
  }
}

function severityOf(condition: Condition): Severity {
  if (condition === 'call-care') return 'urgent';
  return ['call-service', 'device-silent', 'battery-low'].includes(condition) ? 'service' : 'critical';
}

/** Keys through which one can see: what is kept of a secret is the secret. Random ones are counted. */
const glass = (hmac: string) => ({ salt: 'glass', hmac: Buffer.from(hmac).toString('base64') });
let made = 0;
export const glassKeys: DeviceKeys = {
  newSecret() {
    made += 1;
    const secret = `secret-number-${made}`;
    return { secret, credential: glass(secret) };
  },
  newCode(deviceId) {
    made += 1;
    const code = claimCodeFrom(new Uint8Array(randomSymbols).fill(made));
    return { code, claim: glassKeys.claimOf(deviceId, code) };
  },
  credentialOf: glass,
  claimOf: (deviceId, code) => glass(`${deviceId} ${code}`),
  isSecret: (secret, credential) => credential?.hmac === glass(secret).hmac,
  isCode: (deviceId, code, claim) => claim?.hmac === glass(`${deviceId} ${code}`).hmac,
};

/** The API over that, on a port of its own. */
export function openDesk(alarm: StandIn, more: Partial<ApiParts> = {}): Promise<Api> {
  return startApi({
    listen: { host: '127.0.0.1', port: 0 },
    view: alarm.view,
    registry: alarm.registry,
    commands: { apply: alarm.apply },
    health: async () => alarm.health,
    unseal: () => undefined,
    deviceKeys: glassKeys,
    phoneKey: (phone) => normalPhone(phone).padEnd(22, 'x').slice(0, 22),
    metrics: createMetrics(),
    ...{ log: silentLog, clock: systemClock, chance: systemChance, timeZone: 'Asia/Shanghai' },
    ...more,
  });
}

/** A program that is signed in: asks with its cookie, and with the header that pages of others cannot set. */
export async function signedIn(api: Api, account = 'li') {
  const response = await ask(api, 'POST', '/session', { body: { account, password } });
  if (response.status !== 200) throw new Error(`sign-in: ${response.status} ${await response.text()}`);
  const cookie = response.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
  return {
    cookie,
    get: (path: string) => ask(api, 'GET', path, { cookie }),
    post: (path: string, body: object) => ask(api, 'POST', path, { cookie, body }),
    ask: (method: string, path: string, body?: object) => ask(api, method, path, { cookie, ...(body && { body }) }),
    /** Version and command id filled in. */
    command: (incident: Pick<Incident, 'incidentId' | 'version'>, type: string, words: object = {}) =>
      ask(api, 'POST', `/incidents/${encodeURIComponent(incident.incidentId)}/${type}`, {
        cookie,
        body: { commandId: crypto.randomUUID(), expectedVersion: incident.version, ...words },
      }),
  };
}

export function ask(api: Api, method: string, path: string, { body, cookie, headers }: Asked = {}): Promise<Response> {
  return fetch(`${api.address.url}/api/v1${path}`, {
    method,
    headers: {
      'x-steppewatch': '1',
      ...(cookie && { cookie }),
      ...(body && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
}
type Asked = { body?: object; cookie?: string; headers?: Record<string, string> };
