-- A refund by hand that is asked for twice is made once: its key is written with it, in the same transaction.
alter table refunds add column key text;
create unique index refunds_key on refunds (key) where key is not null;
