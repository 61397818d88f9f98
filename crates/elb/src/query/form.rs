//! Names and values out of a form. The query that a signature covers is read by the same code as the parameters, so that
//! nobody can make one of the two mean something else.

use crate::{Code, Error, hex};

/// The pairs of a form, in its order. Nothing between two `&` is no pair.
pub(crate) fn pairs(form: &[u8]) -> impl Iterator<Item = Result<(String, String), Error>> {
    form.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).map(pair)
}

fn pair(pair: &[u8]) -> Result<(String, String), Error> {
    let mut halves = pair.splitn(2, |&byte| byte == b'=');
    let name = decode(halves.next().unwrap_or_default())?;
    let value = decode(halves.next().unwrap_or_default())?;
    if name.is_empty() {
        return Err(malformed("a parameter has no name"));
    }
    Ok((name, value))
}

/// A plus is a space, `%41` is an `A`.
fn decode(text: &[u8]) -> Result<String, Error> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => escaped(&mut bytes).ok_or_else(|| malformed("a % without two digits"))?,
            other => other,
        });
    }
    String::from_utf8(decoded).map_err(|_| malformed("text that is not UTF-8"))
}

fn escaped<'a>(bytes: &mut impl Iterator<Item = &'a u8>) -> Option<u8> {
    let high = hex::digit(*bytes.next()?)?;
    let low = hex::digit(*bytes.next()?)?;
    Some(high << 4 | low)
}

fn malformed(what: &str) -> Error {
    let message = format!("The query string contains a syntax error: {what}.");
    Error::new(Code::MalformedQueryString, message)
}
