//! Whether a page keeps to the policy that it is sent with, read as a browser reads both: what the policy refuses would be missing.

/// Each tag as its name and its attributes, lower-case names; comments and the texts of scripts are stepped over.
fn tags(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let (name, attributes, after) = tag(rest);
        rest = after;
        if name == "script" || name == "style" {
            let end = format!("</{name}");
            rest = rest.find(&end).map_or("", |at| &rest[at..]);
        }
        found.push((name, attributes));
    }
    found
}

fn tag(text: &str) -> (String, Vec<(String, String)>, &str) {
    let is_end = |c: char| c.is_ascii_whitespace() || c == '>' || c == '/';
    let (name, mut rest) = text.split_at(text.find(is_end).unwrap_or(text.len()));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() || rest.starts_with('>') {
            break;
        }
        let (attribute, after) = rest.split_at(rest.find(|c: char| is_end(c) || c == '=').unwrap_or(rest.len()));
        rest = after;
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            (value, rest) = match quote {
                Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                None => after.split_at(after.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(after.len())),
            };
        }
        attributes.push((attribute.to_ascii_lowercase(), value.to_owned()));
        if attribute.is_empty() {
            break;
        }
    }
    (name.to_ascii_lowercase(), attributes, rest)
}

/// The sources that the directive allows, or those of `default-src`.
fn allowed<'a>(policy: &'a str, directive: &str) -> Vec<&'a str> {
    let of = |wanted: &str| policy.split(';').map(str::trim).find_map(|part| part.strip_prefix(wanted)?.strip_prefix(' '));
    of(directive).or_else(|| of("default-src")).unwrap_or_default().split_whitespace().collect()
}

fn may_load(policy: &str, directive: &str, address: &str) -> bool {
    let sources = allowed(policy, directive);
    let is_own = !address.contains(':') && !address.starts_with("//");
    if is_own {
        return sources.contains(&"'self'");
    }
    sources.iter().any(|source| address.starts_with(source.trim_end_matches('/')))
}

/// What of the page the browser would refuse.
pub fn refused(policy: &str, html: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, attributes) in tags(html) {
        let get = |wanted: &str| attributes.iter().find(|(known, _)| known == wanted).map(|(_, value)| value.as_str());
        let mut load = |directive: &str, address: Option<&str>| {
            if let Some(address) = address.filter(|address| !may_load(policy, directive, address)) {
                problems.push(format!("<{name}> {directive}: {address}"));
            }
        };
        match name.as_str() {
            "script" => {
                let is_data = get("type").is_some_and(|kind| kind.ends_with("json"));
                load("script-src", get("src").or_else(|| (!is_data).then_some("inline:")));
            }
            "style" => load("style-src", (!allowed(policy, "style-src").contains(&"'unsafe-inline'")).then_some("inline:")),
            "img" | "source" => load("img-src", get("src")),
            "iframe" => load("frame-src", get("src")),
            "form" => load("form-action", get("action").filter(|action| !action.is_empty())),
            "button" | "input" => load("form-action", get("formaction")),
            "object" | "embed" | "applet" | "base" => load("object-src", Some("inline:")),
            "link" => match get("rel").unwrap_or_default() {
                "stylesheet" => load("style-src", get("href")),
                "manifest" => load("manifest-src", get("href")),
                rel if rel.contains("icon") => load("img-src", get("href")),
                _ => {}
            },
            _ => {}
        }
        for (attribute, value) in &attributes {
            let is_handler = attribute.starts_with("on") && !attribute.contains(':');
            let is_script =
                matches!(attribute.as_str(), "href" | "src" | "action" | "formaction") && value.trim_start().starts_with("javascript:");
            if is_handler || is_script {
                problems.push(format!("<{name} {attribute}=\"{value}\">"));
            }
        }
    }
    problems
}

#[test]
fn what_a_browser_would_refuse_is_found() {
    let policy = "default-src 'none'; script-src 'self' https://pay.example; img-src 'self' data:; style-src 'self'; form-action 'self'";
    for fine in [
        r#"<script src="/pkg/a.js" defer></script><script type="application/ld+json">{"<img src=//x>":1}</script>"#,
        r#"<script src="https://pay.example/v3/"></script><img src='data:image/png;base64,AA=='><link rel="stylesheet" href="/a.css">"#,
        r#"<!-- <script>1</script> --><p title="a > b <script>">x</p><form action="/book"><a href="https://elsewhere.example">x</a></form>"#,
    ] {
        assert_eq!(refused(policy, fine), Vec::<String>::new(), "{fine}");
    }
    for bad in [
        "<script>alert(1)</script>",
        "<script src=https://evil.example/a.js></script>",
        "<img src=//evil.example/a.png>",
        "<p onclick='x()'>",
        "<a href=\" javascript:x()\">",
        "<style>p{}</style>",
        "<form action='https://evil.example/'>",
        "<iframe src='/a'>",
        "<base href='/x'>",
    ] {
        assert_eq!(refused(policy, bad).len(), 1, "{bad}");
    }
}
