-- The event spine, the job queue, idempotency, audit and settings: what every room stands on.

-- Facts that verbs recorded, in the transaction that made them true. The cursor of a reader is the pair (xid, id), because neither alone is commit order.
create table events (
    id          bigint generated always as identity primary key,
    xid         xid8 not null default pg_current_xact_id(),
    at          timestamptz not null,
    kind        text not null,
    booking_id  uuid,
    provider_id uuid,
    account_id  uuid,
    actor_id    uuid,
    data        jsonb not null default '{}'
);
create index events_cursor on events (xid, id);
create index events_booking on events (booking_id, id) where booking_id is not null;
create index events_provider on events (provider_id, id) where provider_id is not null;

-- Raised after a restore from a dump, when transaction ids run backwards; part of every cursor handed out.
create table spine (
    is_single boolean primary key default true check (is_single),
    epoch     integer not null default 1
);
insert into spine default values;

-- Where each durable reader of the spine (mail, cache invalidation, webhooks) has got to.
create table event_readers (
    name     text primary key,
    xid      xid8 not null,
    event_id bigint not null
);
-- A new house reads its spine from the beginning.
insert into event_readers values ('reactions', '0', 0);

create table jobs (
    id           uuid primary key,
    kind         text not null,
    payload      jsonb not null default '{}',
    dedup_key    text,
    run_at       timestamptz not null,
    attempts     integer not null default 0,
    max_attempts integer not null default 20,
    leased_until timestamptz,
    leased_by    text,
    last_error   text,
    created_at   timestamptz not null,
    finished_at  timestamptz,
    dead_at      timestamptz
);
create index jobs_due on jobs (run_at) where finished_at is null and dead_at is null;
create unique index jobs_dedup on jobs (kind, dedup_key) where dedup_key is not null and finished_at is null and dead_at is null;

create table cron_runs (
    name   text not null,
    minute timestamptz not null,
    primary key (name, minute)
);

create table idempotency_keys (
    scope        text not null,
    key          text not null,
    request_hash bytea not null,
    status       integer,
    response     jsonb,
    created_at   timestamptz not null,
    primary key (scope, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

create table audit_entries (
    id           uuid primary key,
    at           timestamptz not null,
    actor_id     uuid,
    actor_kind   text not null,
    action       text not null,
    subject_kind text not null,
    subject_id   text not null,
    provider_id  uuid,
    reason       text,
    data         jsonb not null default '{}',
    request_id   text,
    address      text
);
create index audit_entries_at on audit_entries (at desc, id desc);
create index audit_entries_subject on audit_entries (subject_kind, subject_id, at desc);
create index audit_entries_actor on audit_entries (actor_id, at desc);

-- Settings an operator may change while it runs; absent keys have the default of domain::settings.
create table settings (
    key        text primary key,
    value      jsonb not null,
    updated_at timestamptz not null,
    updated_by uuid
);

-- Shared by all nodes: one row per limited key and window.
create unlogged table rate_windows (
    key          text not null,
    window_start timestamptz not null,
    count        integer not null,
    primary key (key, window_start)
);

-- Node liveness and cross-node messages carry no business: lost rows cost nothing.
create unlogged table nodes (
    id         text primary key,
    started_at timestamptz not null,
    seen_at    timestamptz not null,
    version    text not null
);
