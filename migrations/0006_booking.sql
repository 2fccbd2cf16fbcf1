-- Agreed jobs. Price, commission rate, tax and cancellation tiers are frozen on the row when it is held.
create table bookings (
    id               uuid primary key,
    -- short code people read to each other, unique, no look-alike letters
    reference        text not null unique,
    provider_id      uuid not null references providers,
    service_id       uuid not null references services,
    customer_id      uuid references accounts,
    -- the visitor who held it; sees it without an account
    visitor_id       uuid,
    status           text not null check (status in ('held', 'requested', 'confirmed', 'in_progress', 'completed', 'no_show', 'expired', 'declined', 'cancelled')),
    source           text not null default 'online' check (source in ('online', 'by_hand', 'api')),
    -- how it is paid: 'gateway', 'elsewhere' (no commission), or 'none' (total of zero)
    settlement       text not null default 'gateway' check (settlement in ('gateway', 'elsewhere', 'none')),
    mode             text not null check (mode in ('at_provider', 'at_customer', 'online')),
    person_id        uuid references resources,
    during           tstzrange not null check (not isempty(during)),
    buffer_before_min integer not null default 0,
    buffer_after_min  integer not null default 0,
    zone             text not null,
    service_name     text not null,
    needs_approval   boolean not null,
    currency         text not null check (currency ~ '^[A-Z]{3}$'),
    service_minor    bigint not null check (service_minor >= 0),
    add_ons_minor    bigint not null default 0 check (add_ons_minor >= 0),
    discount_minor   bigint not null default 0 check (discount_minor >= 0),
    tip_minor        bigint not null default 0 check (tip_minor >= 0),
    tax_minor        bigint not null default 0 check (tax_minor >= 0),
    commission_bp    integer not null,
    commission_minor bigint not null default 0 check (commission_minor >= 0),
    tax_bp           integer not null default 0,
    cancel_tiers     jsonb not null,
    -- tier percentages left by earlier reschedules, lowest so far, in basis points
    lowest_tier_bp   integer not null default 10000,
    refunded_minor   bigint not null default 0,
    customer_name    text not null default '',
    customer_email   text not null default '',
    customer_phone   text not null default '',
    address          jsonb,
    notes            text not null default '',
    hold_expires_at  timestamptz,
    is_hold_extended boolean not null default false,
    answer_by        timestamptz,
    requested_at     timestamptz,
    confirmed_at     timestamptz,
    started_at       timestamptz,
    completed_at     timestamptz,
    ended_at         timestamptz,
    no_show_by       text check (no_show_by in ('customer', 'provider')),
    cancelled_by     text check (cancelled_by in ('customer', 'provider', 'operator', 'system')),
    end_reason       text,
    on_the_way_at    timestamptz,
    late_min         integer,
    -- a proposed new time waiting for the other side: {starts_at, by, at, answer_by}
    proposal         jsonb,
    -- RFC 5545 SEQUENCE, raised by every change of time or status that a calendar shows
    sequence         integer not null default 0,
    version          integer not null default 1,
    created_at       timestamptz not null,
    updated_at       timestamptz not null
);
create index bookings_provider on bookings using gist (provider_id, during);
create index bookings_provider_status on bookings (provider_id, status, lower(during));
create index bookings_customer on bookings (customer_id, lower(during) desc) where customer_id is not null;
create index bookings_visitor on bookings (visitor_id) where visitor_id is not null;
create index bookings_service_count on bookings (service_id, lower(during)) where status in ('held', 'requested', 'confirmed', 'in_progress', 'completed');
create index bookings_due_hold on bookings (hold_expires_at) where status = 'held';
create index bookings_due_answer on bookings (answer_by) where status = 'requested';
create index bookings_due_completion on bookings (upper(during)) where status in ('confirmed', 'in_progress');
alter table allocations add constraint allocations_booking foreign key (booking_id) references bookings;

create table booking_add_ons (
    booking_id  uuid not null references bookings on delete cascade,
    add_on_id   uuid not null references service_add_ons,
    name        text not null,
    price_minor bigint not null,
    extra_min   integer not null,
    primary key (booking_id, add_on_id)
);

create table booking_photos (
    id         uuid primary key,
    booking_id uuid not null references bookings on delete cascade,
    file_name  text not null,
    width      integer not null,
    height     integer not null,
    bytes      bytea not null,
    created_at timestamptz not null
);
create index booking_photos_booking on booking_photos (booking_id);

-- Two sides, each one review a booking.
create table reviews (
    id           uuid primary key,
    booking_id   uuid not null references bookings,
    provider_id  uuid not null references providers,
    -- 'customer' writes about the provider, 'provider' about the customer
    side         text not null check (side in ('customer', 'provider')),
    author_id    uuid not null references accounts,
    subject_id   uuid references accounts,
    author_name  text not null,
    rating       integer not null check (rating between 1 and 5),
    body         text not null default '',
    reply        text,
    replied_at   timestamptz,
    created_at   timestamptz not null,
    -- null until both sides have written or seven days have passed since completion
    published_at timestamptz,
    due_at       timestamptz not null,
    unique (booking_id, side)
);
create index reviews_provider on reviews (provider_id, published_at desc, id desc) where published_at is not null and side = 'customer';
create index reviews_due on reviews (due_at) where published_at is null;
create index bookings_recent on bookings (created_at desc, id desc);
create index bookings_made on bookings ((coalesce(requested_at, confirmed_at)));
