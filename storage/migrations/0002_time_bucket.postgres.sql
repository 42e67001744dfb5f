-- What TimescaleDB brings along under this name: same origin, same results, inlined by the planner. No month widths.
create function time_bucket(bucket_width interval, at timestamptz) returns timestamptz
language sql immutable parallel safe
as $$ select date_bin(bucket_width, at, timestamptz '2000-01-03 00:00:00+00') $$;
