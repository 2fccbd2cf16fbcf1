//! Everything the engine needs about one or many services, in one statement and so from one snapshot.

use crate::error::Result;
use crate::event::Cursor;
use crate::id::{BookingId, ProviderId, ResourceId, ServiceId};
use crate::scheduling::engine::{Book, Rules};
use crate::time::{Instant, Span};
use sqlx::PgExecutor;
use std::collections::HashMap;
use uuid::Uuid;

/// What is to be read.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub services: &'a [ServiceId],
    /// Busy time that touches it, counts of its days and weeks.
    pub window: Span,
    pub now: Instant,
    pub extra_min: i64,
    /// Of the people only this one, if the service has them; what the job needs besides is read in any case.
    pub person: Option<ResourceId>,
    pub ignoring: Option<BookingId>,
    /// Without, nothing is read of bookings and blocks, neither when nor how many: whoever claims looks for them. Imported busy time is read in any case,
    /// since nobody looks for it again.
    pub with_busy: bool,
}

/// Many services with the resources they share.
pub struct Loaded {
    /// Of the same snapshot.
    pub cursor: Cursor,
    pub services: HashMap<ServiceId, LoadedService>,
    pub book: Book,
    pub names: HashMap<ResourceId, String>,
}

pub struct LoadedService {
    pub provider: ProviderId,
    /// The provider is active and the service not archived.
    pub is_offered: bool,
    /// IANA name of the provider's zone.
    pub zone_name: String,
    pub rules: Rules,
}

pub(super) struct Row {
    pub kind: i32,
    pub service_id: Option<ServiceId>,
    pub resource_id: Option<ResourceId>,
    pub provider_id: Option<ProviderId>,
    pub numbers: Option<Vec<i64>>,
    pub froms: Option<Vec<Instant>>,
    pub tos: Option<Vec<Instant>>,
    pub word: Option<String>,
    pub word2: Option<String>,
}

// What a row tells; the statement below writes the same numbers.
pub(super) const CURSOR: i32 = 0;
pub(super) const SERVICE: i32 = 1;
pub(super) const PERSON: i32 = 2;
pub(super) const NEED: i32 = 3;
pub(super) const RESOURCE: i32 = 4;
pub(super) const SCHEDULE: i32 = 5;
pub(super) const OVERRIDES: i32 = 6;
pub(super) const BUSY: i32 = 7;
pub(super) const TIME_OFF: i32 = 8;
pub(super) const COUNTS: i32 = 9;

