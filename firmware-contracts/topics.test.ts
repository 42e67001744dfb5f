import fc from 'fast-check';
import { expect, test } from 'vitest';
import { downlinkTopic, isDeviceId, maxTopicLength, parseDownlink, parseUplink, uplinkTopic } from './topics.ts';

const deviceId = fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/);
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/);

test('a topic is understood as it was built', () => {
  fc.assert(
    fc.property(deviceId, name, (id, level) => {
      const uplink = { deviceId: id, report: level };
      const downlink = { deviceId: id, command: level };
      expect(parseUplink(uplinkTopic(uplink))).toEqual(uplink);
      expect(parseDownlink(downlinkTopic(downlink))).toEqual(downlink);
      expect(uplinkTopic(uplink).length).toBeLessThanOrEqual(maxTopicLength);
    }),
    { seed: 1 },
  );
});

test('a device may listen to all of its commands, and publishes under one name', () => {
  expect(parseDownlink('down/d1/#')).toEqual({ deviceId: 'd1', command: '#' });
  expect(parseDownlink('down/d1/+')).toEqual({ deviceId: 'd1', command: '+' });
  expect(parseUplink('up/d1/#')).toBeUndefined();
});

test.each([
  '',
  'up',
  'up/d1',
  'up//status',
  'up/d1/',
  'up/d1/status/now',
  '/up/d1/status',
  'UP/d1/status',
  'up/d 1/status',
  'up/d1/Status',
  'up/+/status',
  '$SYS/d1/status',
  'down/d1/status',
  `up/${'d'.repeat(33)}/status`,
  `up/d1/${'s'.repeat(100_000)}`,
])('%.40j is no uplink', (topic) => {
  expect(parseUplink(topic)).toBeUndefined();
});

test('an id is 1-32 letters, digits, underscores and hyphens', () => {
  expect(['860000000012345', 'a', 'A_-9'].map(isDeviceId)).toEqual([true, true, true]);
  expect(['', 'a/b', 'é', 'd\n', 'd'.repeat(33)].map(isDeviceId)).toEqual([false, false, false, false, false]);
});
