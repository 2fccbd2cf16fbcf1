//! Checkout: when and where, about you, pay; the bill beside it. Works without scripting; the tip changes every amount by style alone.

use crate::booking::islands::{AddressHelp, AddressHelpProps};
use crate::booking::parts::{Leaf, When, photos};
use crate::kit::field::field_id;
use crate::kit::islands::SendFiles;
use crate::kit::{ErrorSummary, Field, Filled, Icon, ProviderMark, TextArea, format, icon, icon_s};
use domain::booking::model::{BookingView, Price, RefundSoFar, ScaleStep};
use domain::booking::policy;
use domain::id::Id;
use domain::money::Money;
use domain::provider::model::Mode;
use domain::time::{Instant, MINUTE};
use leptos::prelude::*;

pub const FORM: &str = "pay-form";
const STREETS: &str = "streets";

/// Everything the page shows; amounts for each tip that can be chosen.
struct Bill {
    tips: [i64; 4],
    totals: Vec<Money>,
    scales: Vec<Vec<ScaleStep>>,
}

fn bill(booking: &BookingView, now: Instant) -> Bill {
    let lines = booking.lines();
    let unit = 10_i64.pow(booking.currency.decimals());
    let tips = policy::tip_choices(&lines, unit);
    let with = |tip_minor| Price { tip_minor, ..lines };
    let scale = |tip| {
        let before = RefundSoFar::default();
        domain::booking::scale(&with(tip), &before, &booking.tiers, booking.starts_at, booking.lowest_tier_bp, now, booking.currency)
    };
    Bill {
        tips,
        totals: tips.iter().map(|&tip| booking.money(with(tip).total())).collect(),
        scales: tips.iter().map(|&tip| scale(tip)).collect(),
    }
}

/// One amount per tip; the chosen one shows.
fn by_tip(amounts: Vec<Money>) -> AnyView {
    amounts
        .into_iter()
        .enumerate()
        .map(|(at, amount)| view! { <span data-tip=at.to_string()>{amount.to_string()}</span> })
        .collect_view()
        .into_any()
}

/// `14:32` on the clock of the place.
pub fn clock(at: Instant, zone_name: &str) -> String {
    format::clock(domain::scheduling::zone::local_in(at, zone_name).minute.into())
}

#[component]
pub fn Checkout(
    booking: BookingView,
    filled: Filled,
    /// Someone signed in: the address of their account is used.
    email_is_fixed: bool,
    now: Instant,
    /// Why the last try to pay did not end well.
    trouble: Option<String>,
    /// The gateway's form, where something is to be paid.
    form: Option<AnyView>,
) -> impl IntoView {
    let bill = bill(&booking, now);
    let filled = if filled.is_refused() { filled } else { Filled { sentence: trouble, ..filled } };
    let chosen = filled.value("tip_minor").parse::<i64>().ok().filter(|tip| bill.tips.contains(tip)).unwrap_or(0);
    let back = format!("/p/{}?service={}", booking.provider.slug, booking.service_id);
    let sections = view! {
        // Its own address, since it also stands where only a photo was sent; as parts, since photos may come along.
        <form class="sections" id=FORM method="post" action=format!("/checkout/{}", booking.id) enctype="multipart/form-data" novalidate>
            // The first button of a form is the one that Enter presses.
            <button class="hidden-visually" type="submit" tabindex="-1" aria-hidden="true">{if booking.needs_approval { "Ask" } else { "Pay" }}</button>
            <ErrorSummary filled=filled.clone() />
            {when_and_where(&booking, &filled, &back, now)}
            {about_you(&filled, email_is_fixed)}
            {pay(&booking, &bill, chosen, form)}
        </form>
    }
    .into_any();
    let action_bar = {
        let when = When::of(booking.starts_at, booking.ends_at, &booking.zone, now);
        view! {
            <section class="action-bar" aria-label="Pay">
                <p class="small"><b class="num">{format!("{}, {}", when.day, when.start)}</b></p>
                {button(&booking, &bill, None)}
            </section>
        }
        .into_any()
    };
    view! {
        <div class="column checkout">
            <div class="top">
                <a class="link small back" href=back>{icon_s(Icon::ARROW_LEFT)} "Another time"</a>
                <h1>{if booking.needs_approval { "Ask and pay" } else { "Book and pay" }}</h1>
            </div>
            {sections}
            {beside(&booking, &bill, now)}
        </div>
        {action_bar}
    }
}

