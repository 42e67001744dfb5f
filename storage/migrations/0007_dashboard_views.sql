-- What dashboards may read: no names of people, no phones, no exact places. Instants, not ages: the query has the clock.
create view v_lag as
select
  journal_id,
  sequence,
  head_sequence,
  head_sequence - sequence as waiting_records,
  true_until,
  seen_at,
  (select count(*) from projection_gap) as gaps
from projection_position;

create view v_open_incidents as
select
  incident.code,
  incident.category,
  incident.severity,
  incident.phase,
  incident.opened_at,
  incident.phase_since,
  incident.alerts,
  incident.area_id,
  area.name as area
from incident
left join area on area.id = incident.area_id
where incident.phase <> 'resolved';

create view v_silent_devices as
select
  alert.device_id,
  device.kind,
  alert.severity,
  alert.raised_at as silent_since,
  device_state.received_at as last_heard_at,
  device.interval_minutes,
  alert.area_id,
  area.name as area
from alert
left join device on device.device_id = alert.device_id
left join device_state on device_state.device_key = device.device_key
left join area on area.id = alert.area_id
where alert.condition = 'device-silent' and alert.cleared_at is null;

create view v_received as
select minute, reports, rejections from received_minute;

-- Grafana's account becomes a member of this role. Where we may not make it, its owner makes it and grants the same.
do $$
begin
  if not exists (select from pg_roles where rolname = 'steppewatch_dashboards') then
    create role steppewatch_dashboards nologin;
  end if;
exception
  when insufficient_privilege or duplicate_object or unique_violation then null;
end
$$;
do $$
begin
  if exists (select from pg_roles where rolname = 'steppewatch_dashboards') then
    grant select on v_lag, v_open_incidents, v_silent_devices, v_received to steppewatch_dashboards;
  end if;
end
$$;
