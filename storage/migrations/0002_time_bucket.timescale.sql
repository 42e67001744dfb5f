-- TimescaleDB brings its own time_bucket.
select 1;
