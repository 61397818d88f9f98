//! Cookies that are forged, cut, empty or endless.

use super::ground::Ground;
use crate::{
    client::CheckError,
    judge::{Seen, same_home},
    promise::{Judgement, Outcome},
    visitor::Visitor,
};

/// How often a client comes again after its forged cookie.
const RETURNS: usize = 3;

/// Bytes of a value that is too long for anything.
const ENDLESS: usize = 3000;

impl Ground<'_> {
    pub(super) async fn forged_cookie(&mut self) -> Result<Judgement, CheckError> {
        let cookies = self.affinity_cookies().await?;
        if cookies.is_empty() {
            return Ok(Judgement::unknown("no cookie of the balancer's was seen"));
        }
        let mut courses = Vec::new();
        let mut evidence = Vec::new();
        for (place, kind) in KINDS.iter().enumerate() {
            let mut visitor = Visitor::new(self.client, place);
            for set in &cookies {
                visitor.jar.put(&set.name, &forge(kind, &set.value));
            }
            let first = visitor.visit_anew().await?;
            let home = self.see(&first);
            if let Seen::Failed(_) | Seen::Nobody(400..) = home {
                return Ok(Judgement::broken(format!(
                    "a client with a cookie that is {kind} got {}",
                    home.words()
                )));
            }
            evidence.push(format!("{kind}: served by {}", home.words()));
            let mut later = Vec::new();
            for _ in 0..RETURNS {
                later.push(visitor.visit_anew().await?);
            }
            courses.push(self.course(&first, &later));
        }
        let mut judgement =
            same_home(&courses, self.targets.len(), "returns after a forged cookie was answered");
        if judgement.outcome == Outcome::Broken {
            evidence.push("the forged cookie was neither honoured nor replaced".to_owned());
        }
        judgement.evidence.extend(evidence);
        Ok(judgement)
    }
}

const KINDS: &[&str] = &["changed", "cut in half", "a foreign word", "empty", "endless"];

fn forge(kind: &str, value: &str) -> String {
    match kind {
        "changed" => changed(value),
        "cut in half" => value.chars().take(value.chars().count() / 2).collect(),
        "a foreign word" => "forged-by-clingfish-check".to_owned(),
        "empty" => String::new(),
        _ => "x".repeat(ENDLESS),
    }
}

/// With another letter in the middle.
fn changed(value: &str) -> String {
    let middle = value.chars().count() / 2;
    let change = |(place, sign)| match sign {
        'A' if place == middle => 'B',
        _ if place == middle => 'A',
        sign => sign,
    };
    value.chars().enumerate().map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forged_values_differ_from_the_real_one() {
        for kind in KINDS {
            assert_ne!(forge(kind, "aAbB"), "aAbB", "{kind}");
        }
        assert_eq!(changed("xyz"), "xAz");
        assert_eq!(changed("xAz"), "xBz");
        assert_eq!(changed(""), "");
    }
}
