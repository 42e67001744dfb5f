import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { alphabet } from '../incidents/code.ts';
import type { Notice } from '../records/notice.ts';
import type { Address } from './channel.ts';

/**
 * What lets somebody who was told of an incident to their page about it. The code is short enough to be typed: the incident's four
 * characters, and two that are right for one contact alone; beside it the page asks for the end of their number. The link is for ways
 * that allow links: whoever has it is taken for that contact. Both end with the incident, which the page sees to.
 */
export function createPageCodes({ pepper }: { pepper: Uint8Array }): PageCodes {
  const key = createSecretKey(createHmac('sha256', pepper).update("responders' page").digest());
  const mac = (purpose: string, text: string) => createHmac('sha256', key).update(`${purpose}\n${text}`).digest();
  return {
    codeOf({ incidentId, incidentCode, contactId }) {
      const [first = 0, second = 0] = mac('code', `${incidentId}\n${contactId}`);
      return `${incidentCode}${alphabet[first % alphabet.length]}${alphabet[second % alphabet.length]}`;
    },
    linkTo: (noticeId) => `/r/${Buffer.from(noticeId).toString('base64url')}.${signed(mac('link', noticeId))}`,
    noticeIn(token) {
      const [name = '', signature = ''] = token.split('.');
      const noticeId = Buffer.from(name, 'base64url').toString();
      const [given, right] = [Buffer.from(signature), Buffer.from(signed(mac('link', noticeId)))];
      return given.length === right.length && timingSafeEqual(given, right) ? noticeId : undefined;
    },
  };
}

export type PageCodes = {
  /** Six characters of the alphabet of incidents' codes. */
  codeOf(whose: { incidentId: string; incidentCode: string; contactId: string }): string;
  /** The path of the page of whoever that notice went to. */
  linkTo(noticeId: string): string;
  /** The notice that a link's last part names; undefined for what was not made here. */
  noticeIn(token: string): string | undefined;
};

/** To the page of whoever is written to, by ways that let links through, which carriers of SMS do not; and while there is something to press. */
export function pageLink(
  { pageCodes, pageAddress }: LinkParts,
  notice: Notice,
  way: Address['type'],
): string | undefined {
  if (!pageCodes || pageAddress === undefined || !linking.has(way) || notice.recipient.type !== 'contact')
    return undefined;
  return asking.has(notice.purpose) ? `${pageAddress}${pageCodes.linkTo(notice.noticeId)}` : undefined;
}
/** `pageAddress`: where the page is reached from outside; without it there are no links. */
type LinkParts = { pageCodes?: Pick<PageCodes, 'linkTo'>; pageAddress?: string };
const linking: ReadonlySet<Address['type']> = new Set(['email', 'dingtalk', 'wecom', 'feishu', 'webhook']);
const asking: ReadonlySet<Notice['purpose']> = new Set([
  ...(['alarm', 'worse', 'escalation', 'information', 'update', 'agree'] as const),
]);

const signed = (mac: Buffer): string => mac.subarray(0, 16).toString('base64url');
