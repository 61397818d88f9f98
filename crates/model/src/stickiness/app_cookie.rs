//! Stickiness that follows a cookie of the application.

use super::{CookieShape, LbCookie, is_reserved, is_token};

/// Application-based stickiness: a client is bound once the application has set its cookie, and as long as it brings it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppCookie {
    /// The application's cookie. ELBv2: `stickiness.app_cookie.cookie_name`.
    pub name: AppCookieName,
    /// The sealed cookie beside it. In clingfish style it has the attributes of the application's cookie.
    /// ELBv2: `stickiness.app_cookie.duration_seconds` is its duration.
    pub token: LbCookie,
}

/// The name of an application's cookie: RFC 6265 token, at most 256 bytes, none of AWS's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppCookieName(String);

/// Why an application's cookie cannot have that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadAppCookie {
    /// No cookie has it.
    #[error("a cookie name is 1 to 256 letters, digits and !#$%&'*+-.^_`|~")]
    Name,
    /// ALB's rule.
    #[error("AWSALB, AWSALBAPP, AWSALBTG and AWSELB are reserved for load balancers")]
    Reserved,
}

impl AppCookieName {
    /// Checks and keeps a name.
    pub fn new(name: &str) -> Result<Self, BadAppCookie> {
        let fits = (1..=CookieShape::NAME_BYTES_MAX).contains(&name.len());
        if !fits || !name.bytes().all(is_token) {
            return Err(BadAppCookie::Name);
        }
        if is_reserved(name) {
            return Err(BadAppCookie::Reserved);
        }
        Ok(Self(name.to_owned()))
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_load_balancers_are_refused() {
        for (name, error) in [
            ("JSESSIONID", None),
            ("connect.sid", None),
            ("AWS", None),
            ("", Some(BadAppCookie::Name)),
            ("a=b", Some(BadAppCookie::Name)),
            ("AWSALB", Some(BadAppCookie::Reserved)),
            ("AWSALBAPP-1", Some(BadAppCookie::Reserved)),
            ("AWSALBTGx", Some(BadAppCookie::Reserved)),
            ("AWSELB", Some(BadAppCookie::Reserved)),
        ] {
            assert_eq!(AppCookieName::new(name).err(), error, "{name}");
        }
    }
}
