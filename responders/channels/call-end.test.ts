import { expect, test } from 'vitest';
import { endOfCall } from './call-end.ts';

test.each<[string, object, object | undefined]>([
  ['picked up and pressed 1', { status_code: '200000', dtmf: '1' }, { result: 'delivered', detail: 'key', key: '1' }],
  ['pressed 1, then 3', { status_code: '200001', dtmf: '13#' }, { result: 'delivered', detail: 'key', key: '3' }],
  ['asked for help, then 1', { status_code: '200000', dtmf: '91' }, { result: 'delivered', detail: 'key', key: '9' }],
  ['heard to the end, no key', { status_code: '200000', dtmf: '' }, { result: 'delivered', detail: 'heard' }],
  ['heard, and no key in time', { status_code: '200008' }, { result: 'delivered', detail: 'heard' }],
  ['hung up after 12 s', { status_code: '200001', duration: '12秒' }, { result: 'delivered', detail: 'heard' }],
  ['hung up after 2 s', { status_code: '200001', duration: '2' }, { result: 'failed', detail: 'hung-up' }],
  [
    'a voice mailbox',
    { status_code: '200000', smart_status_code: 'INTELLIGENT_ANSWER' },
    { result: 'failed', detail: 'voicemail' },
  ],
  [
    'an assistant',
    { status_code: '200000', smart_status_code: 'CALL_FORWARDING' },
    { result: 'failed', detail: 'voicemail' },
  ],
  [
    'passed on to somebody who pressed 1',
    { status_code: '200000', smart_status_code: 'CALL_FORWARDING', dtmf: '1' },
    { result: 'delivered', detail: 'key', key: '1' },
  ],
  ['not picked up', { status_code: '200003' }, { result: 'failed', detail: 'not-answered' }],
  ['busy', { status_code: '200002', dtmf: '' }, { result: 'failed', detail: 'busy' }],
  ['switched off', { status_code: '200010' }, { result: 'failed', detail: 'switched-off' }],
  ['out of reach', { status_code: '200005' }, { result: 'failed', detail: '200005' }],
  ['rejected', { status_code: '200005', smart_status_code: 'CALL_REJECTED' }, { result: 'failed', detail: 'rejected' }],
  ['a state of next year', { status_code: '200999' }, { result: 'failed', detail: '200999' }],
  [
    'a key while it lasts',
    { status_code: '300000', dtmf: '9', status_time: 'x' },
    { result: 'going-on', detail: 'key', key: '9' },
  ],
  ['a star while it lasts', { status_code: '300000', dtmf: '*', status_time: 'x' }, undefined],
  ['it rings', { status_code: '200101' }, undefined],
  ['word of a state on the way', { status_code: '200100', status_time: 'x' }, undefined],
  ['an answer to a question', { state: '200000', dtmf: '2' }, { result: 'delivered', detail: 'key', key: '2' }],
  ['nothing at all', {}, undefined],
])('%s', (_case, fields, end) => {
  expect(endOfCall({ ...fields })).toEqual(end);
});
