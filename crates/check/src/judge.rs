//! What visits say about promises.

use std::collections::{BTreeMap, BTreeSet};

use crate::promise::{Judgement, Outcome};

/// What one request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A target answered.
    Target(String),
    /// An answer that names no target: its status.
    Nobody(u16),
    /// No answer: why.
    Failed(String),
}

impl Seen {
    /// The target.
    pub fn target(&self) -> Option<&str> {
        match self {
            Self::Target(name) => Some(name),
            _ => None,
        }
    }

    /// As evidence has it.
    pub fn words(&self) -> String {
        match self {
            Self::Target(name) => name.clone(),
            Self::Nobody(status) => format!("nobody (status {status})"),
            Self::Failed(why) => format!("no answer ({why})"),
        }
    }
}

/// A client that came more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// Where it was served when it was new.
    pub home: Seen,
    /// What became of it afterwards.
    pub later: Vec<Seen>,
}

/// How fresh clients are shared.
pub fn several_targets(fresh: &[Seen], all: &[String]) -> Judgement {
    let shares = shares(fresh);
    let failures: Vec<&Seen> =
        fresh.iter().filter(|seen| !matches!(seen, Seen::Target(_))).collect();
    let count = fresh.len();
    let listed: Vec<String> =
        shares.iter().map(|(name, times)| format!("{name} {times}")).collect();
    let shared = format!("{count} fresh clients: {}", listed.join(", "));
    if let Some(failure) = failures.iter().find(|seen| is_error(seen)) {
        let number = failures.len();
        return Judgement::broken(format!(
            "{number} of {count} fresh clients were served by {}",
            failure.words()
        ))
        .and(shared);
    }
    match shares.len() {
        0 => Judgement::unknown("answers do not say who made them: say it with --who"),
        1 if all.len() > 1 => Judgement::unknown(shared).and(
            "all went to one target, others answer elsewhere: fresh clients may be shared by address; try --from",
        ),
        1 => Judgement::unknown(shared).and(
            "one target alone, or all clients of one address go to one: try --from, or --who if they look alike",
        ),
        number => {
            let most = shares.values().max().copied().unwrap_or_default();
            let ratio = most as f64 * number as f64 / count.max(1) as f64;
            Judgement::kept(shared).and(format!("the busiest has {ratio:.2} times its even share"))
        }
    }
}

/// Whether clients are where they were, `targets` being how many there are at least; `what` is what they did.
pub fn same_home(courses: &[Course], targets: usize, what: &str) -> Judgement {
    let all: Vec<(&Course, &Seen)> = courses
        .iter()
        .flat_map(|course| course.later.iter().map(move |seen| (course, seen)))
        .collect();
    let total = all.len();
    let is_home = |(course, seen): &&(&Course, &Seen)| {
        course.home == **seen && matches!(seen, Seen::Target(_))
    };
    let home = all.iter().filter(is_home).count();
    let count = format!("{home} of {total} {what} came home ({} clients)", courses.len());
    let failure = all.iter().find(|(_, seen)| is_error(seen));
    let lost =
        all.iter().find(|(course, seen)| course.home != **seen && matches!(seen, Seen::Target(_)));
    match (lost, failure) {
        _ if total == 0 => Judgement::unknown("no client found a home to come back to"),
        (Some((course, seen)), _) => Judgement::broken(count).and(format!(
            "a client whose home is {} was served by {}",
            course.home.words(),
            seen.words()
        )),
        (None, Some((course, seen))) => Judgement::broken(count).and(format!(
            "a client whose home is {} got {}",
            course.home.words(),
            seen.words()
        )),
        _ if home == 0 => Judgement::unknown(format!("{what}: answers do not say who made them")),
        _ if targets < 2 => {
            Judgement::unknown(count).and("only one target ever answered, so that says nothing")
        }
        _ if home < total => {
            Judgement::kept(count).and("the others' answers do not say who made them")
        }
        _ => Judgement::kept(count),
    }
}

