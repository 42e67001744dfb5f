-- What the fleet is watched by. Field by field the newest that a device said, as before.
alter table device_state
  add column snr_db real,
  add column interval_min real,  -- as the device promises it; the registry's own is device.interval_minutes
  add column worn text,
  add column charging boolean,
  add column mains boolean,
  add column faults text,  -- its codes, with commas between them; '': it tested itself and found none; null: it never said
  add column test_result text,
  add column tested_at timestamptz,  -- of its last `test`
  add column clock_offset_ms bigint,  -- its clock minus journal time, where both are known
  add column clock smallint;  -- as in `report`, of the newest report

-- The rules noted every test; to look for them among a month of reports would take an upgrade minutes.
update device_state set tested_at = test.at
from (
  select device_key, max(noted_at) as at
  from note
  join device on device.device_id = note.device_id
  where what = 'test'
  group by 1
) as test
where test.device_key = device_state.device_key;
