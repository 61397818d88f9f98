//! What sort of request one was, as far as it matters to somebody who looks for something strange.

use crate::Verdict;

/// A verdict, none, or an error of ours whatever the verdict was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sort(u8);

impl Sort {
    /// How many there are.
    pub const COUNT: usize = Verdict::ALL.len() + 2;

    const NO_VERDICT: Self = Self(Verdict::ALL.len() as u8);
    const FAILED: Self = Self(Verdict::ALL.len() as u8 + 1);

    /// One bit for each that is usual.
    const USUAL: u32 = (1 << Verdict::New as u32)
        | (1 << Verdict::Hit as u32)
        | (1 << Verdict::Imported as u32)
        | (1 << Verdict::Off as u32)
        | (1 << Self::NO_VERDICT.0);

    /// That of a request with this verdict; `failed` says that the client got an error of ours.
    #[inline]
    pub fn of(verdict: Option<Verdict>, failed: bool) -> Self {
        match verdict {
            _ if failed => Self::FAILED,
            Some(verdict) => Self(verdict as u8),
            None => Self::NO_VERDICT,
        }
    }

    /// Whether nobody would look twice.
    #[inline]
    pub fn is_usual(self) -> bool {
        (Self::USUAL >> self.0) & 1 == 1
    }

    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_home_or_is_new_is_usual_and_nobody_else() {
        let usual = [Verdict::New, Verdict::Hit, Verdict::Imported, Verdict::Off];
        for verdict in Verdict::ALL {
            let sort = Sort::of(Some(verdict), false);
            assert_eq!(sort.is_usual(), usual.contains(&verdict), "{verdict}");
            assert!(sort.index() < Sort::COUNT);
            assert!(!Sort::of(Some(verdict), true).is_usual(), "an error of ours: {verdict}");
        }
        assert!(Sort::of(None, false).is_usual(), "a redirect");
        assert!(!Sort::of(None, true).is_usual());
    }
}
