//! Names with hashes, references rewritten, compressed twins, and the table the server reads at boot.

use super::front::Islands;
use super::style::Style;
use super::{digest, files_below};
use crate::house::House;
use crate::node;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// While `cargo xtask watch` runs, pages look every second whether the site was written anew, and reload.
pub static IS_WATCHED: AtomicBool = AtomicBool::new(false);

const FOLLOW: &str = r#"
{let seen;setInterval(async()=>{try{const answer=await fetch("/manifest.webmanifest",{method:"HEAD",cache:"no-store"});const at=answer.headers.get("last-modified");if(seen&&at!==seen)location.reload();seen=at}catch{}},1000)}
"#;

/// Logical name → where it is. `site/assets.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Table {
    pub files: BTreeMap<String, Entry>,
    /// Files of the release before, still served.
    pub previous: BTreeSet<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Entry {
    /// Below the site's folder, such as `pkg/main.0123456789abcdef.css`.
    pub path: String,
    pub bytes: usize,
    /// Over the wire with brotli.
    pub brotli: usize,
}

/// Gathers hashed files before they are written.
#[derive(Default)]
struct Shelf {
    /// Logical name → (address below `pkg`, content).
    files: BTreeMap<String, (String, Vec<u8>)>,
}

impl Shelf {
    fn put(&mut self, logical: &str, content: Vec<u8>) {
        let hash = digest(&content);
        self.put_as(logical, &hash, content);
    }

    fn put_as(&mut self, logical: &str, hash: &str, content: Vec<u8>) {
        self.files.insert(logical.to_owned(), (hashed(logical, hash), content));
    }

    fn address(&self, logical: &str) -> Result<&str> {
        match self.files.get(logical) {
            Some((address, _)) => Ok(address),
            None => bail!("{logical} is referred to, but is not in public/"),
        }
    }
}

/// `fonts/a.woff2` → `fonts/a.HASH.woff2`.
fn hashed(logical: &str, hash: &str) -> String {
    match logical.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}.{hash}.{ending}"),
        None => format!("{logical}.{hash}"),
    }
}

/// Writes `target/site` and answers its table.
pub fn assemble(house: &House, islands: Option<Islands>, style: Style) -> Result<Table> {
    let mut shelf = Shelf::default();
    let public = house.root.join("public");
    for file in files_below(&public)? {
        // `root/` keeps its addresses; `loader.js` is built below.
        if file.starts_with("root") || file.extension().is_some_and(|ending| ending == "js" || ending == "md") {
            continue;
        }
        shelf.put(&file.to_string_lossy(), fs::read(public.join(&file))?);
    }
    let mut css = style.css;
    for (placeholder, file) in &style.files {
        css = css.replace(placeholder, &format!("/pkg/{}", shelf.address(&file.to_string_lossy())?));
    }
    shelf.put("main.css", css.into_bytes());
    if let Some(islands) = islands {
        shelve_islands(&mut shelf, islands)?;
    }
    if public.join("loader.js").exists() {
        let mut loader = refer(&minified(house, &public.join("loader.js"))?, &shelf)?;
        if IS_WATCHED.load(Ordering::Relaxed) {
            loader.push_str(FOLLOW);
        }
        shelf.put("loader.js", loader.into_bytes());
    }
    write(house, shelf)
}

/// The two scripts and the module name each other, so they carry one hash made of all of them.
fn shelve_islands(shelf: &mut Shelf, mut islands: Islands) -> Result<()> {
    let mut take = |name: &str| islands.files.remove(name).with_context(|| format!("the build left no {name}"));
    let main = String::from_utf8(take("fettle.js")?)?;
    let module = take("fettle_bg.wasm")?;
    // Without a lazy island the splitter's script is not imported, but written all the same.
    let mut link = String::from_utf8(take("split.js")?)?;
    let mut needs = islands.needs;
    for (name, content) in islands.files {
        shelf.put(&name, content);
        let address = shelf.address(&name)?.to_owned();
        link = link.replace(&format!("./{name}"), &format!("./{address}"));
        for chunks in needs.values_mut() {
            for chunk in chunks.iter_mut().filter(|chunk| **chunk == name) {
                chunk.clone_from(&address);
            }
        }
    }
    let needs = serde_json::to_string(&needs)?;
    let together = [main.as_bytes(), &module, link.as_bytes(), needs.as_bytes()].concat();
    let hash = digest(&together);
    let link = link.replace("./fettle.js", &format!("./{}", hashed("fettle.js", &hash)));
    // Only the specifier: the same text as a key names the module's import and must stay.
    let specifier = format!("./{}", hashed("split.js", &hash));
    let main =
        main.replace("from\"./split.js\"", &format!("from\"{specifier}\"")).replace("fettle_bg.wasm", &hashed("fettle_bg.wasm", &hash));
    let main = format!("{main}\nexport const needs={needs};\n");
    shelf.put_as("fettle.js", &hash, main.into_bytes());
    shelf.put_as("split.js", &hash, link.into_bytes());
    shelf.put_as("fettle_bg.wasm", &hash, module);
    Ok(())
}

