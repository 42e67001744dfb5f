import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { brokerUnderTest } from './broker.test-support.ts';

const alarm = '{"v":1,"boot":1,"seq":1,"age":0,"source":"smoke","state":"on"}';

test('mosquitto_pub delivers an alarm at QoS 1 and 2, and is acknowledged', async () => {
  const { journal, port } = await brokerUnderTest();
  for (const qos of ['1', '2']) {
    expect(
      await mosquitto('mosquitto_pub', port, [
        '-i',
        'smoke-1',
        '-u',
        'smoke-1',
        '-P',
        'secret',
        '-q',
        qos,
        '-t',
        'up/smoke-1/alarm',
        '-m',
        alarm,
      ]),
    ).toMatchObject({ code: 0 });
  }
  expect(
    journal.kept.map(({ deviceId, report, payload }) => [deviceId, report, Buffer.from(payload).toString()]),
  ).toEqual([
    ['smoke-1', 'alarm', alarm],
    ['smoke-1', 'alarm', alarm],
  ]);
});

test('mosquitto_pub with a wrong secret is told so', async () => {
  const { journal, port } = await brokerUnderTest();
  const { code, said } = await mosquitto('mosquitto_pub', port, [
    '-i',
    'smoke-1',
    '-u',
    'smoke-1',
    '-P',
    'wrong',
    '-q',
    '1',
    '-t',
    'up/smoke-1/alarm',
    '-m',
    alarm,
  ]);
  expect(code).not.toBe(0);
  expect(said).toMatch(/not authori[sz]ed|bad user ?name or password/i);
  expect(journal.kept).toEqual([]);
});

test('mosquitto_sub may listen to its own commands, and to nothing else', async () => {
  const { broker, port } = await brokerUnderTest();
  const own = mosquitto('mosquitto_sub', port, [
    '-i',
    'smoke-1',
    '-u',
    'smoke-1',
    '-P',
    'secret',
    '-q',
    '1',
    '-t',
    'down/smoke-1/#',
    '-C',
    '1',
    '-W',
    '10',
  ]);
  // Nothing is queued for a device that does not listen yet, so it is said again until it is heard.
  const again = setInterval(() => broker.publish('down/smoke-1/lamp', Buffer.from('{"id":"c1"}')), 50);
  const heard = await own;
  clearInterval(again);
  expect(heard.said).toContain('{"id":"c1"}');
  const others = await mosquitto('mosquitto_sub', port, [
    '-i',
    'smoke-2',
    '-u',
    'smoke-2',
    '-P',
    'secret',
    '-t',
    '#',
    '-W',
    '2',
    '-d',
  ]);
  expect(others.said).toMatch(/128|denied|rejected/i);
});

test('paho publishes a hundred reports and gets a hundred PUBACKs', async () => {
  const { journal, port } = await brokerUnderTest();
  const script = `
import paho.mqtt.client as mqtt
client = mqtt.Client(client_id="wearable-1", clean_session=True)
client.username_pw_set("wearable-1", "secret")
client.connect("127.0.0.1", ${port}, 30)
client.loop_start()
sent = [client.publish("up/wearable-1/status", '{"v":1,"boot":1,"seq":%d}' % n, qos=1) for n in range(100)]
for one in sent: one.wait_for_publish(timeout=10)
print(sum(one.is_published() for one in sent))
client.disconnect()
`;
  const { said } = await run('/usr/bin/python3', ['-c', script]);
  expect(said.trim()).toBe('100');
  expect(journal.kept.length).toBe(100);
});

const mosquitto = (command: string, port: number, args: string[]) =>
  run(command, ['-h', '127.0.0.1', '-p', String(port), ...args]);

async function run(command: string, args: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const code = new Promise<number | null>((done, fail) => child.once('error', fail).once('exit', done));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, said: out + err };
}
