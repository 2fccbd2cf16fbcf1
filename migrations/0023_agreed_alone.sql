-- A hold is no agreement yet: the index of agreements need not know it.
create index bookings_agreed on bookings ((coalesce(requested_at, confirmed_at))) where coalesce(requested_at, confirmed_at) is not null;
drop index bookings_made;
