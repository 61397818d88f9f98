//! How far a request is from what RFC 9110 and RFC 9112 say, in ALB's classes: what two parsers on the way could read
//! differently is what desynchronisation attacks are made of.
//!
//! Classes and reasons mean what they mean at AWS, whose classifier is public (`http_desync_guardian`). A head is looked at
//! only where reading it has met something unusual, or where it is refused; the class never changes what is read.

mod resemblance;
mod whole;

use clingfish_model::DesyncMode;

use crate::{HeadError, bytes::split_once, lines::skip_empty_lines, request_line::judge_target};

pub use resemblance::resembles_framing;
pub(crate) use whole::classify;

/// How dangerous a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Not as the RFCs have it, but no risk.
    Acceptable,
    /// Parsers differ about it.
    Ambiguous,
    /// It looks like an attack.
    Severe,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Acceptable, Self::Ambiguous, Self::Severe];

    /// ALB's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acceptable => "Acceptable",
            Self::Ambiguous => "Ambiguous",
            Self::Severe => "Severe",
        }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])+ $name:ident = $class:ident,)*) => {
        /// Why a request is not compliant. Each reason belongs to one class.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$doc])+ $name,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// ALB's word for it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// How dangerous it is.
            pub fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)* }
            }
        }
    };
}

reasons! {
    /// Control characters in the target, or no target at all.
    AmbiguousUri = Ambiguous,
    /// Content-Length is no number.
    BadContentLength = Severe,
    /// CR, LF or NUL in a field.
    BadHeader = Severe,
    /// Transfer-Encoding names a coding that is none.
    BadTransferEncoding = Severe,
    /// CR, LF or NUL in the target.
    BadUri = Severe,
    /// The method is no token.
    BadMethod = Severe,
    /// The version is none.
    BadVersion = Severe,
    /// Transfer-Encoding beside Content-Length.
    BothTeClPresent = Ambiguous,
    /// Content-Length twice with one value.
    DuplicateContentLength = Ambiguous,
    /// A field without a name, or a line without a colon.
    EmptyHeader = Ambiguous,
    /// GET or HEAD with a Content-Length of 0.
    GetHeadZeroContentLength = Acceptable,
    /// Content-Length twice with different values.
    MultipleContentLength = Severe,
    /// `chunked` twice.
    MultipleTransferEncodingChunked = Severe,
    /// Control characters in a field, or a name that is no token.
    NonCompliantHeader = Acceptable,
    /// A version of HTTP/1 other than 1.0 and 1.1, HTTP/0.9, or white space around it.
    NonCompliantVersion = Acceptable,
    /// Spaces in the target.
    SpaceInUri = Acceptable,
    /// A name that could be taken for Transfer-Encoding or Content-Length.
    SuspiciousHeader = Ambiguous,
    /// GET or HEAD with a Content-Length above 0.
    UndefinedContentLengthSemantics = Ambiguous,
    /// GET, HEAD or HTTP/1.0 with a Transfer-Encoding.
    UndefinedTransferEncodingSemantics = Ambiguous,
}

/// What becomes of a request that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It goes through.
    Forward,
    /// It goes through on a connection of its own, and both sides' connections are closed behind it.
    Isolate,
    /// 400, and the connection is closed.
    Refuse,
}

/// Decides what becomes of a request that can be read. `None` is a compliant one.
pub fn treat(mode: DesyncMode, reason: Option<Reason>) -> Treatment {
    match (mode, reason.map(Reason::class)) {
        (_, None) | (DesyncMode::Monitor, _) => Treatment::Forward,
        (DesyncMode::Strictest, Some(_)) | (_, Some(Class::Severe)) => Treatment::Refuse,
        (DesyncMode::Defensive, Some(Class::Ambiguous)) => Treatment::Isolate,
        (DesyncMode::Defensive, Some(Class::Acceptable)) => Treatment::Forward,
    }
}

/// Classifies a request that [`parse_request`](crate::parse_request) has refused, by the bytes that it was given.
///
/// A request is often refused before its end is there: then only what led to that counts, so that the answer does not
/// depend on how the bytes were cut. `None` means that nothing about it is a matter of desynchronisation.
pub fn classify_refused(bytes: &[u8], error: HeadError) -> Option<Reason> {
    let head = bytes.get(skip_empty_lines(bytes)..).unwrap_or_default();
    match error {
        HeadError::StartLineTooLong
        | HeadError::FieldTooLarge
        | HeadError::HeadTooLarge
        | HeadError::TooManyFields => None,
        HeadError::BadMethod => Some(Reason::BadMethod),
        HeadError::BadLineEnd => Some(bare_line_end(head)),
        HeadError::UnsupportedVersion => {
            let mut parts = head.splitn(3, |&byte| byte == b' ');
            unsupported_version(parts.nth(2).unwrap_or_default())
        }
        HeadError::BadVersion | HeadError::MalformedStartLine => {
            let (line, _) = split_once(head, b'\n')?;
            whole::start_line(line.strip_suffix(b"\r").unwrap_or(line))
        }
        HeadError::BadTarget => match bad_target(head) {
            BadTarget::Byte(reason) => reason,
            BadTarget::Form => whole_head(head),
        },
        _ => whole_head(head),
    }
}

/// What is wrong with a target.
enum BadTarget {
    /// A byte, which may be no matter of desynchronisation.
    Byte(Option<Reason>),
    /// Its form, which is judged with the whole head.
    Form,
}

/// Classifies a target by its first bad byte, which is where reading has ended.
fn bad_target(head: &[u8]) -> BadTarget {
    let Some((_, rest)) = split_once(head, b' ') else { return BadTarget::Byte(None) };
    let target = rest.split(|&byte| byte == b' ').next().unwrap_or_default();
    if target.is_empty() {
        return BadTarget::Byte(Some(Reason::SpaceInUri));
    }
    let is_bad = |byte: &&u8| judge_target(std::slice::from_ref(byte)).is_err();
    match target.iter().find(is_bad) {
        Some(b'\r' | b'\n' | 0) => BadTarget::Byte(Some(Reason::BadUri)),
        Some(byte) if byte.is_ascii_control() => BadTarget::Byte(Some(Reason::AmbiguousUri)),
        Some(_) => BadTarget::Byte(None),
        None => BadTarget::Form,
    }
}

/// Where the first line that does not end in CR LF ends, some parsers see an end and some do not.
fn bare_line_end(head: &[u8]) -> Reason {
    let (line, _) = split_once(head, b'\n').unwrap_or((head, b""));
    if line.ends_with(b"\r") {
        return Reason::BadHeader;
    }
    match line.iter().filter(|&&byte| byte == b' ').count() {
        0 => Reason::BadMethod,
        1 => Reason::BadUri,
        _ => Reason::BadVersion,
    }
}

/// Classifies a version by its first eight bytes. From HTTP/2 on it is no matter of desynchronisation.
fn unsupported_version(version: &[u8]) -> Option<Reason> {
    match version.get(..8) {
        Some([b'H', b'T', b'T', b'P', b'/', b'2'..=b'9', ..]) => None,
        Some(version) => whole::version(version),
        None => Some(Reason::BadVersion),
    }
}

/// Classifies a head whose end is there.
fn whole_head(head: &[u8]) -> Option<Reason> {
    let end = memchr::memmem::find(head, b"\r\n\r\n")?;
    classify(head.get(..end + 2).unwrap_or_default())
}