fn when_and_where(booking: &BookingView, filled: &Filled, back: &str, now: Instant) -> AnyView {
    let when = When::of(booking.starts_at, booking.ends_at, &booking.zone, now);
    let who = booking.person.as_ref().map_or(booking.provider.name.clone(), |p| p.name.clone());
    let place = match booking.mode {
        Mode::AtProvider => {
            view! { <p class="place small">{icon_s(Icon::MAP_PIN)} <span>{booking.provider.place.clone()}</span></p> }.into_any()
        }
        Mode::Online => {
            view! { <p class="place small">{icon_s(Icon::VIDEO)} <span>"Online. They send you the way in."</span></p> }.into_any()
        }
        Mode::AtCustomer => address(booking, filled),
    };
    view! {
        <section aria-labelledby="s1">
            <h2 id="s1"><span class="no">"1"</span>"When and where"</h2>
            <div class="when">
                <Leaf date=when.date />
                <div>
                    <p><b class="big">{when.range}</b></p>
                    <p class="small muted">{format!("{} with {who}", booking.service_name)}</p>
                    <p class="tiny muted">{format!("Times in {}", when.zone)}</p>
                </div>
                <a class="button" data-size="dense" href=back.to_owned()>"Change"</a>
            </div>
            {place}
            <TextArea
                label="What should they know?"
                name="notes"
                value=filled.value("notes")
                problem=filled.problem("notes")
                help=format!("Only {} reads this.", booking.provider.name)
                optional=true
                maxlength=2000
                rows=2
            />
            {pictures(booking, filled)}
        </section>
    }
    .into_any()
}

/// Each is kept with the hold as soon as it is sent, and everything typed so far goes along.
fn pictures(booking: &BookingView, filled: &Filled) -> AnyView {
    let to = format!("/checkout/{}/photos", booking.id);
    let shown = photos::shown(booking, |photo| Some(photos::remove_button(Some(format!("{to}/{photo}/remove")))));
    view! {
        <div class="pictures" id=photos::PART>{shown}{photos::field("Photos of what it is about", true, &filled.problem("photo"), Some(to.clone()))}</div>
        <SendFiles region=photos::PART.into() />
    }
    .into_any()
}

fn address(booking: &BookingView, filled: &Filled) -> AnyView {
    let help = AddressHelpProps {
        street: field_id("address.street"),
        town: field_id("address.town"),
        postcode: field_id("address.postcode"),
        list: STREETS.to_owned(),
    };
    let reach = booking.radius_km.map_or_else(String::new, |km| format!("They come up to {km} km, measured in a straight line."));
    view! {
        <div class="form">
            <div class="fields" data-fit="pairs">
                <Field
                    label="Street and number"
                    name="address.street"
                    value=filled.value("address.street")
                    problem=filled.problem("address.street")
                    help=reach
                    autocomplete="address-line1"
                    list=STREETS
                    wide=true
                />
                <Field
                    label="Postcode"
                    name="address.postcode"
                    value=filled.value("address.postcode")
                    problem=filled.problem("address.postcode")
                    autocomplete="postal-code"
                    optional=true
                />
                <Field
                    label="Town"
                    name="address.town"
                    value=filled.value("address.town")
                    problem=filled.problem("address.town")
                    autocomplete="address-level2"
                />
                <Field
                    label="Floor, bell, parking"
                    name="address.extra"
                    value=filled.value("address.extra")
                    autocomplete="address-line2"
                    problem=filled.problem("address.extra")
                    optional=true
                    wide=true
                />
            </div>
            {AddressHelp(help)}
        </div>
    }
    .into_any()
}

