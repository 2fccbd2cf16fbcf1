//! Finding and doing from the keyboard: the palette and the list of keys, the same in workspace and admin.

use crate::kit::islands::Palette;
use crate::kit::{Icon, icon};
use leptos::prelude::*;

/// Something the palette offers.
pub(super) struct Offer {
    pub words: String,
    pub href: String,
    pub of: Icon,
    /// Pressed after `g`; it leads there from anywhere.
    pub key: Option<char>,
    /// What is typed goes to the end of `href`.
    pub is_find: bool,
}

impl Offer {
    pub fn act(words: &str, href: String, of: Icon) -> Self {
        Self { words: words.to_owned(), href, of, key: None, is_find: false }
    }
    pub fn find(what: &str, href: String) -> Self {
        Self { words: what.to_owned(), href, of: Icon::SEARCH, key: None, is_find: true }
    }
}

/// The line in the sidebar that opens the palette. Without scripting it is not there.
pub(super) fn find_line() -> impl IntoView {
    view! {
        <button type="button" class="find-line" data-opens="palette" data-keys="Mod+k" aria-keyshortcuts="Control+K Meta+K">
            {icon(Icon::SEARCH)} <span>"Find or do"</span> <kbd>"Ctrl K"</kbd>
        </button>
        <button type="button" hidden data-opens="keys" data-keys="?">"Keys"</button>
    }
}

/// Both dialogs; `places`, `acts` and `finds` in the order in which they are offered.
pub(super) fn dialogs(places: Vec<Offer>, acts: Vec<Offer>, finds: Vec<Offer>) -> AnyView {
    let keys = places
        .iter()
        .filter_map(|place| place.key.map(|key| (place.words.clone(), format!("g {key}"))))
        .chain([("Find or do".to_owned(), "Ctrl k".to_owned()), ("These keys".to_owned(), "?".to_owned())])
        .map(|(words, keys)| {
            let keys = keys.split(' ').map(|key| view! { <kbd>{key.to_owned()}</kbd> " " }).collect_view();
            view! { <li><span>{words}</span><span>{keys}</span></li> }
        })
        .collect_view();
    let mut at = 0;
    let mut group = |label: &'static str, offers: Vec<Offer>| {
        let options = offers
            .into_iter()
            .map(|offer| {
                at += 1;
                option(offer, at)
            })
            .collect_view();
        view! { <div role="group" aria-label=label><p class="tiny muted" aria-hidden="true">{label}</p>{options}</div> }.into_any()
    };
    let groups = vec![group("Go to", places), group("Do", acts), group("Find", finds)];
    view! {
        <div data-start="use">
            <Palette>
                <dialog class="dialog palette" id="palette" aria-label="Find or do">
                    <div class="ask">
                        {icon(Icon::SEARCH)}
                        <input type="text" role="combobox" aria-label="Find or do" aria-expanded="true" aria-controls="palette-list" aria-autocomplete="list" autocomplete="off" placeholder="Find or do" />
                        <form method="dialog"><button class="button" data-size="dense" data-kind="plain">"Close"</button></form>
                    </div>
                    <div role="listbox" id="palette-list" aria-label="Places and acts" tabindex="-1">{groups}</div>
                </dialog>
                <dialog class="dialog" id="keys" aria-labelledby="keys-title">
                    <div class="head">
                        <h2 id="keys-title">"Keys"</h2>
                        <form method="dialog"><button class="icon-button" aria-label="Close">{icon(Icon::X)}</button></form>
                    </div>
                    <div class="body">
                        <ul class="plain ruled key-list">{keys}</ul>
                        <label class="check">
                            <input type="checkbox" role="switch" data-remembers="" checked />
                            <span>"Keys without Ctrl"</span>
                            <span class="help">"Turn them off if you press them by accident."</span>
                        </label>
                    </div>
                </dialog>
            </Palette>
        </div>
    }
    .into_any()
}

fn option(offer: Offer, at: usize) -> AnyView {
    let id = format!("palette-{at}");
    let Offer { words, href, of, key, is_find } = offer;
    if is_find {
        return view! {
            <a role="option" id=id tabindex="-1" aria-selected="false" data-find=href.clone() href=href hidden>
                {icon(of)} <span>{format!("{words} with “")}<b data-typed=""></b>"”"</span>
            </a>
        }
        .into_any();
    }
    let keys = key.map(|key| view! { <span class="push"><kbd>"g"</kbd> " " <kbd>{key.to_string()}</kbd></span> });
    view! { <a role="option" id=id tabindex="-1" aria-selected="false" href=href>{icon(of)} <span>{words}</span> {keys}</a> }.into_any()
}
