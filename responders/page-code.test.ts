import { expect, test } from 'vitest';
import { notice as noticeTo } from './home.test-support.ts';
import { createPageCodes, pageLink } from './page-code.ts';

const codes = createPageCodes({ pepper: Buffer.alloc(32, 1) });
const elsewhere = createPageCodes({ pepper: Buffer.alloc(32, 2) });
const fire = { incidentId: 'smoke:1/2', incidentCode: 'K7QM' };
const notice = 'smoke:1/2/v1/1/contact:bao';

test('two neighbours of one fire have two codes, and each the same tomorrow', () => {
  const bao = codes.codeOf({ ...fire, contactId: 'bao' });
  expect(bao).toMatch(/^K7QM[ACDEFHJKLMNPRTUVWXY3479]{2}$/);
  expect(codes.codeOf({ ...fire, contactId: 'bao' })).toBe(bao);
  expect(codes.codeOf({ ...fire, contactId: 'wulan' })).not.toBe(bao);
  expect(codes.codeOf({ ...fire, incidentId: 'smoke:1/3', contactId: 'bao' })).not.toBe(bao);
  expect(elsewhere.codeOf({ ...fire, contactId: 'bao' })).not.toBe(bao);
});

test('a link names its notice, and is worth nothing when a letter of it is another, or it was made elsewhere', () => {
  const token = codes.linkTo(notice).slice('/r/'.length);
  expect(token.length).toBeLessThan(200);
  expect(codes.noticeIn(token)).toBe(notice);
  expect(elsewhere.noticeIn(token)).toBeUndefined();
  for (const wrong of ['', '.', token.slice(0, -1), `A${token.slice(1)}`, `${token.split('.')[0]}.`, `${token}A`])
    expect(codes.noticeIn(wrong), wrong).toBeUndefined();
});

test('a chat room, an e-mail and a webhook carry the link while there is something to press, and an SMS never', () => {
  const parts = { pageCodes: codes, pageAddress: 'https://duty.example.org' };
  const alarm = noticeTo('n1');
  for (const way of ['dingtalk', 'wecom', 'feishu', 'email', 'webhook'] as const) {
    const link = pageLink(parts, alarm, way) ?? '';
    expect(link).toMatch(/^https:\/\/duty\.example\.org\/r\//);
    expect(codes.noticeIn(link.split('/r/')[1] ?? '')).toBe('n1');
  }
  for (const way of ['sms', 'voice', 'log'] as const) expect(pageLink(parts, alarm, way)).toBeUndefined();
  expect(pageLink(parts, { ...alarm, purpose: 'all-clear' }, 'dingtalk')).toBeUndefined();
  expect(pageLink(parts, { ...alarm, recipient: { type: 'desk', areaId: 'east' } }, 'dingtalk')).toBeUndefined();
  expect(pageLink({ pageCodes: codes }, alarm, 'dingtalk')).toBeUndefined();
});
