import { createHash } from 'node:crypto';
import { fieldOutcomes } from '../../records/incident.ts';
import type { Language } from '../../records/texts/texts.ts';
import type { PageSight } from './page-sight.ts';
import { type PageProblem, type PageWords, pageWords, reachedResults, type Said } from './page-words.ts';

/** The form that asks for the code, in the reader's language. `problem`: why they see it again. */
export function codePage({ language, problem, lockedMinutes }: CodePage): string {
  const words = pageWords[language];
  const said = lockedMinutes === undefined ? problem && words.problems[problem] : words.locked(lockedMinutes);
  return page(
    language,
    words.form.heading,
    `<h1>${text(words.form.heading)}</h1>
${said === undefined ? '' : `<p class="said" role="alert">${text(said)}</p>`}
<form method="post" action="/r">
<label>${text(words.form.code)}<input name="code" maxlength="12" autocomplete="off" autocapitalize="characters" required></label>
<label>${text(words.form.digits)}<input name="digits" maxlength="6" inputmode="numeric" autocomplete="off" required></label>
<button class="go">${text(words.form.open)}</button>
</form>
<p class="quiet">${text(words.form.hint)}</p>`,
  );
}
export type CodePage = { language: Language; problem?: PageProblem; lockedMinutes?: number };

/** What a page says that has nothing to ask. */
export const lastPage = (language: Language, problem: PageProblem): string =>
  page(language, pageWords[language].title, `<p class="said">${text(pageWords[language].problems[problem])}</p>`);

/**
 * The page of one responder. `path`: where its buttons send to; `commandId`: under which what is pressed is done once, however often it is
 * sent.
 */
export function responderPage(sight: PageSight, { language, path, commandId, said }: PageFrame): string {
  const words = pageWords[language];
  const { open, may } = sight;
  const form = (inside: string) =>
    `<form method="post" action="${text(path)}"><input type="hidden" name="id" value="${text(commandId)}">${inside}</form>`;
  const body = [
    said === undefined ? '' : `<p class="said" role="status">${text(words.said[said])}</p>`,
    sight.isDrill ? `<p class="drill">${text(words.drill)}</p>` : '',
    `<h1>${sight.what.map(text).join('<br>')}</h1>`,
    `<p class="code">${text(words.code)} <b>${text(sight.code)}</b></p>`,
    section(words.where, sight.where, 'big'),
    section(words.now, sight.state),
    sight.toDo === '' ? '' : section(words.toDo, [sight.toDo]),
    open ? section(words.way, open.way) + section(words.beforeYouGo, open.before) : '',
    open ? section(words.people, open.people) : '',
    open || !may.go ? '' : `<p class="quiet">${text(words.afterGoing)}</p>`,
    may.arrive ? form(button('arrive', words.arrived, 'go')) : '',
    may.done ? form(doneFields(words)) : '',
    may.go ? form(minutesField(words) + goButton(sight, words)) : '',
    may.agree ? form(`<p>${text(words.agreeAsk)}</p>${button('agree', words.agree, 'go')}`) : '',
    may.help ? form(button('help', words.help, 'help')) : '',
    may.cannot ? form(button('decline', sight.isGoing ? words.turnBack : words.cannot, '')) : '',
    callLinks(sight, words),
    section(words.why, sight.why),
    `<p><a href="${text(path)}">${text(words.again)}</a></p>`,
  ];
  return page(language, words.title, body.filter((part) => part !== '').join('\n'));
}
export type PageFrame = { language: Language; path: string; commandId: string; said?: Said | undefined };

function section(title: string, lines: readonly string[], kind = ''): string {
  const said = lines.filter((line) => line !== '').map((line) => `<p${kind && ` class="${kind}"`}>${text(line)}</p>`);
  return said.length === 0 ? '' : `<h2>${text(title)}</h2>${said.join('')}`;
}

function callLinks({ calls }: PageSight, words: PageWords): string {
  const link = (phone: string, whom: string) =>
    `<a class="call" href="tel:${text(phone.replaceAll(/[^+0-9]/g, ''))}">${text(words.call(whom))}</a>`;
  const { fire, ambulance } = words.emergency;
  return [...calls.map(({ whom, phone }) => link(phone, whom)), link('119', fire), link('120', ambulance)].join('\n');
}

const button = (what: string, label: string, kind: string): string =>
  `<button name="do" value="${what}"${kind && ` class="${kind}"`}>${text(label)}</button>`;

/** What comes first is the larger step: whoever goes is asked whether they are there. */
const goButton = ({ isGoing }: PageSight, words: PageWords): string =>
  isGoing ? button('accept', words.laterOrSooner, '') : button('accept', words.going, 'go');

function minutesField(words: PageWords): string {
  const options = minuteChoices.map((count) => {
    const chosen = count === usualMinutes ? ' selected' : '';
    return `<option value="${count}"${chosen}>${text(words.minutes(count))}</option>`;
  });
  return `<label>${text(words.expected)}<select name="minutes">${options.join('')}</select></label>`;
}

/** Nothing is chosen beforehand: an outcome that nobody thought about is worth nothing. */
function doneFields(words: PageWords): string {
  const choice = (name: string, values: readonly string[], labels: { [value: string]: string }) =>
    values.map(
      (value) =>
        `<label class="pick"><input type="radio" name="${name}" value="${value}" required>${text(labels[value] ?? '')}</label>`,
    );
  return [
    `<fieldset><legend>${text(words.outcome)}</legend>${choice('outcome', fieldOutcomes, words.outcomes).join('')}</fieldset>`,
    `<fieldset><legend>${text(words.reached)}</legend>${choice('contact', reachedResults, words.contacts).join('')}</fieldset>`,
    button('done', words.done, 'go'),
  ].join('');
}

function page(language: Language, title: string, body: string): string {
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${text(title)}</title><style>${style}</style></head>
<body>
${body}
</body></html>
`;
}

/** Old browsers read all of it; whoever reads none of it still sees everything, in order. */
const style = [
  'body{margin:0 auto;padding:12px;max-width:34em;font:18px/1.45 sans-serif;background:#fff;color:#111}',
  'h1{font-size:1.5em;line-height:1.2;margin:.3em 0}h2{font-size:.85em;color:#555;margin:1em 0 0}p{margin:.2em 0;overflow-wrap:anywhere}',
  '.big{font-size:1.25em;font-weight:bold}.code b{font-size:1.3em;letter-spacing:.1em}.quiet{color:#555;font-size:.9em}',
  '.said,.drill{padding:.6em;border:2px solid #111;background:#ffd;font-weight:bold}.drill{background:#def}',
  'form{margin:.6em 0}label{display:block;margin:.4em 0}input,select{font-size:1.1em;padding:.5em;margin-top:.2em}',
  'input:not([type=radio]),select,button,.call{box-sizing:border-box;width:100%;display:block}',
  'button,.call{font:bold 1.1em/1.3 sans-serif;padding:.8em;margin:.5em 0;min-height:48px;border:2px solid #111;border-radius:6px;',
  'background:#eee;color:#111;text-align:center;text-decoration:none}.go{background:#064;border-color:#064;color:#fff}',
  '.help{background:#a00;border-color:#a00;color:#fff}fieldset{border:1px solid #999;margin:.4em 0}.pick{padding:.4em 0}',
].join('');

/** What lets this style stand in the page, and nothing else. */
export const styleHash = createHash('sha256').update(style).digest('base64');

const usualMinutes = 15;
export const minuteChoices = [5, 10, 15, 20, 30, 45, 60, 120, 180];

const text = (value: string): string => value.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
