//! The islands: Rust to wasm, each lazy island split into its own file, bound to JavaScript, made small.
//!
//! The same steps as `cargo leptos build --split`, with its tools linked as libraries.

use super::{digest, glue, together};
use crate::house::House;
use crate::node;
use crate::step::{loud, say, step};
use crate::system;
use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the browser runs, before names are hashed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Islands {
    /// `fettle.js`, `split.js`, `fettle_bg.wasm` and the chunks.
    #[serde(skip)]
    pub files: BTreeMap<String, Vec<u8>>,
    /// Island name (`CopyButton`) → the chunks it needs.
    pub needs: BTreeMap<String, Vec<String>>,
    /// Of the compiled module, to know whether it changed.
    key: String,
}

/// The features of WebAssembly that rustc 1.95 uses by default, all in every browser since 2022.
const OPT: &[&str] = &[
    "-Oz",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-call-indirect-overlong",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Changes here make the cached result of an earlier version of this program worthless.
const VERSION: &str = "7";

/// Compiles the frontend and prepares its files; quick when it has not changed.
pub fn build(house: &House) -> Result<Islands> {
    node::install(house, "xtask/node")?;
    system::want_browser_target(house)?;
    let mut cargo = house.cargo();
    cargo.args(["build", "-p", "frontend", "--lib", "--target", system::BROWSER, "--profile", "wasm-release"]);
    loud("building the islands", &mut cargo)?;
    let module = house.target.join(system::BROWSER).join("wasm-release/frontend.wasm");
    let bytes = fs::read(&module).with_context(|| format!("{} is missing", module.display()))?;
    let key = format!("{VERSION}-{}", digest(&bytes));
    if let Some(last) = last(house)?
        && last.key == key
    {
        return Ok(last);
    }
    let folder = house.target.join("front");
    let fresh = house.target.join("front.new");
    let _ = fs::remove_dir_all(&fresh);
    fs::create_dir_all(&fresh)?;
    let mut needs = step("splitting the lazy islands", || split(&bytes, &fresh))?;
    step("binding the islands", || bind(&fresh))?;
    shrink(house, &fresh)?;
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(&fresh)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_file() && (name.ends_with(".wasm") || name.ends_with(".js")) && name != "main.wasm" {
            files.insert(name, fs::read(&path)?);
        }
    }
    needs.retain(|_, chunks| !chunks.is_empty());
    let islands = Islands { files, needs, key };
    fs::remove_file(fresh.join("main.wasm"))?;
    fs::write(fresh.join("islands.json"), serde_json::to_vec_pretty(&islands)?)?;
    let _ = fs::remove_dir_all(&folder);
    fs::rename(&fresh, &folder)?;
    Ok(islands)
}

/// What the last build left, if any.
pub fn last(house: &House) -> Result<Option<Islands>> {
    let folder = house.target.join("front");
    let Ok(text) = fs::read(folder.join("islands.json")) else { return Ok(None) };
    let Ok(mut islands) = serde_json::from_slice::<Islands>(&text) else { return Ok(None) };
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".wasm") || name.ends_with(".js") {
            islands.files.insert(name, fs::read(&path)?);
        }
    }
    Ok(Some(islands))
}

/// Cuts the module along its lazy functions. Answers what each island needs.
fn split(module: &[u8], folder: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let main = folder.join("main.wasm");
    let (module, islands) = together::group(module)?;
    let mut options = wasm_split_cli_support::Options::new(&module);
    options.output_dir = folder;
    options.main_out_path = &main;
    options.main_module = "./fettle.js";
    options.link_name = "./split.js";
    let parts = wasm_split_cli_support::transform(options).map_err(|cause| anyhow!("{cause:?}"))?;
    let link = folder.join("split.js");
    let script = glue::harden(&fs::read_to_string(&link)?)?;
    fs::write(&link, script)?;
    say(&format!("{} chunks", parts.split_modules.len()));
    let needs = |point: &String| parts.prefetch_map.get(point).into_iter().flatten().map(|chunk| format!("{chunk}.wasm")).collect();
    Ok(islands.iter().map(|(island, point)| (island.clone(), needs(point))).collect())
}

fn bind(folder: &Path) -> Result<()> {
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(folder.join("main.wasm"))
        .out_name("fettle")
        .web(true)?
        .keep_lld_exports(true)
        .demangle(false)
        .typescript(false)
        .remove_producers_section(true)
        .generate_output()?
        .emit(folder)
}

/// Runs wasm-opt over every module and a minifier over every script, two at a time.
fn shrink(house: &House, folder: &Path) -> Result<()> {
    let mut jobs: Vec<(PathBuf, Command)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut out = path.clone().into_os_string();
        out.push(".small");
        let out = PathBuf::from(out);
        if name.ends_with(".wasm") && name != "main.wasm" {
            let mut opt = node::tool(house, "xtask/node", "wasm-opt");
            opt.args(OPT).arg(&path).arg("-o").arg(&out);
            jobs.push((path, opt));
        } else if name.ends_with(".js") {
            let mut minify = node::tool(house, "xtask/node", "esbuild");
            minify.args(["--minify", "--format=esm", "--target=es2022", "--log-level=warning"]);
            minify.arg(&path).arg(format!("--outfile={}", out.display()));
            jobs.push((path, minify));
        }
    }
    step("making them small", || {
        for pair in jobs.chunks_mut(2) {
            let mut running = Vec::new();
            for (path, command) in pair.iter_mut() {
                let child = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn();
                running.push((path.clone(), child.context("node could not be started")?));
            }
            for (path, child) in running {
                let output = child.wait_with_output()?;
                if !output.status.success() {
                    let reason = String::from_utf8_lossy(&output.stderr).into_owned();
                    return Err(anyhow!("{} could not be made small: {reason}", path.display()));
                }
                let mut small = path.clone().into_os_string();
                small.push(".small");
                fs::rename(small, &path)?;
            }
        }
        Ok(())
    })
}
