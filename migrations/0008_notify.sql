-- E-mails: one row per message, unique per reason, so a fact that is seen twice is told once.
create table mails (
    id         uuid primary key,
    -- what it is about, once: '<template>:<subject>'
    cause      text not null unique,
    template   text not null,
    account_id uuid references accounts on delete set null,
    to_address text not null,
    subject    text not null,
    html       text not null,
    plain      text not null,
    calendar   text,
    status     text not null default 'queued' check (status in ('queued', 'sent', 'failed', 'skipped')),
    failure    text,
    created_at timestamptz not null,
    sent_at    timestamptz
);
create index mails_account on mails (account_id, created_at desc);