pub async fn load(db: impl PgExecutor<'_>, wanted: Wanted<'_>) -> Result<Loaded> {
    let ids: Vec<Uuid> = wanted.services.iter().map(|id| (*id).into()).collect();
    // a week more on both sides, since limits count whole weeks and jobs with buffers reach beyond the window
    let wide = Span::new(wanted.window.starts_at.plus_days(-8), wanted.window.ends_at.plus_days(8));
    let busy = wanted.window.widened(2 * 1440, 2 * 1440 + wanted.extra_min);
    let rows = sqlx::query_as!(
        Row,
        r#"with svc as materialized (
            select
                s.*,
                p.zone,
                p.status = 'active' and s.archived_at is null as is_offered,
                coalesce(s.min_notice_min, p.min_notice_min) as notice,
                coalesce(s.horizon_days, p.horizon_days) as horizon,
                coalesce(s.slot_step_min, p.slot_step_min) as step
            from services s
            join providers p on p.id = s.provider_id
            where s.id = any($1)
        ), part as materialized (
            select sp.service_id, sp.resource_id, 0 as need, sp.priority, sp.weight
            from service_people sp
            where sp.service_id = any($1)
                and ($8::uuid is null or sp.resource_id = $8 or not exists (
                    select from service_people asked where asked.service_id = sp.service_id and asked.resource_id = $8
                ))
            union all
            select st.service_id, st.resource_id, st.need, 0, 0
            from service_things st
            where st.service_id = any($1)
        ), res as materialized (
            select r.id, r.provider_id, r.kind, r.name, r.position
            from resources r
            where r.id in (select resource_id from part) and r.archived_at is null
        ), sch as materialized (
            -- arrays, so that indexes are used however many there are in all
            select sc.id, sc.provider_id, sc.resource_id, sc.zone
            from schedules sc
            where sc.resource_id is null and sc.provider_id = any(array(select provider_id from svc))
            union all
            select sc.id, sc.provider_id, sc.resource_id, sc.zone
            from schedules sc
            where sc.resource_id = any(array(select id from res))
        ), counted as materialized (
            select b.service_id, b.person_id, b.during
            from bookings b
            join svc on svc.id = b.service_id
            where b.service_id = any(array(
                    select id from svc
                    where $9 and (day_limit is not null or week_limit is not null or assignment = 'round_robin' and $8::uuid is null)
                ))
                and b.status in ('held', 'requested', 'confirmed', 'in_progress', 'completed')
                and (b.status <> 'held' or b.hold_expires_at > $4)
                and ($5::uuid is null or b.id <> $5)
                and (
                    (svc.day_limit is not null or svc.week_limit is not null) and lower(b.during) >= $6 and lower(b.during) < $7
                    -- fairness looks at the last sixty days and all that is to come, where there is a choice
                    or svc.assignment = 'round_robin' and $8::uuid is null and lower(b.during) >= $4 - interval '60 days'
                )
        ), done as (
            select c.service_id, c.person_id, count(*) as count
            from counted c
            where lower(c.during) >= $4 - interval '60 days'
            group by c.service_id, c.person_id
        )
        select
            0 as "kind!",
            null::uuid as "service_id: ServiceId",
            null::uuid as "resource_id: ResourceId",
            null::uuid as "provider_id: ProviderId",
            array[sp.epoch::bigint] as numbers,
            null::timestamptz[] as "froms: Vec<Instant>",
            null::timestamptz[] as "tos: Vec<Instant>",
            pg_snapshot_xmin(pg_current_snapshot())::text as word,
            null::text as word2
        from spine sp
        union all
        select
            1, svc.id, null, svc.provider_id,
            array[
                svc.is_offered::integer, svc.duration_min, svc.buffer_before_min, svc.buffer_after_min, svc.step, svc.notice, svc.horizon,
                coalesce(svc.day_limit, 0), coalesce(svc.week_limit, 0)
            ]::bigint[],
            null, null, svc.zone, svc.assignment
        from svc
        union all
        select
            2, part.service_id, part.resource_id, null,
            array[
                part.priority, part.weight, coalesce(res.position, 0), coalesce(done.count, 0)
            ]::bigint[],
            null, null, null, null
        from part
        left join res on res.id = part.resource_id
        left join done on done.service_id = part.service_id and done.person_id = part.resource_id
        where part.need = 0
        union all
        select 3, part.service_id, part.resource_id, null, array[part.need, coalesce(res.position, 0)]::bigint[], null, null, null, null
        from part
        left join res on res.id = part.resource_id
        where part.need > 0
        union all
        select 4, null, res.id, res.provider_id, array[(res.kind = 'person')::integer]::bigint[], null, null, res.name, null
        from res
        union all
        select
            5, null, sch.resource_id, sch.provider_id,
            array(
                select unnest(array[h.weekday, h.from_min, h.to_min])::bigint from schedule_hours h where h.schedule_id = sch.id
            ),
            null, null, sch.zone, null
        from sch
        union all
        select 6, null, sch.resource_id, sch.provider_id, o.numbers, null, null, null, null
        from sch
        cross join lateral (
            select array(
                select unnest(array[o.on_date - date '1970-01-01', o.from_min, o.to_min])::bigint
                from schedule_overrides o
                where o.schedule_id = sch.id and o.on_date between ($6::timestamptz)::date and ($7::timestamptz)::date
            ) as numbers
        ) o
        where o.numbers <> '{}'
        union all
        select 7, null, b.resource_id, null, array_agg(b.kind), array_agg(lower(b.during)), array_agg(upper(b.during)), null, null
        from (
            select a.resource_id, a.during, case a.kind when 'booking' then 1 else 2 end::bigint as kind
            from res
            join allocations a on a.resource_id = res.id
            where $9
                and a.is_live
                and coalesce(upper(a.during), 'infinity') > $2
                and lower(a.during) < $3
                and (a.expires_at is null or a.expires_at > $4)
                and ($5::uuid is null or a.booking_id is distinct from $5)
            union all
            select i.resource_id, i.during, 3
            from res
            join imported_busy i on i.resource_id = res.id
            where i.during && tstzrange($2, $3)
        ) b
        group by b.resource_id
        union all
        select 8, null, t.resource_id, t.provider_id, null, array_agg(lower(t.during)), array_agg(upper(t.during)), null, null
        from time_off t
        where t.provider_id in (select provider_id from svc)
            and (t.resource_id is null or t.resource_id in (select id from res))
            and t.during && tstzrange($2, $3)
        group by t.provider_id, t.resource_id
        union all
        select 9, d.service_id, null, null, array_agg(d.day::bigint * 1000000 + d.count), null, null, null, null
        from (
            select c.service_id, (lower(c.during) at time zone svc.zone)::date - date '1970-01-01' as day, count(*) as count
            from counted c
            join svc on svc.id = c.service_id
            where (svc.day_limit is not null or svc.week_limit is not null) and lower(c.during) >= $6 and lower(c.during) < $7
            group by c.service_id, (lower(c.during) at time zone svc.zone)::date
        ) d
        group by d.service_id"#,
        &ids,
        busy.starts_at as Instant,
        busy.ends_at as Instant,
        wanted.now as Instant,
        wanted.ignoring as Option<BookingId>,
        wide.starts_at as Instant,
        wide.ends_at as Instant,
        wanted.person as Option<ResourceId>,
        wanted.with_busy,
    )
    .fetch_all(db)
    .await?;
    super::assemble::assemble(rows, wanted.extra_min)
}
