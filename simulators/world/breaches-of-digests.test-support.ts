import type { Evidence } from './evidence.ts';

/** How each promise about messages that stand for several is broken. */
export function breachesOfDigests(whole: Evidence): { [invariant: string]: () => Evidence } {
  const [heard, ...more] = whole.messages;
  if (!heard) throw new Error('nobody heard anything');
  const other = { ...heard.notice, noticeId: 'another', text: { ...heard.notice.text, incidentCode: 'XXXX' } };
  return {
    'a message about several names each of them': () => ({
      ...whole,
      messages: [{ ...heard, others: [other] }, ...more],
    }),
    'who was told of several in one message was told of each as far as that one came': () => ({
      ...whole,
      journal: whole.journal.map((entry) => {
        const { record } = entry;
        const isOne = record.kind === 'outcome' && record.noticeId === heard.notice.noticeId;
        return isOne ? { ...entry, record: { ...record, noticeId: 'another', digestOf: record.noticeId } } : entry;
      }),
    }),
  };
}
