//! The revisions of the protocol, and what changed between them as far as a server shows it.

use std::fmt;

/// A revision of the protocol. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Revision {
    /// 2024-11-05.
    V2024_11_05,
    /// 2025-03-26: batches, tool annotations, audio.
    V2025_03_26,
    /// 2025-06-18: titles, structured content, elicitation, the version header.
    V2025_06_18,
    /// 2025-11-25: icons, URL elicitation, polling of streams.
    V2025_11_25,
    /// 2026-07-28: no sessions; every request stands for itself.
    V2026_07_28,
}

impl Revision {
    /// All revisions, the newest first, as they are advertised.
    pub const ALL: [Self; 5] =
        [Self::V2026_07_28, Self::V2025_11_25, Self::V2025_06_18, Self::V2025_03_26, Self::V2024_11_05];

    /// The newest revision that has sessions.
    pub const NEWEST_WITH_SESSIONS: Self = Self::V2025_11_25;

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// The revision of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|revision| revision.as_str() == name)
    }

    /// Whether requests carry their own context (`_meta`) and there are no sessions.
    pub const fn is_modern(self) -> bool {
        matches!(self, Self::V2026_07_28)
    }

    /// The position of this revision, for tables by revision.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// The number of revisions.
    pub(crate) const COUNT: usize = Self::ALL.len();
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_order() {
        for pair in Revision::ALL.windows(2) {
            assert!(pair[0] > pair[1]);
        }
        for revision in Revision::ALL {
            assert_eq!(Revision::parse(revision.as_str()), Some(revision));
        }
        assert_eq!(Revision::parse("2025-11-26"), None);
    }
}
