import type { Format } from '../firmware-contracts/codec.ts';
import type { DeviceCommand } from '../firmware-contracts/commands.ts';
import { encodeReport } from '../firmware-contracts/contracts.ts';
import type { Report } from '../firmware-contracts/report.ts';
import type { Clock } from '../platform/clock.ts';
import type { Device, Fields } from './device.ts';
import { type DeviceEvent, deadline, step } from './device-step.ts';

/** How a report travels: resolves when it is acknowledged. One that is lost rejects, or is never answered. */
export type Carry = (sent: { deviceId: string; report: Report; payload: Uint8Array }) => Promise<void>;

/** Lets a device live on a clock: what it sends is carried, and its deadlines come by themselves. */
export function liveDevice({ device, clock, carry, format = 'json', onPower }: LiveDeviceParts) {
  let now = device;
  let cancel = () => {};
  let isStopped = false;

  function tell(event: DeviceEvent): void {
    const before = now;
    const [after, reports] = step(before, event);
    now = after;
    if (after.power !== before.power) onPower?.(after.power);
    for (const report of reports) send(report);
    arm();
  }

  function send(report: Report): void {
    const { boot = 0, seq = 0 } = report;
    carry({ deviceId: now.id, report, payload: encodeReport(report, format) }).then(
      () => tell({ type: 'acknowledged', boot, seq }),
      () => {}, // It is sent again when its time comes.
    );
  }

  function arm(): void {
    cancel();
    const dueAt = deadline(now);
    if (isStopped || dueAt === undefined) return;
    cancel = clock.after(Math.max(1, dueAt - clock.now()), () => tell({ type: 'tick', at: clock.now() }));
  }

  arm();
  return {
    /** Errors: a deed that its kind does not know. */
    does: (deed: string, fields: Fields = {}) => tell({ type: 'does', at: clock.now(), deed, fields }),
    obeys: (command: DeviceCommand) => tell({ type: 'commanded', at: clock.now(), command }),
    now: () => now,
    /** Its time stops. */
    stop(): void {
      isStopped = true;
      cancel();
    },
  };
}

export type LiveDevice = ReturnType<typeof liveDevice>;
export type LiveDeviceParts = {
  device: Device;
  clock: Clock;
  carry: Carry;
  format?: Format;
  onPower?: (power: Device['power']) => void;
};
