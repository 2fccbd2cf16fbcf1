-- Whoever was archived while a writer waited for them is not there any more; the terms it came with were read before, and do not know.

-- As before, but after the locks those who are archived count as taken.
create or replace function claim_resources(ids uuid[], span tstzrange, moment timestamptz, ignored_booking uuid, may_wait boolean) returns uuid[]
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
    taken := array(select id from resources where id = any (ids) and archived_at is not null);
    if taken <> '{}' then
        return taken;
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
