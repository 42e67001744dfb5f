import { html } from 'htm/preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { PromptShown } from '../api/answers.ts';
import { recordTexts } from '../records/texts/texts.ts';
import { type DeskClock, useDeskTime } from './marks.ts';
import { answerPrompt, whoIsAsked } from './requests.ts';
import { hourMinute, type Speech } from './words.ts';

/** Who is being asked whether all is well: people phone back, and whoever is at the desk answers for them. */
export function Prompts({ speech, now, mayAnswer }: PromptsProps) {
  const [prompts, setPrompts] = useState<PromptShown[]>([]);
  const look = useRef(() =>
    whoIsAsked().then((answer) => {
      if (answer.type === 'done') setPrompts(answer.body.prompts);
    }),
  ).current;
  useEffect(() => {
    look();
    const looking = setInterval(look, lookEveryMs);
    return () => clearInterval(looking);
  }, []);
  const at = useDeskTime(now);
  const waiting = prompts.filter(
    ({ answer, until }) => answer === undefined && at !== undefined && at < until + lateMs,
  );
  if (waiting.length === 0 || at === undefined) return null;
  const { title } = speech.texts.prompts;
  return html`<section class="queue prompts" aria-label=${title}>
    <h2>${title} <span class="count">${waiting.length}</span></h2>
    <ul class="cards" aria-live="polite">
      ${waiting.map(
        (prompt) => html`<li key=${prompt.promptId} class="card">
          <${PromptLine} ...${{ prompt, isLate: at >= prompt.until, speech, mayAnswer, look }} />
        </li>`,
      )}
    </ul>
  </section>`;
}
type PromptsProps = { speech: Speech; now: DeskClock; mayAnswer: boolean };

function PromptLine({ prompt, isLate, speech, mayAnswer, look }: LineProps) {
  const { texts, language } = speech;
  const words = texts.prompts;
  const [isSure, setSure] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  const { promptId, at, until, about, place, area, householdId } = prompt;
  const times = [hourMinute(at, speech), hourMinute(until, speech)] as const;
  const where = [area, place ?? householdId].filter(Boolean).join(texts.list);
  const send = async (answer: 'fine' | 'help') => {
    setBusy(true);
    const { type } = await answerPrompt(promptId, answer);
    setFailed(type !== 'done');
    await look();
    setSure(false);
    setBusy(false);
  };
  const button = (label: string, press: () => void, kind = '') =>
    html`<button type="button" class=${`button small ${kind}`} disabled=${isBusy} onClick=${press}>${label}</button>`;
  return html`<strong>${where || texts.unknownPlace}</strong>
    <span class="quiet"> ${recordTexts[language].conditions[about]}</span>
    <p>${isLate ? words.late(...times) : words.waiting(...times)}</p>
    ${failed && html`<p class="message message-kind">${words.failed}</p>`}
    ${
      mayAnswer &&
      html`<p class="buttons">
        ${isSure ? button(words.sure, () => send('fine'), 'primary') : button(words.fine, () => setSure(true))}
        ${isSure ? button(texts.actions.cancel, () => setSure(false)) : button(words.help, () => send('help'))}
      </p>`
    }`;
}
type LineProps = {
  prompt: PromptShown;
  isLate: boolean;
  speech: Speech;
  mayAnswer: boolean;
  look: () => Promise<void>;
};

/** A question waits for a minute or a few. */
const lookEveryMs = 5_000;
/** An answer counts late, too; after that the incident says what there is to say. */
const lateMs = 30 * 60_000;
