-- A job is seen in the trace of whoever left it for later: where they stood, as W3C Trace Context writes it, and null where nobody collects traces.
--
-- An older release knows no such column and leaves it empty.
set local lock_timeout = '100ms';
alter table jobs add column traceparent text;
