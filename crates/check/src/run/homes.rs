//! Sharing, coming home, new connections, parallel first requests, and cookies that run out.

use std::time::Duration;

use tokio::time::sleep;

use super::ground::Ground;
use crate::{
    client::{Ask, CheckError},
    clock,
    judge::{self, Course},
    limits::{PARALLEL_ROUNDS, SAMPLED_CLIENTS},
    promise::{Judgement, Outcome},
    set_cookie::Life,
    visitor::Visitor,
};

impl Ground<'_> {
    pub(super) fn several_targets(&self) -> Judgement {
        let fresh: Vec<_> = self.fresh.iter().map(|outcome| self.see(outcome)).collect();
        let judgement = judge::several_targets(&fresh, &self.targets);
        let redirect =
            self.fresh.iter().flatten().find(|answer| matches!(answer.status, 301..=308));
        match redirect.and_then(|answer| answer.field("location")) {
            Some(to) if self.targets.len() < 2 => {
                judgement.and(format!("the answer is a redirect to {to}, which is not followed"))
            }
            _ => judgement,
        }
    }

    pub(super) fn comes_home(&self) -> Judgement {
        let courses: Vec<Course> =
            self.guests.iter().map(|guest| self.course(&guest.first, &guest.kept)).collect();
        judge::same_home(&courses, self.targets.len(), "returns on a kept connection")
    }

    pub(super) fn new_connection(&self) -> Judgement {
        let courses: Vec<Course> =
            self.guests.iter().map(|guest| self.course(&guest.first, &guest.anew)).collect();
        judge::same_home(&courses, self.targets.len(), "returns on a new connection")
    }

    pub(super) async fn parallel_first(&self) -> Result<Judgement, CheckError> {
        let ask = Ask::get(&self.client.url().path);
        let mut rounds = Vec::new();
        for round in 0..PARALLEL_ROUNDS {
            let together = self.options.load.parallel.max(2);
            let outcomes = self.client.ask_together(&ask, together, round).await?;
            rounds.push(outcomes.iter().map(|outcome| self.see(outcome)).collect());
        }
        Ok(judge::land_together(&rounds, self.targets.len()))
    }

    /// Clients keep coming for twice the life of their cookie.
    pub(super) async fn expiry(&mut self) -> Result<Judgement, CheckError> {
        let cookies = self.affinity_cookies().await?;
        let now = clock::unix_seconds();
        let lives = cookies.iter().map(|set| set.life(now)).filter_map(|life| match life {
            Life::Session => None,
            Life::Seconds(seconds) => u64::try_from(seconds).ok(),
        });
        let Some(life) = lives.min() else {
            return Ok(Judgement::unknown("no cookie of the balancer's has a life of its own"));
        };
        let longest = self.options.load.expiry_max.as_secs();
        if life > longest {
            return Ok(Judgement::unknown(format!(
                "the cookie lives {life} s, more than the {longest} s that are waited for"
            )));
        }
        let names: Vec<String> = cookies.into_iter().map(|set| set.name).collect();
        let step = (Duration::from_secs(life) / 3).max(Duration::from_millis(200));
        let (mut visitors, mut courses) = (Vec::new(), Vec::new());
        for place in 0..SAMPLED_CLIENTS {
            let mut visitor = Visitor::new(self.client, place);
            visitor.log_in(&self.options.login).await?;
            let first = visitor.visit_anew().await?;
            courses.push(self.course(&first, &[]));
            visitors.push(visitor);
        }
        let mut ran_out = false;
        for _ in 0..6 {
            sleep(step).await;
            for (visitor, course) in visitors.iter_mut().zip(&mut courses) {
                let has_one = visitor
                    .jar
                    .only(&names)
                    .field(self.client.url(), crate::jar::Context::SameSite, clock::unix_seconds())
                    .is_some();
                ran_out |= !has_one;
                // Twice, so that a balancer that takes turns cannot be in step with it.
                for _ in 0..2 {
                    let outcome = visitor.visit_anew().await?;
                    course.later.push(self.see(&outcome));
                }
            }
        }
        let judgement = judge::same_home(&courses, self.targets.len(), "returns in twice its life")
            .and(format!("the cookie lives {life} s"));
        Ok(if ran_out && judgement.outcome != Outcome::Broken {
            Judgement { outcome: Outcome::Broken, ..judgement }
                .and("it ran out while its client kept coming: it is not renewed")
        } else {
            judgement
        })
    }
}
