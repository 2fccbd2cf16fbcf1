//! The stylesheets: `style/main.css` and what it imports, in one minified file.

use crate::house::House;
use anyhow::{Result, anyhow};
use lightningcss::bundler::{Bundler, FileProvider};
use lightningcss::dependencies::{Dependency, DependencyOptions};
use lightningcss::stylesheet::{MinifyOptions, ParserOptions, PrinterOptions};
use lightningcss::targets::{Browsers, Targets};
use std::path::{Path, PathBuf};

/// The bundle, with a placeholder for every file it refers to.
#[derive(Debug, Default)]
pub struct Style {
    pub css: String,
    /// Placeholder in the text → the file meant, relative to `public/`.
    pub files: Vec<(String, PathBuf)>,
}

/// Version 120 of Chromium, 120 of Firefox, 17.2 of Safari: nesting, layers, container queries, `:has`, OKLCH.
fn targets() -> Targets {
    Targets::from(Browsers {
        chrome: Some(120 << 16),
        firefox: Some(120 << 16),
        safari: Some((17 << 16) | (2 << 8)),
        ..Browsers::default()
    })
}

/// Bundles and minifies. Absent stylesheets give an empty bundle.
pub fn bundle(house: &House) -> Result<Style> {
    let entry = house.root.join("style/main.css");
    if !entry.exists() {
        return Ok(Style::default());
    }
    let files = FileProvider::new();
    let mut bundler = Bundler::new(&files, None, ParserOptions::default());
    let mut sheet = bundler.bundle(&entry).map_err(|cause| anyhow!("the stylesheets do not parse: {cause}"))?;
    sheet
        .minify(MinifyOptions { targets: targets(), ..MinifyOptions::default() })
        .map_err(|cause| anyhow!("the stylesheets cannot be minified: {cause}"))?;
    let printed = sheet
        .to_css(PrinterOptions {
            minify: true,
            targets: targets(),
            analyze_dependencies: Some(DependencyOptions { remove_imports: false }),
            ..PrinterOptions::default()
        })
        .map_err(|cause| anyhow!("the stylesheets cannot be printed: {cause}"))?;
    let mut css = printed.code;
    let mut found = Vec::new();
    for dependency in printed.dependencies.unwrap_or_default() {
        let Dependency::Url(address) = dependency else { continue };
        if address.url.starts_with("data:") || address.url.starts_with('#') {
            css = css.replace(&address.placeholder, &address.url);
            continue;
        }
        let file = file_meant(house, Path::new(&address.loc.file_path), &address.url)?;
        found.push((address.placeholder, file));
    }
    Ok(Style { css, files: found })
}

/// `/fonts/a.woff2` and `../public/fonts/a.woff2` both mean `public/fonts/a.woff2`.
fn file_meant(house: &House, sheet: &Path, url: &str) -> Result<PathBuf> {
    let public = house.root.join("public");
    if let Some(rest) = url.strip_prefix('/') {
        return Ok(PathBuf::from(rest));
    }
    let folder = sheet.parent().unwrap_or(Path::new(""));
    let path = house.root.join(folder).join(url);
    let absolute = path.canonicalize().map_err(|_| anyhow!("{} names {url}, which is not there", sheet.display()))?;
    let public = public.canonicalize()?;
    absolute.strip_prefix(&public).map(Path::to_path_buf).map_err(|_| anyhow!("{} names {url}, which is not in public/", sheet.display()))
}
