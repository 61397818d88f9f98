//! Writing Set-Cookie, byte for byte.

use std::{io::Write as _, time::Duration};

use clingfish_model::UnixMillis;

use crate::{
    app_cookie::{self, AppSets},
    date,
    policy::{Dress, Policy},
    token::{Purpose, Sealed, Token},
};

/// How far ahead ALB dates `Expires`, whatever the duration.
const ALB_EXPIRES: Duration = Duration::from_secs(7 * 86_400);

/// How long a browser keeps the cookie of a client that has a stream, whose end counts as its last visit: as long as ALB's cookie.
const STREAM_LIFE: Duration = ALB_EXPIRES;

/// A cookie to be written: a sealed token and where it goes.
///
/// Clingfish style: `name=token; Max-Age=…; Expires=…; Path=…; Domain=…; HttpOnly; Secure; SameSite=…; Partitioned`, those
/// that apply, in that order. Max-Age is as long as the token counts, rounded up, so that no browser forgets a home before we do; with
/// a stream that is seven days, or more where the token counts for longer.
/// On https its twin comes after it, with the same value and the same end, for requests that come from other sites.
/// Alb style: both cookies as ALB writes them; where they go with the application's cookie, `AWSALBAPP-0` with the tokens of all
/// its groups, and `_remove_` in the three others.
/// Classic style: both cookies and the Cache-Control field of the Classic Load Balancer.
/// A token without a cookie is a field of its own.
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
    /// What depends on the request and the answer.
    pub dressing: Dressing<'a>,
}

/// What some cookies take from the request and the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dressing<'a> {
    /// The application's cookie, whose attributes ours gets where it goes with it.
    pub app_sets: Option<AppSets<'a>>,
    /// Tokens of other groups that the same cookie holds: see [`crate::others`].
    pub others: &'a [u8],
    /// The browser knows `SameSite=None`: see [`crate::is_chromium`].
    pub is_chromium: bool,
    /// The main cookie is left out.
    pub twin_only: bool,
    /// The client has a stream, or gets one with this answer.
    pub has_stream: bool,
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
    /// `AWSELB`.
    Classic,
    /// `AWSELBCORS`.
    ClassicCors,
}

