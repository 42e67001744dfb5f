import { expect, test } from 'vitest';
import type { Condition } from '../../records/alert.ts';
import type { Notice, NoticePurpose, NoticeText } from '../../records/notice.ts';
import { type Language, recordTexts } from '../../records/texts/texts.ts';
import { closing, HOUR_MS, MINUTE_MS, night, notice, registry } from '../home.test-support.ts';
import { countyTime } from './county-time.ts';
import { messageText, noticeTexts } from './message.ts';
import { longestSign, segmentsOf } from './sms.ts';

const plain = notice('n1');
const about = (text: Partial<NoticeText>, others: Partial<Notice> = {}) => ({
  ...plain,
  ...others,
  text: { ...plain.text, ...text },
});
const time = countyTime('Asia/Shanghai');
const read = (one: Notice, { language = 'en' as Language, now = night, provisional = false, going = {} } = {}) => {
  const callName = language === 'en' ? 'Batu' : '巴图';
  return messageText(one, { ...{ language, registry, time, now, provisional, callName, pageCode: 'K7QMAC' }, going });
};

test('a neighbour at 3 a.m. reads what, when, where, what to do and the code', () => {
  const { title, body } = read(plain);
  expect(title).toBe('Smoke alarm: Narin, west of the well, kitchen');
  expect(body).toBe(
    'Smoke alarm at 03:12: Narin, west of the well, kitchen. Please go there now. ' +
      'If you see smoke or flames, stay outside and call 119. Code K7QM.',
  );
  expect(read(plain, { language: 'zh-CN' }).body).toBe(
    '03:12，Narin，west of the well，kitchen：烟雾报警。请立即前往查看。如见烟雾或明火，请勿进入，并拨打119。编号K7QM。',
  );
});

test('a fall that was reported three hours late says since when the person may lie there', () => {
  const late = about({ condition: 'fall', occurredAt: night - 6 * HOUR_MS, lateMs: 6 * HOUR_MS });
  expect(read(late).body).toContain('the person may have lain since 21:12 on 2 Nov.');
  expect(read(late, { language: 'zh-CN' }).body).toContain('人可能从11月2日21:12起一直倒地');
});

test('the person is asked whether all is well, and hears by when somebody looks; nothing of where, of whom or of what', () => {
  const asked = about({ condition: 'fall' }, { purpose: 'prompt', until: night + MINUTE_MS });
  const { title, body } = read(asked);
  expect(title).toBe('Are you well?');
  expect(body).toBe(
    'Are you well? If you need help, press your button. If you are well, call the duty desk. ' +
      'Without an answer by 03:13 somebody will look after you. Code K7QM.',
  );
  expect(read(asked, { language: 'zh-CN' }).body).toBe(
    '您还好吗？如需帮助，请按按钮。如果一切都好，请打电话告诉值班台。到03:13没有回应，会有人联系您。编号K7QM。',
  );
});

test('in a home that was only silent it is enough to move about', () => {
  const asked = about({ condition: 'inactivity' }, { purpose: 'prompt', until: night + MINUTE_MS });
  expect(read(asked).body).toContain('If you are well, move about, or call the duty desk.');
  expect(read(asked, { language: 'zh-CN' }).body).toContain('如果一切都好，请走动一下，或打电话告诉值班台。');
});

test('a message that is sent late says so', () => {
  expect(read(plain, { now: night + HOUR_MS + 4 * MINUTE_MS }).body).toContain('This message is 1 h 4 min late.');
  expect(read(plain, { now: night + 4 * MINUTE_MS }).body).not.toContain('late');
});

test('who is on the way, and what people are asked, says how late it comes; an SMS how long ago somebody set out', () => {
  const now = night + 25 * MINUTE_MS;
  const update = { ...plain, purpose: 'update' } as const;
  const going = { role: 'neighbour' } as const;
  expect(read(update, { now, going }).body).toContain('you may still be needed. This message is 25 min late. Code');
  expect(read(update, { now, going }).sms).toMatch(/^A neighbour \(25 min ago\) is going to Batu/);
  expect(read(update, { now, going, language: 'zh-CN' }).template?.variables.who).toBe('邻居（25分钟前）');
  const name = 'Somebody whose name is longer than what providers let through';
  expect(read(update, { now, going: { name } }).template?.variables.who).toBe('Somebody whose name .. (25 min ago)');
  for (const purpose of ['hand-over', 'agree', 'reply'] as const)
    expect(read({ ...plain, purpose }, { now, language: 'zh-CN' }).body).toContain('本通知晚发了25分钟。');
  for (const purpose of ['alarm', 'hand-over', 'agree'] as const)
    expect(read({ ...plain, purpose }, { now }).voice?.tts).toMatch(/This message is 25 min late\.$/);
  expect(read(update, { now: night + 4 * MINUTE_MS, going }).sms).toMatch(/^A neighbour is going to Batu/);
});

