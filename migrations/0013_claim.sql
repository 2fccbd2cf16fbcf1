-- One statement both claims a slot and writes its booking, so that a hold needs no transaction of several round trips.
--
-- Waits in the customer's line if there is one, counts what the customer holds and whether this very start is among it (clicked twice), and claims as
-- claim_resources does. Each statement in here sees what was committed while the one before it waited.
create function claim_slot(
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