impl SetCookie<'_> {
    /// The cookies to write, in order: one Set-Cookie field each.
    pub fn kinds(&self) -> &'static [CookieKind] {
        match self.policy.dress() {
            dress if dress.twin(self.https).is_some() => match self.dressing.twin_only {
                true => &[CookieKind::Twin],
                false => &[CookieKind::Own, CookieKind::Twin],
            },
            Dress::Clingfish { .. } => &[CookieKind::Own],
            Dress::Classic { .. } => &[CookieKind::Classic, CookieKind::ClassicCors],
            // Neither is one cookie with one token.
            Dress::AlbApp | Dress::Header { .. } => &[],
            Dress::Alb => &[CookieKind::Alb, CookieKind::AlbCors],
        }
    }

    /// Appends all as HTTP/1 field lines, `Set-Cookie: …` and CRLF.
    pub fn write_lines(&self, out: &mut Vec<u8>) {
        match self.policy.dress() {
            Dress::AlbApp => {
                let Dressing { others, is_chromium, .. } = self.dressing;
                let own = self.sealed.as_bytes();
                return write_shards(&[own, others], self.https, is_chromium, self.now, out);
            }
            Dress::Header { lead } => {
                out.extend_from_slice(lead);
                out.extend_from_slice(self.sealed.as_bytes());
                out.extend_from_slice(b"\r\n");
                return;
            }
            Dress::Classic { .. } => {
                out.extend_from_slice(b"Cache-control: no-cache=\"set-cookie\"\r\n");
            }
            Dress::Alb | Dress::Clingfish { .. } => {}
        }
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
            self.write_tail(*kind, out);
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Appends one as a field value.
    pub fn write_value(&self, kind: CookieKind, out: &mut Vec<u8>) {
        out.extend_from_slice(self.lead(kind));
        self.write_body(out);
        self.write_tail(kind, out);
    }

    /// `name=`. Empty for a kind that the policy does not have.
    fn lead(&self, kind: CookieKind) -> &[u8] {
        match (kind, self.policy.dress()) {
            (CookieKind::Own, Dress::Clingfish { lead, .. }) => lead,
            (CookieKind::Twin, dress) => dress.twin(self.https).map_or(b"", |twin| &twin.lead),
            (CookieKind::Alb, _) if self.policy.purpose() == Purpose::Group => b"AWSALBTG=",
            (CookieKind::AlbCors, _) if self.policy.purpose() == Purpose::Group => b"AWSALBTGCORS=",
            (CookieKind::Alb, _) => b"AWSALB=",
            (CookieKind::AlbCors, _) => b"AWSALBCORS=",
            (CookieKind::Classic, _) => b"AWSELB=",
            (CookieKind::ClassicCors, _) => b"AWSELBCORS=",
            (CookieKind::Own, _) => b"",
        }
    }

    /// The attributes behind the value and its end: those of the application's cookie where ours goes with it.
    fn write_tail(&self, kind: CookieKind, out: &mut Vec<u8>) {
        match (kind, self.dressing.app_sets) {
            (CookieKind::Own, Some(app)) => out.extend_from_slice(app.attributes()),
            (CookieKind::Own, None) if self.policy.app_cookie().is_some() => {
                out.extend_from_slice(app_cookie::renewed_attributes(self.token, self.https));
            }
            (CookieKind::Classic | CookieKind::ClassicCors, Some(app)) => {
                write_classic_attributes(&app, kind == CookieKind::ClassicCors, out);
            }
            _ => out.extend_from_slice(self.tail(kind)),
        }
        if kind == CookieKind::ClassicCors {
            out.extend_from_slice(if self.https {
                b";SECURE;SAMESITE=None".as_slice()
            } else {
                b";SAMESITE=None"
            });
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
            (CookieKind::Classic | CookieKind::ClassicCors, Dress::Classic { tail }) => tail,
            _ => b"",
        }
    }

    /// The token and how long it lasts.
    fn write_body(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.sealed.as_bytes());
        match self.policy.dress() {
            // What the application says of its own cookie's end holds for ours.
            Dress::Clingfish { .. } if self.dressing.app_sets.is_some() => {}
            Dress::Clingfish { .. }
                if self.policy.app_cookie().is_some() && !app_cookie::is_lasting(self.token) => {}
            Dress::Clingfish { is_lasting: true, .. } => self.write_lifetime(out),
            Dress::Clingfish { is_lasting: false, .. }
            | Dress::Classic { .. }
            | Dress::AlbApp
            | Dress::Header { .. } => {}
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

    /// How long the token counts if the client never comes again, or may count if it has a stream.
    fn lifetime(&self) -> Duration {
        let idle = self.policy.idle_limit();
        let idle = if self.dressing.has_stream { idle.max(STREAM_LIFE) } else { idle };
        let age = self.now.since(self.token.issued);
        self.policy.absolute().map_or(idle, |limit| idle.min(limit.saturating_sub(age)))
    }
}

/// Appends what ALB writes where nothing is to be bound: four shards that hold nothing, or what other groups have in the first.
pub fn write_removal(dressing: &Dressing<'_>, https: bool, now: UnixMillis, out: &mut Vec<u8>) {
    write_shards(&[dressing.others], https, dressing.is_chromium, now, out);
}

/// All four shards, always; what does not fit into the first is not there, by the limit on its tokens.
fn write_shards(
    tokens: &[&[u8]],
    https: bool,
    is_chromium: bool,
    now: UnixMillis,
    out: &mut Vec<u8>,
) {
    let mut expires = Vec::with_capacity(32);
    date::write_imf_fixdate((now + ALB_EXPIRES).as_secs(), &mut expires);
    let is_empty = tokens.iter().all(|text| text.is_empty());
    for shard in [b'0', b'1', b'2', b'3'] {
        out.extend_from_slice(b"Set-Cookie: AWSALBAPP-");
        out.extend_from_slice(&[shard, b'=']);
        if shard == b'0' && !is_empty {
            tokens.iter().for_each(|text| out.extend_from_slice(text));
        } else {
            out.extend_from_slice(app_cookie::REMOVED);
        }
        out.extend_from_slice(b"; Expires=");
        out.extend_from_slice(&expires);
        out.extend_from_slice(b"; Path=/");
        // Without TLS a browser would refuse it for what it says.
        if is_chromium && https {
            out.extend_from_slice(b"; SameSite=None; Secure");
        }
        out.extend_from_slice(b"\r\n");
    }
}

/// The attributes that the Classic Load Balancer copies, in its own spelling. The cookie for other sites says of SameSite and
/// Secure what it needs itself.
fn write_classic_attributes(app: &AppSets<'_>, is_cors: bool, out: &mut Vec<u8>) {
    const COPIED: [&[u8]; 12] = [
        b"PATH",
        b"PORT",
        b"DOMAIN",
        b"SECURE",
        b"HTTPONLY",
        b"DISCARD",
        b"MAX-AGE",
        b"EXPIRES",
        b"VERSION",
        b"COMMENT",
        b"COMMENTURL",
        b"SAMESITE",
    ];
    for (name, value) in app.each() {
        let Some(known) = COPIED.into_iter().find(|known| known.eq_ignore_ascii_case(name)) else {
            continue;
        };
        if is_cors && matches!(known, b"SECURE" | b"SAMESITE") {
            continue;
        }
        out.push(b';');
        out.extend_from_slice(known);
        let Some(value) = value else { continue };
        out.push(b'=');
        for byte in value {
            match byte {
                b'_' if known == b"PATH" => out.extend_from_slice(b"%5F"),
                byte => out.push(*byte),
            }
        }
    }
}

fn seconds_up(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}
