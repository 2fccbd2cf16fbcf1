-- What a search asks of a hundred providers at once must not look at all their bookings of all years.
create index allocations_coming on allocations (resource_id, coalesce(upper(during), 'infinity')) where is_live;
