//! What is known before any promise is judged: who answers, which targets there are, and a few clients that come again.

use super::{Audience, means::Means};
use crate::{
    answer::Answer,
    balancer::{Recognised, recognise},
    client::{CheckError, Client},
    judge::{Course, Seen},
    limits::{RETURNING_CLIENTS, RETURNS},
    options::Options,
    visitor::{Outcome, Visitor},
    who::{Who, guess},
};

/// A client that came again and again.
pub(super) struct Guest<'a> {
    pub(super) visitor: Visitor<'a>,
    pub(super) first: Outcome,
    /// On the connection of the first visit.
    pub(super) kept: Vec<Outcome>,
    /// Each on a connection of its own.
    pub(super) anew: Vec<Outcome>,
}

/// What the survey found.
pub(super) struct Ground<'a> {
    pub(super) client: &'a Client,
    pub(super) options: &'a Options,
    pub(super) who: Option<Who>,
    /// Names of the targets that answered, in order of the alphabet.
    pub(super) targets: Vec<String>,
    pub(super) recognised: Recognised,
    /// What became of fresh clients' first visits.
    pub(super) fresh: Vec<Outcome>,
    pub(super) guests: Vec<Guest<'a>>,
    /// By what clients come home, once it was found out.
    pub(super) known_means: Option<Means>,
}

impl<'a> Ground<'a> {
    /// Lets fresh clients come, and some of them again.
    pub(super) async fn survey(
        client: &'a Client,
        options: &'a Options,
        audience: &mut dyn Audience,
    ) -> Result<Self, CheckError> {
        let number = options.fresh_clients();
        audience.hear(&format!("{number} fresh clients come to {}", options.url));
        let (mut fresh, mut guests) = (Vec::new(), Vec::new());
        for place in 0..number {
            let mut visitor = Visitor::new(client, place);
            visitor.log_in(&options.login).await?;
            let first = visitor.visit().await?;
            if guests.len() < RETURNING_CLIENTS && first.as_ref().is_ok_and(Answer::is_fine) {
                fresh.push(copy(&first));
                guests.push(Guest { visitor, first, kept: Vec::new(), anew: Vec::new() });
            } else {
                fresh.push(first);
            }
        }
        Self::assert_reachable(options, &fresh)?;
        audience.hear(&format!("{} of them come again, {} times", guests.len(), 2 * RETURNS));
        for guest in &mut guests {
            // Without a pause between, so that a balancer that takes turns cannot be in step with it.
            for _ in 0..RETURNS {
                guest.kept.push(guest.visitor.visit().await?);
            }
            for _ in 0..RETURNS {
                guest.anew.push(guest.visitor.visit_anew().await?);
            }
        }
        let mut ground = Self {
            client,
            options,
            who: None,
            targets: Vec::new(),
            recognised: recognised(options, &fresh),
            fresh,
            guests,
            known_means: None,
        };
        ground.find_out_who()?;
        let who = ground.who.as_ref().map_or("nothing".to_owned(), ToString::to_string);
        let balancer = ground.recognised.balancer;
        audience.hear(&format!("{balancer}; targets are told apart by {who}"));
        Ok(ground)
    }

    /// Nobody answers: there is nothing to check.
    fn assert_reachable(options: &Options, fresh: &[Outcome]) -> Result<(), CheckError> {
        match fresh.first() {
            Some(Err(error)) if fresh.iter().all(Result::is_err) => Err(CheckError::Unreachable {
                url: options.url.to_string(),
                why: error.to_string(),
            }),
            _ => Ok(()),
        }
    }

    fn find_out_who(&mut self) -> Result<(), CheckError> {
        let answers =
            |outcomes: &[Outcome]| -> Vec<Answer> { outcomes.iter().flatten().cloned().collect() };
        let returning: Vec<Vec<Answer>> = self
            .guests
            .iter()
            .map(|guest| {
                [answers(std::slice::from_ref(&guest.first)), answers(&guest.anew)].concat()
            })
            .collect();
        let fresh = answers(&self.fresh);
        self.who = match &self.options.who {
            Some(who) if fresh.iter().all(|answer| who.of(answer).is_none()) => {
                return Err(CheckError::Who(who.to_string()));
            }
            Some(who) => Some(who.clone()),
            None => guess(&fresh, &returning),
        };
        let mut names: Vec<String> = Vec::new();
        if let Some(who) = &self.who {
            let later = self.guests.iter().flat_map(|guest| guest.kept.iter().chain(&guest.anew));
            let all = self.fresh.iter().chain(later).flatten();
            names.extend(all.filter(|answer| answer.is_fine()).filter_map(|answer| who.of(answer)));
        }
        names.sort();
        names.dedup();
        self.targets = names;
        Ok(())
    }

    /// Who made an answer.
    pub(super) fn see(&self, outcome: &Outcome) -> Seen {
        match outcome {
            Err(error) => Seen::Failed(error.to_string()),
            Ok(answer) => self.see_answer(answer),
        }
    }

    /// As [`Self::see`], of an answer.
    pub(super) fn see_answer(&self, answer: &Answer) -> Seen {
        let name = self.who.as_ref().and_then(|who| who.of(answer));
        // A page that is not like the others may have something else in that place.
        match name.filter(|name| answer.is_fine() && self.targets.contains(name)) {
            Some(name) => Seen::Target(name),
            None => Seen::Nobody(answer.status),
        }
    }

    /// A client's first visit and what came later.
    pub(super) fn course(&self, first: &Outcome, later: &[Outcome]) -> Course {
        Course {
            home: self.see(first),
            later: later.iter().map(|outcome| self.see(outcome)).collect(),
        }
    }
}

/// Which balancer it is: as whoever asks knows, or as its answers look.
fn recognised(options: &Options, fresh: &[Outcome]) -> Recognised {
    let found = recognise(fresh.iter().flatten());
    match options.balancer {
        Some(balancer) if balancer != found.balancer => {
            Recognised { balancer, by: "its own admin address".to_owned(), cookies: Vec::new() }
        }
        _ => found,
    }
}

/// Answers can be copied, failures are told again.
fn copy(outcome: &Outcome) -> Outcome {
    match outcome {
        Ok(answer) => Ok(answer.clone()),
        Err(error) => Err(crate::client::NoAnswer::Http(error.to_string())),
    }
}
