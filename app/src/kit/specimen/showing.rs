//! Moving about, telling, tables, timelines, figures, waiting.

use super::Sample;
use crate::kit::chart::Bar;
use crate::kit::layout::Facts;
use crate::kit::{
    Badge, BarChart, Button, Card, Column, Crumbs, Dialog, Empty, Figure, Fold, Icon, Kind, LineChart, LinkButton, Menu, Moment, Notice,
    Pagination, Skeleton, SortBy, State, Tab, Table, Tabs, Timeline, Toast, icon,
};
use leptos::prelude::*;

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample("cards", "Cards and badges", "A card can be moved, bought or closed; lists are ruled with hairlines.", cards()),
        Sample("move", "Moving about", "", moving()),
        Sample("tell", "Telling", "", telling()),
        Sample("dialog", "Dialog", "The title names the outcome, and so does the button.", dialog()),
        Sample("tables", "Tables", "Rows become two-line cards where the table has less than 40 rem.", table()),
        Sample("timeline", "Timeline", "", timeline()),
        Sample("figures", "Figures and charts", "Zero-based, direct, with the table one click away.", figures()),
        Sample(
            "states",
            "Waiting and nothing",
            "A skeleton has the size of what it stands for. Empty says what this is, why it is empty, and the next step.",
            states(),
        ),
    ]
}

fn cards() -> AnyView {
    let facts = vec![
        (Icon::HOUSE, "Comes to you".to_owned(), "Up to 15 km around Millbank".to_owned()),
        (Icon::ZAP, "Instant booking".to_owned(), "No waiting for an answer".to_owned()),
    ];
    view! {
        <div class="two">
            <Card title="Today’s money" tools=view! { <Badge text="2" state=State::Soon /> }.into_any()><p class="muted">"Five jobs, all paid."</p></Card>
            <div class="card" data-pad="">
                <Facts items=facts />
            </div>
        </div>
        <div class="row">
            <Badge text="Draft" /> <Badge text="Confirmed" state=State::Good icon_before=Icon::CHECK /> <Badge text="Waiting" state=State::Wait />
            <Badge text="Cancelled" state=State::Bad /> <Badge text="New on Fettle" state=State::Note /> <Badge text="Running" state=State::Now />
            <Badge text="Free today 14:00" state=State::Soon icon_before=Icon::CLOCK />
        </div>
    }
    .into_any()
}

fn moving() -> AnyView {
    let crumbs =
        [("Merrow", "/"), ("Home repair", "#move"), ("Tolliver Home Repair", "")].map(|(name, href)| (name.to_owned(), href.to_owned()));
    let tabs = vec![
        Tab::new("Upcoming", "#move", true).count(3),
        Tab::new("Past", "#move", false).count(12),
        Tab::new("Cancelled", "#move", false),
    ];
    view! {
        <Crumbs items=crumbs.to_vec() />
        <Tabs label="Bookings" items=tabs />
        <Pagination next="#move" shown="12 of 64 shown" />
        <div class="row">
            <Menu label="More"><a href="#move">{icon(Icon::PENCIL)} "Edit"</a><a href="#move">{icon(Icon::CALENDAR_CLOCK)} "Move"</a><hr /><button type="button" data-kind="danger">{icon(Icon::TRASH_2)} "Delete"</button></Menu>
            <Menu label="More things" face=icon(Icon::ELLIPSIS).into_any()><a href="#move">"Open"</a></Menu>
        </div>
        <Fold title="Do I need to buy parts first?" open=true>"No. Common washers, valves and hoses are in the van."</Fold>
        <Fold title="Can you come in the evening?">"Until 19:00 on weekdays."</Fold>
    }
    .into_any()
}

fn telling() -> AnyView {
    view! {
        <div class="stack">
            <Notice>"Your time is held while you pay."</Notice>
            <Notice state=State::Good>"Saved."</Notice>
            <Notice state=State::Wait action=view! { <LinkButton href="#tell" size="dense">"Answer"</LinkButton> }.into_any()>"Two requests wait for your answer."</Notice>
            <Notice state=State::Bad><strong>"Your card was declined."</strong> " Nothing was charged. Try another card."</Notice>
            <Toast text="Moved to Friday."><Button kind=Kind::Plain size="dense" kind_of="button">"Undo"</Button></Toast>
        </div>
    }
    .into_any()
}

