import type { Invariant } from './invariant.ts';
import { alarmInvariants } from './invariants-alarms.ts';
import { commandInvariants } from './invariants-commands.ts';
import { deadlineInvariants } from './invariants-deadlines.ts';
import { deliveryInvariants } from './invariants-delivery.ts';
import { digestInvariants } from './invariants-digests.ts';
import { dutyInvariants } from './invariants-duty.ts';
import { historyInvariants } from './invariants-history.ts';
import { hostileInvariants } from './invariants-hostile.ts';
import { keptInvariants } from './invariants-kept.ts';
import { officeInvariants } from './invariants-office.ts';
import { peopleInvariants } from './invariants-people.ts';
import { quietInvariants } from './invariants-quiet.ts';
import { restInvariants } from './invariants-rest.ts';
import { restoreInvariants } from './invariants-restore.ts';
import { silenceInvariants } from './invariants-silence.ts';
import { telephoneInvariants } from './invariants-telephones.ts';

/** Every promise, as facts that the evidence of any world can contradict. */
export const invariants: readonly Invariant[] = [
  ...keptInvariants,
  ...alarmInvariants,
  ...historyInvariants,
  ...deliveryInvariants,
  ...peopleInvariants,
  ...silenceInvariants,
  ...hostileInvariants,
  ...commandInvariants,
  ...officeInvariants,
  ...telephoneInvariants,
  ...dutyInvariants,
  ...digestInvariants,
  ...deadlineInvariants,
  ...quietInvariants,
  ...restoreInvariants,
  ...restInvariants,
];
