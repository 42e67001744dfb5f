import type { Reason } from '../../records/alert.ts';
import type { Home } from '../home.ts';
import { type Fix, radiusOf } from './fixes.ts';
import { bearingDegrees, metersBetween } from './geodesy.ts';

/** Where somebody was seen last, as seen from home: whole metres, and degrees clockwise from north. No coordinates: a reason is kept for long. */
export function lastSeen(fix: Fix, home: Home): Reason {
  const from = home.place()?.position;
  return {
    seenAt: fix.at,
    outsideMeters: fix.outsideMeters ?? 0,
    accuracyMeters: Math.round(radiusOf(fix)),
    ...(fix.speed !== undefined && { speedMetersPerSecond: fix.speed }),
    ...(from && {
      homeMeters: Math.round(metersBetween(from, fix)),
      bearingDegrees: Math.round(bearingDegrees(from, fix)) % 360,
    }),
  };
}
