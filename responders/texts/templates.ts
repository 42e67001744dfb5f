import type { Condition } from '../../records/alert.ts';
import type { Notice, NoticePurpose } from '../../records/notice.ts';
import type { Language } from '../../records/texts/texts.ts';

/**
 * What goes out by SMS and is read out in calls: fixed sentences in which a few words vary, because carriers let through nothing else. Each
 * is registered with a provider as it stands here, in its language (Aliyun writes a variable with a `$` before it, Tencent by its number), and the provider's settings say under which code of its own. Checked
 * against what providers refuse by `templateProblems`. Variables: `home` whose home, as it was agreed with the person, and where; `time`
 * when; `code` of the incident; `what` a condition; `who` somebody who goes; `outcome`, `line`, `until` what their sentence says.
 */
export const templates: Record<TemplateName, Record<Language, string>> = {
  fire: {
    'zh-CN': '火警：{home}，{time}烟火报警。请立即前往；见烟火勿进并打119。编号{code}。回复1去2不去3到了9求助',
    en: 'FIRE: {home}, {time}. Go now. If smoke stay out, call 119. Code {code}. Reply 1 go 2 no 3 there 9 help',
  },
  co: {
    'zh-CN': '一氧化碳报警：{home}，{time}。请立即前往，先开门窗，把人带到室外。编号{code}。回复1去2不去3到了9求助',
    en: 'CO GAS: {home}, {time}. Go now, open doors, bring all out. Code {code}. Reply 1 go 2 no 3 there 9 help',
  },
  gas: {
    'zh-CN': '燃气报警：{home}，{time}。请立即前往，勿用明火和开关，把人带到室外。编号{code}。回复1去2不去3到了9求助',
    en: 'GAS: {home}, {time}. Go now, no flame, no switch, all out. Code {code}. Reply 1 go 2 no 3 there 9 help',
  },
  unreadable: {
    'zh-CN': '报警（内容无法解读）：{home}，{time}。请按真实警情立即前往。编号{code}。回复1去2不去3到了9求助',
    en: 'ALARM, unreadable: {home}, {time}. Treat as real, go now. Code {code}. Reply 1 go 2 no 3 there 9 help',
  },
  call: {
    'zh-CN': '紧急呼叫：{home}，{time}有人求助。请立即前往查看。编号{code}。回复1去2不去3到了9求助',
    en: 'CALL FOR HELP: {home}, {time}. Go there now. Code {code}. Reply 1 go 2 no 3 there 9 help',
  },
  fall: {
    'zh-CN': '跌倒报警：{home}，{time}有人跌倒。请立即前往；受伤勿搬动并打120。编号{code}。回复1去2不去3到了9求助',
    en: 'FALL: {home}, {time}. Go now. If hurt, do not move, call 120. Code {code}. Reply 1 go 2 no 3 there 9 help',
  },
  quiet: {
    'zh-CN': '长时间无活动：{home}，{time}。请打电话，无人接听就上门查看。编号{code}。回复1去2不去3到了9求助',
    en: 'NO SIGN OF LIFE: {home}, {time}. Call, then go and look. Code {code}. Reply 1 go 2 no 3 there 9 help',
  },
  lost: {
    'zh-CN': '离家未归：{home}，{time}。请打电话联系，并帮忙寻找。编号{code}。回复1去2不去3到了9求助',
    en: 'NOT BACK HOME: {home}, {time}. Call, and help to look. Code {code}. Reply 1 go 2 no 3 there 9 help',
  },
  other: {
    'zh-CN': '情况：{what}。地点：{home}，{time}。请查看。编号{code}。回复1去2不去3到了9求助',
    en: 'ALERT: {what}. At {home}, {time}. Please look. Code {code}. Reply 1 go 2 no 3 there 9 help',
  },
  informed: {
    'zh-CN': '告知：{home}，{time}，{what}。已通知附近的人和值班台，结束后再告诉您。编号{code}。',
    en: 'FOR INFORMATION: {home}, {time}: {what}. People nearby are told. We write when it ends. Code {code}.',
  },
  update: {
    'zh-CN': '{who}正赶往{home}处理警情，请保持电话畅通。编号{code}。',
    en: '{who} is going to {home}. Please stay reachable. Code {code}.',
  },
  over: {
    'zh-CN': '警情结束：{home}，{time}的报警已处理。{outcome}不必前往，谢谢。编号{code}。',
    en: 'ALL CLEAR: {home}, alarm of {time}. {outcome} Nobody needs to come, thank you. Code {code}.',
  },
  'turn-back': {
    'zh-CN': '请返回：{home}，{time}的报警已结束。{outcome}不必再前往，谢谢。编号{code}。',
    en: 'TURN BACK: {home}, alarm of {time} is over. {outcome} Thank you. Code {code}.',
  },
  agree: {
    'zh-CN': '{home}，{time}的警情没有联系到本人。是否同意结束？同意请回复4，有疑问请致电值班台。编号{code}。',
    en: 'Nobody was reached: {home}, {time}. Reply 4 if you agree that it ends, or call the desk. Code {code}.',
  },
  'are-you-well': {
    'zh-CN': '您还好吗？一切都好请回复1，需要帮助请回复9或按呼叫按钮。{until}前没有回应会有人联系您。',
    en: 'Are you well? Reply 1 if you are, 9 if you need help, or press your button. Without an answer by {until} somebody comes.',
  },
  leave: {
    'zh-CN': '您家{what}，请立即离开屋子，已通知人员前往。需要帮助请回复9，平安请回复1。',
    en: '{what} at your home: leave the house at once. People are called. Reply 9 if you need help, 1 if you are well.',
  },
  'help-called': {
    'zh-CN': '收到您的呼救，{time}起已通知人员前往。需要帮助请回复9，平安请回复1。',
    en: 'Your call for help of {time} was heard, people are called. Reply 9 if you need help, 1 if you are well.',
  },
  reply: {
    'zh-CN': '已收到您的回复。{line}值班台',
    en: 'Your answer was received. {line} The duty desk.',
  },
  'hand-over': {
    'zh-CN': '值班交接：{time}有班次等您接班。接班请回复1，不能请致电值班台。编号{code}。',
    en: 'DUTY: a shift waits for you since {time}. Reply 1 to take it over, or call the desk. Code {code}.',
  },
  drill: {
    'zh-CN': '演练：通知渠道测试，{time}，没有人有危险。编号{code}。不必回复。',
    en: 'DRILL: a test of this way of reaching you, {time}. Nobody is in danger. Code {code}. No answer is needed.',
  },
};

