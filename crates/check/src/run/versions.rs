//! The same cookies over HTTP/2 and over WebSockets.

use super::ground::Ground;
use crate::{
    client::{CheckError, NoAnswer, Version},
    judge::{Course, Seen, same_home},
    limits::{REPEATS, SAMPLED_CLIENTS},
    promise::Judgement,
    visitor::Visitor,
};

impl Ground<'_> {
    /// Clients of HTTP/1.1 come by HTTP/2, and the other way round.
    pub(super) async fn http2(&mut self) -> Result<Judgement, CheckError> {
        let mut courses: Vec<Course> = Vec::new();
        for guest in self.guests.iter().take(SAMPLED_CLIENTS) {
            let mut later = Vec::new();
            let mut visitor = guest.visitor.with(guest.visitor.jar.clone());
            for _ in 0..REPEATS {
                let outcome = visitor.visit_by(Version::Http2).await?;
                if let Err(NoAnswer::NoHttp2) = outcome {
                    return Ok(Judgement::unknown("HTTP/2 is not spoken"));
                }
                later.push(outcome);
            }
            courses.push(self.course(&guest.first, &later));
        }
        for place in 0..2 {
            let mut visitor = Visitor::new(self.client, place);
            visitor.log_in(&self.options.login).await?;
            visitor.hang_up();
            let first = visitor.visit_by(Version::Http2).await?;
            let later = [visitor.visit_anew().await?, visitor.visit_anew().await?];
            courses.push(self.course(&first, &later));
        }
        Ok(same_home(&courses, self.targets.len(), "visits by the other version"))
    }

    pub(super) async fn websocket(&mut self) -> Result<Judgement, CheckError> {
        let path = self.options.websocket.as_deref().unwrap_or(&self.client.url().path).to_owned();
        let mut courses: Vec<Course> = Vec::new();
        for guest in self.guests.iter().take(SAMPLED_CLIENTS) {
            let mut later = Vec::new();
            for _ in 0..REPEATS {
                let mut visitor = guest.visitor.with(guest.visitor.jar.clone());
                let seen = match visitor.greet(&path).await? {
                    Ok(hello) if hello.is_open => self.see_answer(&hello.answer),
                    Ok(hello) => return Ok(self.no_websocket(&path, hello.answer.status)),
                    Err(error) => Seen::Failed(error.to_string()),
                };
                later.push(seen);
            }
            courses.push(Course { home: self.see(&guest.first), later });
        }
        let judgement = same_home(&courses, self.targets.len(), "WebSockets");
        Ok(judgement.and(format!("opened at {path} with the cookie")))
    }

    fn no_websocket(&self, path: &str, status: u16) -> Judgement {
        let seen = format!("a WebSocket at {path} was answered with {status}");
        if self.options.websocket.is_some() {
            Judgement::broken(seen)
        } else {
            Judgement::unknown(seen).and("where there is one, say it with --websocket PATH")
        }
    }
}
