//! What people type, made safe to keep.

/// Without control characters (line breaks stay), without space at both ends.
pub fn tidy(text: &str) -> String {
    let text: String = text.replace("\r\n", "\n").chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    text.trim().to_owned()
}

/// The same on one line.
pub fn tidy_line(text: &str) -> String {
    tidy(text).split_whitespace().collect::<Vec<_>>().join(" ")
}
