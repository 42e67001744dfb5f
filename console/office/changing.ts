import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Problem } from '../../api/answers.ts';
import type { Answer } from '../requests.ts';
import type { Speech } from '../words.ts';
import type { Everything } from './office-requests.ts';
import type { Secret } from './shown-once.ts';

/** A list of the desk's: looked at when it is opened, and again after every change. */
export function useListing<T>(load: () => Promise<Answer<Everything<T>>>, signedOut: () => void): Listing<T> {
  const [all, setAll] = useState<Everything<T> | 'failed'>();
  const reload = useCallback(async () => {
    const answer = await load();
    if (answer.type === 'refused' && answer.problem.code === 'signed-out') signedOut();
    setAll(answer.type === 'done' ? answer.body : 'failed');
  }, [load, signedOut]);
  useEffect(() => void reload(), [reload]);
  return { all, reload };
}
/** Undefined: not heard yet. */
export type Listing<T> = { all: Everything<T> | 'failed' | undefined; reload: () => Promise<void> };

/** Sends one change at a time, says what came of it, and looks at the list again: what is true is what it shows then. */
export function useChange({ speech, signedOut, reload }: ChangeParts): Change {
  const [isBusy, setBusy] = useState(false);
  const [said, say] = useState<Said>();
  const [secret, setSecret] = useState<Secret>();
  return {
    ...{ isBusy, said, say, secret },
    hide: () => setSecret(undefined),
    show(title, value) {
      say(value === undefined ? { tone: 'kind', text: speech.texts.office.refused.unseen } : undefined);
      if (value !== undefined) setSecret({ title, value });
    },
    async send(work, refusals) {
      setBusy(true);
      say(undefined);
      const answer = await work();
      if (answer.type === 'refused' && answer.problem.code === 'signed-out') signedOut();
      say(
        answer.type === 'done'
          ? { tone: 'good', text: speech.texts.done }
          : { tone: 'kind', text: refusalOf(answer, speech, refusals) },
      );
      await reload();
      setBusy(false);
      return answer.type === 'done' ? answer.body : 'refused';
    },
  };
}

export type Said = { tone: 'good' | 'kind'; text: string };
export type Change = {
  isBusy: boolean;
  said: Said | undefined;
  say: (said: Said | undefined) => void;
  /** What is shown once, until it is hidden; `show` without a value says that it could not be had. */
  secret: Secret | undefined;
  show: (title: string, value: string | undefined) => void;
  hide: () => void;
  /** `refusals`: what a code means here, where it means something else than usual. */
  send: <T>(work: () => Promise<Answer<T>>, refusals?: { [code: string]: string }) => Promise<T | 'refused'>;
};
type ChangeParts = { speech: Speech; signedOut: () => void; reload: () => Promise<void> };

function refusalOf(
  answer: Exclude<Answer<unknown>, { type: 'done' }>,
  speech: Speech,
  refusals: { [code: string]: string } = {},
): string {
  const words = speech.texts.office.refused;
  if (answer.type === 'away') return words.unavailable;
  const { code, detail } = answer.problem;
  return refusals[code] ?? (code === 'invalid' ? words.invalid(detail) : (known(words, code) ?? words.other));
}

function known(words: Speech['texts']['office']['refused'], code: Problem['code']): string | undefined {
  switch (code) {
    case 'version-conflict':
    case 'not-found':
    case 'forbidden':
    case 'not-allowed':
    case 'too-many':
    case 'unavailable':
      return words[code];
    default:
      return undefined;
  }
}
