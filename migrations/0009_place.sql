-- The places people name: districts, streets, postcodes. A street has two ends, so that a house number lies somewhere between them.
create table places (
    id       uuid primary key,
    kind     text not null check (kind in ('town', 'district', 'street')),
    street   text not null default '',
    district text not null default '',
    town     text not null,
    postcode text not null default '',
    -- folded: what is typed is compared with this
    words    text not null,
    lat      double precision not null check (lat between -90 and 90),
    lng      double precision not null check (lng between -180 and 180),
    end_lat  double precision not null check (end_lat between -90 and 90),
    end_lng  double precision not null check (end_lng between -180 and 180)
);
create index places_words on places using gin (words gin_trgm_ops);
create index places_postcode on places (lower(postcode));
