import type { Condition } from '../../records/alert.ts';
import { callSentences } from './calls.ts';
import type { Sentences } from './explain.ts';
import { fallSentences } from './fall.ts';
import { hazardSentences } from './hazard.ts';
import { inactivitySentences } from './inactivity.ts';
import { lifeSentences } from './life.ts';
import { readingSentences } from './readings.ts';
import { supervisionSentences } from './supervision.ts';
import { systemSentences } from './system.ts';
import { wanderingSentences } from './wandering.ts';
import { outageSentences, workSentences } from './work.ts';

/** The sentence of every condition in every language; the compiler names one that was forgotten. */
export const sentences: Sentences<Condition> = {
  en: {
    ...hazardSentences.en,
    ...callSentences.en,
    ...fallSentences.en,
    ...inactivitySentences.en,
    ...lifeSentences.en,
    ...readingSentences.en,
    ...supervisionSentences.en,
    ...systemSentences.en,
    ...wanderingSentences.en,
    ...workSentences.en,
    ...outageSentences.en,
  },
  'zh-CN': {
    ...hazardSentences['zh-CN'],
    ...callSentences['zh-CN'],
    ...fallSentences['zh-CN'],
    ...inactivitySentences['zh-CN'],
    ...lifeSentences['zh-CN'],
    ...readingSentences['zh-CN'],
    ...supervisionSentences['zh-CN'],
    ...systemSentences['zh-CN'],
    ...wanderingSentences['zh-CN'],
    ...workSentences['zh-CN'],
    ...outageSentences['zh-CN'],
  },
};
