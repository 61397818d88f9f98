//! Keeps other sites from pressing the demo's buttons.

use axum::http::{HeaderMap, header};

/// Whether a request that changes something comes from our own page.
///
/// Browsers say so in `Sec-Fetch-Site`, older ones in `Origin`. A request that says neither is refused.
pub(crate) fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let origin = text(header::ORIGIN.as_str()).unwrap_or_default();
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some() && authority == text(header::HOST.as_str())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_our_own_page_may_change_something() {
        for (site, origin, host, expected) in [
            ("same-origin", "", "demo:1", true),
            ("same-site", "http://demo:1", "demo:1", false),
            ("cross-site", "http://demo:1", "demo:1", false),
            ("none", "", "demo:1", false),
            ("", "http://demo:1", "demo:1", true),
            ("", "https://demo", "demo", true),
            ("", "http://demo:2", "demo:1", false),
            ("", "null", "demo:1", false),
            ("", "", "demo:1", false),
            ("", "http://", "", false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [("sec-fetch-site", site), ("origin", origin), ("host", host)] {
                if !value.is_empty() {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(is_same_origin(&headers), expected, "{headers:?}");
        }
    }
}
