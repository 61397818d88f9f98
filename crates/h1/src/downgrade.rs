//! Requests of HTTP/2 judged before they become HTTP/1 (RFC 9113 section 8).
//!
//! In frames a field may hold what would end a line of HTTP/1, and framing is said elsewhere: what is translated without
//! a look is how requests are smuggled. So everything that a target could read differently from us is refused here, by
//! the rules that hold for heads of HTTP/1. What the frame layer checks already (order of pseudo-header fields, length of
//! DATA against Content-Length) is left to it; nothing here relies on it.

use clingfish_model::{FieldId, Method};

use crate::{
    HeadError, Upgrade,
    bytes::{is_text, is_token_byte},
    desync::{Reason, resembles_framing},
    facts::read_content_length,
    request_line::{judge_method, judge_target},
    target::{is_authority, same_authority},
};

/// The pseudo-header fields of a request, as they were decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pseudo<'a> {
    /// `:method`.
    pub method: &'a [u8],
    /// `:scheme`.
    pub scheme: Option<&'a [u8]>,
    /// `:authority`.
    pub authority: Option<&'a [u8]>,
    /// `:path`.
    pub path: Option<&'a [u8]>,
    /// `:protocol`, of an extended CONNECT (RFC 8441).
    pub protocol: Option<&'a [u8]>,
}

/// What a sound request says, for whoever writes it as HTTP/1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged<'a> {
    /// Host and port, from `:authority` or else from Host. It is written as Host, once; a Host field is not forwarded beside it.
    pub authority: &'a [u8],
    /// Content-Length, of which there is one at most.
    pub content_length: Option<u64>,
    /// Whether the client waits for a 100 before it sends the body.
    pub expect_continue: bool,
    /// The protocol that an extended CONNECT asks for.
    pub upgrade: Option<Upgrade>,
    /// Why it would not be compliant as HTTP/1: a name that could be taken for one that frames. Nothing else passes.
    pub desync: Option<Reason>,
}

/// Judges a request of HTTP/2. `fields` are its field lines without the pseudo-header fields, names as decoded. `sound` is told of each
/// in turn that may stand in HTTP/1 too, and which field it is, so that a caller need not look at them once more; a later one may still spoil
/// the whole.
///
/// ```
/// use clingfish_h1::{HeadError, downgrade::{self, Pseudo}};
///
/// let pseudo = Pseudo {
///     method: b"GET",
///     scheme: Some(b"https"),
///     authority: Some(b"shop.example"),
///     path: Some(b"/cart"),
///     protocol: None,
/// };
/// let judge = |name: &'static [u8], value: &'static [u8]| {
///     downgrade::judge(&pseudo, [(name, value)], |_id, _name, _value| Ok(()))
/// };
/// assert_eq!(judge(b"accept", b"*/*")?.authority, b"shop.example");
/// assert_eq!(judge(b"foo", b"b\r\nhost: evil"), Err(HeadError::BadFieldValue));
/// # Ok::<(), HeadError>(())
/// ```
pub fn judge<'a>(
    pseudo: &Pseudo<'a>,
    fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    mut sound: impl FnMut(FieldId, &'a [u8], &'a [u8]) -> Result<(), HeadError>,
) -> Result<Judged<'a>, HeadError> {
    let upgrade = judge_pseudo(pseudo)?;
    let mut said = Said::default();
    for (name, value) in fields {
        let id = judge_field(name, value)?;
        said.note(id, value)?;
        said.has_lookalike |= id == FieldId::Other && resembles_framing(name);
        sound(id, name, value)?;
    }
    Ok(Judged {
        authority: authority(pseudo, said.host)?,
        content_length: said.content_length,
        expect_continue: said.expect_continue && said.content_length != Some(0),
        upgrade,
        desync: said.has_lookalike.then_some(Reason::SuspiciousHeader),
    })
}

