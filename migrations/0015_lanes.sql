-- Money waits for no letter: whoever looks for the next job about money must not read past all the letters that wait.
--
-- The index without lanes goes, since the planner cannot know how few of those that wait are about money, and would read it in their order. An older
-- release, which knows no lanes, reads all jobs that wait by the new one.
create index jobs_due_by_lane on jobs (starts_with(kind, 'payment.'), run_at, id) where finished_at is null and dead_at is null;
drop index jobs_due;
