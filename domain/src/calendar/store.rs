//! SQL of the calendar: reads only.

use super::model::{Entry, Job, Kind, Lane};
use crate::booking::model::Status;
use crate::error::Result;
use crate::id::{AllocationId, BookingId, ProviderId, ResourceId, TimeOffId};
use crate::money::{Currency, Money};
use crate::provider::model::{Mode, ResourceKind};
use crate::scheduling::engine::Schedule;
use crate::scheduling::model::{DateRange, WeekRange};
use crate::scheduling::zone;
use crate::time::{Date, Instant, Span};
use sqlx::PgExecutor;

/// Everything of one view from one moment.
pub(super) async fn begin_snapshot(db: impl PgExecutor<'_>) -> Result<()> {
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(db).await?;
    Ok(())
}

pub(super) async fn get_zone(db: impl PgExecutor<'_>, provider: ProviderId) -> Result<String> {
    Ok(sqlx::query_scalar!("select zone from providers where id = $1", provider as ProviderId).fetch_one(db).await?)
}

pub(super) async fn list_lanes(db: impl PgExecutor<'_>, provider: ProviderId) -> Result<Vec<Lane>> {
    let rows = sqlx::query!(
        r#"select
            id as "id: ResourceId",
            name,
            kind,
            tone
         from resources
         where provider_id = $1 and archived_at is null
         order by kind <> 'person', position, name, id"#,
        provider as ProviderId,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Lane { id: r.id, name: r.name, kind: ResourceKind::parse(&r.kind).unwrap_or(ResourceKind::Person), tone: r.tone })
        .collect())
}

/// The provider's own hours, with the overrides of those dates.
pub(super) async fn get_schedule(db: impl PgExecutor<'_>, provider: ProviderId, from: Date, to: Date) -> Result<Schedule> {
    let rows = sqlx::query!(
        r#"select
            s.zone,
            h.weekday as "weekday?",
            null::date as "date: Date",
            h.from_min as "from_min?",
            h.to_min as "to_min?"
         from schedules s
         left join schedule_hours h on h.schedule_id = s.id
         where s.provider_id = $1 and s.resource_id is null
         union all
         select
            s.zone,
            null,
            o.on_date,
            o.from_min,
            o.to_min
         from schedules s
         join schedule_overrides o on o.schedule_id = s.id and o.on_date between $2 and $3
         where s.provider_id = $1 and s.resource_id is null
         order by 3 nulls first, 4"#,
        provider as ProviderId,
        from as Date,
        to as Date,
    )
    .fetch_all(db)
    .await?;
    let mut schedule = Schedule { zone: chrono_tz::Tz::UTC, hours: Vec::new(), overrides: Vec::new() };
    for row in rows {
        if let Some(name) = row.zone {
            schedule.zone = zone::stored(&name);
        }
        let (Some(from_min), Some(to_min)) = (row.from_min, row.to_min) else { continue };
        match (row.weekday, row.date) {
            (Some(weekday), _) => schedule.hours.push(WeekRange { weekday: weekday as u8, from_min, to_min }),
            (None, Some(date)) => schedule.overrides.push(DateRange { date, from_min, to_min }),
            (None, None) => {}
        }
    }
    Ok(schedule)
}

/// Blocked time, time off and imported busy time that touches the span, in order of start.
pub(super) async fn list_busy(db: impl PgExecutor<'_>, provider: ProviderId, span: Span) -> Result<Vec<Entry>> {
    let rows = sqlx::query!(
        r#"select
            x.block as "block: AllocationId",
            x.time_off as "time_off: TimeOffId",
            x.resource_id as "resource: ResourceId",
            x.during as "during!: Span",
            x.title as "title!",
            coalesce(r.name, '') as "resource_name!",
            coalesce(r.tone, 6) as "tone!"
         from (
            select id as block, null::uuid as time_off, resource_id, during, title
            from allocations
            where provider_id = $1 and kind = 'block' and is_live and during && $2
            union all
            select null, id, resource_id, during, reason
            from time_off
            where provider_id = $1 and during && $2
            union all
            select null, null, b.resource_id, b.during, b.title
            from imported_busy b
            join imported_calendars c on c.id = b.calendar_id
            where c.provider_id = $1 and b.during && $2
         ) x
         left join resources r on r.id = x.resource_id
         order by lower(x.during), upper(x.during)"#,
        provider as ProviderId,
        span as Span,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Entry {
            kind: match (r.block, r.time_off) {
                (Some(id), _) => Kind::Block { id },
                (None, Some(id)) => Kind::TimeOff { id },
                (None, None) => Kind::Imported,
            },
            span: r.during,
            buffer_before_min: 0,
            buffer_after_min: 0,
            resource: r.resource,
            title: match (r.title.is_empty(), r.block.is_some(), r.time_off.is_some()) {
                (false, _, _) => r.title,
                (true, true, _) => "Blocked".to_owned(),
                (true, false, true) => "Away".to_owned(),
                (true, false, false) => "Busy".to_owned(),
            },
            resource_name: r.resource_name,
            tone: r.tone,
            job: None,
        })
        .collect())
}

/// Which bookings are wanted.
pub(super) enum Wanted {
    /// Those that touch the span, but for what came to nothing and holds that are over.
    During(Span),
    /// Those that wait for an answer, soonest deadline first.
    Requests,
}

