//! Requests: everything that waits for an answer, soonest deadline first.

use super::topics;
use crate::calendar::parts::{RequestCard, ShownRequest};
use crate::kit::islands::LivePart;
use crate::kit::{Empty, Icon, WorkHeader, format};
use domain::id::ProviderId;
use leptos::prelude::*;

#[component]
pub fn RequestsPage(provider: ProviderId, requests: Vec<ShownRequest>) -> impl IntoView {
    let next = format!("/desk/{provider}/requests");
    let line = match requests.len() {
        0 => "Nobody is waiting".to_owned(),
        n => format!("{} to answer", format::plural(n as i64, "request", "requests")),
    };
    let body = if requests.is_empty() {
        view! {
            <Empty
                title="No requests are waiting"
                text="When a service asks for your approval, the customer's request stands here until you answer or its time runs out. Their card is only charged if you accept."
                icon_before=Icon::INBOX
            />
        }
        .into_any()
    } else {
        let cards = requests.into_iter().map(|request| view! { <RequestCard of=request next=next.clone() /> }).collect_view();
        view! { <ul class="requests wide plain">{cards}</ul> }.into_any()
    };
    view! {
        <div class="live-part" id="asked"><WorkHeader title="Requests" line=line /> <div class="work-body">{body}</div></div>
        <LivePart region="asked".into() topics=topics(provider) />
    }
}
