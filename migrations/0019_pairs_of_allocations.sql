-- The pairs hold for all allocations, as for bookings.
alter table allocations validate constraint allocations_resource_of_provider;
