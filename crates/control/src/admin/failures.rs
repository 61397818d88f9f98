//! Who has failed to say who they are, so that nobody tries for long.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use clingfish_model::limits::{ADMIN_FAILERS_MAX, ADMIN_FAILURE_FADES_AFTER, ADMIN_FAILURES_MAX};

/// Failures by who sent them, each of which fades after a while.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    /// When the last failure of each will have faded. The mutex protects it from connections that fail at the same time.
    faded_at: Mutex<HashMap<IpAddr, Instant>>,
}

impl Failures {
    /// How long `who` must wait before another try; none if now is fine.
    pub(crate) fn wait(&self, who: IpAddr, now: Instant) -> Option<Duration> {
        let table = self.faded_at.lock().unwrap_or_else(PoisonError::into_inner);
        let faded_at = table.get(&whole(who))?;
        let debt = faded_at.saturating_duration_since(now);
        let allowed = ADMIN_FAILURE_FADES_AFTER * (ADMIN_FAILURES_MAX - 1);
        debt.checked_sub(allowed).filter(|wait| !wait.is_zero())
    }

    /// Takes note of one more.
    pub(crate) fn note(&self, who: IpAddr, now: Instant) {
        let mut table = self.faded_at.lock().unwrap_or_else(PoisonError::into_inner);
        let who = whole(who);
        if table.len() >= ADMIN_FAILERS_MAX && !table.contains_key(&who) {
            make_room(&mut table, now);
        }
        let faded_at = table.entry(who).or_insert(now);
        *faded_at = (*faded_at).max(now) + ADMIN_FAILURE_FADES_AFTER;
    }
}

/// Forgets what has faded, or else what fades first.
fn make_room(table: &mut HashMap<IpAddr, Instant>, now: Instant) {
    table.retain(|_, faded_at| *faded_at > now);
    if table.len() >= ADMIN_FAILERS_MAX {
        let first = table.iter().min_by_key(|(_, faded_at)| **faded_at).map(|(who, _)| *who);
        first.and_then(|who| table.remove(&who));
    }
}

/// Whoever has one address of IPv6 has 64 bits of them.
pub(super) fn whole(who: IpAddr) -> IpAddr {
    match who.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: u32 = ADMIN_FAILURES_MAX;
    const FADES: Duration = ADMIN_FAILURE_FADES_AFTER;

    fn who(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn who_fails_too_often_waits_until_one_failure_has_faded() {
        let (failures, now) = (Failures::default(), crate::clock::now());
        let someone = who("192.0.2.1");
        for tried in 0..MAX {
            assert_eq!(failures.wait(someone, now), None, "after {tried} failures");
            failures.note(someone, now);
        }
        assert_eq!(failures.wait(someone, now), Some(FADES));
        assert_eq!(failures.wait(someone, now + FADES / 2), Some(FADES / 2));
        assert_eq!(failures.wait(someone, now + FADES), None);
        assert_eq!(failures.wait(who("192.0.2.2"), now), None, "nobody waits for others");
        failures.note(someone, now + FADES);
        assert_eq!(failures.wait(someone, now + FADES), Some(FADES));
        assert_eq!(failures.wait(someone, now + FADES * (MAX + 1)), None);
    }

    #[test]
    fn addresses_of_one_network_are_one_sender() {
        let (failures, now) = (Failures::default(), crate::clock::now());
        for number in 0..MAX {
            failures.note(who(&format!("2001:db8::{number}")), now);
        }
        assert!(failures.wait(who("2001:db8::ffff"), now).is_some());
        assert!(failures.wait(who("2001:db8:0:1::1"), now).is_none());
    }

    #[test]
    fn the_table_is_bounded_and_keeps_the_worst() {
        let (failures, now) = (Failures::default(), crate::clock::now());
        let worst = who("192.0.2.1");
        (0..MAX).for_each(|_| failures.note(worst, now));
        for number in 0..u32::try_from(ADMIN_FAILERS_MAX).unwrap() * 2 {
            failures.note(IpAddr::from((0x0a00_0000 + number).to_be_bytes()), now);
        }
        assert_eq!(failures.faded_at.lock().unwrap().len(), ADMIN_FAILERS_MAX);
        assert!(failures.wait(worst, now).is_some());
    }
}
