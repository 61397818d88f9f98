//! Writing Set-Cookie, byte for byte.

use std::{io::Write as _, time::Duration};

use clingfish_model::UnixMillis;

use crate::{
    date,
    policy::{Dress, Policy},
    token::{Sealed, Token},
};

/// How far ahead ALB dates `Expires`, whatever the duration.
const ALB_EXPIRES: Duration = Duration::from_secs(7 * 86_400);

/// A cookie to be written: a sealed token and where it goes.
///
/// Clingfish style: `name=token; Max-Age=…; Expires=…; Path=…; Domain=…; HttpOnly; Secure; SameSite=…; Partitioned`, those
/// that apply, in that order. Max-Age is as long as the token counts, rounded up, so that no browser forgets a home before we do.
/// On https its twin comes after it, with the same value and the same end, for requests that come from other sites.
/// Alb style: both cookies as ALB writes them.
#[derive(Clone, Copy, Debug)]
pub struct SetCookie<'a> {
    /// The group's stickiness.
    pub policy: &'a Policy,
    /// What the token says.
    pub token: &'a Token,
    /// The token as text.
    pub sealed: &'a Sealed,
    /// Whether the client speaks https, as the listener or a trusted proxy says.
    pub https: bool,
    /// The time of writing.
    pub now: UnixMillis,
}

/// One of the cookies that a stamp is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieKind {
    /// The cookie of clingfish style.
    Own,
    /// Its twin: the same, for requests from other sites.
    Twin,
    /// `AWSALB`.
    Alb,
    /// `AWSALBCORS`: the same, for requests from other sites.
    AlbCors,
}

impl SetCookie<'_> {
    /// The cookies to write, in order: one Set-Cookie field each.
    pub fn kinds(&self) -> &'static [CookieKind] {
        match self.policy.dress() {
            dress if dress.twin(self.https).is_some() => &[CookieKind::Own, CookieKind::Twin],
            Dress::Clingfish { .. } => &[CookieKind::Own],
            Dress::Alb => &[CookieKind::Alb, CookieKind::AlbCors],
        }
    }

    /// Appends all as HTTP/1 field lines, `Set-Cookie: …` and CRLF.
    pub fn write_lines(&self, out: &mut Vec<u8>) {
        let mut written = None;
        for kind in self.kinds() {
            out.extend_from_slice(b"Set-Cookie: ");
            out.extend_from_slice(self.lead(*kind));
            let start = out.len();
            // Both of a pair have it, and a copy costs less than another date.
            match written {
                Some(body) => out.extend_from_within(body),
                None => self.write_body(out),
            }
            written = Some(start..out.len());
            out.extend_from_slice(self.tail(*kind));
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Appends one as a field value.
    pub fn write_value(&self, kind: CookieKind, out: &mut Vec<u8>) {
        out.extend_from_slice(self.lead(kind));
        self.write_body(out);
        out.extend_from_slice(self.tail(kind));
    }

    /// `name=`. Empty for a kind that the policy does not have.
    fn lead(&self, kind: CookieKind) -> &[u8] {
        match (kind, self.policy.dress()) {
            (CookieKind::Own, Dress::Clingfish { lead, .. }) => lead,
            (CookieKind::Twin, dress) => dress.twin(self.https).map_or(b"", |twin| &twin.lead),
            (CookieKind::Alb, _) => b"AWSALB=",
            (CookieKind::AlbCors, _) => b"AWSALBCORS=",
            (CookieKind::Own, Dress::Alb) => b"",
        }
    }

    /// The attributes that the cookies of a pair may differ in.
    fn tail(&self, kind: CookieKind) -> &[u8] {
        match (kind, self.policy.dress()) {
            (CookieKind::Own, Dress::Clingfish { tails: [plain, secure], .. }) => {
                if self.https {
                    secure
                } else {
                    plain
                }
            }
            (CookieKind::Twin, dress) => dress.twin(self.https).map_or(b"", |twin| &twin.tail),
            (CookieKind::AlbCors, _) if self.https => b"; SameSite=None; Secure",
            (CookieKind::AlbCors, _) => b"; SameSite=None",
            (CookieKind::Alb, _) | (CookieKind::Own, Dress::Alb) => b"",
        }
    }

    /// The token and how long it lasts.
    fn write_body(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.sealed.as_bytes());
        match self.policy.dress() {
            Dress::Clingfish { is_lasting: false, .. } => {}
            Dress::Clingfish { is_lasting: true, .. } => self.write_lifetime(out),
            Dress::Alb => {
                out.extend_from_slice(b"; Expires=");
                date::write_imf_fixdate((self.now + ALB_EXPIRES).as_secs(), out);
                out.extend_from_slice(b"; Path=/");
            }
        }
    }

    fn write_lifetime(&self, out: &mut Vec<u8>) {
        let max_age = seconds_up(self.lifetime());
        write!(out, "; Max-Age={max_age}; Expires=").expect("a vector takes any bytes");
        date::write_imf_fixdate(self.now.0.div_ceil(1000).saturating_add(max_age), out);
    }

    /// How long the token counts if the client never comes again.
    fn lifetime(&self) -> Duration {
        let idle = self.policy.idle_limit();
        let age = self.now.since(self.token.issued);
        self.policy.absolute().map_or(idle, |limit| idle.min(limit.saturating_sub(age)))
    }
}

fn seconds_up(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}
