-- The districts of a town are asked for with every search around one of its places.
create index places_districts on places (town, district) where kind = 'district';
