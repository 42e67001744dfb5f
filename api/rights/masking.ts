import type { Reason } from '../../records/alert.ts';
import type { Entity, EntityType, Sealed, Threshold } from '../../records/registry.ts';
import { personalFields, type Sealer, unsealEntity } from '../../records/sealing.ts';
import { isVital } from '../../records/threshold.ts';

/** The first character of a name: enough to tell two in one list apart. */
export const maskName = (name: string): string => `${Array.from(name)[0] ?? ''}**`;

/** `138****0000`: of a number too short to hide in, its last two digits alone. */
export function maskPhone(phone: string): string {
  const digits = phone.replaceAll(/[^0-9]/g, '');
  return digits.length < 11 ? `****${digits.slice(-2)}` : `${digits.slice(0, 3)}****${digits.slice(-4)}`;
}

/** Whether a text may have come from here: it must never be kept as if somebody had entered it. */
export const isMasked = (text: string): boolean => text.includes('**');

/** A reason without what was measured of a body: that there was something stays, and since when. */
export function withoutVitals(reason: Reason): Reason {
  if (!String(reason.quantity).startsWith('vitals.')) return reason;
  const { quantity: _, observed: __, unit: ___, side: ____, limit: _____, thresholdId: ______, ...rest } = reason;
  return rest;
}

/**
 * An entity as an answer shows it: open, or with names and numbers masked and everything else that is personal left out. Secrets, and
 * what cannot be opened because its key was destroyed, are left out either way.
 */
export function entityShown<T extends EntityType>(
  entity: T,
  value: Entity<T>,
  { unseal, isOpen }: Pick<Sealer, 'unseal'> & { isOpen: boolean },
): Shown<T> {
  // By which a number is found, and which is the system's own.
  const { phoneKey: _, ...bare } = value as Entity<T> & { phoneKey?: string };
  const unsealed = unsealEntity(entity, bare as Entity<T>, { unseal, withSecrets: false });
  const opened = isOpen || !isOfOneBody(entity, value) ? unsealed : withoutLimits(unsealed);
  return personalFields[entity].reduce<unknown>(
    (shown, { path, secret }) =>
      changedAt(shown, path, (text) => {
        if (secret || typeof text !== 'string') return undefined;
        return isOpen ? text : maskField(path.at(-1) ?? '', text);
      }),
    opened,
  ) as Shown<T>;
}

/** A limit of what is measured of a body that counts in one home alone: it says what somebody is ill with. */
export function isOfOneBody(entity: EntityType, value: Entity<EntityType>): boolean {
  if (entity !== 'threshold') return false;
  const { quantity, scope } = value as Threshold;
  return isVital(quantity) && (scope.type === 'person' || scope.type === 'household' || scope.type === 'device');
}

function withoutLimits(limit: object): object {
  const { quantity: _, below: __, above: ___, hysteresis: ____, ...rest } = limit as Threshold;
  return { ...rest, name: maskName(rest.name) };
}

/** Any personal field may be absent, and none is sealed. */
export type Shown<T extends EntityType> = { [F in keyof Entity<T>]?: Exclude<Entity<T>[F], Sealed> } & { id: string };

function maskField(field: string, text: string): string | undefined {
  if (field === 'name' || field === 'callName') return maskName(text);
  return field === 'phone' ? maskPhone(text) : undefined;
}

/** A copy with the field at the path replaced, or left out where `replace` answers nothing; `*` stands for every element of a list. */
function changedAt(value: unknown, [step, ...rest]: string[], replace: (field: unknown) => unknown): unknown {
  if (step === '*') return Array.isArray(value) ? value.map((one) => changedAt(one, rest, replace)) : value;
  if (typeof value !== 'object' || value === null || step === undefined || !(step in value)) return value;
  const { [step]: field, ...others } = value as Record<string, unknown>;
  const next = rest.length === 0 ? replace(field) : changedAt(field, rest, replace);
  return next === undefined ? others : { ...value, [step]: next };
}