export const templateNames = [
  ...['fire', 'co', 'gas', 'unreadable', 'call', 'fall', 'quiet', 'lost', 'other', 'informed', 'update'],
  ...['over', 'turn-back', 'agree', 'are-you-well', 'leave', 'help-called', 'reply', 'hand-over'],
  'drill',
] as TemplateName[];
export type TemplateName =
  | 'fire'
  | 'co'
  | 'gas'
  | 'unreadable'
  | 'call'
  | 'fall'
  | 'quiet'
  | 'lost'
  | 'other'
  | 'informed'
  | 'update'
  | 'over'
  | 'turn-back'
  | 'agree'
  | 'are-you-well'
  | 'leave'
  | 'help-called'
  | 'reply'
  | 'hand-over'
  | 'drill';

/** Which of them says that. A fall after which the person went about is a call to check in. */
export function templateOf({ purpose, severity, text }: Pick<Notice, 'purpose' | 'severity' | 'text'>): TemplateName {
  if (purpose === 'prompt') return ofPrompt[text.condition] ?? 'are-you-well';
  const byPurpose = ofPurpose[purpose];
  if (byPurpose) return byPurpose;
  if (text.condition === 'fall' && severity !== 'critical') return 'other';
  return Object.hasOwn(ofCondition, text.condition) ? (ofCondition[text.condition as Condition] ?? 'other') : 'other';
}

const ofPurpose: Partial<Record<NoticePurpose, TemplateName>> = {
  ...{ information: 'informed', update: 'update', 'all-clear': 'over', 'stand-down': 'turn-back', reply: 'reply' },
  ...{ agree: 'agree', 'hand-over': 'hand-over', drill: 'drill' },
};

/** Beside the call for others, the person is told what to do themselves. */
const ofPrompt: { [condition: string]: TemplateName } = {
  ...{ smoke: 'leave', heat: 'leave', co: 'leave', gas: 'leave', 'call-emergency': 'help-called' },
};

const ofCondition: Partial<Record<Condition, TemplateName>> = {
  ...{ smoke: 'fire', heat: 'fire', co: 'co', gas: 'gas', unreadable: 'unreadable', 'call-emergency': 'call' },
  ...{ fall: 'fall', inactivity: 'quiet', wandering: 'lost', 'position-unknown': 'lost' },
};

/** The names of the variables, in the order in which they stand. */
export const variablesOf = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);

export function filled(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => variables[name] ?? '');
}
