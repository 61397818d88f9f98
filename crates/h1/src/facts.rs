//! What the fields of a head say about framing and the connection, gathered in one pass.

use clingfish_model::{FieldId, Method, Span, Version};

use crate::{
    BodyLength, HeadError,
    bytes::{is_token, trim},
    connection::ConnectionOptions,
    upgrade::Protocols,
};

/// Largest Content-Length: what fits a signed 64-bit number, since others read it into one.
const CONTENT_LENGTH_MAX: u64 = i64::MAX as u64;

/// What Expect says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Expectation {
    #[default]
    None,
    Continue,
    Unknown,
}

/// What the fields of one head say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts<'a> {
    pub(crate) host: Option<Span>,
    pub(crate) connection: ConnectionOptions,
    pub(crate) protocols: Protocols,
    pub(crate) expectation: Expectation,
    /// A name could be taken for one that frames.
    pub(crate) has_lookalike: bool,
    content_length: Option<u64>,
    transfer_encoding: Option<&'a [u8]>,
}

impl<'a> Facts<'a> {
    /// Takes note of one field.
    pub(crate) fn note(
        &mut self,
        id: FieldId,
        value: &'a [u8],
        place: Span,
    ) -> Result<(), HeadError> {
        match id {
            FieldId::Host if self.host.replace(place).is_some() => Err(HeadError::HostRepeated),
            FieldId::ContentLength => self.note_content_length(value),
            FieldId::TransferEncoding if self.transfer_encoding.replace(value).is_some() => {
                Err(HeadError::BadTransferEncoding)
            }
            FieldId::Connection => self.connection.add(value),
            FieldId::Upgrade => {
                self.protocols.add(value);
                Ok(())
            }
            FieldId::Expect => {
                self.note_expect(value);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn note_content_length(&mut self, value: &[u8]) -> Result<(), HeadError> {
        let length = read_content_length(value)?;
        match self.content_length.replace(length) {
            None => Ok(()),
            Some(_) => Err(HeadError::ContentLengthRepeated),
        }
    }

    fn note_expect(&mut self, value: &[u8]) {
        let is_first = self.expectation == Expectation::None;
        self.expectation = if is_first && value.eq_ignore_ascii_case(b"100-continue") {
            Expectation::Continue
        } else {
            Expectation::Unknown
        };
    }

    /// The length that the message states, if any.
    pub(crate) fn stated_length(&self, version: Version) -> Result<Option<BodyLength>, HeadError> {
        let Some(coding) = self.transfer_encoding else {
            return Ok(self.content_length.map(BodyLength::Known));
        };
        if self.content_length.is_some() {
            return Err(HeadError::ContentLengthWithTransferEncoding);
        }
        if version == Version::Http10 {
            return Err(HeadError::TransferEncodingInHttp10);
        }
        judge_transfer_encoding(coding)?;
        Ok(Some(BodyLength::Chunked))
    }

    /// Whether a head that can be read may not be compliant all the same.
    pub(crate) fn is_unusual(&self, method: Method) -> bool {
        let states_body = self.content_length.is_some() || self.transfer_encoding.is_some();
        self.has_lookalike || (states_body && matches!(method, Method::Get | Method::Head))
    }

    /// Whether the connection may carry another message after this one (RFC 9112 section 9.3).
    pub(crate) fn is_persistent(&self, version: Version) -> bool {
        !self.connection.close && (version == Version::Http11 || self.connection.keep_alive)
    }
}

pub(crate) fn read_content_length(value: &[u8]) -> Result<u64, HeadError> {
    // A list, even of equal numbers, is what a field that came twice looks like after a proxy joined it.
    let is_list = || memchr::memchr(b',', value).is_some();
    let number = value.iter().try_fold(0_u64, |number, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    });
    match number {
        Some(number) if !value.is_empty() && number <= CONTENT_LENGTH_MAX => Ok(number),
        _ if is_list() => Err(HeadError::ContentLengthRepeated),
        _ => Err(HeadError::BadContentLength),
    }
}

/// Accepts exactly `chunked`, once.
fn judge_transfer_encoding(value: &[u8]) -> Result<(), HeadError> {
    if value.eq_ignore_ascii_case(b"chunked") {
        return Ok(());
    }
    let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    let mut codings = value.split(|&byte| byte == b',').map(trim);
    let last = codings.next_back().unwrap_or_default();
    let is_sound = is_token(last) && codings.all(|coding| is_token(coding) && !is_chunked(coding));
    if is_sound {
        Err(HeadError::UnknownTransferCoding)
    } else {
        Err(HeadError::BadTransferEncoding)
    }
}
