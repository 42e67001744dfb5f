import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { connect, connectAsync } from 'mqtt';
import { expect, test } from 'vitest';
import { openLimits, openRights } from '../test/conformance-broker.ts';
import { brokerUnderTest, textOf } from './broker.test-support.ts';

const alarm = '{"v":1,"boot":1,"seq":1,"age":0,"source":"smoke","state":"on"}';
const brokerForAll = () => brokerUnderTest(openLimits, openRights);

test('mosquitto_pub delivers an alarm at QoS 0, 1 and 2, and its will is not taken', async () => {
  const { journal, port } = await brokerUnderTest();
  for (const qos of ['0', '1', '2']) {
    const will = ['--will-topic', 'up/smoke-1/alarm', '--will-payload', 'gone'];
    const { code } = await pub(port, 'smoke-1', '-q', qos, '-t', 'up/smoke-1/alarm', '-m', alarm, ...will);
    expect(code).toBe(0);
  }
  await journal.until(() => journal.kept.length === 3);
  expect(journal.kept.map((one) => [one.deviceId, one.report, textOf(one)])).toEqual(
    Array(3).fill(['smoke-1', 'alarm', alarm]),
  );
});

test('mosquitto_pub with a wrong secret is told so', async () => {
  const { journal, port } = await brokerUnderTest();
  const wrong = ['-i', 'smoke-1', '-u', 'smoke-1', '-P', 'wrong', '-q', '1', '-t', 'up/smoke-1/alarm', '-m', alarm];
  const { code, said } = await mosquitto('mosquitto_pub', port, wrong);
  expect(code).not.toBe(0);
  expect(said).toMatch(/not authori[sz]ed|bad user ?name or password/i);
  expect(journal.kept).toEqual([]);
});

test('mosquitto_sub may listen to its own commands, and to nothing else', async () => {
  const { broker, port } = await brokerUnderTest();
  const own = sub(port, 'smoke-1', '-q', '1', '-t', 'down/smoke-1/#', '-C', '1', '-W', '10');
  // Nothing is queued for a device that does not listen yet, so it is said again until it is heard.
  const again = setInterval(() => broker.downlink.send('smoke-1', 'lamp', Buffer.from('{"id":"c1"}')), 50);
  const heard = await own;
  clearInterval(again);
  expect(heard.said).toContain('{"id":"c1"}');
  const others = await sub(port, 'smoke-2', '-t', '#', '-W', '2', '-d');
  expect(others.said).toMatch(/128|denied|rejected/i);
});

test('mosquitto_sub comes back to a session, and gets what it missed at QoS 1 and 2', async () => {
  const { port } = await brokerForAll();
  const session = ['-c', '-q', '2', '-t', 'rooms/+'];
  expect(await sub(port, 'listener', ...session, '-E')).toMatchObject({ code: 0 });
  for (const qos of ['0', '1', '2'])
    await pub(port, 'sender', '-q', qos, '-t', `rooms/${qos}`, '-m', qos, '-r', '--will-topic', 'rooms/will');
  const missed = await sub(port, 'listener', '-c', '-t', 'none', '-C', '2', '-W', '5', '-F', '%t %q %p');
  expect(missed.said.trim().split('\n')).toEqual(['rooms/1 1 1', 'rooms/2 2 2']);
  const retained = await sub(port, 'newcomer', '-q', '2', '-t', 'rooms/#', '-C', '3', '-W', '5', '-F', '%t %q %r');
  expect(retained.said.trim().split('\n').sort()).toEqual(['rooms/0 0 1', 'rooms/1 1 1', 'rooms/2 2 1']);
});

test('mosquitto_pub sends the largest report that there may be', async () => {
  const { journal, port } = await brokerUnderTest();
  const child = run('mosquitto_pub', [...login(port, 'watch-1'), '-q', '1', '-t', 'up/watch-1/motion', '-s'], (stdin) =>
    stdin.end(Buffer.alloc(16_000, 7)),
  );
  expect(await child).toMatchObject({ code: 0 });
  expect(journal.kept.map(({ payload }) => payload.length)).toEqual([16_000]);
});

test('paho publishes a hundred reports at each QoS, and all are acknowledged', async () => {
  const { journal, port } = await brokerUnderTest();
  const { said } = await paho(`
client = mqtt.Client(client_id="wearable-1", clean_session=True)
client.username_pw_set("wearable-1", "secret")
client.will_set("up/wearable-1/press", "gone", qos=1)
client.connect("127.0.0.1", ${port}, 30)
client.loop_start()
sent = [client.publish("up/wearable-1/status", '{"v":1,"boot":1,"seq":%d}' % n, qos=n % 3) for n in range(300)]
for one in sent: one.wait_for_publish(timeout=10)
print(sum(one.is_published() for one in sent))
client.disconnect()
`);
  expect(said.trim()).toBe('300');
  expect(journal.kept.length).toBe(300);
});

