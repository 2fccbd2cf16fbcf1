//! What we change in the JavaScript that the tools write.

use anyhow::{Result, bail};

/// How wasm_split 0.2.3 reports a chunk: a failure panics inside the module.
const WRAP: &str = "function wrapAsyncCb(callee) {";
const FETCH: &str = "fetch(new URL(";

/// Ours: a chunk is tried again while the network is bad; one that is gone for good is announced, and its island stays as
/// the server drew it. The module itself never hears of it, so the other islands go on.
const HARDENED: &str = r#"class Gone extends Error {}
async function fetchChunk(address) {
    const answer = await fetch(address);
    if (answer.status === 404 || answer.status === 410) throw new Gone(`${address} is gone`);
    return answer;
}
function wrapAsyncCb(callee) {
    return async (callbackIndex, callbackData) => {
        for (let pause = 500; ; pause *= 2) {
            try {
                await callee();
                break;
            } catch (cause) {
                const isGone = cause instanceof Gone;
                if (isGone || pause > 16000) {
                    dispatchEvent(new CustomEvent("fettle:lost", { detail: { isGone, cause } }));
                    return;
                }
                await new Promise((resolve) => setTimeout(resolve, pause));
            }
        }
        getSharedImports().__wasm_split.__indirect_function_table.get(callbackIndex)(callbackData, true);
    };
}
"#;

/// Replaces the failure handling of the link script.
pub fn harden(script: &str) -> Result<String> {
    let Some(start) = script.find(WRAP) else { bail!("the splitter's link script has changed: {WRAP} is not in it") };
    let Some(length) = script[start..].find("\n}\n") else { bail!("the splitter's link script has changed") };
    let mut ours = String::with_capacity(script.len() + HARDENED.len());
    ours.push_str(&script[..start]);
    ours.push_str(HARDENED);
    ours.push_str(&script[start + length + 3..].replace(FETCH, "fetchChunk(new URL("));
    Ok(ours)
}

/// The island behind a split point: `copy_button_loader_1234` → `CopyButton`. Other lazy functions keep their name.
pub fn island_of(point: &str) -> String {
    let name = point.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
    match name.strip_suffix("_loader") {
        Some(island) => island.split('_').map(capital).collect(),
        None => name.to_owned(),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_point_names_its_island() {
        assert_eq!(island_of("copy_button_loader_11931746128390129"), "CopyButton");
        assert_eq!(island_of("heavy_sum_42"), "heavy_sum");
    }

    #[test]
    fn the_link_script_loses_its_panic() {
        let theirs = "import a;\nfunction wrapAsyncCb(callee) {\n    old\n}\nfunction makeLoad() {\n}\nfetch(new URL(\"./a.wasm\"))";
        let ours = harden(theirs).expect("it has the function");
        assert!(!ours.contains("old"));
        assert!(ours.contains("fetchChunk(new URL(\"./a.wasm\"))"));
        assert!(ours.contains("function makeLoad()"));
        assert!(harden("something else").is_err());
    }
}