test('whoever is to leave the house reads that first, and nobody whose home burns is asked whether they are well', () => {
  const titles = (['smoke', 'gas', 'call-emergency', 'fall'] as const).map((condition) => {
    return read(about({ condition }, { purpose: 'prompt' })).title;
  });
  expect(titles).toEqual([
    'Smoke alarm: leave the house now',
    'Gas alarm: leave the house now',
    'Help is being called',
    'Are you well?',
  ]);
});

test('what could not be read is said, and cannot speak to a chat room', () => {
  const { body } = read(about({ condition: 'unreadable', detail: 'call @all\n<b>now</b> \u202e [here](http://x)' }));
  expect(body).toContain('Could not be read: call ＠all ＜b＞now＜/b＞ ［here］(http: //x).');
  expect(body).toContain('Treat it as a real alarm');
});

test('an unregistered device is named, and its place is unknown', () => {
  const { title, body } = read(about({ placeIds: [], rooms: [], unregistered: true, deviceId: '8675_30' }));
  expect(title).toBe('Smoke alarm: place unknown');
  expect(body).toContain('It came from an unregistered device, 8675_30: ask the duty desk where it is.');
});

test('a device that lies in stock is named, and so is who may know where it is', () => {
  const { title, body } = read(about({ placeIds: [], rooms: [], deviceId: 'in-stock' }));
  expect(title).toBe('Smoke alarm: place unknown');
  expect(body).toContain('device in-stock, which was registered for no home yet: ask the duty desk who has it.');
  expect(read(about({ deviceId: 'in-stock' })).body).not.toContain('no home');
});

test('what a simulated device says is a drill, first of all', () => {
  const { title, body, drill } = read(about({ deviceId: 'simulated-1' }));
  expect(drill).toBe(true);
  expect(title).toMatch(/^DRILL/);
  expect(body).toMatch(/^DRILL, a simulated device: nobody is in danger\./);
  expect(read(plain).drill).toBe(false);
});

test('what a simulated device says where real ones do, too, is no drill', () => {
  const { title, body, drill } = read(about({ deviceId: 'simulated-1', isReal: true }));
  expect(drill).toBe(false);
  expect(title + body).not.toContain('DRILL');
});

test('a fire in a care home names every unit, and past the bound how many more', () => {
  const three = read(about({ placeIds: ['room-1', 'room-2', 'room-3'], rooms: ['bath'] }));
  expect(three.where).toBe('Narin, Sunrise home, room 1 and room 2 and room 3');
  const many = read(about({ placeIds: Array.from({ length: 80 }, (_, n) => `room-${n}`) }));
  expect(many.where).toMatch(/ and \d+ more$/);
  expect(many.title.length).toBeLessThan(140);
});

test('alarms of two villages name both in full', () => {
  expect(read(about({ placeIds: ['well', 'room-1'] })).where).toBe(
    'Narin, west of the well and Narin, Sunrise home, room 1',
  );
});

test('no message names a person, an illness or a person id', () => {
  for (const condition of Object.keys(recordTexts.en.conditions) as Condition[]) {
    for (const language of ['en', 'zh-CN'] as const) {
      const { title, body } = read(about({ condition }), { language });
      expect(`${title} ${body}`).not.toMatch(/tuya|dementia|痴呆|失智|disabled|失能/i);
    }
  }
});

test('an alarm of a kind that this version does not know is an alarm all the same', () => {
  const { title, body } = read(about({ condition: 'earthquake' }));
  expect(title).toBe('Alarm: Narin, west of the well, kitchen');
  expect(body).toContain('Please go there now.');
});

