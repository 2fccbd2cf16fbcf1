//! Everything that reads what strangers write, one function each: whatever the bytes are, it neither panics nor takes long.
//!
//! The tests feed each with damaged examples for a moment (`tests/readers`), `cargo xtask drill fuzz` for a minute, by libFuzzer where there is a
//! nightly compiler (`targets`). Both begin with `seeds/NAME/*` and put in words of `dictionaries/NAME.dict`.

pub mod calendars;
pub mod frames;
pub mod money;
pub mod searches;
pub mod times;
pub mod webhooks;

/// Something that is read.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// Of its seeds, its dictionary and its program for libFuzzer.
    pub name: &'static str,
    /// Panics where something does not hold.
    pub read: fn(&[u8]),
}

pub const READERS: [Reader; 6] = [
    Reader { name: "webhooks", read: webhooks::read },
    Reader { name: "frames", read: frames::read },
    Reader { name: "calendars", read: calendars::read },
    Reader { name: "searches", read: searches::read },
    Reader { name: "money", read: money::read },
    Reader { name: "times", read: times::read },
];

/// Any fixed moment: what is read does not depend on the day.
const NOW: i64 = 1_780_000_000;

/// Fields of a form or a query.
fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(bytes).into_owned().collect()
}
