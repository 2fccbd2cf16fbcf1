-- A hold may be written by terms kept in memory: it looks for what has changed them since, and must not wait for a start that is plainly gone.

-- What changes the terms of a provider, or of all (provider_id is null). The statement that writes a hold names the same kinds.
create index events_terms on events (provider_id, xid) where kind in (
    'provider.approved', 'provider.rejected', 'provider.suspended', 'provider.reinstated', 'provider.changed',
    'category.changed', 'settings.changed', 'availability.changed', 'review.published'
);

-- As before, but looks first without waiting for anyone, since most who want a popular start come too late.
create or replace function claim_slot(
    ids uuid[],
    span tstzrange,
    moment timestamptz,
    line bigint,
    customer uuid,
    visitor uuid,
    service uuid,
    starts_at timestamptz,
    may_wait boolean,
    out taken uuid[],
    out holds bigint,
    out is_own boolean
)
language plpgsql as $$
begin
    is_own := false;
    taken := array(
        select distinct a.resource_id
        from allocations a
        where a.resource_id = any (ids)
            and a.is_live
            and a.during && span
            and (a.expires_at is null or a.expires_at > moment)
    );
    if taken <> '{}' then
        return;
    end if;
    if line is not null then
        perform pg_advisory_xact_lock(line);
        select count(*), coalesce(bool_or(b.service_id = service and lower(b.during) = starts_at), false)
        into holds, is_own
        from bookings b
        where b.status = 'held'
            and b.hold_expires_at > moment
            and (b.customer_id = customer or b.visitor_id = visitor);
        if is_own then
            taken := ids;
            return;
        end if;
    end if;
    taken := claim_resources(ids, span, moment, null, may_wait);
end
$$;
