//! The browser's entry: hydrates islands, nothing else.

use wasm_bindgen::prelude::wasm_bindgen;

/// Called once by the loader when the module is there; afterwards it calls the islands' own exports.
#[wasm_bindgen]
pub fn start() {
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    // Named so that the islands of `app` are linked in.
    let _ = app::shell::Layout::Public;
    leptos::mount::hydrate_islands();
}
