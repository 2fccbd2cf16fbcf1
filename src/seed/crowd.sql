-- Providers number $1 up to, not including, $2: each a copy of one of the town's, with a name, a place, prices and ratings of its own.
-- 240 towns lie around Merrow, a few large and many small; a fiftieth of all providers are Merrow's own.
with
numbered as (
    select p.*, row_number() over (order by p.slug) - 1 as nth, count(*) over () as many
    from providers p
    where p.slug !~ '-[0-9]+$' and p.status = 'active'
),
wanted as (
    select
        n,
        md5('crowd provider ' || n)::uuid as new_id,
        -- independent dice from one number
        abs(hashtextextended(n::text, 1)) as a,
        abs(hashtextextended(n::text, 2)) as b,
        abs(hashtextextended(n::text, 3)) as c,
        abs(hashtextextended(n::text, 4)) as d
    from generate_series($1::bigint, $2::bigint - 1) n
),
placed as (
    select
        w.*,
        o.id as old_id,
        -- town 0 is Merrow; the square makes low numbers large towns
        case when w.d % 50 = 0 then 0 else 1 + ((w.d / 50 % 1000) / 1000.0 * (w.d / 50000 % 1000) / 1000.0 * 239)::int end as town
    from wanted w
    join numbered o on o.nth = w.n % o.many
),
located as (
    select
        p.*,
        -- sums of three dice crowd the middle of a town
        50.3 + case when p.town = 0 then 0 else ((abs(hashtextextended('lat' || p.town, 5)) % 2000) - 1000) / 1000.0 * 1.6 end
            + ((p.a % 1000 + p.a / 1000 % 1000 + p.a / 1000000 % 1000) / 1500.0 - 1.0) * 0.07 as lat,
        -1.7 + case when p.town = 0 then 0 else ((abs(hashtextextended('lng' || p.town, 6)) % 2000) - 1000) / 1000.0 * 2.5 end
            + ((p.b % 1000 + p.b / 1000 % 1000 + p.b / 1000000 % 1000) / 1500.0 - 1.0) * 0.11 as lng,
        (array['Alder', 'Birch', 'Cobble', 'Dapple', 'Ember', 'Fallow', 'Granite', 'Hazel', 'Indigo', 'Juniper', 'Kestrel', 'Larch', 'Mallow',
               'Nimble', 'Otter', 'Pebble', 'Quarry', 'Russet', 'Sorrel', 'Thistle', 'Umber', 'Velvet', 'Willow', 'Yarrow'])[1 + p.a % 24]
            || ' & ' ||
        (array['Archer', 'Baker', 'Carter', 'Draper', 'Eldridge', 'Fletcher', 'Glover', 'Hooper', 'Ingram', 'Jenner', 'Keeler', 'Lorimer',
               'Mercer', 'Naylor', 'Ostler', 'Potter', 'Quiller', 'Roper', 'Sawyer', 'Turner', 'Usher', 'Vintner', 'Wheeler', 'Yeoman'])[1 + p.b % 24] as name
    from placed p
),
new_providers as (
    insert into providers
        (id, slug, name, tagline, story, category_id, status, submitted_at, decided_at, verified_at, zone, currency, country, street, district,
         town, postcode, lat, lng, languages, email, phone, cover_tone, horizon_days, min_notice_min, slot_step_min, hold_min, rating_sum,
         rating_count, created_at, updated_at)
    select
        l.new_id,
        regexp_replace(lower(l.name), '[^a-z]+', '-', 'g') || '-' || l.n,
        l.name || ' ' || c.name,
        o.tagline, o.story, o.category_id, 'active', o.submitted_at, o.decided_at,
        case when l.c % 3 > 0 then o.verified_at end,
        o.zone, o.currency, o.country, (l.c % 90 + 1) || ' ' || 'High Street', '', 'Town ' || l.town, 'TN' || l.town, l.lat, l.lng, o.languages,
        'crowd' || l.n || '@crowd.example', '', 1 + l.c % 8, 90, o.min_notice_min, o.slot_step_min, 15,
        case when l.c % 7 = 0 then 0 else ((l.c % 240) * (380 + l.a % 120)) / 100 end,
        case when l.c % 7 = 0 then 0 else l.c % 240 end,
        o.created_at, o.updated_at
    from located l
    join providers o on o.id = l.old_id
    join categories c on c.id = o.category_id
    returning id
),
new_resources as (
    insert into resources (id, provider_id, kind, name, tone, position, created_at)
    select md5(l.n || r.id::text)::uuid, l.new_id, r.kind, r.name, r.tone, r.position, r.created_at
    from located l
    join resources r on r.provider_id = l.old_id
    returning id
),
new_services as (
    insert into services
        (id, provider_id, category_id, name, description, mode, radius_km, duration_min, price_minor, buffer_before_min, buffer_after_min,
         needs_approval, assignment, position, created_at, updated_at)
    select
        md5(l.n || s.id::text)::uuid, l.new_id, s.category_id, s.name, s.description, s.mode, s.radius_km, s.duration_min,
        -- 70 to 140 percent, in whole coins
        s.price_minor * (70 + l.b % 71) / 10000 * 100,
        s.buffer_before_min, s.buffer_after_min, s.needs_approval, s.assignment, s.position, s.created_at, s.updated_at
    from located l
    join services s on s.provider_id = l.old_id
    returning id
),
new_people as (
    insert into service_people (service_id, resource_id, priority, weight)
    select md5(l.n || s.id::text)::uuid, md5(l.n || sp.resource_id::text)::uuid, sp.priority, sp.weight
    from located l
    join services s on s.provider_id = l.old_id
    join service_people sp on sp.service_id = s.id
),
new_things as (
    insert into service_things (service_id, resource_id, need)
    select md5(l.n || s.id::text)::uuid, md5(l.n || st.resource_id::text)::uuid, st.need
    from located l
    join services s on s.provider_id = l.old_id
    join service_things st on st.service_id = s.id
),
new_schedules as (
    insert into schedules (id, provider_id, zone, updated_at)
    select md5('schedule' || l.n)::uuid, l.new_id, sc.zone, sc.updated_at
    from located l
    join schedules sc on sc.provider_id = l.old_id and sc.resource_id is null
    returning id
),
new_hours as (
    insert into schedule_hours (schedule_id, weekday, from_min, to_min)
    select md5('schedule' || l.n)::uuid, h.weekday, h.from_min, h.to_min
    from located l
    join schedules sc on sc.provider_id = l.old_id and sc.resource_id is null
    join schedule_hours h on h.schedule_id = sc.id
)
-- three mornings or afternoons of each team are taken already
insert into allocations (id, provider_id, resource_id, kind, during, title, created_at)
select
    md5('allocation' || l.n || r.id || day)::uuid, l.new_id, md5(l.n || r.id::text)::uuid, 'block',
    tstzrange(
        date_trunc('day', $3::timestamptz) + make_interval(days => (day + l.d % 4)::int, hours => (8 + (l.a + day) % 6)::int),
        date_trunc('day', $3::timestamptz) + make_interval(days => (day + l.d % 4)::int, hours => (11 + (l.a + day) % 6)::int)
    ),
    'Busy', $3
from located l
join resources r on r.provider_id = l.old_id and r.kind = 'person' and r.position = 0
cross join (values (0), (4), (8)) days(day)
