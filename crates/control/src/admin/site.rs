//! Files of the web console, as they are served.

use bytes::Bytes;
use hyper::{
    HeaderMap, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH,
        REFERRER_POLICY, X_FRAME_OPTIONS,
    },
};
use sha2::{Digest, Sha256};

use super::{asked::Answer, token::hex};

/// Nothing but what comes from here, and nothing written into a page: neither scripts nor styles nor where forms go.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// A file of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Below `/console/`; empty for the page itself.
    pub path: &'static str,
    /// As `Content-Type` has it.
    pub content_type: &'static str,
    /// All of it.
    pub bytes: &'static [u8],
}

/// All files of the console. Without any there is none.
#[derive(Debug, Default)]
pub(crate) struct Site {
    files: Vec<(Asset, HeaderValue)>,
}

impl Site {
    /// Each file gets a tag that is made of what is in it.
    pub(crate) fn new(assets: &[Asset]) -> Self {
        let tagged = |asset: &Asset| {
            let digits: String = hex(&Sha256::digest(asset.bytes)).chars().take(32).collect();
            let tag = HeaderValue::try_from(format!("\"{digits}\""));
            (*asset, tag.unwrap_or(HeaderValue::from_static("\"\"")))
        };
        Self { files: assets.iter().map(tagged).collect() }
    }

    /// The file at that path below `/console/`, or that the client has it already; none where there is no such file.
    pub(crate) fn answer(&self, path: &str, headers: &HeaderMap) -> Option<Answer> {
        let (asset, tag) = self.files.iter().find(|(asset, _)| asset.path == path)?;
        let answer = if is_known(headers, tag) {
            Answer::new(StatusCode::NOT_MODIFIED, asset.content_type, Bytes::new())
        } else {
            Answer::new(StatusCode::OK, asset.content_type, Bytes::from_static(asset.bytes))
        };
        // Browsers keep it and ask each time whether it is still that: after an upgrade nobody runs old scripts.
        let asking = HeaderValue::from_static("no-cache");
        Some(fenced(answer).with(ETAG, tag.clone()).with(CACHE_CONTROL, asking))
    }
}

/// The same, such that a browser lets nothing else near it.
pub(crate) fn fenced(answer: Answer) -> Answer {
    let same_origin = HeaderValue::from_static("same-origin");
    answer
        .with(CONTENT_SECURITY_POLICY, POLICY)
        .with(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"))
        .with(REFERRER_POLICY, HeaderValue::from_static("no-referrer"))
        .with(OPENER_POLICY, same_origin.clone())
        .with(RESOURCE_POLICY, same_origin)
}

/// Whether the client has what goes by that tag.
fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.trim_start_matches("W/").as_bytes() == tag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        Site::new(&[
            Asset { path: "", content_type: "text/html", bytes: b"<!doctype html>" },
            Asset { path: "js/a.js", content_type: "text/javascript", bytes: b"export {}" },
        ])
    }

    fn field<'a>(answer: &'a Answer, name: &str) -> &'a str {
        let found = answer.headers.iter().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("no {name}")).1.to_str().unwrap()
    }

    #[test]
    fn every_file_has_its_type_its_tag_and_a_fence() {
        let answer = site().answer("js/a.js", &HeaderMap::new()).unwrap();
        assert_eq!((answer.status, answer.content_type), (StatusCode::OK, "text/javascript"));
        assert_eq!(answer.body.bytes(), b"export {}");
        assert_eq!(field(&answer, "cache-control"), "no-cache");
        assert_eq!(field(&answer, "x-frame-options"), "DENY");
        let policy = field(&answer, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_ne!(
            field(&answer, "etag"),
            field(&site().answer("", &HeaderMap::new()).unwrap(), "etag")
        );
    }

    #[test]
    fn who_has_a_file_already_does_not_get_it_again() {
        let tag = field(&site().answer("", &HeaderMap::new()).unwrap(), "etag").to_owned();
        for (sent, expected) in [
            (tag.clone(), 304),
            (format!("W/{tag}"), 304),
            (format!("\"other\", {tag}"), 304),
            ("*".to_owned(), 304),
            ("\"other\"".to_owned(), 200),
            (tag.trim_matches('"').to_owned(), 200),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::try_from(&sent).unwrap());
            let answer = site().answer("", &headers).unwrap();
            assert_eq!(answer.status.as_u16(), expected, "{sent}");
            assert_eq!(answer.body.bytes().is_empty(), expected == 304, "{sent}");
            assert_eq!(field(&answer, "etag"), tag);
        }
    }

    #[test]
    fn there_is_nothing_else() {
        for path in ["js", "js/", "js/a.js/", "/js/a.js", "index.html", "../v1", "js/%61.js"] {
            assert!(site().answer(path, &HeaderMap::new()).is_none(), "{path}");
        }
        assert!(Site::default().answer("", &HeaderMap::new()).is_none());
    }
}