/// Replaces every `asset:NAME` by the address of that file. Islands that are not built yet give an empty address.
fn refer(text: &str, shelf: &Shelf) -> Result<String> {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("asset:") {
        done.push_str(&rest[..at]);
        let name = &rest[at + "asset:".len()..];
        let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || "._-/".contains(c))).unwrap_or(name.len());
        let logical = &name[..end];
        if !logical.starts_with("fettle") || shelf.files.contains_key(logical) {
            done.push_str("/pkg/");
            done.push_str(shelf.address(logical)?);
        }
        rest = &name[end..];
    }
    done.push_str(rest);
    Ok(done)
}

fn minified(house: &House, script: &Path) -> Result<String> {
    node::install(house, "xtask/node")?;
    let output = node::tool(house, "xtask/node", "esbuild")
        .args(["--minify", "--target=es2022", "--log-level=warning"])
        .arg(script)
        .output()
        .context("node could not be started")?;
    if !output.status.success() {
        bail!("{} does not parse: {}", script.display(), String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Writes new files, keeps those of the release before, removes older ones.
fn write(house: &House, shelf: Shelf) -> Result<Table> {
    let site = house.site();
    let before: Table = fs::read(site.join("assets.json")).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let mut table = Table::default();
    for (logical, (address, content)) in &shelf.files {
        let path = format!("pkg/{address}");
        let brotli = write_with_twins(&site.join(&path), content)?;
        table.files.insert(logical.clone(), Entry { path, bytes: content.len(), brotli });
    }
    let now: BTreeSet<String> = table.files.values().map(|entry| entry.path.clone()).collect();
    let then: BTreeSet<String> = before.files.values().map(|entry| entry.path.clone()).collect();
    table.previous = if now == then { before.previous } else { then.difference(&now).cloned().collect() };
    write_root(house, &shelf)?;
    sweep(&site.join("pkg"), &site, &now, &table.previous)?;
    fs::write(site.join("assets.json"), serde_json::to_vec_pretty(&table)?)?;
    Ok(table)
}

/// Addresses that must not change: the service worker, the manifest, `favicon.ico`.
fn write_root(house: &House, shelf: &Shelf) -> Result<()> {
    let from = house.root.join("public/root");
    let to = house.site().join("root");
    let _ = fs::remove_dir_all(&to);
    fs::create_dir_all(&to)?;
    for file in files_below(&from)? {
        let ending = file.extension().unwrap_or_default().to_string_lossy().into_owned();
        let content = match ending.as_str() {
            "js" => refer(&minified(house, &from.join(&file))?, shelf)?.into_bytes(),
            "webmanifest" | "json" | "html" | "txt" => refer(&fs::read_to_string(from.join(&file))?, shelf)?.into_bytes(),
            _ => fs::read(from.join(&file))?,
        };
        write_with_twins(&to.join(&file), &content)?;
    }
    Ok(())
}

/// The file, and beside it `.br` and `.gz` where they are smaller. Answers the size over the wire with brotli.
fn write_with_twins(path: &Path, content: &[u8]) -> Result<usize> {
    let twin = |ending: &str| PathBuf::from(format!("{}.{ending}", path.display()));
    if fs::metadata(path).is_ok_and(|known| known.len() == content.len() as u64) && fs::read(path)? == content {
        let brotli = fs::metadata(twin("br")).map_or(content.len(), |known| known.len() as usize);
        return Ok(brotli);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
    let is_packed = matches!(ending.as_str(), "woff2" | "png" | "webp" | "avif" | "jpg" | "ico" | "gz" | "br");
    let mut brotli = content.len();
    if !is_packed && !content.is_empty() {
        let mut packed = Vec::new();
        brotli::BrotliCompress(&mut &content[..], &mut packed, &brotli::enc::BrotliEncoderParams::default())?;
        if packed.len() < content.len() {
            brotli = packed.len();
            fs::write(twin("br"), packed)?;
        }
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(content)?;
        let packed = gzip.finish()?;
        if packed.len() < content.len() {
            fs::write(twin("gz"), packed)?;
        }
    }
    // Last, so that a file is never there without its twins.
    fs::write(path, content)?;
    Ok(brotli)
}

/// Removes what neither this release nor the one before knows.
fn sweep(folder: &Path, site: &Path, now: &BTreeSet<String>, previous: &BTreeSet<String>) -> Result<()> {
    for file in files_below(folder)? {
        let path = folder.join(&file);
        let known = path.strip_prefix(site).unwrap_or(&path).to_string_lossy().into_owned();
        let plain = known.strip_suffix(".br").or_else(|| known.strip_suffix(".gz")).unwrap_or(&known);
        if !now.contains(plain) && !previous.contains(plain) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