test('paho with a report that is too large is cut off, and comes back', async () => {
  const { journal, port, count } = await brokerUnderTest();
  const { said } = await paho(`
import threading
client = mqtt.Client(client_id="wearable-1", clean_session=True)
client.username_pw_set("wearable-1", "secret")
cut, back = threading.Event(), threading.Event()
client.on_disconnect = lambda c, u, rc: cut.set()
client.connect("127.0.0.1", ${port}, 30)
client.loop_start()
client.publish("up/wearable-1/status", "x" * 20000, qos=0)
print(cut.wait(10))
client.on_connect = lambda c, u, f, rc: back.set()
print(back.wait(10))
client.publish("up/wearable-1/status", "small", qos=1).wait_for_publish(timeout=10)
client.disconnect()
`);
  expect(said.trim().split('\n')).toEqual(['True', 'True']);
  expect(journal.kept.map(textOf)).toEqual(['small']);
  expect(await count('connectionsRefused', 'oversized')).toBe(1);
});

test('paho comes back to a session, gets what it missed, and hears a will', async () => {
  const { port } = await brokerForAll();
  const { said } = await paho(`
import time
def listener():
    client = mqtt.Client(client_id="listener", clean_session=False)
    client.got = []
    client.on_message = lambda c, u, m: client.got.append((m.topic, m.payload.decode(), m.qos, m.retain))
    client.on_connect = lambda c, u, flags, rc: setattr(client, "present", flags["session present"])
    client.username_pw_set("listener", "secret")
    client.connect("127.0.0.1", ${port}, 30)
    client.loop_start()
    return client
def until(what):
    deadline = time.time() + 10
    while not what() and time.time() < deadline: time.sleep(0.01)
first = listener()
until(lambda: hasattr(first, "present"))
done = []
first.on_subscribe = lambda *_: done.append(1)
first.subscribe("rooms/#", qos=2)
until(lambda: done)
first.disconnect()
first.loop_stop()
sender = mqtt.Client(client_id="sender", clean_session=True)
sender.username_pw_set("sender", "secret")
sender.will_set("rooms/will", "gone", qos=1)
sender.connect("127.0.0.1", ${port}, 30)
sender.loop_start()
for qos in (1, 2): sender.publish("rooms/1", str(qos), qos=qos).wait_for_publish(timeout=10)
second = listener()
until(lambda: len(second.got) == 2)
sender.loop_stop()
sender._sock.close()
until(lambda: len(second.got) == 3)
print(first.present, second.present, second.got)
second.disconnect()
`);
  expect(said.trim()).toBe("0 1 [('rooms/1', '1', 1, 0), ('rooms/1', '2', 2, 0), ('rooms/will', 'gone', 1, 0)]");
});

test('mqtt.js talks to itself at every QoS, and comes back to a session', async () => {
  const { url } = await brokerForAll();
  const login = { username: 'any', password: 'secret', protocolVersion: 4, reconnectPeriod: 0 } as const;
  const listener = await connectAsync(url, { ...login, clientId: 'listener', clean: false });
  await listener.subscribeAsync('rooms/+', { qos: 2 });
  const sender = await connectAsync(url, { ...login, clientId: 'sender' });
  for (const qos of [0, 1, 2] as const) {
    const next = new Promise((resolve) =>
      listener.once('message', (topic, payload, packet) => resolve([topic, payload.length, packet.qos])),
    );
    await sender.publishAsync(`rooms/${qos}`, 'x'.repeat(100_000), { qos });
    expect(await next).toEqual([`rooms/${qos}`, 100_000, qos]);
  }
  await listener.endAsync();
  for (const qos of [1, 2] as const) await sender.publishAsync('rooms/later', String(qos), { qos });
  const again = connect(url, { ...login, clientId: 'listener', clean: false });
  const heard: string[] = [];
  await new Promise<void>((resolve) => {
    again.on('message', (topic, payload, { qos }) => {
      if (heard.push(`${topic} ${qos} ${payload}`) === 2) resolve();
    });
  });
  expect(heard).toEqual(['rooms/later 1 1', 'rooms/later 2 2']);
  await Promise.all([again.endAsync(), sender.endAsync()]);
});

const login = (port: number, id: string) => ['-h', '127.0.0.1', '-p', String(port), '-i', id, '-u', id, '-P', 'secret'];
const pub = (port: number, id: string, ...args: string[]) => run('mosquitto_pub', [...login(port, id), ...args]);
const sub = (port: number, id: string, ...args: string[]) => run('mosquitto_sub', [...login(port, id), ...args]);
const mosquitto = (command: string, port: number, args: string[]) =>
  run(command, ['-h', '127.0.0.1', '-p', String(port), ...args]);
const paho = (script: string) => run('/usr/bin/python3', ['-c', `import paho.mqtt.client as mqtt\n${script}`]);

async function run(
  command: string,
  args: string[],
  feed: (stdin: NodeJS.WritableStream) => void = (stdin) => stdin.end(),
): Promise<{ code: number | null; said: string }> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const code = new Promise<number | null>((done, fail) => child.once('error', fail).once('exit', done));
  feed(child.stdin);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, said: out + err };
}
