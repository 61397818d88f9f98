//! A visitor: one client with cookies of its own, and a connection that it keeps if asked to.

use crate::{
    answer::Answer,
    client::{Ask, CheckError, Client, Connection, NoAnswer, Version},
    clock,
    jar::{Context, Jar},
    options::Step,
};

/// Somebody who comes to the URL.
pub(crate) struct Visitor<'a> {
    client: &'a Client,
    pub(crate) jar: Jar,
    connection: Option<(Version, Connection)>,
    /// Which of the local addresses it comes from.
    place: usize,
}

/// What one request came to.
pub(crate) type Outcome = Result<Answer, NoAnswer>;

impl<'a> Visitor<'a> {
    /// Somebody new.
    pub(crate) fn new(client: &'a Client, place: usize) -> Self {
        let mut jar = Jar::default();
        for (name, value) in client.cookies() {
            jar.put(name, value);
        }
        Self { client, jar, connection: None, place }
    }

    /// Somebody at the same address with these cookies, on no connection yet.
    pub(crate) fn with(&self, jar: Jar) -> Self {
        Self { client: self.client, jar, connection: None, place: self.place }
    }

    /// Closes the connection.
    pub(crate) fn hang_up(&mut self) {
        self.connection = None;
    }

    /// Asks for the URL, on the connection that there is, or a new one of HTTP/1.1.
    pub(crate) async fn visit(&mut self) -> Result<Outcome, CheckError> {
        self.visit_by(Version::Http1).await
    }

    /// As [`Self::visit`], by that version.
    pub(crate) async fn visit_by(&mut self, version: Version) -> Result<Outcome, CheckError> {
        let path = self.client.url().path.clone();
        self.ask(Ask::get(&path), version, Context::SameSite).await
    }

    /// As [`Self::visit`], on a connection of its own.
    pub(crate) async fn visit_anew(&mut self) -> Result<Outcome, CheckError> {
        self.hang_up();
        let outcome = self.visit().await;
        self.hang_up();
        outcome
    }

    /// Does what comes before the first visit. A step that is refused ends the self-test.
    pub(crate) async fn log_in(&mut self, steps: &[Step]) -> Result<(), CheckError> {
        for step in steps {
            let mut ask = Ask::get(&step.path);
            ask.method.clone_from(&step.method);
            ask.body.clone_from(&step.body);
            if !step.body.is_empty() {
                let kind = if step.body.starts_with(['{', '[']) {
                    "application/json"
                } else {
                    "application/x-www-form-urlencoded"
                };
                ask = ask.with("content-type", kind).with("origin", &self.client.url().origin());
            }
            let answer = self.ask(ask, Version::Http1, Context::SameSite).await?;
            let name = format!("{} {}", step.method, step.path);
            match answer {
                Ok(answer) if answer.is_fine() => {}
                Ok(answer) => {
                    return Err(CheckError::Login { step: name, status: answer.status });
                }
                Err(error) => {
                    let why = error.to_string();
                    return Err(CheckError::Unreachable { url: name, why });
                }
            }
        }
        Ok(())
    }

    /// Asks something with the cookies that go with it, and keeps those that come. A kept connection that was closed in the
    /// meantime is replaced.
    pub(crate) async fn ask(
        &mut self,
        ask: Ask,
        version: Version,
        context: Context,
    ) -> Result<Outcome, CheckError> {
        let ask = self.with_cookies(ask, context);
        let kept = self.connection.take().filter(|(known, _)| *known == version);
        let usable = match kept {
            Some((_, mut connection)) => connection.is_open().await.then_some(connection),
            None => None,
        };
        let mut connection = match usable {
            Some(connection) => connection,
            None => match self.client.open(version, self.place).await {
                Ok(connection) => connection,
                Err(error) => return Ok(Err(error)),
            },
        };
        let outcome = self.client.ask(&mut connection, &ask).await?;
        if let Ok(answer) = &outcome {
            self.keep_cookies(answer);
            self.connection = Some((version, connection));
        }
        Ok(outcome)
    }

    /// Opens a WebSocket there, with the cookies.
    pub(crate) async fn greet(
        &mut self,
        path: &str,
    ) -> Result<Result<crate::client::Hello, NoAnswer>, CheckError> {
        let ask = self.with_cookies(Ask::get(path), Context::SameSite);
        let hello = self.client.greet(&ask, self.place).await?;
        if let Ok(hello) = &hello {
            self.keep_cookies(&hello.answer);
        }
        Ok(hello)
    }

    fn with_cookies(&self, ask: Ask, context: Context) -> Ask {
        let mut at = self.client.url().clone();
        at.path.clone_from(&ask.path);
        match self.jar.field(&at, context, clock::unix_seconds()) {
            Some(field) => ask.with("cookie", &field),
            None => ask,
        }
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        let now = clock::unix_seconds();
        for set in answer.cookies() {
            self.jar.keep(set, self.client.url(), now);
        }
    }
}

impl Connection {
    async fn is_open(&mut self) -> bool {
        match self {
            Self::Http1(connection) => connection.is_open().await,
            Self::Http2(connection) => connection.is_open().await,
        }
    }
}
