import type { ContactResult, FieldOutcome } from '../../records/incident.ts';
import type { Contact } from '../../records/registry.ts';
import type { Language } from '../../records/texts/texts.ts';
import { pageEn } from './page-en.ts';
import { pageZhCN } from './page-zh-CN.ts';

/** What the responders' page says in one language. Times and names arrive ready to be read. */
export type PageWords = {
  title: string;
  form: { heading: string; hint: string; code: string; digits: string; open: string };
  problems: Record<PageProblem, string>;
  locked: (minutes: number) => string;
  said: Record<Said, string>;
  drill: string;
  code: string;
  where: string;
  why: string;
  toDo: string;
  way: string;
  beforeYouGo: string;
  people: string;
  afterGoing: string;
  now: string;
  state: {
    open: string;
    claimed: string;
    responding: (time: string) => string;
    'on-scene': string;
    yourWay: (time: string) => string;
    youAreThere: string;
    backup: string;
    resolved: (outcome: string) => string;
  };
  minutes: (count: number) => string;
  expected: string;
  going: string;
  laterOrSooner: string;
  cannot: string;
  turnBack: string;
  arrived: string;
  help: string;
  done: string;
  agree: string;
  agreeAsk: string;
  outcome: string;
  outcomes: Record<FieldOutcome, string>;
  reached: string;
  contacts: Record<ContactResult, string>;
  call: (whom: string) => string;
  emergency: { fire: string; ambulance: string };
  theirPhone: string;
  roles: Record<Contact['role'], string>;
  again: string;
  list: string;
};

export const reachedResults = ['reached', 'not-reached', 'not-applicable'] as const satisfies readonly ContactResult[];

/** What is said above the form of the code. */
export type PageProblem = 'wrong' | 'malformed' | 'over' | 'insecure' | 'foreign';
/** What came of a button. */
export const sayings = ['recorded', 'help', 'reported', 'agreed-on', 'refused', 'doubted', 'away', 'often'] as const;
export type Said = (typeof sayings)[number];

export const pageWords: Record<Language, PageWords> = { 'zh-CN': pageZhCN, en: pageEn };
