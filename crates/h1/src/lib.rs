//! HTTP/1 as a sans-I/O codec, for both sides of a proxy.
//!
//! Bytes come in, positions and framing come out; nothing is read, written or copied here. Tokenising is by `httparse`;
//! framing, connection rules and limits are ours. Whatever two parsers could read differently is refused.
//!
//! ```
//! use clingfish_h1::{BodyLength, Progress, parse_request};
//! use clingfish_model::{RequestHead, head::RequestParts, listener::RequestLimits};
//!
//! let bytes = b"GET /cart HTTP/1.1\r\nHost: shop.example\r\n\r\n";
//! let mut parts = RequestParts::default();
//! let Progress::Complete(framing) = parse_request(bytes, 0, &RequestLimits::default(), &mut parts)? else {
//!     panic!("the head has an end");
//! };
//! assert_eq!(framing.body, BodyLength::None);
//! assert_eq!(RequestHead::new(bytes, &parts).path_and_query(), b"/cart");
//! # Ok::<(), clingfish_h1::HeadError>(())
//! ```

pub mod body;
pub mod connection;
pub mod desync;
pub mod downgrade;
pub mod error;
pub mod fuzzing;
pub mod request;
pub mod response;
pub mod upgrade;
pub mod write;

mod bytes;
mod facts;
mod fields;
mod lines;
mod request_line;
mod status_line;
mod target;

pub use body::{BodyDecoder, Decoded};
pub use connection::HopByHop;
pub use error::{BodyError, HeadError};
pub use request::{RequestFraming, parse_request};
pub use response::{RequestContext, ResponseFraming, ResponseKind, parse_response};
pub use upgrade::Upgrade;

/// How far reading a head has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<T> {
    /// All well so far; its end has not come yet.
    Partial,
    /// All of it is there.
    Complete(T),
}

/// How the end of a body is found (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// There is none.
    None,
    /// That many bytes.
    Known(u64),
    /// Chunks that say their own sizes.
    Chunked,
    /// All until the peer closes; responses only.
    UntilClose,
}
