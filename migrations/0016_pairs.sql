-- What is booked will be looked up together with whose it is, so that a hold locks the rows of its service and its people and not their provider's besides.
--
-- A row that refers to another locks it until it is committed. A provider's row was locked by everyone who booked there at that moment, twice over, and
-- Postgres has to keep a list of all who share such a lock. Services and resources refer to the provider themselves, so a pair of both is as good, and
-- says more: nobody is booked for somebody else's service.
create unique index services_of_provider on services (id, provider_id);
create unique index resources_of_provider on resources (id, provider_id);
