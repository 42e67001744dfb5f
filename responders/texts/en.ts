import type { LocalTime } from './county-time.ts';
import type { NoticeTexts } from './message.ts';

const goNow = 'Please go there now.';
const fire = `${goNow} If you see smoke or flames, stay outside and call 119.`;
const operator = 'Please tell the operator of the system.';
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export const en: NoticeTexts = {
  drill: { title: 'DRILL: ', body: 'DRILL, a simulated device: nobody is in danger.' },
  title: {
    alarm: (what, where) => `${what}: ${where}`,
    worse: (what, where) => `Worse, ${lower(what)}: ${where}`,
    escalation: (what, where) => `Nobody has answered, ${lower(what)}: ${where}`,
    information: (what, where) => `For information, ${lower(what)}: ${where}`,
    'all-clear': (_what, where) => `All clear: ${where}`,
    'stand-down': (_what, where) => `Turn back: ${where}`,
    prompt: () => 'Are you well?',
    update: (_what, where) => `Somebody is going: ${where}`,
    agree: (_what, where) => `Nobody was reached, do you agree to end it: ${where}`,
    reply: () => 'The duty desk',
    'hand-over': () => 'Duty',
    drill: () => 'Drill',
  },
  happened: (what, where, time) => `${what} at ${time}: ${where}.`,
  opening: {
    ...{ worse: 'It has become worse.', escalation: 'Nobody has answered yet.' },
    agree:
      'Nobody was reached, and the desk asks a second person whether this may end. Answer 4 if you agree, or call the duty desk.',
  },
  awaited: {
    title: (what, where) => `Still nobody there, ${lower(what)}: ${where}`,
    opening: (who) => `${who} set out, but is not there yet.`,
    sms: 'NOT THERE YET: ',
  },
  toDo: {
    smoke: fire,
    heat: fire,
    co: `${goNow} Open doors and windows first, and bring everybody out. If somebody feels unwell, call 120.`,
    gas: `${goNow} No flame, no switch and no telephone inside. Open the windows and bring everybody out.`,
    water: 'Please go and look.',
    unreadable: 'Treat it as a real alarm: please go and look now.',
    'call-emergency': goNow,
    'call-care': 'Please call, or look in soon.',
    'call-service': 'Please call and ask what is needed.',
    fall: `${goNow} If somebody is hurt, do not move them and call 120.`,
    'fall-suspected':
      'Please call and ask how the person is. If nobody answers, go there, or send somebody who is near.',
    'device-silent': 'Please have the device looked at.',
    'battery-low': 'Please have the battery changed.',
    'counter-reused': 'Please have the device looked at: it may have been reset.',
    'battery-forecast': 'Please have the battery changed on the next round.',
    'signal-weak': 'Please have the device or its antenna moved to where it is heard.',
    'clock-wrong': 'Please have the clock of the device set.',
    'device-fault': 'Please have the device looked at.',
    tamper: 'Please have somebody see that the device hangs where it belongs.',
    'test-overdue': 'Please have the test button pressed on the next round.',
    'visit-overdue': 'Please have somebody visit.',
    'contacts-unproved': 'Please call the contacts at a decent hour, and enter who answered.',
    'village-outage':
      'Nothing would be noticed there. Please have the homes visited in the order of the list on the duty page, and ask the network and the power company.',
    'probe-unanswered': operator,
    'uplink-lost':
      'No home can call until it is back. Please have the connection of the system checked at once, and stay by the telephone.',
    inactivity:
      'Please call them, and go and look if they do not answer. They may be unable to move. If somebody is hurt, call 120.',
    wandering: 'Please call them, and look for them where they were seen last. The duty desk has the track.',
    'position-unknown':
      'Please call them, and ask whoever was with them. The duty desk knows where they were seen last.',
    'camp-moved': 'Please ask the household, and have the place changed in the registry if it has moved.',
    blind: 'Please have the devices looked at soon, and until then call or visit the person.',
    cold: 'Please call or visit, and see that the home is heated.',
    hot: 'Please call or visit, and see that the person is in the cool and drinks.',
    vitals: 'Please call and ask how the person is. If they do not answer or feel unwell, go there and call 120.',
    threshold: 'Please have a look. The duty desk has the reading.',
    'readings-stopped': 'Please have the device looked at, and ask how it is there.',
    'record-quarantined': operator,
    'journal-reserve': operator,
    'keys-unwritten': operator,
    'channel-trouble': operator,
    'drill-failed': operator,
    'desk-empty':
      'Please call the duty desk, and have somebody take it over. Until then alarms reach the township at once: keep your telephone with you.',
    'hand-over-open': 'Please take it over on the duty page, or find somebody who does.',
    'ladder-empty': 'Please find somebody who can go, and register contacts.',
    'notice-undelivered': 'Please find somebody who can go.',
    'emergency-left-open':
      'Please find out how the person is, and claim it on the duty page: until then nobody else is told.',
  },
  asked: (until, isMovingEnough) => {
    const well = `If you are well, ${isMovingEnough ? 'move about, or ' : ''}call the duty desk.`;
    const follows = until === undefined ? '' : ` Without an answer by ${until} somebody will look after you.`;
    return `Are you well? If you need help, press your button. ${well}${follows}`;
  },
  askedBeside: (what, mustLeave) => {
    const leave = mustLeave ? 'Please leave the house at once. ' : '';
    return `${what} at your home. ${leave}People have been called and are told to come. If you are well, tell the duty desk, or them when they are there.`;
  },
  titleBeside: (what, mustLeave) => (mustLeave ? `${what}: leave the house now` : 'Help is being called'),
  anyAlarm: { name: 'Alarm', toDo: goNow },
  informed: 'The people nearby and the duty desk have been told. You will hear when it is over.',
  over: (purpose, where, openedAt, outcome) => {
    const because = outcome === undefined ? '' : ` ${outcome}`;
    const thanks =
      purpose === 'stand-down' ? 'Please turn back, nobody needs to come any more.' : 'Nobody needs to come.';
    return `The alarm of ${openedAt} is over: ${where}.${because} ${thanks} Thank you.`;
  },
  outcomes: {
    helped: 'The person has been helped.',
    'false-alarm': 'It was a false alarm.',
    test: 'It was a test.',
    transferred: 'The emergency services have taken over.',
    'no-help-needed': 'No help was needed.',
    equipment: 'It was a fault of the equipment.',
    merged: 'It goes on together with another alarm.',
  },
  mayHaveLainSince: (time) => `The report came late: the person may have lain since ${time}.`,
  reportedLate: (lateness) => `The report came ${lateness} late.`,
  unregistered: (deviceId) => `It came from an unregistered device, ${deviceId}: ask the duty desk where it is.`,
  inStock: (deviceId) =>
    `It came from device ${deviceId}, which was registered for no home yet: ask the duty desk who has it.`,
  unread: (what) => `Could not be read: ${what}.`,
  aboutIncident: (code) => `It is about incident ${code}.`,
  alerts: (count) => `${count} alarms so far.`,
  sentLate: (lateness) => `This message is ${lateness} late.`,
  saidBefore: (lateness) => ` (${lateness} ago)`,
  provisional: 'Sent before it was stored; the details may still change.',
  code: (code) => `Code ${code}.`,
  clock: ({ day, month, hour, minute }, isToday) =>
    isToday ? `${hour}:${minute}` : `${hour}:${minute} on ${Number(day)} ${monthName(month)}`,
  place: {
    unknown: 'place unknown',
    system: 'the monitoring system',
    within: ', ',
    between: ' and ',
    more: (count) => ` and ${count} more`,
  },
  gap: ' ',
  update: (who, where) => `${who} is on the way: ${where}. Please stay reachable, you may still be needed.`,
  handOver: (time) => `A shift waits for you since ${time}. Please accept it on the duty page, or call the desk.`,
  proof: 'This is a test of a way of reaching you. Nobody is in danger.',
  lines: {
    going: () => 'Noted, you go. Reply 3 when there.',
    cannot: () => 'Noted. Others are called.',
    arrived: () => 'Noted, you are there. 9 for help.',
    reported: () => 'The duty desk was told, and decides.',
    agreed: () => 'Ended as you say. Thank you.',
    help: () => 'The desk and more people are called.',
    which: (codes) => `Which? Add the code: ${codes}`,
    unclear: () => 'Reply 1 go 2 no 3 there 9 help.',
    over: () => 'It is over. Nobody needs to come.',
    'over-call': () => 'It is over. In danger call 119 or 120.',
    'not-yours': () => 'You were not told of that alarm.',
    'not-now': () => 'Noted. Please call the duty desk.',
    'nothing-open': () => 'No alarm is open for you.',
    doubted: () => 'So soon? The duty desk will ask you.',
    fine: () => 'Good to know. Take care.',
    'help-comes': () => 'Help is called. Stay where you are.',
    'unclear-self': () => 'Reply 1 if well, 9 if you need help.',
    'shift-yours': () => 'Noted, the shift is yours.',
  },
  digest: {
    title: (count) => `${count} ALARMS`,
    opening: (count) => `${count} alarms at the same time. Go to the nearest, answer each with its code:`,
    line: ({ what, where, code }) => `${code} ${what}, ${where}`,
    between: '; ',
    more: (count) => `; and ${count} more, see the desk`,
  },
  smsOpening: { worse: 'WORSE: ', escalation: 'NO ANSWER YET: ' },
  smsDrill: 'DRILL, nobody in danger: ',
  roles: {
    ...{ self: 'The person', neighbour: 'A neighbour', family: 'Family', 'night-carer': 'The night carer' },
    ...{ station: 'The village station', 'fire-post': 'The fire post', township: 'The township team' },
    ...{ county: 'The county desk', desk: 'The duty desk' },
  },
  keys: {
    alarm: 'Press 1 if you go, 2 if you cannot, 3 when you are there, 9 for more help.',
    prompt: 'Press 1 if you are well, 9 if you need help.',
    agree: 'Press 4 if you agree.',
  },
};

const lower = (what: string): string => what.charAt(0).toLowerCase() + what.slice(1);
const monthName = (month: LocalTime['month']): string => months[Number(month) - 1] ?? month;
