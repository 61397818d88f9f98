//! Form bodies and cookies, as far as the sample application needs them.

use crate::limits::TEXT_CHARS_MAX;

/// The field of an `application/x-www-form-urlencoded` body, trimmed and cut to [`TEXT_CHARS_MAX`].
/// None when it is missing or says nothing.
pub(crate) fn field(body: &str, name: &str) -> Option<String> {
    let value = body
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))?;
    let text: String =
        decode(value).chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The value of a cookie in a `Cookie` field.
pub(crate) fn cookie<'a>(field: &'a str, name: &str) -> Option<&'a str> {
    field
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// Undoes `+` and `%XX`. What is no escape stays as it is.
fn decode(value: &str) -> String {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match (first, escape(after)) {
            (b'%', Some((byte, after))) => {
                out.push(byte);
                rest = after;
            }
            (b'+', _) => out.push(b' '),
            _ => out.push(first),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The byte that two hexadecimal digits stand for, and what follows them.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, rest) = text.split_at_checked(2)?;
    let digits = std::str::from_utf8(digits).ok()?;
    let is_hex = digits.bytes().all(|c| c.is_ascii_hexdigit());
    let byte = u8::from_str_radix(digits, 16).ok()?;
    is_hex.then_some((byte, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_trimmed_and_cut() {
        for (body, expected) in [
            ("name=Ada", Some("Ada")),
            ("x=1&name=Ada+L%C3%B6w%21&y=2", Some("Ada Löw!")),
            ("name=100%", Some("100%")),
            ("name=%+1", Some("% 1")),
            ("name=%00%0a", None),
            ("name=++", None),
            ("", None),
            ("surname=Ada", None),
            ("name=%3Cb%3E", Some("<b>")),
        ] {
            assert_eq!(field(body, "name").as_deref(), expected, "{body}");
        }
        let long = format!("name={}", "x".repeat(100));
        assert_eq!(field(&long, "name").unwrap().len(), TEXT_CHARS_MAX);
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        for (text, expected) in [
            ("sid=1", Some("1")),
            ("a=b; sid=1; c", Some("1")),
            ("xsid=1", None),
            ("sid", None),
            ("sid=", Some("")),
        ] {
            assert_eq!(cookie(text, "sid"), expected, "{text}");
        }
    }
}
