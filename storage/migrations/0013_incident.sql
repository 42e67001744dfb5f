-- What response times and outcomes are counted by. The first of each instant is kept, however an incident goes on.
alter table incident
  add column condition text generated always as (body -> 'alerts' -> 0 ->> 'condition') stored,
  add column household_id text generated always as (body -> 'where' ->> 'householdId') stored,
  add column place_id text generated always as (body -> 'where' ->> 'placeId') stored,
  add column person_id text generated always as (body -> 'where' ->> 'personId') stored,
  add column site_id text generated always as (body -> 'where' ->> 'siteId') stored,
  add column device_id text generated always as (body -> 'where' ->> 'deviceId') stored,
  add column outcome text generated always as (body -> 'state' ->> 'outcome') stored,
  add column contact_result text generated always as (body -> 'state' ->> 'contact') stored,
  add column resolved_at timestamptz generated always as (
    case when body -> 'state' ->> 'phase' = 'resolved'
      then to_timestamp((body -> 'state' ->> 'since')::double precision / 1000.0) end
  ) stored,
  add column notified_at timestamptz,  -- the first notice was issued
  add column delivered_at timestamptz,  -- the first one arrived
  add column claimed_at timestamptz,
  add column accepted_at timestamptz,
  add column arrived_at timestamptz;

update incident set
  notified_at = first.notified_at, delivered_at = first.delivered_at, claimed_at = first.claimed_at,
  accepted_at = first.accepted_at, arrived_at = first.arrived_at
from (
  select
    incident_id,
    min(at) filter (where body ->> 'what' = 'notified') as notified_at,
    min(at) filter (where body ->> 'what' = 'delivered') as delivered_at,
    min(at) filter (where body ->> 'what' = 'claimed') as claimed_at,
    min(at) filter (where body ->> 'what' = 'accepted') as accepted_at,
    min(at) filter (where body ->> 'what' = 'arrived') as arrived_at
  from incident_timeline
  group by 1
) as first
where first.incident_id = incident.incident_id;

create index incident_by_area on incident (area_id, opened_at);
create index incident_by_household on incident (household_id, opened_at) where household_id is not null;
create index alert_by_condition on alert (condition, raised_at);
