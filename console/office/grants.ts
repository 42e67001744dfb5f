import { html } from 'htm/preact';
import { useState } from 'preact/hooks';
import type { Grant } from '../../records/registry.ts';
import { type Access, mayGrant, mayRevoke, type Role, roles } from '../../records/rights.ts';
import type { Speech } from '../words.ts';
import { type Areas, areaWords, grantWords } from './areas.ts';
import { SelectField } from './section.ts';

/** Rights by role and area: what is there, each with a way to take it away, and what whoever is signed in may give. */
export function GrantsField({ grants, set, access, areas, speech }: FieldProps) {
  const words = speech.texts.office.rights;
  return html`<fieldset class="grants">
    <legend>${words.title}</legend>
    ${grants.length === 0 && html`<p class="quiet">${words.noneYet}</p>`}
    <ul>
      ${grants.map(
        (grant) => html`<li key=${keyOf(grant)}>
          <span>${grantWords(grant, areas, speech)}</span>
          ${
            mayRevoke(access, [grant], areas) &&
            html`<button type="button" class="button small" aria-label=${words.takeAway(grantWords(grant, areas, speech))}
              onClick=${() => set(grants.filter((one) => one !== grant))}>✕</button>`
          }
        </li>`,
      )}
    </ul>
    ${grants.length < mostGrants && html`<${NewGrant} ...${{ grants, set, access, areas, speech }} />`}
    <p class="quiet">${words.most}</p>
  </fieldset>`;
}
type FieldProps = {
  grants: readonly Grant[];
  set: (grants: readonly Grant[]) => void;
  access: Access;
  areas: Areas;
  speech: Speech;
};

function NewGrant({ grants, set, access, areas, speech }: FieldProps) {
  const { office, corner } = speech.texts;
  const [chosenRole, setRole] = useState<string>();
  const [chosenPlace, setPlace] = useState<string>();
  // The whole installation comes last: nobody gives it by not choosing.
  const placesOf = (role: Role) =>
    [...areas.sorted.map(({ id }) => id), everywhere].filter((id) => mayGrant(access, [grantOf(role, id)], areas));
  const offered = roles.filter((role) => placesOf(role).length > 0);
  const role = offered.find((one) => one === chosenRole) ?? offered[0];
  if (role === undefined) return null;
  const places = placesOf(role);
  const place = places.find((one) => one === chosenPlace) ?? places[0] ?? everywhere;
  const grant = grantOf(role, place);
  const isThere = grants.some((one) => keyOf(one) === keyOf(grant));
  const roleChoices = offered.map((one) => [one, corner.roles[one]] as const);
  const placeChoices = places.map((one) => [one, areaWords(one || undefined, areas, speech)] as const);
  return html`<div class="grant-new">
    <${SelectField} ...${{ label: office.rights.role, value: role, set: setRole, choices: roleChoices }} />
    <${SelectField} ...${{ label: office.area, value: place, set: setPlace, choices: placeChoices }} />
    <button type="button" class="button small" disabled=${isThere} onClick=${() => set([...grants, grant])}>
      ${office.rights.add}
    </button>
  </div>`;
}

/** As a choice, which has to be text. */
const everywhere = '';
const grantOf = (role: Role, place: string): Grant => (place === everywhere ? { role } : { role, areaId: place });
const keyOf = ({ role, areaId = '' }: Grant): string => `${role} ${areaId}`;
export const isSame = (some: readonly Grant[], others: readonly Grant[]): boolean =>
  some.map(keyOf).sort().join() === others.map(keyOf).sort().join();
const mostGrants = 20;
