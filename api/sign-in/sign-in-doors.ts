import { createHmac, timingSafeEqual } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import type { Chance } from '../../platform/random.ts';
import type { Account } from '../../records/registry.ts';
import { createThrottle, type Limit } from '../throttle.ts';

/**
 * The doors through which somebody may try to sign in. Guessing is slowed, and in the end locked, by account and address and by address:
 * never by account alone, or anybody could keep the only person on duty out. A browser in which somebody signed in before has a door of
 * its own, so that whoever guesses from the same station's address does not close it.
 * Source: https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
 */
export function createSignInDoors({ clock, chance, account: find }: DoorParts) {
  const throttle = createThrottle({ clock });
  /** A new password has doors of its own, all of them open. */
  const doorOf = (accountId: string, from: string) => [accountId, from, markOf(find(accountId))].join(doorMark);
  function deviceAt({ accountId, deviceCookie }: Door): string | undefined {
    const account = find(accountId);
    return account && deviceCookie ? knownDevice(account, deviceCookie) : undefined;
  }
  return {
    ...{ attempt: throttle.attempt, giveBack: throttle.giveBack, succeeded: throttle.succeeded },
    isKnown: (door: Door): boolean => deviceAt(door) !== undefined,
    limitsOf(door: Door): Limit[] {
      const { accountId, address } = door;
      const device = deviceAt(door);
      if (device) return [{ key: doorOf(accountId, `device ${device}`), free: 5, lockAfter }];
      const from = wholeAddress(address);
      return [
        { key: doorOf(accountId, from), free: 5, lockAfter },
        { key: from, free: 30 },
      ];
    },
    isLocked: (limits: Limit[]): boolean => limits.some(({ key }) => throttle.isLocked(key)),
    /** The doors of accounts that are locked now, and for how many ms. */
    locked: (): LockedDoor[] =>
      throttle.locked().flatMap(({ key, leftMs }) => {
        const [account, from, mark] = key.split(doorMark);
        const isPast = account === undefined || from === undefined || mark !== markOf(find(account));
        return isPast ? [] : { account, from, leftMs };
      }),
    /** Opens all of an account's locked doors; answers how many there were. */
    open(accountId: string): number {
      const doors = throttle.locked().filter(({ key }) => key.startsWith(`${accountId}${doorMark}`));
      for (const { key } of doors) throttle.forget(key);
      return doors.length;
    },
    /** What a browser keeps once somebody signed in there. It is worth nothing after the password was changed. */
    deviceCookie(account: Account): string {
      const device = Buffer.from(chance.bytes(12)).toString('base64url');
      return `${device}.${macOf(account, device)}`;
    },
  };
}

export type SignInDoors = ReturnType<typeof createSignInDoors>;
/** `from`: an address, or `device` and a name for a browser that is known. */
export type LockedDoor = { account: string; from: string; leftMs: number };
type DoorParts = { clock: Clock; chance: Chance; account: (id: string) => Account | undefined };
/** `deviceCookie`: as the browser sent it. */
type Door = { accountId: string; address: string; deviceCookie?: string | undefined };

const lockAfter = 10;
const doorMark = ' @ ';
const markOf = (account: Account | undefined): string => account?.hash.slice(-8) ?? '';

function knownDevice(account: Account, cookie: string): string | undefined {
  const [device = '', mac = ''] = cookie.split('.');
  const [given, right] = [Buffer.from(mac), Buffer.from(macOf(account, device))];
  return given.length === right.length && timingSafeEqual(given, right) ? device : undefined;
}

const macOf = ({ id, hash }: Account, device: string): string =>
  createHmac('sha256', hash).update(`device ${id} ${device}`).digest('base64url');

/** One host has a whole network of IPv6 addresses to come from: the first 64 bits of an address are taken for the whole. */
export function wholeAddress(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - first.length - last.length }, () => '0');
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`;
}
