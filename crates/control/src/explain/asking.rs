//! A request as people write it down: an address and fields, as curl has them.

/// What a client asks for.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// `http://host/path`, `https://host/path`, or `/path`.
    pub url: &'a str,
    /// GET unless it says something else.
    pub method: Option<&'a str>,
    /// Fields, each as `Name: value`.
    pub headers: &'a [String],
}

/// What is no request, however it is put together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadAsking {
    /// No address.
    #[error("{url:?} is no address: write http://shop.example/cart, or /cart")]
    Url {
        /// What was written.
        url: String,
    },
    /// No field.
    #[error("{line:?} is no field: write 'Cookie: a=b'")]
    Field {
        /// What was written.
        line: String,
    },
}

impl Asking<'_> {
    /// Its head, and whether it comes by https.
    pub fn head(&self) -> Result<(Vec<u8>, bool), BadAsking> {
        let (https, host, path) = parts(self.url)?;
        let method = self.method.unwrap_or("GET");
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        let is_host = |line: &String| line.to_ascii_lowercase().starts_with("host:");
        if !self.headers.iter().any(is_host) {
            head.push_str(&format!("Host: {host}\r\n"));
        }
        for line in self.headers {
            if !line.contains(':') || line.contains(['\r', '\n']) {
                return Err(BadAsking::Field { line: line.clone() });
            }
            head.push_str(line);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        Ok((head.into_bytes(), https))
    }
}

/// Whether it is by https, the host, and the path with what follows it.
fn parts(url: &str) -> Result<(bool, &str, &str), BadAsking> {
    if url.starts_with('/') {
        return Ok((false, "localhost", url));
    }
    let (scheme, rest) = url.split_once("://").unwrap_or(("", ""));
    if !matches!(scheme, "http" | "https") {
        return Err(BadAsking::Url { url: url.to_owned() });
    }
    let path = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(path);
    Ok((scheme == "https", host, if path.is_empty() { "/" } else { path }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_fields_become_a_head() {
        let ask = |url, headers: &[&str]| {
            let headers: Vec<String> = headers.iter().map(|line| (*line).to_owned()).collect();
            Asking { url, method: None, headers: &headers }
                .head()
                .map(|(head, https)| (String::from_utf8(head).unwrap(), https))
        };
        for (url, headers, expected, https) in [
            ("/cart", &[][..], "GET /cart HTTP/1.1\r\nHost: localhost\r\n\r\n", false),
            ("https://a.b", &[], "GET / HTTP/1.1\r\nHost: a.b\r\n\r\n", true),
            ("http://a.b/c?d", &["host: x"], "GET /c?d HTTP/1.1\r\nhost: x\r\n\r\n", false),
        ] {
            assert_eq!(ask(url, headers), Ok((expected.to_owned(), https)), "{url}");
        }
        assert!(matches!(ask("cart", &[]), Err(BadAsking::Url { .. })));
        assert!(matches!(ask("/", &["Cookie"]), Err(BadAsking::Field { .. })));
        assert!(matches!(ask("/", &["A: b\r\nC: d"]), Err(BadAsking::Field { .. })));
    }
}
