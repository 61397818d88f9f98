//! Why a message is refused.

use thiserror::Error;

/// Why a head is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HeadError {
    /// The first line lacks a part.
    #[error("the first line is not that of an HTTP/1 message")]
    MalformedStartLine,
    /// The method is no token, or longer than 32 bytes.
    #[error("the method is no token of at most 32 bytes")]
    BadMethod,
    /// The target is in no form of RFC 9112 section 3.2 that the method may use, or has bytes that no URI has.
    #[error("the request target is not valid")]
    BadTarget,
    /// What should be the version is none.
    #[error("the version is malformed")]
    BadVersion,
    /// A version, but neither HTTP/1.0 nor HTTP/1.1.
    #[error("the version is neither HTTP/1.0 nor HTTP/1.1")]
    UnsupportedVersion,
    /// The status is not 100 to 999 in three digits, or the reason phrase has control characters.
    #[error("the status is not valid")]
    BadStatus,
    /// A line ends in anything but CR LF.
    #[error("a line does not end in CR LF")]
    BadLineEnd,
    /// A field name is empty or no token, or white space stands before it or before its colon.
    #[error("a field name is not valid")]
    BadFieldName,
    /// A field value has control characters.
    #[error("a field value is not valid")]
    BadFieldValue,
    /// The first line is longer than the limit.
    #[error("the first line is too long")]
    StartLineTooLong,
    /// One field is larger than the limit.
    #[error("a field is too large")]
    FieldTooLarge,
    /// The whole head is larger than the limit.
    #[error("the head is too large")]
    HeadTooLarge,
    /// More fields than the limit.
    #[error("the head has too many fields")]
    TooManyFields,
    /// Content-Length is not a plain number below 2^63.
    #[error("content-length is not a number")]
    BadContentLength,
    /// Content-Length comes more than once, be it with equal values.
    #[error("content-length is repeated")]
    ContentLengthRepeated,
    /// Content-Length and Transfer-Encoding in one message.
    #[error("content-length beside transfer-encoding")]
    ContentLengthWithTransferEncoding,
    /// Transfer-Encoding in a message of HTTP/1.0.
    #[error("transfer-encoding in HTTP/1.0")]
    TransferEncodingInHttp10,
    /// Transfer-Encoding is malformed or repeated, or `chunked` is not its last coding.
    #[error("transfer-encoding is not valid")]
    BadTransferEncoding,
    /// Transfer-Encoding names a coding other than `chunked`.
    #[error("transfer-encoding names a coding other than chunked")]
    UnknownTransferCoding,
    /// HTTP/1.1 without Host.
    #[error("host is missing")]
    HostMissing,
    /// Host more than once.
    #[error("host is repeated")]
    HostRepeated,
    /// Host, or the authority of the target, is no host and port.
    #[error("the host is not valid")]
    BadHost,
    /// Host differs from the authority of the target.
    #[error("host differs from the request target")]
    HostDisagrees,
    /// CONNECT: we are no forward proxy.
    #[error("connect is not offered")]
    ConnectRefused,
    /// TRACE: would echo what only we and the client may see.
    #[error("trace is not offered")]
    TraceRefused,
    /// Connection is not a list of tokens.
    #[error("connection is not a list of tokens")]
    BadConnectionOption,
    /// Connection names a field that is not between two hops: an attempt to have it removed.
    #[error("connection names a field that must not be removed")]
    ForbiddenConnectionOption,
    /// Expect is anything but one `100-continue`.
    #[error("the expectation is unknown")]
    UnknownExpectation,
    /// A field that only a connection of HTTP/1 has, in HTTP/2; or a TE there that says more than `trailers`.
    #[error("a field of an http/1 connection in http/2")]
    ConnectionField,
    /// A pseudo-header field of HTTP/2 is missing, not allowed or malformed.
    #[error("a pseudo-header field is not valid")]
    BadPseudoField,
    /// A 101 that was not asked for, or to another protocol than asked for.
    #[error("protocols switched without being asked")]
    UnaskedUpgrade,
}

