//! Sizes, names and words of files.

use crate::{code, expect_none, files, is_test, root, sources};

#[test]
fn files_stay_short() {
    let all = sources().into_iter().chain(files("style", &["css"])).chain(files("end2end/tests", &["ts"])).chain(files("public", &["js"]));
    let problems = all
        .filter_map(|(name, text)| {
            let lines = text.lines().count();
            let limit = if is_test(&name) || name.starts_with("end2end") { 900 } else { 600 };
            (lines > limit).then(|| format!("{name} has {lines} lines; {limit} is the limit"))
        })
        .collect();
    expect_none(problems, "Split it by capability noun.");
}

#[test]
fn names_say_what_a_file_is_for() {
    let vague = ["utils", "util", "helpers", "helper", "common", "misc", "manager", "service2"];
    let problems = sources()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| name.trim_end_matches(".rs").split('/').any(|part| vague.contains(&part)))
        .collect();
    expect_none(problems, "Name it after what it holds.");
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let marks =
        [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X:"].concat(), ["unimple", "mented!("].concat(), ["to", "do!("].concat()];
    let problems = sources()
        .into_iter()
        .chain(files("style", &["css"]))
        .chain(files("public", &["js"]))
        .chain(files("migrations", &["sql"]))
        .flat_map(|(name, text)| {
            let found: Vec<String> = text
                .lines()
                .enumerate()
                .filter(|(_, line)| marks.iter().any(|mark| line.contains(mark.as_str())))
                .map(|(number, line)| format!("{name}:{}: {}", number + 1, line.trim()))
                .collect();
            found
        })
        .collect();
    expect_none(problems, "Do it, or write an issue.");
}

#[test]
fn each_room_says_what_it_is_for() {
    let problems = files("domain/src", &["rs"])
        .into_iter()
        .chain(files("app/src", &["rs"]))
        .filter(|(name, text)| name.ends_with("mod.rs") && !text.starts_with("//!"))
        .map(|(name, _)| name)
        .collect();
    expect_none(problems, "Begin with a line of //! that says what the room is for.");
}

#[test]
fn every_setting_is_documented() {
    let page = std::fs::read_to_string(root().join("docs/DEPLOY.md")).unwrap_or_default();
    let problems = fettle::config::VARIABLES
        .iter()
        .filter(|known| !page.contains(&format!("`{}`", known.name)))
        .map(|known| known.name.to_owned())
        .collect();
    expect_none(problems, "Describe it in docs/DEPLOY.md.");
}

#[test]
fn colours_are_named() {
    let raw = ["oklch(", "rgb(", "rgba(", "hsl(", "hsla(", "lab(", "lch("];
    let mut problems = Vec::new();
    for (name, text) in files("style", &["css"]) {
        if name.ends_with("tokens.css") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            // What is inside url(...) are masks, whose colour does not show; `from …` derives from another colour.
            let line = line.split("url(").next().unwrap_or_default();
            let is_raw = raw.iter().any(|mark| line.contains(mark) && !line.contains(&format!("{mark}from ")));
            if (is_raw || has_hex_colour(line)) && !line.trim_start().starts_with("/*") {
                problems.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    for (name, text) in files("app/src", &["rs"]) {
        for (number, line) in code(&text).lines().enumerate() {
            if line.contains("=\"#") && has_hex_colour(line.split("=\"").nth(1).unwrap_or_default()) {
                problems.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    expect_none(problems, "Name a token of style/tokens.css.");
}

/// `#abc`, `#aabbcc`, `#aabbccdd` as a value.
fn has_hex_colour(line: &str) -> bool {
    line.split('#').skip(1).any(|rest| {
        let digits = rest.chars().take_while(char::is_ascii_hexdigit).count();
        let end = rest.chars().nth(digits);
        matches!(digits, 3 | 4 | 6 | 8)
            && end.is_none_or(|c| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
            && !line.trim_end().ends_with('{')
    })
}
