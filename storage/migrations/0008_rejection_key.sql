-- A copy may hold what was received by a journal before this one, whose positions count anew: with its time a row is one of its own.
alter table rejection drop constraint rejection_pkey;
drop index rejection_by_time;
alter table rejection add primary key (received_at, journal_position, part);
