//! What the team writes into its calendar by hand: a booking taken by phone, or time that is not for sale.

use crate::kit::{Button, Check, ErrorSummary, Field, Filled, Icon, IconButton, Kind, Segment, Segments, Select, TextArea};
use leptos::prelude::*;

/// The forms with what they choose from.
#[derive(Debug, Clone)]
pub struct Adding {
    /// Time that is blocked instead of a booking.
    pub is_block: bool,
    /// The calendar without the forms.
    pub back: String,
    /// Id and words.
    pub services: Vec<(String, String)>,
    /// Who and what may be blocked.
    pub lanes: Vec<(String, String)>,
    /// Of the services, those that happen at the customer's need an address.
    pub needs_address: bool,
    pub zone: String,
    pub filled: Filled,
}

#[component]
pub fn AddForm(of: Adding) -> impl IntoView {
    let turn = |kind: &str| format!("{}{}add={kind}#add", of.back, if of.back.contains('?') { "&" } else { "?" });
    let kinds = vec![Segment::new("Booking", turn("booking"), !of.is_block), Segment::new("Blocked time", turn("block"), of.is_block)];
    let (back, filled) = (of.back.clone(), of.filled.clone());
    let form = if of.is_block { block(of).into_any() } else { booking(of).into_any() };
    view! {
        <section class="add-to" id="add" aria-labelledby="add-title">
            <div class="row" data-fit="between">
                <h2 id="add-title" class="hidden-visually">"Add to the calendar"</h2>
                <Segments label="What to add" items=kinds />
                <IconButton label="Close" of=Icon::X href=back dense=true />
            </div>
            <ErrorSummary filled=filled />
            {form}
        </section>
    }
}

fn booking(of: Adding) -> impl IntoView {
    let Adding { services, lanes, needs_address, zone, filled, .. } = of;
    let value = |name: &str| filled.value(name);
    let problem = |name: &str| filled.problem(name);
    let mut people = vec![(String::new(), "Whoever is free".to_owned())];
    people.extend(lanes);
    let address = needs_address.then(|| {
        view! {
            <Field label="Street and number" name="address.street" value=value("address.street") problem=problem("address.street") help="Only for services at the customer’s." optional=true autocomplete="off" />
            <Field label="Town" name="address.town" value=value("address.town") problem=problem("address.town") optional=true autocomplete="off" />
        }
    });
    view! {
        <form method="post">
            <input type="hidden" name="act" value="booking" />
            <div class="fields" data-of="four">
                <Select label="Service" name="service_id" options=services value=value("service_id") problem=problem("service_id") />
                <Select label="With" name="resource_id" options=people value=value("resource_id") problem=problem("resource_id") />
                <Field label="Date" name="date" kind="date" value=value("date") problem=problem("starts_at") />
                <Field label="Time" name="from" kind="time" value=value("from") problem=problem("from") help=format!("{zone}. Outside your hours is fine.") />
                <Field label="Customer’s name" name="customer_name" value=value("customer_name") problem=problem("customer_name") autocomplete="off" />
                <Field label="Phone" name="customer_phone" kind="tel" value=value("customer_phone") problem=problem("customer_phone") inputmode="tel" optional=true autocomplete="off" />
                <Field label="E-mail" name="customer_email" kind="email" value=value("customer_email") problem=problem("customer_email") inputmode="email" help="They get the confirmation." optional=true autocomplete="off" />
                {address}
                <TextArea label="Note" name="notes" value=value("notes") problem=problem("notes") rows=1 maxlength=2000 optional=true />
            </div>
            <fieldset class="row ways">
                <legend class="hidden-visually">"Paying"</legend>
                <Check label="Paid elsewhere, without commission" name="paid" value="elsewhere" radio=true checked={value("paid") != "link"} />
                <Check label="Send a link to pay" name="paid" value="link" radio=true checked={value("paid") == "link"} help="Kept for 24 hours, confirmed when it is paid." />
                <span class="push"><Button kind=Kind::Primary>"Add the booking"</Button></span>
            </fieldset>
        </form>
    }
}

fn block(of: Adding) -> impl IntoView {
    let Adding { lanes, zone, filled, .. } = of;
    let value = |name: &str| filled.value(name);
    let problem = |name: &str| filled.problem(name);
    view! {
        <form method="post">
            <input type="hidden" name="act" value="block" />
            <div class="fields" data-of="four">
                <Select label="Whose time" name="resource_id" options=lanes value=value("resource_id") problem=problem("resource_id") />
                <Field label="Date" name="date" kind="date" value=value("date") problem=problem("during") />
                <Field label="From" name="from" kind="time" value=value("from") problem=problem("from") help=zone />
                <Field label="To" name="to" kind="time" value=value("to") problem=problem("to") />
                <Field label="What for" name="title" value=value("title") problem=problem("title") maxlength=120 help="Only your team sees it." optional=true autocomplete="off" />
            </div>
            <div class="row"><span class="push"><Button kind=Kind::Primary>"Block the time"</Button></span></div>
        </form>
    }
}