test('the languages say everything that there is to say', async () => {
  const lines = [
    '# What people read',
    '',
    'Every message in both languages, about one home. Written by `responders/texts/message.test.ts`.',
    'The first line is what webhooks, chat rooms and e-mails carry; then what comes as an SMS to the contacts of the household, who know the',
    'person by the name that was agreed; then what a call says where it is put together word by word: what the ways of today let people hear',
    'stands in [channels](channels.md#voice). An SMS has two parts at most.',
    '',
  ];
  const show = (heading: string, one: Notice, options: Parameters<typeof read>[1] = {}) => {
    lines.push(`## ${heading}`, '');
    for (const language of ['en', 'zh-CN'] as const) {
      const { title, body, sms, voice } = read(one, { ...options, language });
      const call = voice && one.purpose !== 'reply' ? `\n  - call: ${[voice.tts, voice.keys].join(' ').trim()}` : '';
      const parts = segmentsOf(`${'-'.repeat(longestSign)}${sms}`);
      expect(parts).toBeLessThanOrEqual(2);
      lines.push(`- **${title}** ${body}\n  - SMS: ${sms}${call}`);
    }
    lines.push('');
  };
  const asks = (['worse', 'escalation', 'information'] satisfies NoticePurpose[]).map((purpose) => ({
    ...plain,
    purpose,
  }));
  for (const condition of Object.keys(recordTexts.en.conditions)) show(`alarm: ${condition}`, about({ condition }));
  for (const one of asks) show(one.purpose, one);
  const late = about({ goingId: 'bao' }, { purpose: 'escalation' });
  show('escalation, somebody is on the way', late, { going: { name: 'Bao', role: 'neighbour' } });
  for (const outcome of ['helped', 'false-alarm', 'test', 'transferred', 'no-help-needed', 'equipment']) {
    show(`all-clear: ${outcome}`, closing('c', 'all-clear', outcome));
  }
  show('stand-down', closing('c', 'stand-down', 'no-help-needed'));
  show('somebody goes', { ...plain, purpose: 'update' }, { going: { name: 'Bao', role: 'neighbour' } });
  show('somebody goes, to whom does not know them', { ...plain, purpose: 'update' }, { going: { role: 'neighbour' } });
  show(
    'somebody goes, sent late',
    { ...plain, purpose: 'update' },
    { now: night + HOUR_MS, going: { role: 'neighbour' } },
  );
  show('a second person is asked to agree that it ends', { ...plain, purpose: 'agree', rung: 0 });
  show('a shift waits', { ...plain, purpose: 'hand-over' });
  show('a way is proved', { ...plain, purpose: 'drill' });
  for (const line of Object.keys(noticeTexts.en.lines))
    show(`reply: ${line}`, about({ detail: line === 'which' ? 'which K7QM FNDD' : line }, { purpose: 'reply' }));
  for (const condition of ['smoke', 'call-emergency'])
    show(`prompt beside ${condition}, to the person`, about({ condition }, { purpose: 'prompt' }));
  show('prompt, to the person', about({ condition: 'fall' }, { purpose: 'prompt', until: night + MINUTE_MS }));
  show('late fall', about({ condition: 'fall', occurredAt: night - 6 * HOUR_MS, lateMs: 6 * HOUR_MS }));
  show('late call', about({ condition: 'call-emergency', occurredAt: night - HOUR_MS, lateMs: HOUR_MS }));
  show('sent late', plain, { now: night + HOUR_MS });
  show('unreadable, and why', about({ condition: 'unreadable', detail: 'obscuration 300' }));
  show('about another incident', about({ condition: 'emergency-left-open', aboutCode: 'FNDD' }));
  show('unregistered device', about({ placeIds: [], rooms: [], unregistered: true, deviceId: '867530900000001' }));
  show('device in stock', about({ placeIds: [], rooms: [], deviceId: 'in-stock' }));
  show('second alarm in one incident', about({ alertCount: 2 }, { purpose: 'worse' }));
  show('drill', about({ deviceId: 'simulated-1' }));
  show('before it is stored', plain, { provisional: true });
  show('about the system itself', { ...plain, text: withoutHome({ ...plain.text, condition: 'journal-reserve' }) });
  await expect(lines.join('\n')).toMatchFileSnapshot('../../docs/messages.md');
});

function withoutHome({ deviceId: _device, personId: _person, ...text }: NoticeText): NoticeText {
  return { ...text, placeIds: [], rooms: [] };
}

test('a name of another writing in an English message leaves it in two parts, and a drill a drill', () => {
  const place = () => ({
    id: 'x',
    areaId: 'narin',
    kind: 'house' as const,
    name: 'Баян-Овоо багийн хойд талын байшин',
  });
  const context = { language: 'en' as const, registry: { ...registry, place }, time, now: night, provisional: false };
  const sms = (text: Partial<NoticeText>) =>
    messageText(about({ occurredAt: night - 30 * HOUR_MS, ...text }), {
      ...{ ...context, callName: 'Батбаяр өвгөн', pageCode: 'K7QMAC' },
    }).sms;
  for (const condition of ['smoke', 'co', 'gas', 'unreadable', 'call-emergency', 'fall', 'inactivity', 'wandering']) {
    expect(segmentsOf(`${'-'.repeat(longestSign)}${sms({ condition })}`)).toBe(2);
    expect(sms({ condition, deviceId: 'simulated-1' })).toMatch(/^DRILL, nobody in danger: /);
  }
});

test('a call about a possible fall asks for a call, and one that goes out again says why', () => {
  const call = (changes: Partial<Notice>) => read(about({ condition: 'fall' }, changes)).voice?.tts;
  expect(call({ severity: 'urgent' })).toBe(
    'Possible fall. Batu, west of the well. Please call and ask how the person is. If nobody answers, go there, or send somebody who is near.',
  );
  expect(call({ purpose: 'escalation' })).toMatch(/^Nobody has answered yet\. Fall\. Batu/);
  const late = about({ condition: 'fall', goingId: 'bao' }, { purpose: 'escalation' });
  expect(read(late, { going: { name: 'Bao' } }).voice?.tts).toMatch(/^Bao set out, but is not there yet\. Fall\. Batu/);
});

test('a call may name one home, to those who know the person by the name that was agreed', () => {
  const { home } = read(plain).voice ?? {};
  expect(home).toBe(plain.text.placeIds[0]);
  expect(read(about({ placeIds: ['room-1', 'room-2'] })).voice).not.toHaveProperty('home');
  const toStation = messageText(plain, { language: 'en', registry, time, now: night, provisional: false });
  expect(toStation.voice).not.toHaveProperty('home');
});

test('a character of two units is not cut, and is counted as what it is', () => {
  expect(segmentsOf(`${'警'.repeat(66)}𠮷${'火'.repeat(66)}`)).toBe(3);
});
