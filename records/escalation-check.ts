import { type Policy, type Roster, type VoiceLanguage, voiceLanguages } from './registry.ts';

export type EscalationProblem = { field: string; problem: string; zh: string };

/** Longer than this nobody waits for the first person who is asked to go, seconds. */
export const longestFirstSeconds = 60;

/** Between two rungs of what is critical, and between two repeats, nobody waits longer, seconds. */
export const longestPauseSeconds = 1_800;

/** What is wrong with a policy as a whole, in words that say what would be right; empty when it can be put in force. */
export function policyProblems(policy: Policy): EscalationProblem[] {
  const { severity, rungs, hours, repeat } = policy;
  const problems: EscalationProblem[] = [];
  const seats = rungs.flatMap(({ tell }) => tell);
  if (rungs.some(({ tell, inform, desk }) => tell.length === 0 && inform === undefined && !desk))
    problems.push(emptyRung);
  if (rungs.some(({ afterSeconds }, at) => at > 0 && afterSeconds <= (rungs[at - 1]?.afterSeconds ?? 0)))
    problems.push(notLater);
  if (seats.some((seat) => ('role' in seat && seat.role === 'self') || ('each' in seat && seat.each === 'self')))
    problems.push(selfSent);
  if (hours && hours.from === hours.to) problems.push(wholeDay);
  if (severity !== 'critical') return problems;
  const [first] = rungs;
  if (!first?.desk || first.afterSeconds > 0) problems.push(silentDesk);
  if (!rungs.some(({ afterSeconds, tell }) => afterSeconds <= longestFirstSeconds && tell.length > 0))
    problems.push(late);
  const pauses = rungs.map(({ afterSeconds }, at) => afterSeconds - (rungs[at - 1]?.afterSeconds ?? 0));
  if (Math.max(...pauses, repeat?.everySeconds ?? 0, repeat?.thenEverySeconds ?? 0) > longestPauseSeconds)
    problems.push(paused);
  return problems;
}

/** What a call that a policy asks for is put together from and nobody has recorded. */
export function clipProblems({ rungs, conditions }: Policy, missingClips: MissingClips): EscalationProblem[] {
  if (!rungs.some(({ channels }) => channels?.includes('voice'))) return [];
  return voiceLanguages.flatMap((language) => {
    const names = missingClips(language, conditions ?? ['any']);
    if (names.length === 0) return [];
    const problem = `calls in ${language} lack recordings: ${names.join(', ')}; record them, or leave out voice`;
    return [{ field: 'rungs', problem, zh: `${language}语音缺少录音：${names.join('、')}，请先录制，或去掉 voice` }];
  });
}
export type MissingClips = (
  language: VoiceLanguage,
  conditions: NonNullable<Policy['conditions']> | ['any'],
) => string[];

/** The same of a roster. */
export function rosterProblems({ shifts, holidays }: Roster): EscalationProblem[] {
  const problems: EscalationProblem[] = [];
  if (shifts.some(({ weekdays, date }) => weekdays && date !== undefined)) problems.push(twofold);
  if (new Set(holidays.map(({ date }) => date)).size < holidays.length) problems.push(sameDay);
  return problems;
}

const emptyRung = {
  ...{ field: 'rungs', problem: 'a rung tells nobody: give it tell, inform or desk, or leave it out' },
  zh: '有一步没有通知任何人：请填写通知对象，或删除该步',
};
const notLater = {
  ...{
    field: 'rungs',
    problem: 'afterSeconds counts from the beginning: each rung comes later than the one before it',
  },
  zh: '各步的秒数从开始算起，每一步应晚于前一步',
};
const selfSent = {
  ...{
    field: 'rungs',
    problem: 'whoever lives there is asked by itself (role self), and is sent to nobody: leave it out',
  },
  zh: '本人由系统另行询问，不作为上门人员，请去掉 self',
};
const wholeDay = { field: 'hours', problem: 'leave hours out for the whole day', zh: '全天有效时请不要填写时段' };
const silentDesk = {
  ...{
    field: 'rungs',
    problem: 'what is critical sounds the desk at once: the first rung has afterSeconds 0 and desk',
  },
  zh: '危急事件应立即在值班台鸣响：第一步为0秒并含 desk',
};
const late = {
  ...{ field: 'rungs', problem: `what is critical asks somebody to go within ${longestFirstSeconds} seconds` },
  zh: `危急事件须在${longestFirstSeconds}秒内通知到可上门的人`,
};
const paused = {
  ...{
    field: 'rungs',
    problem: `what is critical leaves no more than ${longestPauseSeconds / 60} minutes between two rungs, or two repeats`,
  },
  zh: `危急事件两次通知之间、重复通知的间隔不得超过${longestPauseSeconds / 60}分钟`,
};
const twofold = {
  ...{ field: 'shifts', problem: 'a shift is on weekdays or on one date: keep one of them' },
  zh: '班次按星期或按日期，只能填一种',
};
const sameDay = {
  ...{ field: 'holidays', problem: 'a day is named twice: keep one of them' },
  zh: '同一日期出现两次，请只保留一条',
};