/// Whoever has an account is known; a guest leaves a number.
fn about_you(filled: &Filled, email_is_fixed: bool) -> AnyView {
    let email = if email_is_fixed {
        let value = filled.value("email");
        view! { <p class="small muted" data-span="all">"The receipt goes to " <b>{value}</b> "."</p> }.into_any()
    } else {
        view! {
            <Field
                label="E-mail"
                name="email"
                kind="email"
                value=filled.value("email")
                problem=filled.problem("email")
                help="The receipt goes there, and a link to manage the booking."
                inputmode="email"
                autocomplete="email"
                wide=true
            />
        }
        .into_any()
    };
    view! {
        <section aria-labelledby="s2">
            <h2 id="s2"><span class="no">"2"</span>"About you"</h2>
            <div class="form">
                <div class="fields">
                    <Field label="Name" name="name" value=filled.value("name") problem=filled.problem("name") autocomplete="name" />
                    <Field
                        label="Mobile phone"
                        name="phone"
                        kind="tel"
                        value=filled.value("phone")
                        problem=filled.problem("phone")
                        help="For the day itself, if they cannot find the door."
                        inputmode="tel"
                        autocomplete="tel"
                        optional=email_is_fixed
                    />
                    {email}
                </div>
            </div>
        </section>
    }
    .into_any()
}

fn pay(booking: &BookingView, bill: &Bill, chosen: i64, form: Option<AnyView>) -> AnyView {
    if booking.price.total.is_zero() {
        return view! {
            <section aria-labelledby="s3">
                <h2 id="s3"><span class="no">"3"</span>"Nothing to pay"</h2>
                <input type="hidden" name="tip_minor" value="0" />
                <p class="muted">"This costs nothing. Confirm, and the time is yours."</p>
            </section>
        }
        .into_any();
    }
    let mut seen = Vec::new();
    let choices = bill
        .tips
        .iter()
        .enumerate()
        .filter(|(_, tip)| {
            let is_new = !seen.contains(*tip);
            seen.push(**tip);
            is_new
        })
        .map(|(at, &tip)| {
            let label = if tip == 0 { "None".to_owned() } else { booking.money(tip).short() };
            view! {
                <label class="choice" data-size="small">
                    <input type="radio" name="tip_minor" value=tip.to_string() data-choice=at.to_string() checked=tip == chosen />
                    {label}
                </label>
            }
        })
        .collect_view();
    let way = form.unwrap_or_else(|| {
        view! {
            <p class="small muted way">{icon_s(Icon::CREDIT_CARD)} <span>"You pay by card on the payment company’s page. Fettle never sees the number."</span></p>
        }
        .into_any()
    });
    view! {
        // the button beside is in view before the card form is
        <section aria-labelledby="s3" data-start="soon">
            <h2 id="s3"><span class="no">"3"</span>"Pay"</h2>
            <fieldset class="tips">
                <legend class="label">"Add a tip? " <span class="muted">"All of it goes to them."</span></legend>
                <div class="choices" data-fit="even">{choices}</div>
            </fieldset>
            {way}
        </section>
    }
    .into_any()
}

fn button(booking: &BookingView, bill: &Bill, size: Option<&'static str>) -> AnyView {
    let width = size.map(|_| "full");
    let is_free = booking.price.total.is_zero();
    let words = match (is_free, booking.needs_approval) {
        (true, true) => view! { "Ask for this time" }.into_any(),
        (true, false) => view! { "Confirm the booking" }.into_any(),
        (false, true) => view! { "Ask, and reserve " {by_tip(bill.totals.clone())} }.into_any(),
        (false, false) => view! { "Pay " {by_tip(bill.totals.clone())} }.into_any(),
    };
    view! {
        <button class="button pay" data-kind="primary" data-size=size data-width=width type="submit" form=FORM>
            {icon(Icon::LOCK)} <span>{words}</span>
        </button>
    }
    .into_any()
}

