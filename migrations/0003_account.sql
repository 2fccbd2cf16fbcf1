-- People who can sign in, their sessions, tokens and one-time links.
create table accounts (
    id                 uuid primary key,
    email              text not null,
    email_confirmed_at timestamptz,
    password_hash      text,
    name               text not null,
    phone              text,
    zone               text,
    is_guest           boolean not null default false,
    is_admin           boolean not null default false,
    is_support         boolean not null default false,
    suspended_at       timestamptz,
    created_at         timestamptz not null,
    updated_at         timestamptz not null
);
-- A guest's address is only claimed once a link sent to it was opened, so several guests may share one.
create unique index accounts_email_key on accounts (lower(email)) where not is_guest;
create index accounts_name on accounts using gin (fold(name) gin_trgm_ops);

create table sessions (
    id           text primary key,
    account_id   uuid references accounts on delete cascade,
    -- names the session to its owner without being usable as a credential
    public_id    uuid not null unique,
    -- survives the renewal of the id at sign-in; holds belong to it
    visitor_id   uuid not null,
    data         jsonb not null,
    user_agent   text,
    address      text,
    created_at   timestamptz not null,
    seen_at      timestamptz not null,
    expires_at   timestamptz not null
);
create index sessions_account on sessions (account_id) where account_id is not null;
create index sessions_expiry on sessions (expires_at);

create table api_tokens (
    id           uuid primary key,
    account_id   uuid not null references accounts on delete cascade,
    name         text not null,
    secret_hash  bytea not null unique,
    hint         text not null,
    scopes       text[] not null,
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    last_used_at timestamptz,
    revoked_at   timestamptz
);
create index api_tokens_account on api_tokens (account_id);

-- Links that manage something: 128 random bits, hashed here, expiring, used once.
create table links (
    id          uuid primary key,
    purpose     text not null check (purpose in ('confirm_email', 'change_email', 'reset_password', 'claim_account', 'team_invitation', 'calendar_feed', 'pay_booking')),
    account_id  uuid references accounts on delete cascade,
    secret_hash bytea not null unique,
    data        jsonb not null default '{}',
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    used_at     timestamptz
);
create index links_account on links (account_id, purpose);
-- how many letters with links an address got lately
create index links_address on links (lower(data ->> 'email'), created_at) where data ? 'email';
create index links_expiry on links (expires_at);

create table security_notes (
    id         uuid primary key,
    account_id uuid not null references accounts on delete cascade,
    kind       text not null,
    data       jsonb not null default '{}',
    at         timestamptz not null
);
create index security_notes_account on security_notes (account_id, at desc);
