//! The cookies of one client, kept as RFC 6265 asks.

use crate::{
    limits::COOKIES_MAX,
    set_cookie::{Life, SameSite, SetCookie},
    url::Url,
};

/// Cookies of one host and its parents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jar {
    /// In order of their first coming.
    cookies: Vec<Kept>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    set: SetCookie,
    path: String,
    ends_at: Option<i64>,
}

/// From where a request is made, as browsers judge it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// The site's own page.
    SameSite,
    /// A script of another site's page, which asks with credentials.
    CrossSite,
}

impl Jar {
    /// Takes a cookie that came from there, at that second since 1970. What browsers refuse is not kept.
    pub fn keep(&mut self, set: SetCookie, from: &Url, now: i64) {
        if !is_acceptable(&set, from) {
            return;
        }
        let path = set.path().map_or_else(|| default_path(&from.path), str::to_owned);
        let life = set.life(now);
        let ends_at = match life {
            Life::Session => None,
            Life::Seconds(seconds) => Some(now.saturating_add(seconds)),
        };
        let same = |kept: &Kept| {
            kept.set.name == set.name && kept.path == path && kept.set.domain() == set.domain()
        };
        let place = self.cookies.iter().position(same);
        if matches!(life, Life::Seconds(seconds) if seconds <= 0) {
            if let Some(place) = place {
                self.cookies.remove(place);
            }
            return;
        }
        let new = Kept { set, path, ends_at };
        if let Some(old) = place.and_then(|place| self.cookies.get_mut(place)) {
            *old = new;
        } else if self.cookies.len() < COOKIES_MAX {
            self.cookies.push(new);
        }
    }

    /// Puts a cookie in by hand, for everything under the host.
    pub fn put(&mut self, name: &str, value: &str) {
        self.cookies.retain(|kept| kept.set.name != name);
        let set = SetCookie {
            name: name.to_owned(),
            value: value.to_owned(),
            attributes: Vec::new(),
            line: String::new(),
        };
        self.cookies.push(Kept { set, path: "/".to_owned(), ends_at: None });
    }

    /// The value of a `Cookie` field for a request there at that time; nothing where no cookie goes with it.
    pub fn field(&self, to: &Url, context: Context, now: i64) -> Option<String> {
        let mut going: Vec<&Kept> =
            self.cookies.iter().filter(|kept| kept.goes(to, context, now)).collect();
        // Longer paths first; otherwise those that came first.
        going.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        let pairs: Vec<String> =
            going.iter().map(|kept| format!("{}={}", kept.set.name, kept.set.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The names of all, each once.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for kept in &self.cookies {
            if !names.contains(&kept.set.name) {
                names.push(kept.set.name.clone());
            }
        }
        names
    }

    /// The value of the first of that name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|kept| kept.set.name == name).map(|kept| kept.set.value.as_str())
    }

    /// What this jar would be with cookies of these names alone.
    #[must_use]
    pub fn only(&self, names: &[String]) -> Self {
        let cookies = self.cookies.iter().filter(|kept| names.contains(&kept.set.name));
        Self { cookies: cookies.cloned().collect() }
    }
}

impl Kept {
    fn goes(&self, to: &Url, context: Context, now: i64) -> bool {
        let lives = self.ends_at.is_none_or(|end| now < end);
        let secure = !self.set.has("secure") || to.https || is_loopback(&to.host);
        let across = match context {
            Context::SameSite => true,
            Context::CrossSite => {
                self.set.same_site() == SameSite::None && self.set.has("secure") && to.https
            }
        };
        lives && secure && across && path_matches(&to.path, &self.path)
    }
}

/// Whether a browser keeps what this line sets.
pub fn is_acceptable(set: &SetCookie, from: &Url) -> bool {
    let domain_fits = set.domain().is_none_or(|domain| {
        from.host == domain
            || from.host.strip_suffix(&domain).is_some_and(|front| front.ends_with('.'))
    });
    let safe = from.https || is_loopback(&from.host);
    let secure_fits = !set.has("secure") || safe;
    let none_fits = set.same_site() != SameSite::None || set.has("secure");
    let partitioned_fits = !set.has("partitioned") || set.has("secure");
    let prefix_fits = if set.name.starts_with("__Host-") {
        set.has("secure") && set.path() == Some("/") && set.domain().is_none()
    } else {
        !set.name.starts_with("__Secure-") || set.has("secure")
    };
    domain_fits && secure_fits && none_fits && partitioned_fits && prefix_fits
}

/// Browsers trust this machine's own addresses as if they were https.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "::1" || host.starts_with("127.")
}

fn default_path(request: &str) -> String {
    let path = request.split('?').next().unwrap_or_default();
    match path.rfind('/') {
        Some(0) | None => "/".to_owned(),
        Some(end) => path.get(..end).unwrap_or("/").to_owned(),
    }
}

fn path_matches(request: &str, cookie: &str) -> bool {
    let request = request.split('?').next().unwrap_or_default();
    request
        .strip_prefix(cookie)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || cookie.ends_with('/'))
}

#[cfg(test)]
mod tests;
