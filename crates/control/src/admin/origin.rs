//! Whether a browser sends a request on behalf of somebody else's page.
//!
//! Browsers let any page send requests anywhere, though not read the answers; forms and links need no permission, and the form of
//! the Query API is one of those. What they cannot do is lie about where a request comes from: `Origin` comes with every request that
//! may change something, `Sec-Fetch-Site` with every one to loopback or by TLS. Programs send neither.

use hyper::{
    HeaderMap,
    header::{AUTHORIZATION, HeaderName, ORIGIN, USER_AGENT},
};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The address that a client knows us by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own<'a> {
    pub(crate) is_tls: bool,
    /// As in Host; none where the client says none, as HTTP/1.0 may.
    pub(crate) host: Option<&'a str>,
}

/// Whether a request comes from another site's page, or may for all it says. `is_read` is one that changes nothing, by its method.
pub(crate) fn is_cross_site(headers: &HeaderMap, own: Own<'_>, is_read: bool) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter();
    let says_nothing = !headers.contains_key(ORIGIN) && !headers.contains_key(SEC_FETCH_SITE);
    // Old browsers say neither, but all say that they are browsers. What programs are called is their own business; one that
    // says it is a browser has an Authorization to show, which no form and no link brings along.
    let is_silent_browser =
        says_nothing && is_browser(headers) && !headers.contains_key(AUTHORIZATION);
    origins.any(|origin| !own.is(origin.as_bytes()))
        || sites.any(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
        || (!is_read && is_silent_browser)
}

fn is_browser(headers: &HeaderMap) -> bool {
    let says = |agent: &[u8]| agent.windows(8).any(|word| word.eq_ignore_ascii_case(b"mozilla/"));
    headers.get_all(USER_AGENT).iter().any(|agent| says(agent.as_bytes()))
}

impl Own<'_> {
    /// Whether an `Origin` is our own. `null` is nobody's.
    fn is(self, origin: &[u8]) -> bool {
        let (scheme, port) = if self.is_tls { ("https://", ":443") } else { ("http://", ":80") };
        let plain = |host: &str| host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase();
        let origin = std::str::from_utf8(origin).ok().map(str::to_ascii_lowercase);
        let named = origin.as_deref().and_then(|origin| origin.strip_prefix(scheme));
        named.zip(self.host).is_some_and(|(origin, host)| plain(origin) == plain(host))
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    const FIREFOX: (&str, &str) =
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Gecko Firefox/60");

    fn is_refused(fields: &[(&'static str, &'static str)], own: Own<'_>, is_read: bool) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        is_cross_site(&headers, own, is_read)
    }

    #[test]
    fn what_a_browser_sends_for_another_site_is_refused() {
        let own = Own { is_tls: false, host: Some("localhost:9080") };
        for (fields, read, change) in [
            ([].as_slice(), false, false),
            (&[("user-agent", "aws-cli/2.0")], false, false),
            (&[("origin", "http://localhost:9080")], false, false),
            (&[("origin", "http://LocalHost:9080")], false, false),
            (&[("origin", "http://localhost:9080"), FIREFOX], false, false),
            (&[("origin", "https://localhost:9080")], true, true),
            (&[("origin", "http://localhost:9081")], true, true),
            (&[("origin", "http://localhost")], true, true),
            (&[("origin", "http://127.0.0.1:9080")], true, true),
            (&[("origin", "http://evil.example")], true, true),
            (&[("origin", "http://localhost:9080.evil.example")], true, true),
            (&[("origin", "null")], true, true),
            (&[("origin", "")], true, true),
            (&[("origin", "http://localhost:9080"), ("origin", "http://evil.example")], true, true),
            (&[("sec-fetch-site", "same-origin")], false, false),
            (&[("sec-fetch-site", "none"), FIREFOX], false, false),
            (&[("sec-fetch-site", "same-site")], true, true),
            (&[("sec-fetch-site", "cross-site")], true, true),
            (&[("sec-fetch-site", "unheard-of")], true, true),
            (&[("sec-fetch-site", "same-origin"), ("origin", "null")], true, true),
            (&[FIREFOX], false, true),
            (&[FIREFOX, ("referer", "http://localhost:9080/")], false, true),
            (&[FIREFOX, ("authorization", "Bearer x")], false, false),
        ] {
            assert_eq!(is_refused(fields, own, true), read, "reading: {fields:?}");
            assert_eq!(is_refused(fields, own, false), change, "changing: {fields:?}");
        }
    }

    #[test]
    fn the_port_that_a_scheme_implies_need_not_be_said() {
        for (is_tls, host, origin, is_own) in [
            (false, Some("ops.example"), "http://ops.example", true),
            (false, Some("ops.example:80"), "http://ops.example", true),
            (false, Some("ops.example"), "http://ops.example:443", false),
            (true, Some("ops.example"), "https://ops.example", true),
            (true, Some("ops.example:443"), "https://ops.example", true),
            (true, Some("ops.example"), "http://ops.example", false),
            (true, Some("ops.example:80"), "https://ops.example", false),
            (false, Some("[::1]:9080"), "http://[::1]:9080", true),
            (false, None, "http://localhost", false),
        ] {
            let own = Own { is_tls, host };
            assert_eq!(own.is(origin.as_bytes()), is_own, "{origin} at {own:?}");
        }
    }
}
