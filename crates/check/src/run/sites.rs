//! Requests that other sites' pages make.

use super::{ground::Ground, means::Means};
use crate::{
    answer::Answer,
    client::{Ask, CheckError, Version},
    jar::{Context, Jar},
    judge::{Course, same_home},
    limits::{REPEATS, SAMPLED_CLIENTS},
    promise::{Judgement, Outcome},
    visitor::{self, Visitor},
};

const ALLOW_ORIGIN: &str = "access-control-allow-origin";
const ALLOW_CREDENTIALS: &str = "access-control-allow-credentials";

impl Ground<'_> {
    /// A script of another site asks, with credentials: only cookies for other sites come along.
    pub(super) async fn cross_site(&mut self) -> Result<Judgement, CheckError> {
        let means = self.means().await?;
        let mut courses: Vec<Course> = Vec::new();
        let mut is_open = false;
        for guest in self.guests.iter().take(SAMPLED_CLIENTS) {
            let mut later = Vec::new();
            for _ in 0..REPEATS {
                let mut visitor = guest.visitor.with(guest.visitor.jar.clone());
                let outcome = self.ask_across(&mut visitor).await?;
                is_open |= allows_origin(&outcome);
                later.push(outcome);
            }
            courses.push(self.course(&guest.first, &later));
        }
        let judgement =
            same_home(&courses, self.targets.len(), "requests of another site with credentials");
        let needs_cookie = matches!(means, Means::Cookies(_) | Means::Together(_));
        let judgement = if needs_cookie && !self.client.url().https {
            judgement.and("over plain http browsers send no cookie with them")
        } else if needs_cookie {
            judgement.and("only cookies with SameSite=None and Secure go with them")
        } else {
            judgement
        };
        if judgement.outcome == Outcome::Broken && !is_open {
            let closed = "that matters only where other sites embed the page: scripts of other origins may not read its answers";
            return Ok(Judgement { outcome: Outcome::CouldNotTell, ..judgement }.and(closed));
        }
        Ok(judgement)
    }

    /// The fields without which browsers hide answers from scripts of other origins.
    pub(super) async fn cors(&mut self) -> Result<Judgement, CheckError> {
        let mut stranger = Visitor::new(self.client, 0);
        let bare = match self.ask_across(&mut stranger).await? {
            Ok(answer) => answer,
            Err(error) => return Ok(Judgement::unknown(error.to_string())),
        };
        let origin = &self.options.origin;
        let Some(allowed) = bare.field(ALLOW_ORIGIN) else {
            return Ok(Judgement::unknown(format!(
                "an answer to Origin: {origin} has no {ALLOW_ORIGIN}: the application does not speak to other sites"
            )));
        };
        let seen = format!("Origin: {origin} was answered with {ALLOW_ORIGIN}: {allowed}");
        if allowed == "*" {
            return Ok(
                Judgement::broken(seen).and("with * browsers refuse requests with credentials")
            );
        }
        if allowed != origin {
            return Ok(
                Judgement::unknown(seen).and("say the application's own other site with --origin")
            );
        }
        if bare.field(ALLOW_CREDENTIALS) != Some("true") {
            return Ok(Judgement::broken(seen)
                .and(format!("without {ALLOW_CREDENTIALS}: true browsers leave cookies out")));
        }
        let mut ask = Ask::get(&self.client.url().path)
            .with("origin", origin)
            .with("access-control-request-method", "POST")
            .with("access-control-request-headers", "content-type");
        ask.method = "OPTIONS".to_owned();
        let mut preflight = stranger.with(Jar::default());
        Ok(match preflight.ask(ask, Version::Http1, Context::CrossSite).await? {
            Ok(answer) if answer.status < 300 && answer.field(ALLOW_ORIGIN).is_some() => {
                Judgement::kept(seen).and(varies(&bare))
            }
            Ok(answer) => Judgement::broken(seen).and(format!(
                "but a preflight (OPTIONS, which never has cookies) was answered with {}",
                answer.status
            )),
            Err(error) => {
                Judgement::broken(seen).and(format!("but a preflight got no answer: {error}"))
            }
        })
    }

    async fn ask_across(&self, visitor: &mut Visitor<'_>) -> Result<visitor::Outcome, CheckError> {
        let ask = Ask::get(&self.client.url().path)
            .with("origin", &self.options.origin)
            .with("sec-fetch-site", "cross-site");
        visitor.ask(ask, Version::Http1, Context::CrossSite).await
    }
}

fn allows_origin(outcome: &visitor::Outcome) -> bool {
    outcome.as_ref().is_ok_and(|answer| answer.field(ALLOW_ORIGIN).is_some())
}

fn varies(answer: &Answer) -> String {
    let vary = answer.field("vary").unwrap_or_default().to_ascii_lowercase();
    if vary.contains("origin") {
        "credentials are allowed, a preflight is answered".to_owned()
    } else {
        "credentials are allowed, a preflight is answered; without Vary: Origin a cache may mix origins".to_owned()
    }
}