fn beside(booking: &BookingView, bill: &Bill, now: Instant) -> AnyView {
    let provider = &booking.provider;
    let rating = (provider.rating_count > 0).then(|| {
        let mean = (provider.rating_sum * 200 + provider.rating_count) / (provider.rating_count * 2);
        view! {
            <span class="rating">{icon_s(Icon::STAR)} <b>{format::rating(mean)}</b> " " <span class="count">{format!("({})", provider.rating_count)}</span></span>
        }
    });
    let facts = view! { <p class="small muted facts">{rating} {provider.is_verified.then(|| view! { <span>"Verified"</span> })}</p> };
    let minutes = (booking.ends_at - booking.starts_at) / MINUTE;
    let extras = booking
        .add_ons
        .iter()
        .map(|extra| view! { <div><dt>{extra.name.clone()}</dt><dd>{extra.price.to_string()}</dd></div> })
        .collect_view();
    let tax = (!booking.price.tax.is_zero()).then(|| view! { <div><dt>"Tax"</dt><dd>{booking.price.tax.to_string()}</dd></div> });
    let tips = bill.tips.iter().map(|&tip| booking.money(tip)).collect();
    let charged = if booking.needs_approval { "Charged only if they accept." } else { "You are charged once, when the time is yours." };
    view! {
        <aside class="bill card" aria-labelledby="bill">
            <h2 class="hidden-visually" id="bill">"Your booking"</h2>
            <div class="who">
                <ProviderMark id=provider.id.as_u128() icon_name=provider.category_icon.clone() tone=provider.tone as i32 size="l" />
                <div><b>{provider.name.clone()}</b>{facts}</div>
            </div>
            <dl class="prices">
                <div><dt>{format!("{}, {}", booking.service_name, format::duration(minutes))}</dt><dd>{booking.price.service.to_string()}</dd></div>
                {extras}
                <div class="tip"><dt>"Tip"</dt><dd>{by_tip(tips)}</dd></div>
                {tax}
                <div class="sum" data-size="large"><dt>"Total"</dt><dd>{by_tip(bill.totals.clone())}</dd></div>
            </dl>
            {button(booking, bill, Some("large"))}
            <p class="tiny muted center">{charged}</p>
            {(!booking.price.total.is_zero()).then(|| promise(booking, bill, now))}
            <button class="link small give-back" type="submit" form="release">"Give this time back"</button>
            <form id="release" method="post" action=format!("/checkout/{}/release", booking.id)></form>
        </aside>
    }
    .into_any()
}

fn promise(booking: &BookingView, bill: &Bill, now: Instant) -> AnyView {
    let count = bill.scales.first().map_or(0, Vec::len);
    let items = (0..count)
        .map(|line| {
            let step = bill.scales[0][line];
            let amounts = bill.scales.iter().map(|scale| scale[line].refund).collect();
            let (when, why) = match step.until {
                Some(until) => (format!("Until {}", When::near_moment(until, &booking.zone, now)), format!("{} and the tip", format::percent(step.refund_bp))),
                None => ("After the start".to_owned(), "or nobody at home".to_owned()),
            };
            view! {
                <li aria-current=step.is_now.then_some("step") data-past=step.is_past.then_some("") data-none=step.until.is_none().then_some("")>
                    <span class="when">{when}</span>
                    <span class="why">{why}</span>
                    <span class="part">{by_tip(amounts)}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="back-money" aria-labelledby="back">
            <h3 id="back">"If plans change"</h3>
            <div class="scale"><ol>{items}</ol></div>
            <p class="tiny muted">{format!("If {} cancels, everything comes back.", booking.provider.name)}</p>
        </section>
    }
    .into_any()
}
