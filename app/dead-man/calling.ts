import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Notice } from '../../records/notice.ts';
import { normalPhone } from '../../records/phone.ts';
import type { Language } from '../../records/texts/texts.ts';
import { type Channel, idempotencyId, type Message, type Sent } from '../../responders/channel.ts';
import type { Word } from './vigil.ts';

/**
 * Writes to every telephone, and lets each ring for what is bad news, one after the other over the one line. What does not go through is
 * tried again, while the news is the latest.
 * Errors: none of the line; whatever did not go is logged, and the next call tries again.
 */
export function createCalling({ phones, sms, ring, clock, log, name, language }: CallingParts) {
  let latest = 0;

  async function send(channel: Channel, type: 'sms' | 'voice', phone: string, words: Words): Promise<void> {
    const { text, id, number } = words;
    for (const rest of [...restsMs, undefined]) {
      const sent = await once(channel, type, phone, words);
      if (sent.type === 'delivered' || sent.type === 'accepted') return log.info({ id, type }, 'told');
      log.warn({ id, type, reason: sent.reason }, 'not told');
      if (sent.type === 'refused' || rest === undefined || number !== latest) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      // A line that rings elsewhere knows when it will be free.
      clock.after(sent.retryAfterMs ?? rest, resolve);
      await promise;
      if (number !== latest) return log.info({ id, type, text }, 'overtaken by what came later');
    }
  }

  function once(channel: Channel, type: 'sms' | 'voice', phone: string, { text, id }: Words): Promise<Sent> {
    const controller = new AbortController();
    const cancel = clock.after(attemptMs, () => controller.abort('no answer in time'));
    const message = messageOf({ text, id: `${id}/${phone}`, type, phone, language, at: clock.now(), controller });
    return channel.send(message).finally(cancel);
  }

  return {
    async tell(word: Word): Promise<void> {
      latest += 1;
      const words = {
        text: sentences[language][word.type](name, word.minutes),
        id: `dead-man/${clock.now()}`,
        number: latest,
      };
      await Promise.all(phones.map((phone) => send(sms, 'sms', phone, words)));
      if (word.type === 'back') return;
      for (const phone of phones) if (words.number === latest) await send(ring, 'voice', phone, words);
    },
    /** One text, as it is, once to each. */
    async say(text: string): Promise<boolean> {
      const words = { text, id: `dead-man/say/${clock.now()}`, number: latest };
      let isSaid = true;
      for (const phone of phones) {
        const sent = await once(sms, 'sms', phone, words);
        log.info({ ...sent }, 'said');
        isSaid &&= sent.type === 'accepted' || sent.type === 'delivered';
      }
      return isSaid;
    },
    isOurs: (phone: string): boolean => phones.some((one) => normalPhone(one) === normalPhone(phone)),
  };
}

export type CallingParts = {
  phones: readonly string[];
  sms: Channel;
  ring: Channel;
  clock: Clock;
  log: Log;
  name: string;
  language: Language;
};
type Words = { text: string; id: string; number: number };

/** Within one SMS of 70 characters, and 160 in English. */
const sentences: Record<Language, Record<Word['type'], (name: string, minutes: number) => string>> = {
  'zh-CN': {
    silent: (name, minutes) =>
      `${name}守护系统已${minutes}分钟没有信号，老人报警可能无人知晓！请立即检查系统。回复1停止提醒。`,
    back: (name, minutes) => `${name}守护系统信号已恢复，中断约${minutes}分钟。请查看值班页面。`,
  },
  en: {
    silent: (name, minutes) =>
      `${name}: no sign of life for ${minutes} min. Calls for help may reach nobody! Check the system now. Reply 1 to stop reminders.`,
    back: (name, minutes) => `${name} is heard again after about ${minutes} min. Please look at the duty page.`,
  },
};

type Spoken = { text: string; id: string; type: 'sms' | 'voice'; phone: string; language: Language; at: number };

/** As urgent as an alarm, about no incident. */
function messageOf({
  text,
  id,
  type,
  phone,
  language,
  at,
  controller,
}: Spoken & { controller: AbortController }): Message {
  const said = { condition: 'uplink-lost', incidentCode: '', openedAt: at, occurredAt: at, placeIds: [], rooms: [] };
  const recipient = { type: 'contact', contactId: 'dead-man' } as const;
  const notice: Notice = {
    ...{ noticeId: id, incidentId: 'dead-man', purpose: 'alarm', severity: 'critical', rung: 0, recipient, at },
    text: { ...said, alertCount: 1 },
  };
  const plain = { language, title: text, body: text, sms: text, where: '', drill: false, provisional: false };
  const { signal } = controller;
  return { idempotencyId: idempotencyId(id, type), notice, text: plain, address: { type, phone }, signal };
}

const restsMs = [15_000, 30_000, 60_000, 120_000];
const attemptMs = 60_000;
