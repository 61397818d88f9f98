//! Gives less to a target that fails more than its peers do, step by step, and gives it back.

use crate::Share;

/// Looks without an anomaly that double a share.
pub const CALM_LOOKS: u32 = 5;

/// The share of one target. To be told once a second whether it is anomalous.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mitigation {
    share: Share,
    calm: u32,
}

impl Mitigation {
    /// Takes another look at it.
    pub fn look(&mut self, is_anomalous: bool) {
        if is_anomalous {
            *self = Self { share: self.share.halved(), calm: 0 };
            return;
        }
        self.calm += 1;
        if self.calm == CALM_LOOKS {
            *self = Self { share: self.share.doubled(), calm: 0 };
        }
    }

    /// How much of its weight the target counts for.
    pub fn share(&self) -> Share {
        self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_shrinks_at_once_and_grows_back_slowly() {
        let mut mitigation = Mitigation::default();
        let mut after = |looks: u32, is_anomalous| {
            (0..looks).for_each(|_| mitigation.look(is_anomalous));
            mitigation.share().parts()
        };
        for (looks, is_anomalous, expected) in [
            (10, false, 64),
            (1, true, 32),
            (2, true, 8),
            (9, true, 1),
            (4, false, 1),
            (1, false, 2),
            (4, false, 2),
            (1, true, 1),
            (30, false, 64),
        ] {
            assert_eq!(after(looks, is_anomalous), expected, "{looks} more");
        }
    }
}
