import { instantOf, isFields, type Platform } from './envelope.ts';

/**
 * China Telecom's CTWing (AEP). `upPacketSN` and `upDataSN` are -1 in every push that was ever published, and say
 * nothing. `timestamp` is when the platform heard it. What the device said is in `payload`, of an event in
 * `eventContent`.
 * Source: docs/carriers.md, "CTWing"
 */
export const ctwing: Platform = {
  open({ IMEI, imei, deviceId, productId, timestamp, messageType, payload, eventContent, ...rest }) {
    const said = [payload, eventContent].filter((part) => part !== undefined);
    return {
      ...{ deviceId: IMEI ?? imei, platformId: deviceId, productId },
      sentAt: instantOf(timestamp),
      isNotice: notices.has(messageType),
      opaque: isFields(payload) && payload.APPdata !== undefined ? 'APPdata' : undefined,
      content: said.length > 0 ? said : rest,
    };
  },
  deviceNames: ['IMEI', 'imei'],
};

// Being connected is no sign of life: a platform counts a sleeping device as connected.
const notices = new Set<unknown>(['deviceOnlineOfflineReport', 'commandResponse', 'deviceAddDelete']);