impl HeadError {
    /// The status that tells a client about its request. What is wrong in a response is always a 502.
    pub fn status(self) -> u16 {
        match self {
            Self::TraceRefused => 405,
            Self::StartLineTooLong => 414,
            Self::UnknownExpectation => 417,
            Self::FieldTooLarge | Self::HeadTooLarge | Self::TooManyFields => 431,
            Self::UnknownTransferCoding | Self::ConnectRefused => 501,
            Self::BadStatus | Self::UnaskedUpgrade => 502,
            Self::UnsupportedVersion => 505,
            _ => 400,
        }
    }

    /// A stable name for log and metric.
    pub fn reason(self) -> &'static str {
        match self {
            Self::MalformedStartLine => "malformed_start_line",
            Self::BadMethod => "bad_method",
            Self::BadTarget => "bad_target",
            Self::BadVersion => "bad_version",
            Self::UnsupportedVersion => "unsupported_version",
            Self::BadStatus => "bad_status",
            Self::BadLineEnd => "bad_line_end",
            Self::BadFieldName => "bad_field_name",
            Self::BadFieldValue => "bad_field_value",
            Self::StartLineTooLong => "start_line_too_long",
            Self::FieldTooLarge => "field_too_large",
            Self::HeadTooLarge => "head_too_large",
            Self::TooManyFields => "too_many_fields",
            Self::BadContentLength => "bad_content_length",
            Self::ContentLengthRepeated => "content_length_repeated",
            Self::ContentLengthWithTransferEncoding => "content_length_with_transfer_encoding",
            Self::TransferEncodingInHttp10 => "transfer_encoding_in_http10",
            Self::BadTransferEncoding => "bad_transfer_encoding",
            Self::UnknownTransferCoding => "unknown_transfer_coding",
            Self::HostMissing => "host_missing",
            Self::HostRepeated => "host_repeated",
            Self::BadHost => "bad_host",
            Self::HostDisagrees => "host_disagrees",
            Self::ConnectRefused => "connect_method_refused",
            Self::TraceRefused => "trace_method_refused",
            Self::BadConnectionOption => "bad_connection_option",
            Self::ForbiddenConnectionOption => "forbidden_connection_option",
            Self::UnknownExpectation => "unknown_expectation",
            Self::ConnectionField => "connection_field_in_http2",
            Self::BadPseudoField => "bad_pseudo_field",
            Self::UnaskedUpgrade => "unasked_upgrade",
        }
    }
}

/// Why a body is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BodyError {
    /// A chunk size is empty, too long or not hexadecimal.
    #[error("a chunk size is not valid")]
    BadChunkSize,
    /// A chunk extension has control characters.
    #[error("a chunk extension is not valid")]
    BadChunkExtension,
    /// The chunk extensions of one body are larger than the limit.
    #[error("chunk extensions are too large")]
    ChunkExtensionsTooLarge,
    /// A chunk's size or data is followed by anything but CR LF.
    #[error("a chunk does not end in CR LF")]
    BadChunkEnd,
    /// A trailer is no field line.
    #[error("a trailer is not valid")]
    BadTrailer,
    /// The trailers are larger than the limit.
    #[error("trailers are too large")]
    TrailersTooLarge,
    /// The body is larger than the limit.
    #[error("the body is too large")]
    TooLarge,
    /// The peer closed before the end.
    #[error("the body ends too early")]
    Truncated,
}

impl BodyError {
    /// The status that tells a client about its request. What is wrong in a response is a 502, or ends it visibly.
    pub fn status(self) -> u16 {
        match self {
            Self::TooLarge => 413,
            Self::TrailersTooLarge => 431,
            _ => 400,
        }
    }

    /// A stable name for log and metric.
    pub fn reason(self) -> &'static str {
        match self {
            Self::BadChunkSize => "bad_chunk_size",
            Self::BadChunkExtension => "bad_chunk_extension",
            Self::ChunkExtensionsTooLarge => "chunk_extensions_too_large",
            Self::BadChunkEnd => "bad_chunk_end",
            Self::BadTrailer => "bad_trailer",
            Self::TrailersTooLarge => "trailers_too_large",
            Self::TooLarge => "body_too_large",
            Self::Truncated => "body_truncated",
        }
    }
}
