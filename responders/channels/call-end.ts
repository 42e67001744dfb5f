import { codeOf, type Fields } from './provider-answer.ts';

/**
 * What Aliyun says of a call. `delivered` with a key, or `heard` without one; `failed`: nobody of flesh and blood was reached, and `detail`
 * says why; `going-on`: a key that was pressed while the call lasts.
 */
export type CallEnd = { result: 'delivered' | 'failed' | 'going-on'; detail: string; key?: string };

/**
 * Reads a report that was pushed, or the answer to a question. Undefined: the call has not ended.
 * Source: help.aliyun.com, "Call status codes" and "Smart status code"
 */
export function endOfCall(fields: Fields): CallEnd | undefined {
  const state = codeOf(fields.status_code ?? fields.state);
  const key = pressed(codeOf(fields.dtmf));
  if (state === keyPressed) return key === undefined ? undefined : { result: 'going-on', detail: 'key', key };
  // A report with the time of a state tells how the call goes on; another one tells its end.
  if (state === '' || underWay.has(state) || fields.status_time !== undefined) return undefined;
  // Only a person presses a key: it counts whatever else is said of the call.
  if (key !== undefined) return { result: 'delivered', detail: 'key', key };
  const smart = codeOf(fields.smart_status_code);
  if (machines.has(smart)) return { result: 'failed', detail: 'voicemail' };
  if (!answered.has(state))
    return { result: 'failed', detail: notAnswered.get(state) ?? notReached.get(smart) ?? state };
  const seconds = Number.parseInt(codeOf(fields.duration), 10);
  if (state === hungUp && seconds < leastHeardSeconds) return { result: 'failed', detail: 'hung-up' };
  return { result: 'delivered', detail: 'heard' };
}

/** The last key that means something; a call for help is not undone by another key. */
function pressed(dtmf: string): string | undefined {
  const all = [...dtmf].filter((one) => /[0-9]/.test(one));
  return all.includes('9') ? '9' : all.at(-1);
}

const keyPressed = '300000';
const underWay = new Set(['200101', '200102', '200103']);
/** To the end, hung up before, no key in time, ended. */
const hungUp = '200001';
const answered = new Set(['200000', hungUp, '200008', '200100']);
/** Who hangs up sooner has not heard what happened, or to whom. */
const leastHeardSeconds = 5;

/** Somebody's machine: an assistant, a secretary, a call that was passed on, a mailbox. */
const machines = new Set(['CALL_FORWARDING', 'INTELLIGENT_ANSWER']);

const notAnswered: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '200002': 'busy',
    '200112': 'busy',
    '200003': 'not-answered',
    '200113': 'not-answered',
    '200004': 'no-such-number',
    '200116': 'no-such-number',
    '482': 'no-such-number',
    '200007': 'no-service',
    '200120': 'no-service',
    '200010': 'switched-off',
    '200011': 'suspended',
    '200104': 'barred',
    '200105': 'barred',
    '200117': 'barred',
    '200118': 'barred',
    '200119': 'barred',
    '200111': 'rejected',
  }),
);

/** `200005` is whatever the network did not explain; the smart code may. */
const notReached: ReadonlyMap<string, string> = new Map(
  Object.entries({
    CALL_REJECTED: 'rejected',
    NO_ANSWER: 'not-answered',
    USER_BUSY: 'busy',
    POWERED_OFF: 'switched-off',
    NO_USER_RESPONDING: 'no-service',
    SUSPEND: 'suspended',
    INVALID_NUMBER: 'no-such-number',
    INCOMING_CALL_BARRED: 'barred',
    OPERATOR_BLOCK: 'barred',
  }),
);
