//! Makes a part like a fresh drawing of it, by the smallest changes.
//!
//! What is the same stays the same node: focus, scroll, what is open, what is selected and what is under the finger are kept, and only what
//! is really new appears. Things of a list are told apart by `data-key` or `id`, all else by its place.

use leptos::prelude::document;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, Node};

/// Makes `old` like `fresh`, which is used up. True if something changed.
pub(super) fn merge(old: &Element, fresh: &Element) -> bool {
    let focused = document().active_element();
    let has_changed = element(old, fresh);
    // A node that is moved loses the focus.
    if let Some(focused) = focused.filter(|it| old.contains(Some(it)) && document().active_element().as_ref() != Some(it)) {
        let _ = focused.unchecked_into::<HtmlElement>().focus();
    }
    has_changed
}

fn element(old: &Element, fresh: &Element) -> bool {
    if old.is_equal_node(Some(fresh)) {
        return false;
    }
    let attributes = attributes(old, fresh);
    children(old, fresh) | attributes
}

/// What a person opened stays open; an island keeps what its loader noted.
fn is_own(name: &str, of: &Element) -> bool {
    name == "open" || (name == "data-state" && of.node_name() == "LEPTOS-ISLAND")
}

fn attributes(old: &Element, fresh: &Element) -> bool {
    let mut has_changed = false;
    for name in fresh.get_attribute_names().iter().filter_map(|name| name.as_string()) {
        let value = fresh.get_attribute(&name).unwrap_or_default();
        if !is_own(&name, old) && old.get_attribute(&name).as_ref() != Some(&value) {
            has_changed |= old.set_attribute(&name, &value).is_ok();
        }
    }
    for name in old.get_attribute_names().iter().filter_map(|name| name.as_string()) {
        if !is_own(&name, old) && !fresh.has_attribute(&name) {
            has_changed |= old.remove_attribute(&name).is_ok();
        }
    }
    has_changed
}

fn key(node: &Node) -> Option<String> {
    let element = node.dyn_ref::<Element>()?;
    element.get_attribute("data-key").or_else(|| element.get_attribute("id"))
}

fn with_key(parent: &Node, wanted: &str) -> Option<Node> {
    let mut at = parent.first_child();
    while let Some(node) = at {
        if key(&node).as_deref() == Some(wanted) {
            return Some(node);
        }
        at = node.next_sibling();
    }
    None
}

/// May one become the other? An island that runs only if it was given the same.
fn is_alike(old: &Node, fresh: &Node) -> bool {
    if old.node_name() != fresh.node_name() {
        return false;
    }
    let (Some(old), Some(fresh)) = (old.dyn_ref::<Element>(), fresh.dyn_ref::<Element>()) else { return true };
    let same = |name: &str| old.get_attribute(name) == fresh.get_attribute(name);
    match old.node_name().as_str() {
        "LEPTOS-ISLAND" => same("data-component") && same("data-props"),
        "INPUT" => same("type") && same("name"),
        _ => true,
    }
}

fn one(old: &Node, fresh: &Node) -> bool {
    match (old.dyn_ref::<Element>(), fresh.dyn_ref::<Element>()) {
        // What a running island shows is its own.
        (Some(old), _) if old.node_name() == "LEPTOS-ISLAND" => false,
        (Some(old), Some(fresh)) => element(old, fresh),
        _ => {
            let has_changed = old.node_value() != fresh.node_value();
            if has_changed {
                old.set_node_value(fresh.node_value().as_deref());
            }
            has_changed
        }
    }
}

fn children(old: &Element, fresh: &Element) -> bool {
    let mut has_changed = false;
    let mut at = old.first_child();
    let mut coming = fresh.first_child();
    while let Some(new) = coming {
        coming = new.next_sibling();
        // Keyed things that are no longer wanted leave first, so that what follows meets its like.
        while let Some(gone) = at.clone().filter(|it| key(it).is_some_and(|key| with_key(fresh, &key).is_none())) {
            at = gone.next_sibling();
            has_changed |= old.remove_child(&gone).is_ok();
        }
        let found = match key(&new) {
            Some(key) => with_key(old, &key),
            None => at.clone().filter(|it| key(it).is_none()),
        };
        match found.filter(|it| is_alike(it, &new)) {
            Some(same) => {
                if at.as_ref() == Some(&same) {
                    at = same.next_sibling();
                } else {
                    has_changed |= old.insert_before(&same, at.as_ref()).is_ok();
                }
                has_changed |= one(&same, &new);
            }
            None => has_changed |= old.insert_before(&new, at.as_ref()).is_ok(),
        }
    }
    while let Some(gone) = at {
        at = gone.next_sibling();
        has_changed |= old.remove_child(&gone).is_ok();
    }
    has_changed
}
