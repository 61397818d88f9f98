//! The web console: its files for everybody, and who has signed in to it.
//!
//! The console does everything by `/v1` and `/metrics`. What is here beside its files is the session that stands for a token or an
//! access key, since a page had better not keep either.

use bytes::Bytes;
use clingfish_model::{Role, limits::CONSOLE_SESSION_IDLE_MAX};
use hyper::{
    HeaderMap, Method, StatusCode,
    body::Body,
    header::{COOKIE, HeaderName, HeaderValue, LOCATION, SET_COOKIE},
    http::request::Parts,
};
use serde_json::{Value, json};

use super::{
    asked::{Answer, Author},
    body,
    credentials::Proof,
    desk::Desk,
    in_force::InForce,
    peer::Peer,
    refusal::Refusal,
    sessions::Asker,
    site::fenced,
};
use crate::clock;

/// What only our own page sends along: no form and no link can. `1` is a person's doing, anything else the page's own.
pub(crate) const BY_CONSOLE: HeaderName = HeaderName::from_static("x-clingfish-console");

/// Where sessions begin and end.
pub(crate) const SESSION: &str = "/console/session";

/// How the console stands with who has opened it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    /// Nobody is asked: this machine, and no credentials.
    Open(Author),
    /// Signed in.
    Known(Author),
    /// May sign in.
    Stranger,
    /// Must not, since others could read along.
    NeedsTls,
    /// Cannot, as there is nothing to sign in with.
    NeedsCredentials,
    /// Likewise, and a proxy that nobody trusts is between.
    Proxied,
}

impl Standing {
    fn of(peer: &Peer, is_locked: bool, author: Option<Author>) -> Self {
        match (is_locked, author) {
            (false, _) if peer.is_local() => Self::Open(Author::loopback()),
            (false, _) if peer.is_loopback => Self::Proxied,
            (false, _) => Self::NeedsCredentials,
            (true, _) if !is_private(peer) => Self::NeedsTls,
            (true, Some(author)) => Self::Known(author),
            (true, None) => Self::Stranger,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Known(_) => "signed_in",
            Self::Stranger => "signed_out",
            Self::NeedsTls => "needs_tls",
            Self::NeedsCredentials => "needs_credentials",
            Self::Proxied => "proxied",
        }
    }
}

/// Whether nobody else reads what this peer sends.
fn is_private(peer: &Peer) -> bool {
    peer.is_tls || peer.is_local()
}

/// Answers a request for one of the console's files.
pub(crate) fn file(desk: &Desk, head: &Parts) -> Result<Answer, Refusal> {
    let path = head.uri.path();
    if path == "/console" {
        let answer = Answer::text(StatusCode::PERMANENT_REDIRECT, "see /console/\n");
        return Ok(fenced(answer).with(LOCATION, HeaderValue::from_static("/console/")));
    }
    let path = path.strip_prefix("/console/").ok_or(Refusal::NotFound)?;
    desk.tools.site.answer(path, &head.headers).ok_or(Refusal::NotFound)
}

/// Answers a request about the session: who is it, sign in, sign out. The request comes from no other site.
pub(crate) async fn session<B>(
    desk: &Desk,
    head: Parts,
    body: B,
    peer: &Peer,
    in_force: &InForce,
) -> Result<Answer, Refusal>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match head.method {
        Method::GET | Method::HEAD => {
            let author = author(desk, &head.headers, peer, in_force).ok();
            let standing = Standing::of(peer, in_force.known.are_any(), author);
            Ok(told(desk, &standing, StatusCode::OK))
        }
        // A form of another site's could have its visitor signed in as somebody else, or out.
        _ if !head.headers.contains_key(BY_CONSOLE) => Err(Refusal::CrossSite),
        Method::POST => {
            match Standing::of(peer, in_force.known.are_any(), None) {
                Standing::Stranger => {}
                Standing::NeedsTls => return Err(Refusal::NeedsTls),
                standing => return Ok(told(desk, &standing, StatusCode::OK)),
            }
            let body = body::read(&head, body, body::JSON).await?;
            sign_in(desk, &body, peer, in_force)
        }
        _ => {
            if let Some(id) = cookie(&head.headers, &name(desk, peer)) {
                desk.sessions.close(id);
            }
            let standing = Standing::of(peer, in_force.known.are_any(), None);
            let answer = told(desk, &standing, StatusCode::OK);
            Ok(answer.with(SET_COOKIE, written(desk, peer, "", "; Max-Age=0")))
        }
    }
}

/// Who has signed in, by the cookie of a request that only the console's page can have sent.
pub(crate) fn author(
    desk: &Desk,
    headers: &HeaderMap,
    peer: &Peer,
    in_force: &InForce,
) -> Result<Author, Refusal> {
    let mark =
        headers.get(BY_CONSOLE).filter(|_| is_private(peer)).ok_or(Refusal::NoCredentials)?;
    let asker = if mark == "1" { Asker::Person } else { Asker::Page };
    let id = cookie(headers, &name(desk, peer)).ok_or(Refusal::NoCredentials)?;
    let proof = desk.sessions.find(id, asker, clock::now()).ok_or(Refusal::NoCredentials)?;
    // The file in force counts: a token that is no longer in it signs nobody in.
    in_force.known.author_of(&proof).ok_or(Refusal::NoCredentials)
}

