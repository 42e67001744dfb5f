import type { Severity } from './alert.ts';

/**
 * A message to one person about an incident, decided by the incident's ladder.
 * `noticeId` comes from incident, cause, rung and recipient: a resend repeats it, and a receiver may use it as its key.
 */
export type Notice = {
  noticeId: string;
  incidentId: string;
  purpose: NoticePurpose;
  severity: Severity;
  rung: number;
  recipient: Recipient;
  at: number;
  /** Sent by the channel of that name alone: an answer goes the way by which the question came. */
  via?: string;
  /** That way first, where the contact has it. */
  prefer?: 'voice';
  /** Those kinds first, in that order, as a policy says. */
  channels?: readonly string[];
  /** Nobody has to hear it after that, epoch ms of the journal. */
  until?: number;
  text: NoticeText;
};

/**
 * `worse`: the incident became worse, the first rung starts again. `stand-down`: turn back, it is over. `prompt`: the person is asked
 * whether all is well, by no incident. `update`: somebody is going. `agree`: a second
 * person is asked whether it may end with nobody reached. `reply`: one short line to whoever answered, `detail` says which.
 * `hand-over`: a shift is offered, or ends. `drill`: nothing has happened, and a way is proved.
 */
export type NoticePurpose =
  | 'alarm'
  | 'worse'
  | 'escalation'
  | 'information'
  | 'all-clear'
  | 'stand-down'
  | 'prompt'
  | 'update'
  | 'agree'
  | 'reply'
  | 'hand-over'
  | 'drill';

/** A contact of the registry, or the desk's own sound. */
export type Recipient = { type: 'contact'; contactId: string } | { type: 'desk'; areaId: string };

/** Which sentence, and what goes into it. Names and places are looked up and unsealed only when it is sent. */
export type NoticeText = {
  condition: string;
  incidentCode: string;
  openedAt: number;
  occurredAt: number;
  lateMs?: number;
  /** Each place or room that is named, by id: a fire names every unit. */
  placeIds: string[];
  rooms: string[];
  /** Of what concerns no place alone. */
  areaId?: string;
  personId?: string;
  /** The contact who is going. */
  goingId?: string;
  deviceId?: string;
  unregistered?: true;
  /** It speaks of a simulated device, and is no drill: real ones have a part in the incident. */
  isReal?: true;
  /** What could not be read, or the outcome for an all-clear. */
  detail?: string;
  /** The code of the incident that an alarm of the system itself is about. */
  aboutCode?: string;
  /** How long it was held back, because the system stood still or was put back, ms. */
  heldMs?: number;
  alertCount: number;
};

/** An attempt's result. `accepted` means that a provider took it, which is not yet `delivered`. */
export type OutcomeResult = 'delivered' | 'accepted' | 'refused' | 'failed';
