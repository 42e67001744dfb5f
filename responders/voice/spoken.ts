import type { VoiceLanguage } from '../../records/registry.ts';

/**
 * What each recording says. Mongolian is written down here for who speaks it to correct and to record; until somebody has, calls play a tone
 * in its place (docs/channels.md, "Voice").
 */
export const spoken: { readonly [clip: string]: Record<VoiceLanguage, string> } = {
  'say-fire': {
    'zh-CN': '火警，请立即前往。',
    en: 'Fire alarm. Please go there now.',
    mn: 'Гал түймрийн дохио. Яаралтай очно уу.',
  },
  'say-co': {
    ...{
      'zh-CN': '一氧化碳报警，请立即前往，先开门窗。',
      en: 'Carbon monoxide alarm. Go there now, open the doors first.',
    },
    mn: 'Угаарын хийн дохио. Яаралтай очиж, эхлээд хаалга, цонхыг онгойлгоно уу.',
  },
  'say-gas': {
    ...{ 'zh-CN': '燃气报警，请立即前往，不要用明火。', en: 'Gas alarm. Go there now, and use no flame.' },
    mn: 'Хий алдсан дохио. Яаралтай очно уу, ил гал бүү хэрэглээрэй.',
  },
  'say-unreadable': {
    ...{ 'zh-CN': '有报警，内容无法解读，请立即前往。', en: 'An alarm that could not be read. Please go there now.' },
    mn: 'Дохио ирлээ, агуулга нь тодорхойгүй. Яаралтай очно уу.',
  },
  'say-call': {
    'zh-CN': '有人紧急求助，请立即前往。',
    en: 'Somebody calls for help. Please go there now.',
    mn: 'Хүн тусламж дуудаж байна. Яаралтай очно уу.',
  },
  'say-fall': {
    'zh-CN': '有人跌倒，请立即前往。',
    en: 'Somebody fell. Please go there now.',
    mn: 'Хүн унасан байна. Яаралтай очно уу.',
  },
  'say-quiet': {
    'zh-CN': '有人长时间没有动静，请去看看。',
    en: 'No sign of life for long. Please go and look.',
    mn: 'Удаан хугацаанд хөдөлгөөнгүй байна. Очиж үзнэ үү.',
  },
  'say-lost': {
    'zh-CN': '有人离家未归，请帮忙寻找。',
    en: 'Somebody has not come home. Please help to look.',
    mn: 'Хүн гэртээ ирээгүй байна. Хайхад туслана уу.',
  },
  'say-other': {
    'zh-CN': '有情况需要查看，详情见短信。',
    en: 'Something needs a look. See the message.',
    mn: 'Шалгах зүйл гарлаа. Мессежээ уншина уу.',
  },
  'say-informed': {
    'zh-CN': '告知：附近的人已接到通知。',
    en: 'For information: people nearby have been told.',
    mn: 'Мэдээлэл: ойр хавийн хүмүүст мэдэгдсэн.',
  },
  'say-update': {
    'zh-CN': '已有人前往，请保持电话畅通。',
    en: 'Somebody is going. Please stay reachable.',
    mn: 'Хүн явж байна. Утсаа нээлттэй байлгана уу.',
  },
  'say-over': {
    'zh-CN': '警情已结束，不必前往，谢谢。',
    en: 'It is over. Nobody needs to come. Thank you.',
    mn: 'Дуусгавар болсон, очих шаардлагагүй. Баярлалаа.',
  },
  'say-turn-back': {
    'zh-CN': '请返回，警情已结束，谢谢。',
    en: 'Please turn back, it is over. Thank you.',
    mn: 'Буцна уу, дуусгавар болсон. Баярлалаа.',
  },
  'say-agree': {
    ...{
      'zh-CN': '没有联系到本人，请看短信，并决定是否同意结束。',
      en: 'Nobody was reached. Please read the message, and say whether it may end.',
    },
    mn: 'Хүнтэй холбогдож чадсангүй. Мессежээ уншиж, дуусгахыг зөвшөөрөх эсэхээ хэлнэ үү.',
  },
  'say-are-you-well': { 'zh-CN': '您还好吗？', en: 'Are you well?', mn: 'Та зүгээр үү?' },
  'say-leave': {
    ...{
      'zh-CN': '您家报警，请立即离开屋子，已通知人员前往。',
      en: 'Alarm at your home. Leave the house at once. People are called.',
    },
    mn: 'Таны гэрт дохио ирлээ. Яаралтай гэрээсээ гарна уу. Хүмүүст мэдэгдсэн.',
  },
  'say-help-called': {
    ...{ 'zh-CN': '收到您的呼救，已通知人员前往。', en: 'Your call for help was heard. People are called.' },
    mn: 'Таны тусламжийн дуудлагыг хүлээн авлаа. Хүмүүст мэдэгдсэн.',
  },
  'say-reply': { 'zh-CN': '已收到您的回复。', en: 'Your answer was received.', mn: 'Таны хариуг хүлээн авлаа.' },
  'say-hand-over': {
    'zh-CN': '有班次等您接班。',
    en: 'A shift waits for you.',
    mn: 'Таныг ээлж хүлээн авахыг хүлээж байна.',
  },
  'say-drill': {
    'zh-CN': '这是演练，没有人有危险。',
    en: 'This is a drill. Nobody is in danger.',
    mn: 'Энэ бол сургуулилт. Аюул байхгүй.',
  },
  'home-in-message': {
    'zh-CN': '是谁家，请看短信。',
    en: 'Whose home it is stands in the message.',
    mn: 'Хэний гэр болохыг мессежээс уншина уу.',
  },
  keys: {
    'zh-CN': '去请按1，不能去请按2，到了请按3，需要帮手请按9。',
    en: 'Press 1 if you go, 2 if you cannot, 3 when you are there, 9 for more help.',
    mn: 'Явах бол 1, явж чадахгүй бол 2, очсон бол 3, тусламж хэрэгтэй бол 9 дарна уу.',
  },
  'keys-agree': {
    'zh-CN': '同意请按4。',
    en: 'Press 4 if you agree.',
    mn: 'Зөвшөөрч байвал 4 дарна уу.',
  },
  'keys-self': {
    'zh-CN': '一切都好请按1，需要帮助请按9。',
    en: 'Press 1 if you are well, 9 if you need help.',
    mn: 'Зүгээр бол 1, тусламж хэрэгтэй бол 9 дарна уу.',
  },
};
