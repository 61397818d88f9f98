//! The lines by which cookies are set, read as RFC 6265 tells browsers to.

use std::time::{Duration, UNIX_EPOCH};

/// One `Set-Cookie` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCookie {
    /// The name; may be empty.
    pub name: String,
    /// The value, with quotes if it has some.
    pub value: String,
    /// Attributes in order, with names in small letters.
    pub attributes: Vec<(String, String)>,
    /// The line itself.
    pub line: String,
}

/// What a cookie says about other sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Never sent for other sites.
    Strict,
    /// Sent when a person follows a link.
    Lax,
    /// Sent always.
    None,
    /// It does not say; browsers take [`SameSite::Lax`].
    Unsaid,
}

/// How long a cookie says that it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Until the browser closes.
    Session,
    /// So many seconds from now; none or fewer: it is taken back.
    Seconds(i64),
}

impl SetCookie {
    /// Reads a line; nothing if browsers ignore all of it.
    pub fn parse(line: &str) -> Option<Self> {
        let mut parts = line.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() {
            return None;
        }
        let attribute = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (name.trim().to_ascii_lowercase(), value.trim().to_owned())
        };
        Some(Self {
            name: name.to_owned(),
            value: value.to_owned(),
            attributes: parts.map(attribute).filter(|(name, _)| !name.is_empty()).collect(),
            line: line.to_owned(),
        })
    }

    /// The value of the last attribute of that name, which is the one that counts.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let mut from_last = self.attributes.iter().rev();
        from_last.find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it has that attribute.
    pub fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// What it says about other sites.
    pub fn same_site(&self) -> SameSite {
        match self.attribute("samesite").map(str::to_ascii_lowercase).as_deref() {
            Some("strict") => SameSite::Strict,
            Some("lax") => SameSite::Lax,
            Some("none") => SameSite::None,
            _ => SameSite::Unsaid,
        }
    }

    /// Its `Path`, where browsers would use it.
    pub fn path(&self) -> Option<&str> {
        self.attribute("path").filter(|path| path.starts_with('/'))
    }

    /// Its `Domain`, without the dot that old ones begin with.
    pub fn domain(&self) -> Option<String> {
        let domain = self.attribute("domain")?;
        let domain = domain.strip_prefix('.').unwrap_or(domain);
        (!domain.is_empty()).then(|| domain.to_ascii_lowercase())
    }

    /// `Max-Age` in seconds, where it is a number.
    pub fn max_age(&self) -> Option<i64> {
        self.attribute("max-age")?.parse().ok()
    }

    /// `Expires` in seconds since 1970, where it is a date.
    pub fn expires(&self) -> Option<i64> {
        let text = self.attribute("expires")?;
        // `Wed, 09-Oct-24`, as old servers write it, has dashes where today's form has spaces.
        let date = httpdate::parse_http_date(text)
            .or_else(|_| httpdate::parse_http_date(&text.replace('-', " ")))
            .ok()?;
        let since = date.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        i64::try_from(since.as_secs()).ok()
    }

    /// How long it lives from `now` on, in seconds since 1970. `Max-Age` wins.
    pub fn life(&self, now: i64) -> Life {
        let age = self.max_age().or_else(|| Some(self.expires()? - now));
        age.map_or(Life::Session, Life::Seconds)
    }

    /// Whether this line takes a cookie back.
    pub fn is_removal(&self, now: i64) -> bool {
        matches!(self.life(now), Life::Seconds(seconds) if seconds <= 0) && self.value.len() < 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_browsers_do() {
        let cookie = SetCookie::parse(
            "a = b=c ; PATH=/x;path=/;Max-Age=5;SECURE;SameSite=NONE;domain=.Shop.Example; ;HttpOnly",
        )
        .unwrap();
        assert_eq!((cookie.name.as_str(), cookie.value.as_str()), ("a", "b=c"));
        assert_eq!((cookie.path(), cookie.max_age()), (Some("/"), Some(5)));
        assert_eq!(cookie.same_site(), SameSite::None);
        assert_eq!(cookie.domain().as_deref(), Some("shop.example"));
        assert!(cookie.has("secure") && cookie.has("httponly") && !cookie.has("partitioned"));
        for nothing in ["", "a", "=b", ";a=b"] {
            assert_eq!(SetCookie::parse(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn max_age_wins_over_expires() {
        for (attributes, life) in [
            ("", Life::Session),
            ("; Max-Age=5", Life::Seconds(5)),
            ("; Max-Age=-1", Life::Seconds(-1)),
            ("; Max-Age=soon", Life::Session),
            ("; Expires=Thu, 01 Jan 1970 00:02:00 GMT", Life::Seconds(20)),
            ("; Expires=Thu, 01-Jan-1970 00:02:00 GMT", Life::Seconds(20)),
            ("; Expires=Thu, 01 Jan 1970 00:02:00 GMT; Max-Age=7", Life::Seconds(7)),
            ("; Expires=never", Life::Session),
        ] {
            let cookie = SetCookie::parse(&format!("a=b{attributes}")).unwrap();
            assert_eq!(cookie.life(100), life, "{attributes}");
        }
    }
}
