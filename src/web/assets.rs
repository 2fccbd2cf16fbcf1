//! Static files: the table of hashed addresses that the build wrote, and the doors that hand them out.
//!
//! `cargo xtask build` names every file by its content, so what lies under `/pkg` never changes and is kept by browsers for
//! ever; the files of the release before stay, for pages that are still open. Few addresses must not change
//! (`/sw.js`, `/manifest.webmanifest`); those are asked for again each time.

use app::shell::Assets;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http::{HeaderValue, header};
use serde::Deserialize;
use std::collections::HashMap;
use std::path::Path;
use std::sync::OnceLock;
use tower_http::services::{ServeDir, ServeFile};

/// Addresses that stay the same from release to release.
const FIXED: &[&str] = &["sw.js", "manifest.webmanifest", "favicon.ico", "apple-touch-icon.png"];

static TABLE: OnceLock<Table> = OnceLock::new();

/// Logical name (`main.css`, `icons/192.png`) → address (`/pkg/main.0123456789abcdef.css`).
#[derive(Debug, Clone, Default)]
pub struct Table {
    addresses: HashMap<String, String>,
}

#[derive(Deserialize)]
struct Written {
    files: HashMap<String, WrittenFile>,
}

#[derive(Deserialize)]
struct WrittenFile {
    path: String,
}

impl Table {
    /// Reads `assets.json` in the site's folder.
    ///
    /// # Errors
    /// When the site has not been built, or by another version of the build.
    pub fn read(site: &Path) -> std::io::Result<Self> {
        let written: Written = serde_json::from_slice(&std::fs::read(site.join("assets.json"))?)?;
        let addresses = written.files.into_iter().map(|(logical, file)| (logical, format!("/{}", file.path))).collect();
        Ok(Self { addresses })
    }

    /// Where the file is now; empty when there is none, which a browser answers by asking for nothing.
    pub fn address(&self, logical: &str) -> &str {
        self.addresses.get(logical).map_or("", String::as_str)
    }

    /// What the frame of a page links to.
    pub fn assets(&self) -> Assets {
        let font = self.addresses.iter().find(|(logical, _)| logical.starts_with("fonts/") && logical.ends_with(".woff2"));
        Assets {
            stylesheet: self.address("main.css").to_owned(),
            font: font.map(|(_, address)| address.clone()).unwrap_or_default(),
            loader: self.address("loader.js").to_owned(),
            icon: self.address("icon.svg").to_owned(),
        }
    }
}

/// Reads the table once, at boot. Without a built site, pages go out unstyled and a warning says so.
pub fn open(site: &Path) {
    let table = Table::read(site).unwrap_or_else(|cause| {
        tracing::warn!(site = %site.display(), %cause, "the site is not built: pages go out without styles; run `cargo xtask build`");
        Table::default()
    });
    if TABLE.set(table).is_err() {
        tracing::debug!("the table of static files is open already");
    }
}

/// The table of this process; empty before [`open`].
pub fn table() -> &'static Table {
    static EMPTY: OnceLock<Table> = OnceLock::new();
    TABLE.get().unwrap_or_else(|| EMPTY.get_or_init(Table::default))
}

/// Immutable while it is there; an absence is never remembered.
async fn forever(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let status = response.status();
    let policy =
        if status.is_success() || status == http::StatusCode::NOT_MODIFIED { "public, max-age=31536000, immutable" } else { "no-store" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(policy));
    response
}

/// Asked for again each time.
async fn fresh(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// `/pkg/…` and the few fixed addresses, each compressed beforehand where the browser takes it.
pub fn router<S: Clone + Send + Sync + 'static>(site: &Path) -> Router<S> {
    let pkg = ServeDir::new(site.join("pkg")).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
    let hashed = Router::new().nest_service("/pkg", pkg).layer(from_fn(forever));
    let mut fixed = Router::new();
    for name in FIXED {
        let file = ServeFile::new(site.join("root").join(name)).precompressed_br().precompressed_gzip();
        fixed = fixed.route_service(&format!("/{name}"), file);
    }
    hashed.merge(fixed.layer(from_fn(fresh)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use tower::ServiceExt;

    fn site() -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("fettle-site-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("pkg")).unwrap();
        std::fs::create_dir_all(folder.join("root")).unwrap();
        std::fs::write(folder.join("pkg/main.0a.css"), "body{color:red}").unwrap();
        std::fs::write(folder.join("pkg/main.0a.css.br"), "packed").unwrap();
        std::fs::write(folder.join("root/sw.js"), "self").unwrap();
        std::fs::write(folder.join("assets.json"), r#"{"files":{"main.css":{"path":"pkg/main.0a.css","bytes":15}}}"#).unwrap();
        folder
    }

    async fn get(path: &str, encodings: &str) -> Response {
        let request = Request::get(path).header(header::ACCEPT_ENCODING, encodings).body(Body::empty()).unwrap();
        router::<()>(&site()).oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn hashed_files_are_packed_and_kept_for_ever() {
        let response = get("/pkg/main.0a.css", "br, gzip").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "br");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/css");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        let plain = get("/pkg/main.0a.css", "").await;
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
    }

    #[tokio::test]
    async fn an_absent_file_is_not_remembered() {
        for path in ["/pkg/gone.js", "/pkg/", "/pkg/../assets.json", "/pkg/%2e%2e/assets.json"] {
            let response = get(path, "").await;
            assert_eq!(response.status(), 404, "{path}");
        }
        assert_eq!(get("/pkg/gone.js", "").await.headers()[header::CACHE_CONTROL], "no-store");
    }

    #[tokio::test]
    async fn the_service_worker_is_asked_for_each_time() {
        let response = get("/sw.js", "").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
    }

    #[test]
    fn the_table_knows_where_files_are() {
        let table = Table::read(&site()).unwrap();
        assert_eq!(table.address("main.css"), "/pkg/main.0a.css");
        assert_eq!(table.address("other.css"), "");
        assert_eq!(table.assets().stylesheet, "/pkg/main.0a.css");
    }
}