fn judge_pseudo(pseudo: &Pseudo<'_>) -> Result<Option<Upgrade>, HeadError> {
    judge_method(pseudo.method)?;
    let method = Method::of(pseudo.method);
    let upgrade = match (method, pseudo.protocol) {
        _ if pseudo.method.is_empty() => return Err(HeadError::BadMethod),
        (Method::Trace, _) => return Err(HeadError::TraceRefused),
        (Method::Connect, Some(b"websocket")) => Some(Upgrade::WebSocket),
        (Method::Connect, _) => return Err(HeadError::ConnectRefused),
        (_, Some(_)) => return Err(HeadError::BadPseudoField),
        (_, None) => None,
    };
    if !matches!(pseudo.scheme, Some(b"http" | b"https")) {
        return Err(HeadError::BadPseudoField);
    }
    let path = pseudo.path.ok_or(HeadError::BadPseudoField)?;
    match path {
        b"*" if method == Method::Options => {}
        [b'/', ..] => judge_target(path)?,
        _ => return Err(HeadError::BadTarget),
    }
    Ok(upgrade)
}

/// Judges one field of a response or of trailers, and says which it is.
pub fn judge_field(name: &[u8], value: &[u8]) -> Result<FieldId, HeadError> {
    if !is_name(name) {
        return Err(HeadError::BadFieldName);
    }
    // White space at the ends would be gone on the other side, so the value would be another.
    if let [b' ' | b'\t', ..] | [.., b' ' | b'\t'] = value {
        return Err(HeadError::BadFieldValue);
    }
    if !is_text(value) {
        return Err(HeadError::BadFieldValue);
    }
    match FieldId::of(name) {
        id if is_of_connection(id) => Err(HeadError::ConnectionField),
        FieldId::Te if !value.eq_ignore_ascii_case(b"trailers") => Err(HeadError::ConnectionField),
        id => Ok(id),
    }
}

/// Whether a field speaks of one connection of HTTP/1, and so has no place in HTTP/2 (RFC 9113 section 8.2.2).
pub fn is_of_connection(id: FieldId) -> bool {
    matches!(
        id,
        FieldId::Connection
            | FieldId::KeepAlive
            | FieldId::ProxyConnection
            | FieldId::TransferEncoding
            | FieldId::Upgrade
    )
}

/// Whether a name has the form of HTTP/2: a token without upper case.
fn is_name(name: &[u8]) -> bool {
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
    const FITS: [bool; 256] = {
        let mut fits = [false; 256];
        let mut byte = 0;
        while byte < fits.len() {
            fits[byte] = is_token_byte(byte as u8) && !(byte as u8).is_ascii_uppercase();
            byte += 1;
        }
        fits
    };
    let fits = |byte: &u8| FITS.get(usize::from(*byte)).is_some_and(|fits| *fits);
    !name.is_empty() && name.iter().all(fits)
}

/// What the fields say about framing and routing.
#[derive(Default)]
struct Said<'a> {
    host: Option<&'a [u8]>,
    content_length: Option<u64>,
    expect_continue: bool,
    has_lookalike: bool,
}

impl<'a> Said<'a> {
    fn note(&mut self, id: FieldId, value: &'a [u8]) -> Result<(), HeadError> {
        match id {
            FieldId::Host if self.host.replace(value).is_some() => Err(HeadError::HostRepeated),
            FieldId::ContentLength => {
                let length = read_content_length(value)?;
                match self.content_length.replace(length) {
                    None => Ok(()),
                    Some(_) => Err(HeadError::ContentLengthRepeated),
                }
            }
            FieldId::Expect => {
                let is_known = value.eq_ignore_ascii_case(b"100-continue");
                if !is_known || std::mem::replace(&mut self.expect_continue, true) {
                    return Err(HeadError::UnknownExpectation);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// `:authority` and Host say where the request goes, so they must agree (RFC 9113 section 8.3.1).
fn authority<'a>(pseudo: &Pseudo<'a>, host: Option<&'a [u8]>) -> Result<&'a [u8], HeadError> {
    let authority = pseudo.authority.or(host).ok_or(HeadError::HostMissing)?;
    if !is_authority(authority) || !host.is_none_or(is_authority) {
        return Err(HeadError::BadHost);
    }
    let port: &[u8] = if pseudo.scheme == Some(b"https") { b":443" } else { b":80" };
    if host.is_some_and(|host| !same_authority(host, authority, port)) {
        return Err(HeadError::HostDisagrees);
    }
    Ok(authority)
}
