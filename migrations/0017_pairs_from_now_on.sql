-- The pairs hold for what is written from now on; what is there already is looked at by the next migrations, which make nobody wait.
--
-- Both tables at once, and none if that would keep anyone waiting: whoever migrates tries again.
set local lock_timeout = '100ms';
alter table bookings add constraint bookings_service_of_provider
    foreign key (service_id, provider_id) references services (id, provider_id) not valid;
alter table allocations add constraint allocations_resource_of_provider
    foreign key (resource_id, provider_id) references resources (id, provider_id) on delete cascade not valid;
