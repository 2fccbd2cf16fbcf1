-- What is booked is not entered where nobody looks for it: an entry of an index costs as much as a row.
--
-- By provider and time only blocks are looked for; what people and things are busy with is found by resource. And nobody looks for allocations by when
-- they expire: holds that have run out are found among the bookings.
create index allocations_blocks on allocations using gist (provider_id, during) where is_live and kind = 'block';
drop index allocations_provider;
drop index allocations_expiry;
