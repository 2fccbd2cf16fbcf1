-- Money: what is owed, each try to collect it, what went back, what the gateway said, and the ledger.
create table payments (
    id                uuid primary key,
    booking_id        uuid not null references bookings,
    payer_id          uuid references accounts,
    currency          text not null check (currency ~ '^[A-Z]{3}$'),
    amount_minor      bigint not null check (amount_minor > 0),
    tip_minor         bigint not null default 0,
    capture           text not null check (capture in ('automatic', 'manual')),
    status            text not null check (status in ('pending', 'authorised', 'paid', 'failed', 'voided', 'refunded', 'partly_refunded')),
    captured_minor    bigint not null default 0,
    refunded_minor    bigint not null default 0,
    card_brand        text,
    card_last4        text,
    paid_at           timestamptz,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    check (refunded_minor <= captured_minor)
);
create index payments_booking on payments (booking_id);
-- one at a time collects for a booking; two tabs continue the same
create unique index payments_open on payments (booking_id) where status in ('pending', 'authorised');
create index payments_payer on payments (payer_id, created_at desc);
create index payments_recent on payments (created_at desc, id desc);

create table payment_attempts (
    id             uuid primary key,
    payment_id     uuid not null references payments,
    gateway        text not null,
    -- the gateway's own ids: payment intent, or checkout session for the hosted page
    gateway_ref    text,
    session_ref    text,
    client_secret  text,
    redirect_url   text,
    amount_minor   bigint not null,
    is_hosted      boolean not null,
    -- what the gateway was asked, so that asking again with the same key asks the same
    request        jsonb not null,
    status         text not null check (status in ('created', 'requires_method', 'requires_action', 'processing', 'authorised', 'succeeded', 'failed', 'cancelled', 'unknown')),
    failure_code   text,
    failure_text   text,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    checked_at     timestamptz
);
create unique index payment_attempts_ref on payment_attempts (gateway, gateway_ref) where gateway_ref is not null;
create unique index payment_attempts_session on payment_attempts (gateway, session_ref) where session_ref is not null;
create index payment_attempts_payment on payment_attempts (payment_id);
create index payment_attempts_open on payment_attempts (updated_at) where status in ('created', 'requires_method', 'requires_action', 'processing', 'authorised', 'unknown');

create table refunds (
    id                       uuid primary key,
    payment_id               uuid not null references payments,
    booking_id               uuid not null references bookings,
    currency                 text not null,
    amount_minor             bigint not null check (amount_minor > 0),
    -- how the amount splits, summing to it
    service_minor            bigint not null,
    tax_minor                bigint not null,
    tip_minor                bigint not null,
    commission_minor         bigint not null,
    -- money that came for something it could not pay any more, going back whole
    is_return                boolean not null default false,
    reason                   text not null,
    by_actor                 text not null,
    actor_id                 uuid,
    gateway_ref              text,
    status                   text not null check (status in ('pending', 'succeeded', 'failed')),
    failure                  text,
    created_at               timestamptz not null,
    settled_at               timestamptz,
    check (service_minor + tax_minor + tip_minor = amount_minor)
);
create index refunds_payment on refunds (payment_id);
create index refunds_open on refunds (created_at) where status = 'pending';

-- Every message of a gateway, applied at most once.
create table gateway_events (
    gateway     text not null,
    event_id    text not null,
    kind        text not null,
    object_ref  text,
    payload     jsonb not null,
    received_at timestamptz not null,
    applied_at  timestamptz,
    outcome     text,
    primary key (gateway, event_id)
);
create index gateway_events_recent on gateway_events (received_at desc);

-- Double entry, append only. Debits positive, credits negative; each transaction sums to zero per currency.
create table ledger_accounts (
    id          uuid primary key,
    kind        text not null check (kind in ('gateway', 'gateway_fees', 'provider', 'platform', 'tax', 'customer', 'suspense')),
    provider_id uuid references providers,
    currency    text not null check (currency ~ '^[A-Z]{3}$'),
    unique nulls not distinct (kind, provider_id, currency)
);

create table ledger_transactions (
    id         uuid primary key,
    -- what caused it, once: 'capture:<payment>', 'refund:<refund>', ...
    cause      text not null unique,
    booking_id uuid references bookings,
    payment_id uuid references payments,
    memo       text not null,
    at         timestamptz not null
);
create index ledger_transactions_booking on ledger_transactions (booking_id);
create index ledger_transactions_at on ledger_transactions (at);
create index ledger_transactions_payment on ledger_transactions (payment_id);

create table ledger_entries (
    id             bigint generated always as identity primary key,
    transaction_id uuid not null references ledger_transactions,
    account_id     uuid not null references ledger_accounts,
    currency       text not null,
    amount_minor   bigint not null check (amount_minor <> 0)
);
create index ledger_entries_transaction on ledger_entries (transaction_id);
create index ledger_entries_account on ledger_entries (account_id, id);

-- Checked when the transaction commits, so the entries may be written one after another.
create function ledger_check_balance() returns trigger language plpgsql as $$
declare
    off record;
begin
    select e.currency, sum(e.amount_minor) as total into off
    from ledger_entries e
    where e.transaction_id = new.transaction_id
    group by e.currency
    having sum(e.amount_minor) <> 0
    limit 1;
    if found then
        raise exception 'ledger transaction % is off by % %', new.transaction_id, off.total, off.currency
            using errcode = 'check_violation', constraint = 'ledger_balanced';
    end if;
    perform 1 from ledger_accounts a where a.id = new.account_id and a.currency = new.currency;
    if not found then
        raise exception 'ledger entry in % on an account of another currency', new.currency
            using errcode = 'check_violation', constraint = 'ledger_currency';
    end if;
    return null;
end $$;
create constraint trigger ledger_balanced after insert on ledger_entries
    deferrable initially deferred for each row execute function ledger_check_balance();

create function ledger_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is append only' using errcode = 'restrict_violation', constraint = 'ledger_append_only';
end $$;
create trigger ledger_entries_append_only before update or delete on ledger_entries
    for each row execute function ledger_refuse_change();
create trigger ledger_transactions_append_only before update or delete on ledger_transactions
    for each row execute function ledger_refuse_change();