fn dialog() -> AnyView {
    let actions =
        view! { <Button kind_of="button">"Keep it"</Button> <Button kind=Kind::Danger kind_of="button">"Cancel and get $75.00"</Button> };
    view! {
        <div class="stage">
            <Dialog id="k-dialog" title="Cancel, and get $75.00 back" actions=actions.into_any() open=true>
                <p class="muted">"It is less than 24 hours before the start, so three quarters come back. They arrive within five days."</p>
            </Dialog>
        </div>
    }
    .into_any()
}

fn table() -> AnyView {
    let columns = vec![
        Column::new("Booking").place("a"),
        Column::new("Customer").place("c"),
        Column::new("When").sort("#tables", Some(SortBy::Descending)),
        Column::new("Paid").end().place("b"),
        Column::new("Status").place("d"),
    ];
    let row =
        |code: &'static str, what: &'static str, who: &'static str, when: &'static str, paid: &'static str, status: &'static str, state| {
            vec![
                view! { {code}<span class="sub">{what}</span> }.into_any(),
                who.into_any(),
                when.into_any(),
                paid.into_any(),
                view! { <Badge text=status state=state /> }.into_any(),
            ]
        };
    let rows = vec![
        row("FT-8M4C", "Tap replaced", "Hana Whitlow", "Today 12:30", "$115.00", "Confirmed", State::Good),
        row("FT-8M49", "Two-hour clean", "Leopold Ames", "Today 12:00", "$88.00", "Cancelled", State::Bad),
    ];
    view! { <div class="card" data-kind="dense"><Table columns=columns rows=rows caption="Bookings" /></div> }.into_any()
}

fn timeline() -> AnyView {
    let fact =
        |of, state, what: &'static str, when: &'static str| Moment::Fact { icon: of, state, what: what.into_any(), when: when.into_any() };
    let moments = vec![
        Moment::Day("Tuesday 9 June".into()),
        fact(Icon::RECEIPT, Some("money"), "You paid $105.00.", "10:50"),
        fact(Icon::CALENDAR_CHECK, Some("good"), "Tolliver Home Repair confirmed.", "10:50"),
        fact(Icon::HOURGLASS, Some("wait"), "Free cancellation ended.", "Thu 14:00"),
        Moment::Next { icon: Icon::CAR, what: "Tomorrow, 14:00: Odalys comes.".into_any() },
    ];
    view! { <Timeline moments=moments /> }.into_any()
}

fn figures() -> AnyView {
    let weeks = [241, 250, 262, 254, 278, 289, 281, 302, 310, 296, 324, 338];
    let bars: Vec<Bar> = weeks
        .iter()
        .enumerate()
        .map(|(at, &value)| Bar { label: format!("W{}", at + 8), value: value * 10_000, shown: format!("${}00.00", value), href: None })
        .collect();
    let before: Vec<i64> = weeks.iter().map(|value| value * 9_000).collect();
    let points = bars.clone();
    let axis: fn(i64) -> String = |v| format!("${}k", v / 100_000);
    view! {
        <div class="three">
            <Figure label="Bookings" value="1,512" href="#figures" change=("+5.1 %".to_owned(), State::Good) against="from 1,438" values=weeks.to_vec() before=vec![220, 230, 235, 240, 246, 250] />
            <Figure label="Cancelled" value="5.2 %" change=("+1.1 points".to_owned(), State::Bad) against="from 4.1 %" values=vec![41, 44, 40, 47, 52] />
            <article class="tile" aria-busy="true"><p class="label"><Skeleton width="5rem" /></p><p class="value"><Skeleton width="7rem" /></p><span></span><p class="against"><Skeleton width="8rem" /></p></article>
        </div>
        <Card title="Booked value by week">
            <BarChart summary="Booked value by week rises from 24.1 to 33.8 thousand dollars." bars=bars axis=axis label_head="Week" value_head="Booked" />
        </Card>
        <Card title="The same as a line">
            <LineChart summary="The same as a line." points=points before=before axis=axis label_head="Week" value_head="Booked" />
        </Card>
    }
    .into_any()
}

fn states() -> AnyView {
    view! {
        <div class="three">
            <div class="card skeleton-card" aria-busy="true" role="status" aria-label="Loading">
                <Skeleton height="7rem" /> <Skeleton width="70%" /> <Skeleton width="45%" />
            </div>
            <div class="card">
                <Empty title="No requests are waiting" text="Requests for services you answer by hand come here. Yours are all instant.">
                    <LinkButton href="#states">"See your services"</LinkButton>
                </Empty>
            </div>
            <div class="card">
                <Empty title="The list did not load" text="Our side did not answer. Your filters are kept." icon_before=Icon::REFRESH_CW>
                    <Button kind_of="button">"Try again"</Button>
                </Empty>
            </div>
        </div>
    }
    .into_any()
}
