import type {
  CommandDone,
  GlassPage,
  HoldingAnswer,
  HoldingPage,
  IncidentCard,
  IncidentDetail,
  LastTrack,
  LockoutPage,
  Problem,
  PromptPage,
  SessionAnswer,
} from '../api/answers.ts';

/** What the desk said, or why not. `away`: nothing was heard, so that it is not known whether it was done. */
export type Answer<T> = { type: 'done'; body: T } | { type: 'refused'; problem: Problem } | { type: 'away' };

export const signIn = (account: string, password: string): Promise<Answer<SessionAnswer>> =>
  ask('POST', '/session', { account, password });
export const signOut = (): Promise<Answer<undefined>> => ask('DELETE', '/session');
export const currentSession = (): Promise<Answer<SessionAnswer>> => ask('GET', '/session');
export const incidentDetail = (incidentId: string): Promise<Answer<IncidentDetail>> =>
  ask('GET', `/incidents/${encodeURIComponent(incidentId)}`);
/** A look that goes on record. */
export const lastTrack = (incidentId: string): Promise<Answer<Omit<LastTrack, 'personId'>>> =>
  ask('GET', `/incidents/${encodeURIComponent(incidentId)}/track`);
export const whoIsAsked = (): Promise<Answer<PromptPage>> => ask('GET', '/prompts');
export const answerPrompt = (promptId: string, answer: 'fine' | 'help'): Promise<Answer<object>> =>
  command('POST', `/prompts/${encodeURIComponent(promptId)}/answer`, { answer });

/** One thing, for an hour, for a reason. */
export const breakGlass = (of: Glassed, reason: string): Promise<Answer<object>> =>
  ask('POST', '/glass', { of, reason });
export const glassBroken = (): Promise<Answer<GlassPage>> => ask('GET', '/glass');
export const thingById = ({ type, id }: Glassed): Promise<Answer<object>> =>
  ask('GET', `/${collections[type]}/${encodeURIComponent(id)}`);
export type Glassed = { type: keyof typeof collections; id: string };
const collections = {
  ...{ household: 'households', person: 'people', place: 'places', contact: 'contacts', incident: 'incidents' },
} as const;
export const lockedDoors = (): Promise<Answer<LockoutPage>> => ask('GET', '/lockouts');
export const openDoors = (account: string): Promise<Answer<undefined>> =>
  ask('DELETE', `/lockouts/${encodeURIComponent(account)}`);
export const changePassword = (current: string, next: string): Promise<Answer<undefined>> =>
  ask('PUT', '/session/password', { current, next });

export const whatIsHeld = (): Promise<Answer<HoldingPage>> => ask('GET', '/holding');
export const letAllGo = (choice: 'send' | 'drop'): Promise<Answer<HoldingAnswer>> =>
  ask('POST', '/holding/all', { choice, commandId: newId() });

/** Something that a person decided about an incident. Without a body: its news is on the way. */
export async function sendCommand(incidentId: string, asked: AskedCommand): Promise<Answer<IncidentCard | undefined>> {
  const { type, ...words } = asked;
  const path = `/incidents/${encodeURIComponent(incidentId)}/${type}`;
  const answer = await command<IncidentCard | CommandDone>('POST', path, words);
  if (answer.type !== 'done') return answer;
  return { type: 'done', body: 'revision' in answer.body ? (answer.body as IncidentCard) : undefined };
}

export type AskedCommand = { expectedVersion: number } & (
  | { type: 'claim' | 'release' | 'arrive' }
  | { type: 'act'; action: string }
  | { type: 'accept'; contactId: string; expectedMinutes: number }
  | { type: 'resolve'; outcome: string; contact: string; note?: string }
  | { type: 'reopen'; reason: string }
  | { type: 'let-go'; choice: 'send' | 'drop' }
  | { type: 'take-over'; reason: string }
  | { type: 'hand-up' | 'reclass'; to: string; reason: string }
  | { type: 'merge'; into: string; reason: string }
  | { type: 'transfer'; to: string; reference?: string }
  | { type: 'transfer-outcome'; to: string; result: string; note?: string }
  | { type: 'report'; contactId: string; outcome: string; contact: string }
);

/** A change under an id of its own. The same one is sent again while nothing is heard: it is done once. */
export async function command<T>(method: string, path: string, words: object): Promise<Answer<T>> {
  const body = { ...words, commandId: newId() };
  let answer: Answer<T> = { type: 'away' };
  for (let attempt = 0; attempt < attempts && answer.type === 'away'; attempt++) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
    answer = await ask(method, path, body);
  }
  return answer;
}

const attempts = 3;
const retryAfterMs = 1_000;

export async function ask<T>(method: string, path: string, body?: object, patienceMs = 15_000): Promise<Answer<T>> {
  try {
    const response = await fetch(`/api/v1${path}`, {
      method,
      headers: { 'x-steppewatch': '1', ...(body && { 'content-type': 'application/json' }) },
      body: body ? JSON.stringify(body) : null,
      signal: AbortSignal.timeout(patienceMs),
    });
    if (response.status === 204 || response.headers.get('content-length') === '0')
      return { type: 'done', body: undefined as T };
    const answer = await response.json();
    return response.ok ? { type: 'done', body: answer as T } : { type: 'refused', problem: answer as Problem };
  } catch {
    // No connection, no answer in time, or an answer that is not ours.
    return { type: 'away' };
  }
}

/** Not `randomUUID`: browsers keep that from pages on plain addresses of a local network. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
