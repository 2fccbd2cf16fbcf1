-- When people and things can be booked, and when they are busy. The overlap constraint is the promise that a slot cannot be sold twice.

-- resource_id null: the provider's own hours, which every resource without a schedule follows.
create table schedules (
    id          uuid primary key,
    provider_id uuid not null references providers on delete cascade,
    resource_id uuid references resources on delete cascade,
    zone        text not null,
    updated_at  timestamptz not null
);
create unique index schedules_provider on schedules (provider_id) where resource_id is null;
create unique index schedules_resource on schedules (resource_id) where resource_id is not null;

-- Minutes from local midnight; past 1440 the range runs into the next day. weekday: 1 is Monday (ISO 8601).
create table schedule_hours (
    schedule_id uuid not null references schedules on delete cascade,
    weekday     integer not null check (weekday between 1 and 7),
    from_min    integer not null check (from_min between 0 and 1439),
    to_min      integer not null check (to_min between 1 and 2880),
    primary key (schedule_id, weekday, from_min),
    check (to_min > from_min)
);

-- Replaces the weekday of that date; a zero-length one closes it.
create table schedule_overrides (
    schedule_id uuid not null references schedules on delete cascade,
    on_date     date not null,
    from_min    integer not null check (from_min between 0 and 1439),
    to_min      integer not null check (to_min between 0 and 2880),
    primary key (schedule_id, on_date, from_min),
    check (to_min >= from_min)
);

-- resource_id null: the whole provider is away.
create table time_off (
    id          uuid primary key,
    provider_id uuid not null references providers on delete cascade,
    resource_id uuid references resources on delete cascade,
    during      tstzrange not null check (not isempty(during) and lower(during) is not null and upper(during) is not null),
    reason      text not null default '',
    created_at  timestamptz not null
);
create index time_off_provider on time_off using gist (provider_id, during);

create table imported_calendars (
    id           uuid primary key,
    provider_id  uuid not null references providers on delete cascade,
    resource_id  uuid not null references resources on delete cascade,
    url          text not null,
    etag         text,
    fetched_at   timestamptz,
    failed_at    timestamptz,
    failure      text,
    created_at   timestamptz not null
);
create unique index imported_calendars_url on imported_calendars (resource_id, url);

create table imported_busy (
    calendar_id uuid not null references imported_calendars on delete cascade,
    resource_id uuid not null references resources on delete cascade,
    uid         text not null,
    during      tstzrange not null,
    title       text not null default ''
);
create index imported_busy_resource on imported_busy using gist (resource_id, during);
create index imported_busy_calendar on imported_busy (calendar_id);

-- One resource busy for one time range, buffers included. is_live is false once it no longer occupies (cancelled, declined, expired, completed early).
create table allocations (
    id          uuid primary key,
    provider_id uuid not null references providers on delete cascade,
    resource_id uuid not null references resources on delete cascade,
    booking_id  uuid,
    kind        text not null check (kind in ('booking', 'block')),
    during      tstzrange not null check (not isempty(during)),
    is_live     boolean not null default true,
    -- a hold's end: readers count the row as free from then on, the next writer or the job turns is_live off
    expires_at  timestamptz,
    title       text not null default '',
    created_at  timestamptz not null,
    constraint allocations_no_overlap exclude using gist (resource_id with =, during with &&) where (is_live)
);
create index allocations_provider on allocations using gist (provider_id, during) where is_live;
create index allocations_booking on allocations (booking_id) where booking_id is not null;
create index allocations_expiry on allocations (expires_at) where is_live and expires_at is not null;

-- Takes resources for one range inside the caller's transaction: locks them in id order (two writers of the overlap constraint can otherwise
-- deadlock), turns off expired holds that stand in the way, and gives back those that are taken; none means the range is clear. A function, because
-- each of its statements sees what was committed while it waited for the locks. may_wait false: those another writer holds right now count as taken.
create function claim_resources(ids uuid[], span tstzrange, moment timestamptz, ignored_booking uuid, may_wait boolean) returns uuid[]
    language plpgsql
as $$
declare
    taken uuid[];
begin
    if may_wait then
        perform 1 from resources where id = any (ids) order by id for no key update;
    else
        taken := array(
            select unnest(ids)
            except
            select id from (select id from resources where id = any (ids) order by id for no key update skip locked) locked
        );
        if taken <> '{}' then
            return taken;
        end if;
    end if;
    update allocations set is_live = false
    where resource_id = any (ids) and is_live and during && span and expires_at <= moment;
    return array(
        select distinct resource_id
        from allocations
        where resource_id = any (ids)
            and is_live
            and during && span
            and (ignored_booking is null or booking_id is distinct from ignored_booking)
    );
end
$$;
