//! Where keys would fall after a change, of groups that hash them.

use std::collections::{HashMap, HashSet};

use clingfish_balance::{KeyHash, Ring};
use clingfish_model::{Target as Configured, TargetGroup, TargetHash, TargetId};
use clingfish_snapshot::{Group, Target};

/// Keys that are tried to see how many would fall elsewhere: 0.4 % of all, more or less.
const KEYS_TRIED: u64 = 16_384;

/// What would become of one target's keys, as parts of all that it has.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Fall {
    /// Fall to another target.
    pub(super) elsewhere: f64,
    /// Have no target any more.
    pub(super) nowhere: f64,
}

/// A target as keys see it.
#[derive(Clone, Copy, Debug)]
struct Member {
    hash: TargetHash,
    weight: u16,
    /// Whether it has the keys that fall to it.
    takes: bool,
}

/// What would become of the keys of each target that has any.
pub(super) fn falls(group: &Group, after: &TargetGroup) -> HashMap<TargetHash, Fall> {
    tried(&members(group), &members_after(group, after))
}

fn members(group: &Group) -> Vec<Member> {
    let roster = group.roster();
    let member = |target: &Target| Member {
        hash: target.hash,
        weight: if group.spans(target.zone.as_ref()) { target.weight.value() } else { 0 },
        takes: !target.drain && roster.keeps_keys(target),
    };
    group.targets.iter().map(member).collect()
}

/// Addresses of a name stay what they are, and so does everybody's health. Whoever is new will be well.
fn members_after(group: &Group, after: &TargetGroup) -> Vec<Member> {
    let roster = group.roster();
    let is_zonal = after.cross_zone == group.spec.cross_zone;
    let member = |hash, configured: &Configured, keeps: bool| Member {
        hash,
        weight: if !is_zonal || group.spans(configured.zone.as_ref()) {
            configured.weight.value()
        } else {
            0
        },
        takes: !configured.drain && keeps,
    };
    let by_id: HashMap<&TargetId, &Configured> =
        after.targets.iter().map(|configured| (&configured.id, configured)).collect();
    let staying = group.targets.iter().filter_map(|target| {
        let configured = by_id.get(&group.spec.targets.get(target.origin)?.id)?;
        Some(member(target.hash, configured, roster.keeps_keys(target)))
    });
    let known: HashSet<&TargetId> = group.spec.targets.iter().map(|known| &known.id).collect();
    let new = after.targets.iter().filter(|configured| !known.contains(&configured.id));
    let new = new.map(|configured| member(configured.id.hash(), configured, true));
    staying.chain(new).collect()
}

fn tried(now: &[Member], then: &[Member]) -> HashMap<TargetHash, Fall> {
    let ring = |all: &[Member]| Ring::new(all.iter().map(|member| (member.hash, member.weight)));
    let (ring_now, ring_then) = (ring(now), ring(then));
    let home = |ring: &Ring, all: &[Member], key| {
        let takes = |at: usize| all.get(at).is_some_and(|member| member.takes);
        ring.pick(key, takes).and_then(|at| all.get(at)).map(|member| member.hash)
    };
    let mut counts: HashMap<TargetHash, [u64; 3]> = HashMap::new();
    for number in 0..KEYS_TRIED {
        let key = KeyHash::of(&number.to_le_bytes());
        let Some(before) = home(&ring_now, now, key) else { continue };
        let after = home(&ring_then, then, key);
        let [all, elsewhere, nowhere] = counts.entry(before).or_default();
        *all += 1;
        *elsewhere += u64::from(after.is_some_and(|after| after != before));
        *nowhere += u64::from(after.is_none());
    }
    let parts = |[all, elsewhere, nowhere]: [u64; 3]| {
        let part = |count: u64| count as f64 / all as f64;
        Fall { elsewhere: part(elsewhere), nowhere: part(nowhere) }
    };
    counts.into_iter().map(|(hash, counts)| (hash, parts(counts))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: u8, weight: u16, takes: bool) -> Member {
        Member { hash: TargetHash([id; 16]), weight, takes }
    }

    #[test]
    fn only_keys_of_who_leaves_fall_and_all_of_them() {
        let [a, b, c] = [1, 2, 3].map(|id| member(id, 1, true));
        let gone = Fall { elsewhere: 1.0, nowhere: 0.0 };
        let drained = Member { takes: false, ..a };
        let weightless = Member { weight: 0, ..a };
        for (then, what) in [
            (vec![b, c], "removed"),
            (vec![drained, b, c], "drained"),
            (vec![weightless, b, c], "without weight"),
        ] {
            let falls = tried(&[a, b, c], &then);
            let of = |one: Member| falls.get(&one.hash).copied();
            assert_eq!(
                (of(a), of(b), of(c)),
                (Some(gone), Some(Fall::default()), Some(Fall::default())),
                "{what}"
            );
        }
    }

    #[test]
    fn who_fails_has_no_keys_and_what_others_have_of_them_counts_as_theirs() {
        let [a, b, c] = [1, 2, 3].map(|id| member(id, 1, true));
        let failing = Member { takes: false, ..a };
        let falls = tried(&[failing, b, c], &[failing, c]);
        assert_eq!(falls.get(&a.hash), None);
        assert_eq!(falls.get(&b.hash), Some(&Fall { elsewhere: 1.0, nowhere: 0.0 }));
        assert_eq!(falls.get(&c.hash), Some(&Fall::default()));
    }

    #[test]
    fn with_nobody_left_keys_fall_nowhere() {
        let a = member(1, 1, true);
        for then in [vec![], vec![Member { takes: false, ..a }], vec![Member { weight: 0, ..a }]] {
            let falls = tried(&[a], &then);
            assert_eq!(
                falls.get(&a.hash),
                Some(&Fall { elsewhere: 0.0, nowhere: 1.0 }),
                "{then:?}"
            );
        }
    }

    #[test]
    fn more_weight_wins_keys_of_others_only() {
        let [a, b] = [1, 2].map(|id| member(id, 1, true));
        let falls = tried(&[a, b], &[Member { weight: 3, ..a }, b]);
        assert_eq!(falls.get(&a.hash), Some(&Fall::default()));
        // Of the half that b has, a quarter of all stays.
        let part = falls.get(&b.hash).unwrap().elsewhere;
        assert!((part - 0.5).abs() < 0.03, "{part}");
    }
}
