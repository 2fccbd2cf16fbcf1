-- A start that nobody else wants is claimed with one look at who is busy, and whoever comes too late is told by the same question whether it is theirs.
--
-- As before, it looks first without waiting for anyone; holds stays null if that finds the start taken, and tells otherwise that it had been free. What is
-- new: a start that is taken also tells whether the same customer holds it (clicked twice).
-- And where that look found no hold that has run out, and the one person wanted could be locked at once, there is no second look: whoever has taken them
-- between the two meets the overlap constraint. In all other cases claim_resources waits, turns off what has run out, and looks again. Several are always
-- left to it, since they have to be locked in the order of their ids, and one that is locked while another is waited for may be waited for in turn.
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
declare
    has_expired boolean;
begin
    is_own := false;
    select
        coalesce(array_agg(distinct a.resource_id) filter (where a.is_busy), '{}'),
        coalesce(bool_or(not a.is_busy), false)
    into taken, has_expired
    from (
        select resource_id, expires_at is null or expires_at > moment as is_busy
        from allocations
        where resource_id = any (ids)
            and is_live
            and during && span
    ) a;
    if taken <> '{}' then
        -- "is true" here and below keeps the planner from the index of all holds, of which there may be thousands; one person has few
        is_own := line is not null and exists (
            select
            from bookings b
            where b.status = 'held'
                and (b.hold_expires_at > moment) is true
                and b.service_id = service
                and lower(b.during) = starts_at
                and (b.customer_id = customer or b.visitor_id = visitor)
        );
        return;
    end if;
    if line is not null then
        -- as an expression it costs a tenth of what it costs as a statement, and nobody waits nearly always
        if not pg_try_advisory_xact_lock(line) then
            perform pg_advisory_xact_lock(line);
        end if;
        select count(*), coalesce(bool_or(b.service_id = service and lower(b.during) = starts_at), false)
        into holds, is_own
        from bookings b
        where b.status = 'held'
            and (b.hold_expires_at > moment) is true
            and (b.customer_id = customer or b.visitor_id = visitor);
        if is_own then
            taken := ids;
            return;
        end if;
    end if;
    if cardinality(ids) = 1 and not has_expired then
        perform 1 from resources where id = ids[1] and archived_at is null for no key update skip locked;
        if found then
            return;
        end if;
    end if;
    taken := claim_resources(ids, span, moment, null, may_wait);
end
$$;
