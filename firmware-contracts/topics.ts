/** What a device publishes on `up/{deviceId}/{report}`; `report` is `batch` for up to 64 stored reports. */
export type Uplink = { deviceId: string; report: string };
/** What a device subscribes to on `down/{deviceId}/{command}`. */
export type Downlink = { deviceId: string; command: string };

/** No topic is longer: `down/`, an id of 32, `/`, a name of 32. */
export const maxTopicLength = 70;

/** 1-32 letters, digits, `_` or `-`; for NB-IoT usually the IMEI. */
export function isDeviceId(text: string): boolean {
  return deviceId.test(text);
}

/** Undefined when it is no uplink topic. A name that no contract knows may be of a newer firmware. */
export function parseUplink(topic: string): Uplink | undefined {
  const levels = parse(topic, 'up');
  return levels && { deviceId: levels.deviceId, report: levels.name };
}

/** Undefined when it is no command topic; `command` may be `+` or `#`, because devices subscribe to all of theirs. */
export function parseDownlink(topic: string): Downlink | undefined {
  const levels = parse(topic, 'down');
  return levels && { deviceId: levels.deviceId, command: levels.name };
}

export function uplinkTopic({ deviceId, report }: Uplink): string {
  return `up/${deviceId}/${report}`;
}

export function downlinkTopic({ deviceId, command }: Downlink): string {
  return `down/${deviceId}/${command}`;
}

function parse(topic: string, direction: 'up' | 'down'): { deviceId: string; name: string } | undefined {
  if (topic.length > maxTopicLength) return undefined;
  const [first, id = '', name = '', ...rest] = topic.split('/');
  if (first !== direction || rest.length > 0 || !deviceId.test(id)) return undefined;
  const named = levelName.test(name) || (direction === 'down' && (name === '+' || name === '#'));
  return named ? { deviceId: id, name } : undefined;
}

const deviceId = /^[A-Za-z0-9_-]{1,32}$/;
const levelName = /^[a-z][a-z0-9-]{0,31}$/;
