import type { PartSent } from '../sms/sms-sending.ts';

/**
 * What a refusal of AT+CMGS means for the message: a number that does not exist is for people to mend, a SIM that may not send is
 * trouble with the contract, everything else may pass.
 * Source: 3GPP TS 27.005, 3.2.5, and 3GPP TS 24.011, annex E.
 */
export function cmsProblem(error: string): PartSent {
  const code = Number(/^\+CMS ERROR: ?(\d+)$/.exec(error)?.[1] ?? Number.NaN);
  if (Number.isNaN(code)) return { type: 'later', reason: error, trouble: 'unreachable' };
  const reason = `+CMS ERROR: ${code}`;
  if (wrongNumber.has(code))
    return { type: 'misconfigured', reason: `${reason} (the network does not know the number)` };
  if (mayNotSend.has(code))
    return { type: 'later', reason: `${reason} (the SIM may not send)`, trouble: 'credentials' };
  if (noNetwork.has(code)) return { type: 'later', reason: `${reason} (no network)`, trouble: 'unreachable' };
  return { type: 'later', reason };
}

/** Unassigned number; unidentified and unknown subscriber. */
const wrongNumber: ReadonlySet<number> = new Set([1, 28, 30]);
/** Barred; not subscribed; SIM missing, locked, broken or wrong; the service centre's address unknown. */
const mayNotSend: ReadonlySet<number> = new Set([8, 10, 29, 50, 310, 311, 312, 313, 315, 316, 317, 318, 330]);
/** Network out of order; no service; no answer of it. */
const noNetwork: ReadonlySet<number> = new Set([38, 331, 332]);
