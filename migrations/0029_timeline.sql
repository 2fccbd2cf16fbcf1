-- A database that was restored to a moment, or a standby in its place, may lack events that open pages have seen. Each goes on in a timeline of its own, by
-- which it is told from the one before; null until a release that knows of it has looked.
set local lock_timeout = '100ms';
alter table spine add column timeline text;