fn sign_in(desk: &Desk, body: &[u8], peer: &Peer, in_force: &InForce) -> Result<Answer, Refusal> {
    let shown: Value = serde_json::from_slice(body).map_err(|_| Refusal::BodyBroken)?;
    let text = |key: &str| shown.get(key).and_then(Value::as_str).map(str::trim);
    let proof = match (text("token"), text("access_key_id"), text("secret_access_key")) {
        (Some(token), None, None) => Proof::token(token),
        (None, Some(id), Some(secret)) => Proof::access_key(id, secret),
        _ => return Err(Refusal::BodyBroken),
    };
    let author = in_force.known.author_of(&proof).ok_or(Refusal::WrongCredentials)?;
    let id = desk.sessions.open(proof, clock::now()).map_err(|_| Refusal::TryLater)?;
    tracing::info!(peer = %peer.address, who = %author.name, "signed in to the console");
    let cookie = written(desk, peer, id.expose(), "");
    Ok(told(desk, &Standing::Known(author), StatusCode::CREATED).with(SET_COOKIE, cookie))
}

fn told(desk: &Desk, standing: &Standing, status: StatusCode) -> Answer {
    let author = match standing {
        Standing::Open(author) | Standing::Known(author) => Some(author),
        _ => None,
    };
    let role = author.map(|author| if author.role == Role::Admin { "admin" } else { "read_only" });
    let body = json!({
        "standing": standing.word(),
        "who": author.map(|author| &*author.name),
        "role": role,
        "idle_seconds": CONSOLE_SESSION_IDLE_MAX.as_secs(),
        "version": desk.metrics.build.version,
        // Strangers need not know.
        "host": author.map(|_| &*desk.tools.host_name),
    });
    fenced(Answer::new(status, "application/json", format!("{body}\n")))
}

/// What the cookie is called. A name with the prefix is only taken by browsers if the cookie is secure, which over HTTP it cannot be;
/// there it has the port in it, since cookies are the same for all ports of a machine.
fn name(desk: &Desk, peer: &Peer) -> String {
    if peer.is_tls {
        "__Host-clingfish".to_owned()
    } else {
        format!("clingfish-console-{}", desk.address.port())
    }
}

fn written(desk: &Desk, peer: &Peer, value: &str, more: &str) -> HeaderValue {
    let secure = if peer.is_tls { "; Secure" } else { "" };
    let name = name(desk, peer);
    let text = format!("{name}={value}; Path=/{secure}; HttpOnly; SameSite=Strict{more}");
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// The value of the only cookie of that name.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let fields = headers.get_all(COOKIE).iter().filter_map(|field| field.to_str().ok());
    let pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(known, _)| known.trim() == name).map(|(_, value)| value.trim());
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_the_console_opens_depends_on_who_comes_and_what_is_configured() {
        let admin = || Author::token("ci", Role::Admin);
        for (is_local, is_loopback, is_tls, is_locked, author, expected) in [
            (true, true, false, false, None, "open"),
            (true, true, true, false, None, "open"),
            (false, true, false, false, None, "proxied"),
            (false, false, false, false, None, "needs_credentials"),
            (false, false, true, false, None, "needs_credentials"),
            (true, true, false, true, None, "signed_out"),
            (true, true, false, true, Some(admin()), "signed_in"),
            (false, false, true, true, None, "signed_out"),
            (false, false, true, true, Some(admin()), "signed_in"),
            (false, false, false, true, None, "needs_tls"),
            (false, false, false, true, Some(admin()), "needs_tls"),
            (false, true, false, true, None, "needs_tls"),
        ] {
            let address = if is_loopback { [127, 0, 0, 1] } else { [192, 0, 2, 1] }.into();
            let peer = Peer { address, is_veiled: !is_local, is_loopback, is_tls };
            let standing = Standing::of(&peer, is_locked, author);
            assert_eq!(standing.word(), expected, "{peer:?}, locked: {is_locked}");
        }
    }

    #[test]
    fn the_cookie_counts_if_there_is_exactly_one() {
        for (fields, expected) in [
            ([].as_slice(), None),
            (&["a=1; s=x; b=2"], Some("x")),
            (&["a=1", "s=x"], Some("x")),
            (&[" s = x "], Some("x")),
            (&["s=x; s=y"], None),
            (&["s=x", "s=x"], None),
            (&["S=x"], None),
            (&["s"], None),
        ] {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(COOKIE, HeaderValue::from_static(field));
            }
            assert_eq!(cookie(&headers, "s"), expected, "{fields:?}");
        }
    }
}
