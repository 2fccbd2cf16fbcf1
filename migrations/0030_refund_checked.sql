-- A refund without news is asked about less and less often, and after those that were not asked about for longer; null until it was asked about.
set local lock_timeout = '100ms';
alter table refunds add column checked_at timestamptz;
