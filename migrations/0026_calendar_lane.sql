-- Other people's calendars wait in a line of their own: ten thousand of them, on hosts that take their time, must hold up no letter.
--
-- An older release, which knows two lines, reads all jobs that wait by the new index.
create index jobs_due_by_line on jobs (
    (case when starts_with(kind, 'payment.') then 'money' when kind = 'scheduling.import_calendar' then 'calendars' else 'rest' end),
    run_at,
    id
) where finished_at is null and dead_at is null;
drop index jobs_due_by_lane;
