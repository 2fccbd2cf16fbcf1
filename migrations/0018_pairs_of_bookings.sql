-- The pairs hold for all bookings. Nobody waits for this look, but news stand still while it lasts: a second or two for a million of them.
alter table bookings validate constraint bookings_service_of_provider;
