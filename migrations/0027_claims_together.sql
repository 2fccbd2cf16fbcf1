-- What different people want in the same moment is claimed by one look for all of them, so that each costs little where many book at once.
--
-- Nobody is waited for, since whoever waits here would hold up the others: what cannot be had at once (somebody is at work on it, on the customer's
-- account or in the same line, a hold on it has run out, it was archived) is left for claim_slot, alone. One span, line and so on for each id; no two may
-- want the same resource or stand in the same line. The people are locked before it is looked who is busy, so what is found free stays free until the
-- transaction ends.
create function claim_slots(
    ids uuid[],
    resource_ids uuid[],
    spans tstzrange[],
    moments timestamptz[],
    lines bigint[],
    customers uuid[],
    visitors uuid[],
    services uuid[],
    starts timestamptz[]
) returns table (id uuid, taken uuid[], holds bigint, is_own boolean, is_left boolean)
language plpgsql rows 10 as $$
#variable_conflict use_column
declare
    locked uuid[];
    lined bigint[];
    known uuid[];
begin
    select
        array(select r.id from (select id from resources where id = any (resource_ids) and archived_at is null for no key update skip locked) r),
        array(select l.line from unnest(lines) l (line) where l.line is not null and pg_try_advisory_xact_lock(l.line)),
        -- as the foreign key of the booking will, which waits
        array(select a.id from (select id from accounts where id = any (customers) for key share skip locked) a)
    into locked, lined, known;
    return query
    select
        w.id,
        case when a.is_busy or h.is_own then array[w.resource_id] else '{}'::uuid[] end,
        case when a.is_busy then null else h.holds end,
        coalesce(h.is_own, false),
        not a.is_busy and (
            a.has_expired
            or not w.resource_id = any (locked)
            or w.line is not null and not w.line = any (lined)
            or w.customer is not null and not w.customer = any (known)
        )
    from unnest(ids, resource_ids, spans, moments, lines, customers, visitors, services, starts)
        as w (id, resource_id, span, moment, line, customer, visitor, service, starts_at)
    cross join lateral (
        select
            coalesce(bool_or(b.expires_at is null or b.expires_at > w.moment), false) as is_busy,
            coalesce(bool_or(b.expires_at <= w.moment), false) as has_expired
        from allocations b
        where b.resource_id = w.resource_id
            and b.is_live
            and b.during && w.span
    ) a
    left join lateral (
        -- "is true" keeps the planner from the index of all holds, of which there may be thousands; one person has few
        select count(*) as holds, coalesce(bool_or(b.service_id = w.service and lower(b.during) = w.starts_at), false) as is_own
        from bookings b
        where b.status = 'held'
            and (b.hold_expires_at > w.moment) is true
            and (b.customer_id = w.customer or b.visitor_id = w.visitor)
    ) h on w.line is not null;
end
$$;
