import type { NoticeTexts } from './message.ts';

const goNow = '请立即前往查看。';
const fire = `${goNow}如见烟雾或明火，请勿进入，并拨打119。`;
const operator = '请通知系统运维人员。';

export const zhCN: NoticeTexts = {
  drill: { title: '【演练】', body: '【演练】模拟设备，无人有危险。' },
  title: {
    alarm: (what, where) => `${what}：${where}`,
    worse: (what, where) => `情况加重，${what}：${where}`,
    escalation: (what, where) => `尚无人应答，${what}：${where}`,
    information: (what, where) => `告知，${what}：${where}`,
    'all-clear': (_what, where) => `警情解除：${where}`,
    'stand-down': (_what, where) => `请返回：${where}`,
    prompt: () => '您还好吗？',
  },
  happened: (what, where, time) => `${time}，${where}：${what}。`,
  opening: { worse: '情况加重。', escalation: '目前尚无人应答。' },
  toDo: {
    smoke: fire,
    heat: fire,
    co: `${goNow}请先打开门窗，把所有人带到室外；有人不适请拨打120。`,
    gas: `${goNow}室内不要用明火、不要碰开关、不要打电话；打开窗户，把所有人带到室外。`,
    water: '请前往查看。',
    unreadable: '请按真实警情处理，立即前往查看。',
    'call-emergency': goNow,
    'call-care': '请尽快打电话或上门看望。',
    'call-service': '请打电话询问需要什么服务。',
    fall: `${goNow}如有人受伤，请勿搬动，并拨打120。`,
    'fall-suspected': '请打电话问候本人。如无人接听，请前往或请附近的人前往查看。',
    'device-silent': '请安排人员检查设备。',
    'battery-low': '请安排人员更换电池。',
    'counter-reused': '请安排人员检查设备，可能被重置过。',
    'battery-forecast': '请在下次巡查时更换电池。',
    'signal-weak': '请安排人员调整设备或天线位置。',
    'clock-wrong': '请安排人员校准设备时钟。',
    'device-fault': '请安排人员检查设备。',
    tamper: '请安排人员查看设备是否在原位。',
    'test-overdue': '请在下次巡查时按下测试按钮。',
    'visit-overdue': '请安排人员探访。',
    'village-outage': '那里出事将无法发现。请按值班页面名单的顺序走访各户，并联系运营商和供电部门。',
    'probe-unanswered': operator,
    'uplink-lost': '恢复之前任何住户都无法呼叫。请立即检查系统的网络连接，并守在电话旁。',
    inactivity: '请打电话联系，无人接听请上门查看，当事人可能无法行动。如有人受伤，请拨打120。',
    wandering: '请打电话联系，并到最后出现的地方寻找。值班室有轨迹。',
    'position-unknown': '请打电话联系，并询问同行的人。值班室知道最后出现的地方。',
    'camp-moved': '请询问该户；如已搬迁，请更新登记的住所。',
    blind: '请尽快安排人员检查设备，在此之前请打电话或上门看望。',
    cold: '请致电或上门，查看取暖情况。',
    hot: '请致电或上门，查看是否在阴凉处并已饮水。',
    vitals: '请致电询问身体情况；无人接听或感觉不适时，请上门查看并拨打120。',
    threshold: '请查看情况，读数可询问值班台。',
    'readings-stopped': '请检查设备，并询问现场情况。',
    'record-quarantined': operator,
    'journal-reserve': operator,
    'keys-unwritten': operator,
    'ladder-empty': '请找能前往的人，并登记联系人。',
    'notice-undelivered': '请找能前往的人。',
    'emergency-left-open': '请了解人员情况，并在值班页面接手该事件；在此之前系统不会再通知其他人。',
  },
  asked: (until, isMovingEnough) => {
    const well = `如果一切都好，请${isMovingEnough ? '走动一下，或' : ''}打电话告诉值班台。`;
    const follows = until === undefined ? '' : `到${until}没有回应，会有人联系您。`;
    return `您还好吗？如需帮助，请按按钮。${well}${follows}`;
  },
  anyAlarm: { name: '警情', toDo: goNow },
  informed: '已通知附近的人和值班台，结束后会再告诉您。',
  over: (purpose, where, openedAt, outcome) => {
    const thanks = purpose === 'stand-down' ? '请返回，不必再前往。' : '不必前往。';
    return `${openedAt}，${where}的警情已结束。${outcome ?? ''}${thanks}谢谢！`;
  },
  outcomes: {
    helped: '当事人已得到帮助。',
    'false-alarm': '属于误报。',
    test: '属于测试。',
    transferred: '已由急救、消防或公安部门接手。',
    'no-help-needed': '不需要帮助。',
    equipment: '属于设备故障。',
  },
  mayHaveLainSince: (time) => `消息到得晚：人可能从${time}起一直倒地。`,
  reportedLate: (lateness) => `消息晚到了${lateness}。`,
  unregistered: (deviceId) => `来自未登记的设备${deviceId}：位置请向值班台询问。`,
  inStock: (deviceId) => `来自尚未登记安装地点的设备${deviceId}：设备在谁手里请向值班台询问。`,
  unread: (what) => `无法解读：${what}。`,
  aboutIncident: (code) => `涉及编号为${code}的事件。`,
  alerts: (count) => `目前共${count}次报警。`,
  sentLate: (lateness) => `本通知晚发了${lateness}。`,
  provisional: '本通知在存档之前发出，内容可能还有变化。',
  code: (code) => `编号${code}。`,
  clock: ({ day, month, hour, minute }, isToday) =>
    isToday ? `${hour}:${minute}` : `${Number(month)}月${Number(day)}日${hour}:${minute}`,
  place: {
    unknown: '位置不明',
    system: '监测系统',
    within: '，',
    between: '、',
    more: (count) => `等，另有${count}处`,
  },
  gap: '',
};
