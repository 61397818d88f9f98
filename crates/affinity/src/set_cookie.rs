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
    /// The one cookie of clingfish style.
    Own,
    /// `AWSALB`.
    Alb,
    /// `AWSALBCORS`: the same, for requests from other sites.
    AlbCors,
}

impl SetCookie<'_> {
    /// The cookies to write, in order: one Set-Cookie field each.
    pub fn kinds(&self) -> &'static [CookieKind] {
        match self.policy.dress() {
            Dress::Clingfish { .. } => &[CookieKind::Own],
            Dress::Alb => &[CookieKind::Alb, CookieKind::AlbCors],
        }
    }

    /// Appends all as HTTP/1 field lines, `Set-Cookie: …` and CRLF.
    pub fn write_lines(&self, out: &mut Vec<u8>) {
        for kind in self.kinds() {
            out.extend_from_slice(b"Set-Cookie: ");
            self.write_value(*kind, out);
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Appends one as a field value.
    pub fn write_value(&self, kind: CookieKind, out: &mut Vec<u8>) {
        match (kind, self.policy.dress()) {
            (CookieKind::Own, Dress::Clingfish { lead, is_lasting, tails: [plain, secure] }) => {
                out.extend_from_slice(lead);
                out.extend_from_slice(self.sealed.as_bytes());
                if *is_lasting {
                    self.write_lifetime(out);
                }
                out.extend_from_slice(if self.https { secure } else { plain });
            }
            (CookieKind::AlbCors, _) => {
                out.extend_from_slice(b"AWSALBCORS=");
                self.write_alb(out);
                out.extend_from_slice(b"; SameSite=None");
                if self.https {
                    out.extend_from_slice(b"; Secure");
                }
            }
            (CookieKind::Alb | CookieKind::Own, _) => {
                out.extend_from_slice(b"AWSALB=");
                self.write_alb(out);
            }
        }
    }

    fn write_alb(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.sealed.as_bytes());
        out.extend_from_slice(b"; Expires=");
        date::write_imf_fixdate((self.now + ALB_EXPIRES).as_secs(), out);
        out.extend_from_slice(b"; Path=/");
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