pub(super) async fn list_bookings(db: impl PgExecutor<'_>, provider: ProviderId, wanted: Wanted, now: Instant) -> Result<Vec<Entry>> {
    let (span, is_requests) = match wanted {
        Wanted::During(span) => (Some(span), false),
        Wanted::Requests => (None, true),
    };
    let rows = sqlx::query!(
        r#"select
            b.id as "id: BookingId",
            b.reference,
            b.status,
            b.during as "during: Span",
            b.buffer_before_min,
            b.buffer_after_min,
            b.person_id as "person: ResourceId",
            coalesce(r.name, '') as "person_name!",
            coalesce(r.tone, 6) as "tone!",
            b.service_name,
            b.customer_name,
            b.customer_phone,
            b.mode,
            coalesce(concat_ws(', ', nullif(b.address ->> 'street', ''), nullif(b.address ->> 'extra', ''), nullif(b.address ->> 'district', '')), '') as "exact!",
            coalesce(b.address ->> 'district', b.address ->> 'town', '') as "area!",
            b.notes,
            b.currency,
            b.service_minor + b.add_ons_minor - b.discount_minor + b.tip_minor + b.tax_minor as "total_minor!",
            b.tip_minor,
            b.commission_minor,
            b.service_minor + b.add_ons_minor - b.discount_minor - b.commission_minor + b.tip_minor as "earned_minor!",
            b.settlement,
            b.hold_expires_at as "hold_expires_at: Instant",
            b.answer_by as "answer_by: Instant",
            b.started_at as "started_at: Instant",
            b.completed_at as "completed_at: Instant",
            b.on_the_way_at is not null as "is_on_the_way!",
            b.late_min,
            b.proposal ->> 'by' as "proposal_by?",
            coalesce((select sum(p.captured_minor - p.refunded_minor) from payments p where p.booking_id = b.id), 0)::bigint as "paid_minor!",
            (select count(*) from booking_photos f where f.booking_id = b.id) as "photos!",
            not exists (
                select 1
                from bookings o
                where o.provider_id = b.provider_id
                  and o.customer_id = b.customer_id
                  and o.created_at < b.created_at
                  and o.status in ('confirmed', 'in_progress', 'completed')
            ) as "is_first!",
            array(
                select t.name
                from allocations a
                join resources t on t.id = a.resource_id
                where a.booking_id = b.id and a.is_live and t.kind <> 'person'
                order by t.name
            ) as "things!"
         from bookings b
         left join resources r on r.id = b.person_id
         where b.provider_id = $1
           and (
                (
                    not $3
                    and b.during && $2
                    and b.status in ('held', 'requested', 'confirmed', 'in_progress', 'completed', 'no_show')
                    and (b.status <> 'held' or b.hold_expires_at > $4)
                )
                or ($3 and b.status = 'requested' and b.answer_by > $4)
           )
         order by case when $3 then b.answer_by end, lower(b.during), b.id
         limit 1000"#,
        provider as ProviderId,
        span as Option<Span>,
        is_requests,
        now as Instant,
    )
    .fetch_all(db)
    .await?;
    let entries = rows.into_iter().filter_map(|r| {
        let status = Status::parse(&r.status)?;
        let currency: Currency = r.currency.parse().ok()?;
        let money = |minor: i64| Money::new(minor, currency);
        let facts = crate::booking::model::BookingFacts {
            status,
            starts_at: r.during.starts_at,
            ends_at: r.during.ends_at,
            hold_expires_at: r.hold_expires_at,
            answer_by: r.answer_by,
            completed_at: r.completed_at,
            proposal_by: r.proposal_by.as_deref().and_then(crate::booking::model::Side::parse),
            is_on_the_way: r.is_on_the_way,
            // only asked of customers
            needs_card: false,
            // what it holds it gives back on the booking's own page
            is_by_hand: false,
        };
        let is_exact = matches!(status, Status::Confirmed | Status::InProgress | Status::Completed | Status::NoShow);
        let place = match Mode::parse(&r.mode) {
            Some(Mode::Online) => "Online".to_owned(),
            Some(Mode::AtCustomer) if is_exact => r.exact,
            Some(Mode::AtCustomer) => r.area,
            _ => String::new(),
        };
        let job = Job {
            reference: r.reference,
            customer_name: r.customer_name,
            customer_phone: if is_exact { r.customer_phone } else { String::new() },
            place,
            notes: r.notes,
            photos: r.photos,
            total: money(r.total_minor),
            tip: money(r.tip_minor),
            commission: money(r.commission_minor),
            earned: money(r.earned_minor),
            paid: money(r.paid_minor),
            is_paid_elsewhere: r.settlement == "elsewhere",
            is_first_with_us: r.is_first,
            things: r.things,
            hold_expires_at: r.hold_expires_at,
            answer_by: r.answer_by,
            started_at: r.started_at,
            completed_at: r.completed_at,
            is_on_the_way: r.is_on_the_way,
            late_min: r.late_min.map(i64::from),
            actions: crate::booking::policy::actions(crate::booking::model::ViewerRole::Staff, &facts, now),
        };
        Some(Entry {
            kind: Kind::Booking { id: r.id, status },
            span: r.during,
            buffer_before_min: r.buffer_before_min.into(),
            buffer_after_min: r.buffer_after_min.into(),
            resource: r.person,
            resource_name: r.person_name,
            tone: r.tone,
            title: if status == Status::Held { "Held for checkout".to_owned() } else { r.service_name },
            job: Some(Box::new(job)),
        })
    });
    Ok(entries.collect())
}
