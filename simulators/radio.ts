import mqtt from 'mqtt';
import { type DeviceCommand, decodeCommand } from '../firmware-contracts/commands.ts';
import { downlinkTopic, parseDownlink, uplinkTopic } from '../firmware-contracts/topics.ts';
import type { Clock } from '../platform/clock.ts';
import type { Chance } from '../platform/random.ts';
import type { Carry } from './live-device.ts';
import type { DeviceTls } from './tls-options.ts';

/**
 * A device's connection to any MQTT 3.1.1 broker, under its own id and secret. It connects by itself, and again after a pause
 * when it is cut; while it is away, reports are lost on the road, and the device sends them again.
 */
export function openRadio({ deviceId, secret, url, tls, chance, clock, onState, onCommand }: RadioParts) {
  let client: mqtt.MqttClient | undefined;
  let cancelPause = () => {};
  let isOn = false;

  function connect(): void {
    const opened = mqtt.connect(url, {
      ...tls,
      ...{ clientId: deviceId, username: deviceId, ...(secret !== undefined && { password: secret }) },
      ...{ protocolVersion: 4, keepalive: 60, reconnectPeriod: 0, connectTimeout: 10_000, queueQoSZero: false },
    });
    client = opened;
    let problem: string | undefined;
    opened.on('connect', () => {
      onState?.({ phase: 'connected' });
      opened.subscribe(downlinkTopic({ deviceId, command: '+' }), { qos: 1 }, () => {});
    });
    opened.on('message', (topic, payload) => {
      const read = decodeCommand(parseDownlink(topic)?.command ?? '', payload);
      if ('command' in read) onCommand?.(read.command);
    });
    opened.on('error', (error) => {
      problem = error.message;
    });
    opened.on('close', () => {
      onState?.({ phase: 'away', ...(problem !== undefined && { problem }) });
      if (client !== opened) return;
      client = undefined;
      opened.end(true);
      // A broker that comes back must not meet the whole village in one moment.
      if (isOn) cancelPause = clock.after(1_000 + 4_000 * chance.fraction(), connect);
    });
  }

  const carry: Carry = ({ report, payload }) => {
    const carrier = client;
    if (!carrier?.connected) return Promise.reject(new Error(`${deviceId} is not connected`));
    return new Promise((done, lost) => {
      const topic = uplinkTopic({ deviceId, report: report.name });
      carrier.publish(topic, Buffer.from(payload), { qos: 1 }, (error) => (error ? lost(error) : done()));
    });
  };

  return {
    carry,
    on(): void {
      if (isOn) return;
      isOn = true;
      connect();
    },
    /** Without a word, as a device that loses its power; or in good order. */
    async off({ inGoodOrder = false } = {}): Promise<void> {
      isOn = false;
      cancelPause();
      const ending = client;
      client = undefined;
      await ending?.endAsync(!inGoodOrder);
    },
  };
}

export type Radio = ReturnType<typeof openRadio>;
export type RadioState = { phase: 'connected' } | { phase: 'away'; problem?: string };
export type RadioParts = {
  deviceId: string;
  /** Absent when its certificate or its pre-shared key says who it is. */
  secret?: string | undefined;
  /** Like mqtt://127.0.0.1:1883, or mqtts://. */
  url: string;
  tls?: DeviceTls | undefined;
  clock: Clock;
  chance: Chance;
  onState?: (state: RadioState) => void;
  onCommand?: (command: DeviceCommand) => void;
};
