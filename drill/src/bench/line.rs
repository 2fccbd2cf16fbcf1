//! One line of the table of figures.

use std::borrow::Cow;

pub const HEAD: &str = "| what | ours | beside | ours / beside | floor | goal | |\n|---|---:|---:|---:|---:|---:|---|\n";

pub struct Line {
    pub what: Cow<'static, str>,
    pub ours: f64,
    pub unit: &'static str,
    /// Who else did it, and how.
    pub peer: Option<(Cow<'static, str>, f64)>,
    pub aim: Aim,
}

/// What must be reached, and what we are after.
#[derive(Debug, Clone, Copy)]
pub enum Aim {
    AtMost {
        floor: f64,
        goal: f64,
    },
    AtLeast {
        floor: f64,
        goal: f64,
    },
    /// So many times the peer's figure.
    Times {
        floor: f64,
        goal: f64,
    },
    None,
}

impl Line {
    /// A figure to look at, without a limit.
    pub fn plain(what: impl Into<Cow<'static, str>>, ours: f64, unit: &'static str) -> Self {
        Self { what: what.into(), ours, unit, peer: None, aim: Aim::None }
    }
    pub fn beside(mut self, peer: impl Into<Cow<'static, str>>, value: f64) -> Self {
        self.peer = Some((peer.into(), value));
        self
    }
    pub fn aim(mut self, aim: Aim) -> Self {
        self.aim = aim;
        self
    }

    pub fn is_reached(&self) -> bool {
        self.reaches(|floor, _| floor)
    }

    fn reaches(&self, which: impl Fn(f64, f64) -> f64) -> bool {
        match (self.aim, &self.peer) {
            (Aim::AtMost { floor, goal }, _) => self.ours <= which(floor, goal),
            (Aim::AtLeast { floor, goal }, _) => self.ours >= which(floor, goal),
            (Aim::Times { floor, goal }, Some((_, peer))) => self.ours >= which(floor, goal) * peer,
            // a peer that did not run proves nothing
            (Aim::Times { .. }, None) => false,
            (Aim::None, _) => true,
        }
    }

    /// A row of the table in Markdown.
    pub fn row(&self) -> String {
        let (floor, goal) = match self.aim {
            // a goal alone
            Aim::AtMost { floor: f64::INFINITY, goal } => (String::new(), format!("≤ {}", number(goal))),
            Aim::AtMost { floor, goal } => (format!("≤ {}", number(floor)), format!("≤ {}", number(goal))),
            Aim::AtLeast { floor, goal } => (format!("≥ {}", number(floor)), format!("≥ {}", number(goal))),
            Aim::Times { floor, goal } => (format!("≥ {} ×", number(floor)), format!("≥ {} ×", number(goal))),
            Aim::None => Default::default(),
        };
        let (peer, ratio) = match &self.peer {
            Some((name, value)) => (format!("{} ({name})", number(*value)), number(self.ours / value)),
            None => Default::default(),
        };
        let verdict = match self.aim {
            Aim::None => "",
            _ if self.reaches(|_, goal| goal) => "goal",
            _ if self.is_reached() => "floor",
            _ => "missed",
        };
        format!("| {} | {} {} | {peer} | {ratio} | {floor} | {goal} | {verdict} |\n", self.what, number(self.ours), self.unit)
    }
}

/// What stands in the table for rows that could not be taken.
pub fn broken(group: &str) -> String {
    format!("| {group} |  |  |  |  |  | broken |\n")
}

/// Three figures that mean something.
pub fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ if value.fract() == 0.0 => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_compare_the_right_way() {
        let line = |ours, peer: Option<f64>, aim| Line { what: "x".into(), ours, unit: "", peer: peer.map(|peer| ("p".into(), peer)), aim };
        let most = Aim::AtMost { floor: 5.0, goal: 3.0 };
        assert!(line(5.0, None, most).is_reached());
        assert!(!line(5.1, None, most).is_reached());
        assert!(line(4.0, None, most).row().ends_with("floor |\n"));
        assert!(line(3.0, None, most).row().ends_with("goal |\n"));
        let times = Aim::Times { floor: 0.3, goal: 0.55 };
        assert!(line(30.0, Some(100.0), times).is_reached());
        assert!(!line(29.0, Some(100.0), times).is_reached());
        assert!(!line(29.0, None, times).is_reached(), "a peer that did not run proves nothing");
        assert!(line(95.0, None, Aim::AtLeast { floor: 95.0, goal: 99.0 }).is_reached());
    }
}
