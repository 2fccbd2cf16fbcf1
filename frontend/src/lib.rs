//! The browser's entry: hydrates islands, nothing else.

use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the loader once the module is there.
#[wasm_bindgen]
pub fn start() {
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    // Named so that the islands of `app` are linked in.
    let _ = app::shell::Layout::Public;
}
