//! Colour, type, buttons, fields.

use super::Sample;
use crate::kit::{Button, ErrorSummary, Field, Filled, Icon, IconButton, Kind, LinkButton, Select, TextArea};
use domain::error::Fields;
use leptos::prelude::*;

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample(
            "colour",
            "Colour",
            "Evergreen is what you can act on and what you have chosen. Marigold is time that matters: the soonest slot, a running clock, now. Everything else is neutral until it has a state to tell.",
            colours(),
        ),
        Sample("type", "Type and space", "", type_and_space()),
        Sample(
            "buttons",
            "Buttons",
            "One primary action a view. Under a finger every control is 44 px high; “dense” is 36 px, only in the workspace and only under a mouse.",
            buttons(),
        ),
        Sample(
            "fields",
            "Fields",
            "Label above, help below, the error beside the field and summed up on top. What was typed stays.",
            fields(),
        ),
    ]
}

fn colours() -> AnyView {
    let grounds = ["ground", "surface", "raised", "sunken", "wash", "line", "line-strong", "primary-line", "accent-line"];
    let pairs = [
        ("ink", "ground"),
        ("ink-2", "ground"),
        ("ink-3", "ground"),
        ("primary", "on-primary"),
        ("primary-soft", "primary-ink"),
        ("accent", "on-accent"),
        ("accent-soft", "accent-ink"),
        ("success-soft", "success-ink"),
        ("warning-soft", "warning-ink"),
        ("danger-soft", "danger-ink"),
        ("danger-fill", "on-fill"),
        ("info-soft", "info-ink"),
    ];
    let grounds = grounds.map(|name| swatch(name, None));
    let pairs = pairs.map(|(name, text)| swatch(name, Some(text)));
    view! { <ul class="swatches plain">{grounds.into_iter().chain(pairs).collect_view()}</ul> }.into_any()
}

fn swatch(name: &'static str, text: Option<&'static str>) -> AnyView {
    let style = format!("--fill: var(--{name}); --text: var(--{})", text.unwrap_or("ink"));
    view! { <li><span style=style>{text.map(|_| "Aa")}</span><code>{name}</code></li> }.into_any()
}

fn type_and_space() -> AnyView {
    view! {
        <div class="specimen">
            <p data-t="4xl">"What needs doing?"</p>
            <p data-t="3xl">"Tolliver Home Repair"</p>
            <p data-t="2xl">"Free today near Millbank"</p>
            <p data-t="xl">"If plans change"</p>
            <p data-t="l">"Find someone good nearby, see the times that are really free."</p>
            <p>"Body text, sixteen pixels, one and a half line height, at most 36 rem wide."</p>
            <p class="small muted">"Half step, for tables, sidebars and secondary lines."</p>
            <p class="tiny quiet num">"Meta line, 14:00–15:30, $105.00, 1.2 km"</p>
        </div>
        <ul class="boxes plain">
            <li data-box="s">"6"</li><li data-box="m">"10"</li><li data-box="l">"16"</li>
            <li data-box="1">"lift-1"</li><li data-box="2">"lift-2"</li><li data-box="3">"lift-3"</li>
        </ul>
    }
    .into_any()
}

fn buttons() -> AnyView {
    view! {
        <div class="row">
            <Button kind=Kind::Primary>"Pay $105.00"</Button>
            <Button>"Change"</Button>
            <Button kind=Kind::Soft>"Accept"</Button>
            <Button kind=Kind::Plain>"Not now"</Button>
            <Button kind=Kind::Danger>"Cancel booking"</Button>
            <Button kind=Kind::DangerQuiet>"Refund"</Button>
            <LinkButton href="#buttons">"A link"</LinkButton>
        </div>
        <p>"Inside a sentence, " <a class="link" href="#buttons">"a link"</a> " is underlined."</p>
        <div class="row">
            <button class="button show-hover" data-kind="primary">"Hover"</button>
            <button class="button show-focus" data-kind="primary">"Focus"</button>
            <button class="button" data-kind="primary" aria-busy="true">"Paying, do not close"</button>
            <Button kind=Kind::Primary disabled=true>"Not yet"</Button>
            <button class="button" aria-busy="true">"Saving"</button>
            <Button disabled=true>"Not yet"</Button>
        </div>
        <div class="row">
            <Button kind=Kind::Primary size="large" icon_before=Icon::LOCK>"Large"</Button>
            <Button kind=Kind::Primary icon_before=Icon::SEARCH>"Normal"</Button>
            <Button kind=Kind::Primary size="dense" icon_before=Icon::PLUS>"Dense"</Button>
            <IconButton label="Save" of=Icon::HEART />
            <IconButton label="Saved" of=Icon::HEART pressed=true />
            <IconButton label="Next" of=Icon::CHEVRON_RIGHT kind="edged" />
        </div>
    }
    .into_any()
}

fn fields() -> AnyView {
    let mut problems = Fields::none();
    problems.add("email", "This address has no ending, such as .com.");
    problems.add("phone", "A phone number has at least six digits.");
    let filled = Filled { problems, ..Filled::with([("name", "Ines Calloway"), ("email", "ines.calloway@example"), ("phone", "555")]) };
    let reasons = vec![("none".to_owned(), "No reason given".to_owned()), ("late".to_owned(), "Too late".to_owned())];
    view! {
        <div class="two">
            <form class="form" novalidate>
                <ErrorSummary filled=filled.clone() />
                <Field label="Name" name="name" value=filled.value("name") autocomplete="name" />
                <Field label="E-mail" name="email" kind="email" value=filled.value("email") problem=filled.problem("email") />
                <Field label="Phone" name="phone" kind="tel" value=filled.value("phone") problem=filled.problem("phone") help="Only the provider sees it." icon_before=Icon::PHONE />
            </form>
            <form class="form">
                <Select label="Reason" name="reason" options=reasons optional=true />
                <Field label="From price" name="price" value="100.00" inputmode="decimal" affix="USD" />
                <Field label="Not to be changed" name="reference" value="FT-7K2M" disabled=true />
                <TextArea label="What should they know?" name="note" value="The kitchen mixer drips from the base." optional=true />
            </form>
        </div>
    }
    .into_any()
}
