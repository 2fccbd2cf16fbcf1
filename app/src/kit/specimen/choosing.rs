//! Choosing, times, money and people.

use super::Sample;
use crate::kit::money::TierState;
use crate::kit::slot::{ShownDay, ShownSlot};
use crate::kit::{
    Avatar, Check, Chip, Choice, Cover, DayStrip, DialPin, DistanceDial, Distribution, PriceLine, PriceLines, ProviderMark, Rating,
    RefundScale, Segment, Segments, SlotRow, Stars, Switch, Tier,
};
use domain::id::{Id, ServiceId};
use domain::money::{Currency, Money};
use domain::time::Instant;
use leptos::prelude::*;

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample("choose", "Choosing", "", choosing()),
        Sample("times", "Times", "Free, soonest, taken. The bar under a date is how much of the day is still free.", times()),
        Sample(
            "money",
            "Money and refunds",
            "Sums add up visibly. The scale lies down where it has room and stands up where it has not.",
            money(),
        ),
        Sample(
            "people",
            "People and covers",
            "The category gives the shapes, the id the arrangement, the figure and how close one looks.",
            people(),
        ),
        Sample("dial", "Distances", "Where a map would be. Tags are numbered like the results.", dial()),
    ]
}

fn choosing() -> AnyView {
    let views = vec![Segment::new("List", "#choose", true), Segment::new("Distance", "#choose", false)];
    view! {
        <div class="two">
            <div class="stack">
                <div class="choices" role="radiogroup" aria-label="Pay with">
                    <Choice name="k-way" value="card" checked=true>"Card ending 4821"</Choice>
                    <Choice name="k-way" value="bank">"Bank transfer"</Choice>
                    <Choice name="k-way" value="credit" disabled=true>"Credit, $0.00"</Choice>
                </div>
                <div class="choices" data-fit="even" role="radiogroup" aria-label="Tip">
                    <Choice name="k-tip" value="0" small=true>"None"</Choice>
                    <Choice name="k-tip" value="500" small=true checked=true>"$5"</Choice>
                    <Choice name="k-tip" value="1000" small=true>"$10"</Choice>
                </div>
            </div>
            <div>
                <Check label="Tell me when a time frees up" name="k-a" checked=true help="One message, then we stop." />
                <Check label="Share my photos with the provider" name="k-b" />
                <Check label="Not available here" name="k-c" disabled=true />
                <Check label="Every week" name="k-r" radio=true checked=true />
                <Switch label="Quiet hours, 22:00 to 07:00" name="k-s" checked=true />
                <Switch label="Invisible" name="k-t" />
            </div>
        </div>
        <div class="chips">
            <Chip label="Up to $120" name="k-p" checked=true count=18 />
            <Chip label="Instant" name="k-i" count=13 />
            <Chip label="Sat 18:00" name="k-sat" count=0 />
        </div>
        <Segments label="View" items=views />
    }
    .into_any()
}

fn shown(day: &str, time: &str, is_soonest: bool) -> ShownSlot {
    ShownSlot { starts_at: Instant::from_millis(0), day: day.into(), time: time.into(), is_soonest }
}

fn times() -> AnyView {
    let days = [("Today", 9, 22), ("Wed", 10, 56), ("Thu", 11, 33), ("Fri", 12, 78), ("Sat", 13, 45), ("Sun", 14, 0), ("Mon", 15, 100)]
        .map(|(week, number, free_part)| ShownDay {
            date: format!("2026-06-{number:02}"),
            week: week.into(),
            number: number.to_string(),
            label: format!("{week} {number} June"),
            free_part,
            is_today: number == 9,
            is_chosen: number == 12,
            href: "#times".into(),
        });
    let slots = vec![shown("Today", "14:00", true), shown("Today", "16:30", false), shown("Wed", "09:00", false)];
    view! {
        <div class="two">
            <div class="stack">
                <DayStrip days=days.to_vec() />
                <div class="slots" data-fit="thirds">
                    <button class="slot" type="button"><time>"08:00"</time></button>
                    <button class="slot" type="button" aria-current="true"><time>"14:00"</time></button>
                    <button class="slot" type="button" data-taken="" disabled><time>"15:30"</time></button>
                    <button class="slot show-hover-slot" type="button"><time>"16:00"</time></button>
                    <button class="slot show-focus" type="button"><time>"17:00"</time></button>
                    <button class="slot" type="button" data-soonest=""><time>"18:30"</time></button>
                </div>
                <p class="live-note" role="status">"2 times were just taken."</p>
            </div>
            <div class="stack">
                <SlotRow service=ServiceId::from_u128(0) with="Tolliver Home Repair" slots=slots more="#times" />
            </div>
        </div>
    }
    .into_any()
}

