-- An event stands in the spine behind everything that had ended when it was recorded.
--
-- A transaction gets its id with its first write. One that then waits for a lock records its event after the commit it waited for, and yet
-- with the lower id: the effect stood before its cause, and a reader between the two was even given it in an earlier batch. So the place is
-- the own id or, if that is higher, the highest that had ended by then. What readers rely on stays true: a place is never below the own id,
-- so below a snapshot's xmin everything is visible, and nothing comes to stand there later.
create function spine_place() returns xid8
language plpgsql volatile
as $$
begin
    -- volatile, so the snapshot is of this moment and not of the statement's beginning
    return greatest(pg_current_xact_id(), (pg_snapshot_xmax(pg_current_snapshot())::text::numeric - 1)::text::xid8);
end
$$;

alter table events alter column xid set default spine_place();
