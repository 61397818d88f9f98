//! Socket.IO: a handshake, and two polling steps that must meet the target that made the session.

use super::ground::Ground;
use crate::{
    client::{Ask, CheckError, Version},
    jar::{Context, Jar},
    promise::Judgement,
    visitor::{Outcome, Visitor},
};

/// How many clients shake hands, with cookies and without.
const CLIENTS: usize = 6;

/// What came of one client.
enum Polling {
    /// There is none.
    Absent(String),
    Worked,
    Failed(String),
}

impl Ground<'_> {
    pub(super) async fn socket_io(&mut self) -> Result<Judgement, CheckError> {
        let (mut with, mut without) = (0, 0);
        let mut failure = None;
        for place in 0..CLIENTS {
            match self.poll(place, true).await? {
                Polling::Absent(what) => return Ok(Judgement::unknown(what)),
                Polling::Worked => with += 1,
                Polling::Failed(what) => failure = Some(what),
            }
        }
        for place in 0..CLIENTS {
            match self.poll(place, false).await? {
                Polling::Worked => without += 1,
                Polling::Absent(_) | Polling::Failed(_) => {}
            }
        }
        let told = format!("{with} of {CLIENTS} clients with cookies polled twice");
        let bare = format!(
            "{without} of {CLIENTS} without cookies did, as programs and other origins are"
        );
        Ok(match failure {
            Some(failure) => Judgement::broken(told).and(failure).and(bare),
            None => Judgement::kept(told).and(bare),
        })
    }

    /// Shakes hands, says that it connects, and polls.
    async fn poll(&self, place: usize, keeps_cookies: bool) -> Result<Polling, CheckError> {
        let base = format!("{}?EIO=4&transport=polling", self.options.socket_io);
        let mut visitor = Visitor::new(self.client, place);
        let handshake = ask(&mut visitor, Ask::get(&base)).await?;
        let sid = match &handshake {
            Ok(answer) if answer.is_fine() => sid(&answer.body),
            Ok(answer) if matches!(answer.status, 404 | 405 | 426 | 501) => {
                let (path, status) = (&self.options.socket_io, answer.status);
                return Ok(Polling::Absent(format!(
                    "{path} was answered with {status}: no Socket.IO there"
                )));
            }
            Ok(answer) => {
                return Ok(Polling::Failed(format!(
                    "a handshake was answered with {}",
                    answer.status
                )));
            }
            Err(error) => {
                return Ok(Polling::Failed(format!("a handshake got no answer: {error}")));
            }
        };
        let Some(sid) = sid else {
            let path = &self.options.socket_io;
            return Ok(Polling::Absent(format!(
                "{path} answers with something else than Socket.IO"
            )));
        };
        let path = format!("{base}&sid={sid}");
        let mut post = Ask::get(&path).with("content-type", "text/plain;charset=UTF-8");
        post.method = "POST".to_owned();
        post.body = "40".to_owned();
        for (step, what) in
            [(post, "the POST with its sid"), (Ask::get(&path), "the poll with its sid")]
        {
            if !keeps_cookies {
                visitor = visitor.with(Jar::default());
            }
            // Each step on a connection of its own, as browsers may do.
            visitor.hang_up();
            match ask(&mut visitor, step).await? {
                Ok(answer) if answer.is_fine() => {}
                Ok(answer) => {
                    let said: String = answer.body.chars().take(60).collect();
                    return Ok(Polling::Failed(format!(
                        "{what} was answered with {}: {said}",
                        answer.status
                    )));
                }
                Err(error) => return Ok(Polling::Failed(format!("{what} got no answer: {error}"))),
            }
        }
        Ok(Polling::Worked)
    }
}

async fn ask(visitor: &mut Visitor<'_>, ask: Ask) -> Result<Outcome, CheckError> {
    visitor.ask(ask, Version::Http1, Context::SameSite).await
}

/// The id in `0{"sid":"…"}`.
fn sid(body: &str) -> Option<String> {
    let json = body.get(body.find("0{")? + 1..)?;
    let open: serde_json::Value =
        serde_json::Deserializer::from_str(json).into_iter().next()?.ok()?;
    open.get("sid")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_session_is_in_the_first_packet() {
        for (body, expected) in [
            (r#"0{"sid":"abc","upgrades":[]}"#, Some("abc")),
            (r#"97:0{"sid":"abc"}2:40"#, Some("abc")),
            ("0{}", None),
            ("<html>", None),
        ] {
            assert_eq!(sid(body).as_deref(), expected, "{body}");
        }
    }
}