/// Whether requests that a new client sends at once land together.
pub fn land_together(rounds: &[Vec<Seen>], targets: usize) -> Judgement {
    let told: Vec<BTreeMap<&str, usize>> = rounds.iter().map(|round| shares(round)).collect();
    let total = rounds.len();
    let together = told.iter().filter(|shares| shares.len() == 1).count();
    let count = format!(
        "in {together} of {total} rounds the {} parallel first requests of a new client went to one target",
        rounds.first().map_or(0, Vec::len)
    );
    let split = told.iter().find(|shares| shares.len() > 1);
    match split {
        Some(shares) => {
            let listed: Vec<String> =
                shares.iter().map(|(name, times)| format!("{name} {times}")).collect();
            Judgement::broken(count).and(format!("one of them: {}", listed.join(", ")))
        }
        None if together == 0 => Judgement::unknown("answers do not say who made them"),
        None if targets < 2 => Judgement::unknown("only one target ever answered"),
        None => Judgement::kept(count),
    }
}

/// Whether clients stay or are taken in while one target is absent: before, and the last that each saw.
pub fn absence(courses: &[Course], failed_meanwhile: usize) -> Judgement {
    let stays = |course: &&Course| course.later.last() == Some(&course.home);
    let gone: BTreeSet<&str> = courses
        .iter()
        .filter(|course| !stays(course))
        .filter_map(|course| course.home.target())
        .collect();
    let listed: Vec<&str> = gone.iter().copied().collect();
    let absent = |name: &str| gone.contains(name);
    let strayed = courses.iter().find(|course| {
        let home = course.home.target().unwrap_or_default();
        let served =
            courses.iter().any(|other| other.later.last().and_then(Seen::target) == Some(home));
        !stays(course) && served && matches!(course.later.last(), Some(Seen::Target(_)))
    });
    let helpless = courses
        .iter()
        .filter_map(|course| course.later.last())
        .find(|seen| !matches!(seen, Seen::Target(_)));
    let meanwhile = format!("{failed_meanwhile} requests failed while the balancer took notice");
    if let Some(seen) = helpless {
        return Judgement::broken(format!("a client still got {}", seen.words())).and(meanwhile);
    }
    if let Some(course) = strayed {
        let home = course.home.words();
        return Judgement::broken(format!("a client of {home} moved, though {home} still answers"))
            .and(meanwhile);
    }
    if gone.is_empty() {
        return Judgement::unknown("every client was served at home: no target was absent");
    }
    let wandering = courses.iter().find(|course| {
        let own = course.home.target().is_some_and(absent);
        let new: Vec<&Seen> = course.later.iter().filter(|seen| **seen != course.home).collect();
        own && new
            .windows(2)
            .any(|pair| matches!(pair, [Seen::Target(one), Seen::Target(other)] if one != other))
    });
    let moved = courses.iter().filter(|course| !stays(course)).count();
    let told =
        format!("{} is absent: its {moved} clients were served elsewhere", listed.join(", "));
    if let Some(course) = wandering {
        let way: Vec<String> = course.later.iter().map(Seen::words).collect();
        return Judgement::broken(told)
            .and(format!("but one of them found no new home: {}", way.join(", ")));
    }
    Judgement::kept(told)
        .and(format!("{} others stayed at home", courses.len() - moved))
        .and(meanwhile)
}

/// The worse of two: broken, then could not tell, then kept; evidence of both.
#[must_use]
pub fn worse(one: Judgement, other: Judgement) -> Judgement {
    let rank = |outcome| match outcome {
        Outcome::Kept => 0,
        Outcome::CouldNotTell => 1,
        Outcome::Broken => 2,
    };
    let outcome =
        if rank(one.outcome) >= rank(other.outcome) { one.outcome } else { other.outcome };
    Judgement { outcome, evidence: [one.evidence, other.evidence].concat() }
}

/// No answer, or the balancer's or a target's own failure.
fn is_error(seen: &Seen) -> bool {
    match seen {
        Seen::Target(_) => false,
        Seen::Nobody(status) => *status >= 400,
        Seen::Failed(_) => true,
    }
}

fn shares(seen: &[Seen]) -> BTreeMap<&str, usize> {
    let mut shares = BTreeMap::new();
    for target in seen.iter().filter_map(Seen::target) {
        *shares.entry(target).or_default() += 1;
    }
    shares
}

#[cfg(test)]
mod tests;
