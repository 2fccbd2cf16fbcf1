-- What customers choose: categories, providers, services, and who and what does the work.
create table categories (
    id            uuid primary key,
    slug          text not null unique,
    name          text not null,
    description   text not null default '',
    icon          text not null,
    tone          integer not null check (tone between 1 and 8),
    position      integer not null,
    commission_bp integer check (commission_bp between 0 and 10000),
    is_hidden     boolean not null default false,
    created_at    timestamptz not null
);

create table providers (
    id                uuid primary key,
    slug              text not null unique,
    name              text not null,
    tagline           text not null default '',
    story             text not null default '',
    category_id       uuid references categories,
    status            text not null default 'draft' check (status in ('draft', 'submitted', 'active', 'rejected', 'suspended')),
    status_reason     text,
    submitted_at      timestamptz,
    decided_at        timestamptz,
    verified_at       timestamptz,
    zone              text not null,
    currency          text not null check (currency ~ '^[A-Z]{3}$'),
    country           text not null default 'GB',
    street            text not null default '',
    district          text not null default '',
    town              text not null default '',
    postcode          text not null default '',
    lat               double precision check (lat between -90 and 90),
    lng               double precision check (lng between -180 and 180),
    languages         text[] not null default '{en}',
    email             text not null default '',
    phone             text not null default '',
    website           text not null default '',
    cover_tone        integer check (cover_tone between 1 and 8),
    commission_bp     integer check (commission_bp between 0 and 10000),
    tax_bp            integer not null default 0 check (tax_bp between 0 and 10000),
    -- booking policy, each the default for services that say nothing else
    horizon_days      integer not null default 90 check (horizon_days between 1 and 730),
    min_notice_min    integer not null default 120 check (min_notice_min between 0 and 525600),
    slot_step_min     integer not null default 30 check (slot_step_min between 5 and 1440),
    hold_min          integer not null default 15 check (hold_min between 5 and 60),
    cancel_tiers      jsonb,
    rating_sum        bigint not null default 0,
    rating_count      integer not null default 0,
    created_at        timestamptz not null,
    updated_at        timestamptz not null
);
create index providers_status on providers (status, submitted_at);
create index providers_place on providers using gist (point(lng, lat)) where status = 'active';

create table provider_members (
    provider_id uuid not null references providers on delete cascade,
    account_id  uuid not null references accounts on delete cascade,
    role        text not null check (role in ('owner', 'manager', 'member')),
    created_at  timestamptz not null,
    primary key (provider_id, account_id)
);
create index provider_members_account on provider_members (account_id);

create table provider_invitations (
    id          uuid primary key,
    provider_id uuid not null references providers on delete cascade,
    email       text not null,
    role        text not null check (role in ('manager', 'member')),
    invited_by  uuid not null references accounts,
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    accepted_at timestamptz,
    revoked_at  timestamptz
);
create index provider_invitations_provider on provider_invitations (provider_id);

create table resources (
    id          uuid primary key,
    provider_id uuid not null references providers on delete cascade,
    kind        text not null check (kind in ('person', 'room', 'vehicle', 'equipment')),
    name        text not null,
    account_id  uuid references accounts on delete set null,
    tone        integer not null default 1 check (tone between 1 and 8),
    position    integer not null default 0,
    archived_at timestamptz,
    created_at  timestamptz not null
);
create index resources_provider on resources (provider_id);
create index resources_account on resources (account_id) where account_id is not null;

create table services (
    id                uuid primary key,
    provider_id       uuid not null references providers on delete cascade,
    category_id       uuid not null references categories,
    name              text not null,
    description       text not null default '',
    mode              text not null check (mode in ('at_provider', 'at_customer', 'online')),
    radius_km         double precision check (radius_km > 0),
    duration_min      integer not null check (duration_min between 5 and 1440),
    price_minor       bigint not null check (price_minor between 0 and 100000000000),
    buffer_before_min integer not null default 0 check (buffer_before_min between 0 and 1440),
    buffer_after_min  integer not null default 0 check (buffer_after_min between 0 and 1440),
    needs_approval    boolean not null default false,
    -- null: the provider's
    horizon_days      integer check (horizon_days between 1 and 730),
    min_notice_min    integer check (min_notice_min between 0 and 525600),
    slot_step_min     integer check (slot_step_min between 5 and 1440),
    cancel_tiers      jsonb,
    commission_bp     integer check (commission_bp between 0 and 10000),
    day_limit         integer check (day_limit > 0),
    week_limit        integer check (week_limit > 0),
    assignment        text not null default 'first_free' check (assignment in ('first_free', 'round_robin')),
    position          integer not null default 0,
    archived_at       timestamptz,
    created_at        timestamptz not null,
    updated_at        timestamptz not null
);
create index services_provider on services (provider_id) where archived_at is null;
create index services_category on services (category_id) where archived_at is null;

create table service_add_ons (
    id          uuid primary key,
    service_id  uuid not null references services on delete cascade,
    name        text not null,
    price_minor bigint not null check (price_minor between 0 and 100000000000),
    extra_min   integer not null default 0 check (extra_min between 0 and 1440),
    position    integer not null default 0,
    archived_at timestamptz
);
create index service_add_ons_service on service_add_ons (service_id);

-- Who can do the service: one of them is needed.
create table service_people (
    service_id  uuid not null references services on delete cascade,
    resource_id uuid not null references resources on delete cascade,
    priority    integer not null default 2 check (priority between 0 and 4),
    weight      integer not null default 100 check (weight between 0 and 1000),
    primary key (service_id, resource_id)
);
create index service_people_resource on service_people (resource_id);

-- What else the service occupies. need: rows of one group number are alternatives ('any'), different groups are all needed.
create table service_things (
    service_id  uuid not null references services on delete cascade,
    resource_id uuid not null references resources on delete cascade,
    need        integer not null default 1,
    primary key (service_id, resource_id)
);

-- What people search by, one row for each active provider, kept by the search room on the events of providers and reviews. It repeats what the
-- filters need, so that a search reads this table alone.
create table search_documents (
    provider_id  uuid primary key references providers on delete cascade,
    -- name and services most, then category, then the rest
    tsv          tsvector not null,
    -- longitude, latitude
    place        point,
    -- the tenth of a degree it lies in, in an array so that one index serves words and place together
    cells        integer[] not null,
    category_ids uuid[] not null,
    languages    text[] not null,
    currency     text not null,
    -- lowest price by mode and answer: at the provider's by request, instant; at the customer's by request, instant; online by request, instant
    prices       bigint[] not null check (cardinality(prices) = 6),
    -- how far they come to customers, in km
    reach_km     double precision not null default 0,
    -- mean of published reviews in hundredths, drawn towards the ordinary while there are few
    rating       integer not null,
    rating_mean  integer,
    updated_at   timestamptz not null
);
create index search_documents_found on search_documents using gin (tsv, cells);
create index search_documents_place on search_documents using gist (place);
create index search_documents_categories on search_documents using gin (category_ids);
create index search_documents_rating on search_documents (rating desc);

-- Every word that stands in a document, folded; what is typed with a mistake is compared with these few and not with all texts.
create table search_words (
    word text primary key
);
create index search_words_prefix on search_words (word text_pattern_ops);
create index search_words_like on search_words using gin (word gin_trgm_ops);

create table favourites (
    account_id  uuid not null references accounts on delete cascade,
    provider_id uuid not null references providers on delete cascade,
    created_at  timestamptz not null,
    primary key (account_id, provider_id)
);
