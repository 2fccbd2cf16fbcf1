//! The control page itself.

use crate::disturb::{Disturb, Fault};
use crate::hub::Hub;
use crate::page::{clock, escape, html};
use axum::extract::State;
use axum::response::Html;
use std::fmt::Write;
use std::sync::Arc;

pub async fn show(State(hub): State<Arc<Hub>>) -> Html<String> {
    let disturb = hub.with_disturb(|disturb| disturb.clone());
    let body = format!(
        "<h1>Sandbox</h1><p class=\"quiet\">Stand-ins for the payment gateway and the mail server. Webhooks go to {}. Clock {} UTC{}.</p>\
         <div class=\"grid\">{}{}{}{}</div>{}{}",
        escape(hub.webhook_url().as_deref().unwrap_or("nobody")),
        clock(hub.now_s()),
        shift_note(hub.shift_ms()),
        webhooks_form(&disturb, hub.held_count()),
        faults_form(&disturb),
        forge_form(),
        clock_form(),
        deliveries(&hub),
        calls(&hub),
    );
    html("Sandbox", "desk", &body)
}

fn shift_note(shift_ms: i64) -> String {
    if shift_ms == 0 { String::new() } else { format!(", {:.1} hours ahead of the system", shift_ms as f64 / 3_600_000.0) }
}

fn webhooks_form(disturb: &Disturb, held: usize) -> String {
    let release = if held > 0 {
        format!(r#"<form method="post" action="/control/release"><button>Let {held} held messages go, last first</button></form>"#)
    } else {
        String::new()
    };
    format!(
        r#"<fieldset><legend>Webhooks</legend><form method="post" action="/control/webhooks"><div class="row">
<label>Delay, ms<input type="number" name="delay_ms" min="0" max="600000" value="{}"></label>
<label>Disorder, up to ms<input type="number" name="jitter_ms" min="0" max="600000" value="{}"></label>
<label>Drop next<input type="number" name="drop_next" min="0" max="1000" value="{}"></label>
<label>Double next<input type="number" name="duplicate_next" min="0" max="1000" value="{}"></label>
</div><label class="check"><input type="checkbox" name="is_holding" value="true"{}>Hold all back</label>
<button class="act">Apply</button></form>{release}</fieldset>"#,
        disturb.delay_ms,
        disturb.jitter_ms,
        disturb.drop_next,
        disturb.duplicate_next,
        if disturb.is_holding { " checked" } else { "" },
    )
}

fn faults_form(disturb: &Disturb) -> String {
    let mut waiting = String::new();
    for fault in &disturb.faults {
        let what = match fault.fault {
            Fault::Error { status } => format!("answers {status}"),
            Fault::Stall { millis } => format!("stalls {millis} ms"),
            Fault::LoseAnswer => "is done, its answer lost".to_owned(),
        };
        let on = if fault.on.is_empty() { "any call" } else { &fault.on };
        let _ = write!(waiting, "<li>{} × {}: {what}</li>", fault.times, escape(on));
    }
    format!(
        r#"<fieldset><legend>The next calls</legend><form method="post" action="/control/fault"><div class="row">
<label>What happens<select name="kind"><option value="error">Fails with 500</option><option value="stall">Stalls 30 s</option><option value="lose_answer">Done, answer lost</option></select></label>
<label>To calls of<select name="on"><option value="">anything</option><option value="POST /v1/payment_intents">payment intents</option><option value="POST /v1/refunds">refunds</option><option value="POST /v1/checkout">hosted pages</option><option value="GET ">reads</option></select></label>
<label>Times<input type="number" name="times" min="1" max="100" value="1"></label>
</div><button class="act">Set</button></form><ul>{waiting}</ul>
<form method="post" action="/control/calm"><button>Calm everything</button></form></fieldset>"#
    )
}

fn forge_form() -> String {
    r#"<fieldset><legend>Forge a webhook</legend><form method="post" action="/control/forge"><div class="row">
<label>How<select name="how"><option value="signature">Wrong signature</option><option value="old">Signature an hour old</option><option value="amount">Signed, another amount</option><option value="currency">Signed, another currency</option><option value="object">Signed, an unknown object</option></select></label>
</div><button class="act">Send</button></form><p class="quiet">About the newest payment, saying it succeeded.</p></fieldset>"#
        .to_owned()
}

fn clock_form() -> String {
    let mut buttons = String::new();
    for (label, minutes) in [("+10 min", 10), ("+1 h", 60), ("+1 day", 1440), ("+7 days", 10_080)] {
        let _ = write!(buttons, r#"<button name="minutes" value="{minutes}">{label}</button>"#);
    }
    format!(
        r#"<fieldset><legend>Fettle's clock</legend><form method="post" action="/control/clock" class="row">{buttons}<button name="minutes" value="0">Back to now</button></form>
<p class="quiet">In development only. The sandbox's own clock moves along.</p></fieldset>"#
    )
}

fn deliveries(hub: &Hub) -> String {
    let mut rows = String::new();
    for delivery in hub.deliveries().iter().take(30) {
        let class = if delivery.outcome.starts_with('2') { "" } else { " class=\"bad\"" };
        let _ = write!(
            rows,
            r#"<tr><td>{}</td><td>{}</td><td{class}>{}</td><td>{}</td><td><form method="post" action="/control/resend"><input type="hidden" name="event" value="{}"><button>Send again</button></form></td></tr>"#,
            clock(delivery.at),
            escape(&delivery.kind),
            escape(&delivery.outcome),
            delivery.tries,
            escape(&delivery.event),
        );
    }
    table("Webhooks sent", "No webhook yet. Pay for something and it appears here.", &["At", "Event", "Outcome", "Tries", ""], &rows)
}

fn calls(hub: &Hub) -> String {
    let mut rows = String::new();
    for call in hub.calls().iter().take(30) {
        let _ = write!(
            rows,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            clock(call.at),
            escape(&call.call),
            call.status,
            escape(&call.note)
        );
    }
    table("Calls received", "No call yet. Fettle's payment adapter has not asked for anything.", &["At", "Call", "Status", ""], &rows)
}

/// A table under its heading, or a sentence when there is nothing to show.
pub fn table(title: &str, empty: &str, heads: &[&str], rows: &str) -> String {
    if rows.is_empty() {
        return format!("<h2>{title}</h2><p class=\"quiet\">{empty}</p>");
    }
    let heads: String = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    format!(
        "<h2>{title}</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{title}\"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
}