fn money() -> AnyView {
    let dollars = |minor| Money::new(minor, Currency::USD);
    let lines = vec![
        PriceLine::new("Leak repair visit", dollars(10_000)).note("90 min"),
        PriceLine::new("Welcome back", dollars(1_000)).less(),
        PriceLine::new("Tip", dollars(500)).note("All of it goes to them"),
        PriceLine::new("You pay", dollars(9_500)).sum(),
    ];
    let tiers = || {
        vec![
            Tier::new("Until Thu 14:00", "24 hours before", "$100.00").state(TierState::Now { at: 22 }),
            Tier::new("Until Fri 12:00", "2 hours before", "$75.00"),
            Tier::new("Until Fri 14:00", "the start", "$50.00"),
            Tier::new("After that", "or not at home", "$0.00").state(TierState::None),
        ]
    };
    view! {
        <div class="two"><PriceLines lines=lines large=true /> <RefundScale tiers=tiers() /></div>
        <RefundScale tiers=tiers() />
    }
    .into_any()
}

fn people() -> AnyView {
    let icons = [
        "wrench",
        "brush-cleaning",
        "sprout",
        "hand-heart",
        "scissors",
        "music",
        "drama",
        "truck",
        "paw-print",
        "key-round",
        "dumbbell",
        "laptop",
    ];
    let covers = icons
        .iter()
        .zip(11_u128..)
        .flat_map(|(icon, id)| [(*icon, id * 7919), (*icon, id * 104_729)])
        .map(|(icon, id)| view! { <Cover id=id icon_name=icon /> })
        .collect_view();
    view! {
        <div class="row">
            <Avatar name="Ines Calloway" size="xl" /> <Avatar name="Bram Tolliver" size="l" /> <Avatar name="Odalys Venn" />
            <Avatar name="Maud Ferris" size="s" /> <ProviderMark id=7 icon_name="wrench" size="l" /> <ProviderMark id=12 icon_name="scissors" />
        </div>
        <div class="row"><Rating hundredths=493 count=212 /> <Rating hundredths=487 count=12_480 in_words=true /> <Rating hundredths=0 count=0 /> <Stars of=4 /></div>
        <div class="measure"><Distribution counts=[0, 1, 1, 11, 199] /></div>
        <div class="cover-grid">{covers}</div>
    }
    .into_any()
}

fn dial() -> AnyView {
    let pins = [(1, "$100", 0.9, 0.8), (2, "$70", -0.8, -0.1), (3, "$95", -1.9, 1.4), (4, "$120", 1.6, -3.5), (5, "$115", 4.4, 1.3)].map(
        |(n, label, east_km, north_km)| DialPin {
            n,
            label: label.into(),
            name: "A provider".into(),
            href: "#dial".into(),
            east_km,
            north_km,
        },
    );
    let places = vec![("Old Quay".to_owned(), 0.0, -1.8), ("Upper Green".to_owned(), 1.6, 3.1), ("Fennside".to_owned(), -3.4, -2.3)];
    view! { <div class="plot dial-sample"><DistanceDial pins=pins.to_vec() places=places radius_km=5.0 here="Lantern Lane" /></div> }
        .into_any()
}
