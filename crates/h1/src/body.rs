//! Bodies: where their data is, and where they end.

mod trailers;

use std::ops::Range;

use clingfish_model::limits::{CHUNK_EXTENSION_BYTES_MAX, CHUNK_SIZE_DIGITS_MAX};

use self::trailers::Trailers;
pub use self::trailers::may_trail;
use crate::{BodyError, BodyLength};

/// Finds a body in the bytes that follow a head, without copying any of it.
///
/// Chunk sizes, extensions and trailers are taken out; nothing of them goes further but the trailers that may
/// (RFC 9110 section 6.5.1). After an error the decoder is of no further use.
///
/// ```
/// use clingfish_h1::{BodyDecoder, BodyLength};
///
/// let mut decoder = BodyDecoder::new(BodyLength::Chunked, None);
/// let mut input = b"4\r\nfish\r\n0\r\n\r\nGET".as_slice();
/// let mut body = Vec::new();
/// loop {
///     let decoded = decoder.decode(input)?;
///     body.extend_from_slice(&input[decoded.data]);
///     input = &input[decoded.consumed..];
///     if decoded.is_complete {
///         break;
///     }
/// }
/// assert_eq!((body.as_slice(), input), (b"fish".as_slice(), b"GET".as_slice()));
/// # Ok::<(), clingfish_h1::BodyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct BodyDecoder {
    state: State,
    /// Bytes that may still come before the body is too large.
    room: u64,
    extension_bytes: usize,
    trailers: Trailers,
}

/// What one call found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// Bytes of the input that are done with, data included. All of them where more input is needed.
    pub consumed: usize,
    /// The next run of data in the input; may be empty.
    pub data: Range<usize>,
    /// Whether the body has ended, trailers included. What follows `consumed` is not of it.
    pub is_complete: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Known { left: u64 },
    UntilClose,
    ChunkSize { size: u64, digits: usize },
    ChunkExtension { size: u64 },
    ChunkSizeEnd { size: u64 },
    ChunkData { left: u64 },
    ChunkDataCr,
    ChunkDataLf,
    Trailer,
    Complete,
}

/// Largest body without a limit, and so the largest chunk: what fits a signed 64-bit number, as for Content-Length.
const BODY_BYTES_MAX: u64 = i64::MAX as u64;

/// Before the size of a chunk.
const CHUNK_START: State = State::ChunkSize { size: 0, digits: 0 };

impl BodyDecoder {
    /// A decoder for one body, which may have at most `bytes_max` bytes of data.
    pub fn new(length: BodyLength, bytes_max: Option<u64>) -> Self {
        Self {
            state: match length {
                BodyLength::None | BodyLength::Known(0) => State::Complete,
                BodyLength::Known(left) => State::Known { left },
                BodyLength::UntilClose => State::UntilClose,
                BodyLength::Chunked => CHUNK_START,
            },
            room: bytes_max.unwrap_or(BODY_BYTES_MAX),
            extension_bytes: 0,
            trailers: Trailers::default(),
        }
    }

    /// Whether the body has ended.
    pub fn is_complete(&self) -> bool {
        self.state == State::Complete
    }

    /// Finds the next run of data. Call again with what follows `consumed` until that is empty or the body complete.
    pub fn decode(&mut self, input: &[u8]) -> Result<Decoded, BodyError> {
        let mut at = 0;
        loop {
            match self.state {
                State::Complete => return Ok(self.decoded(at..at)),
                State::Known { left } | State::ChunkData { left } => {
                    return self.take(at, input.len(), left);
                }
                State::UntilClose => return self.take(at, input.len(), u64::MAX),
                _ => {}
            }
            let Some(&byte) = input.get(at) else {
                return Ok(self.decoded(at..at));
            };
            at += 1;
            self.state = self.step(byte)?;
        }
    }

    /// How many bytes of data come next with nothing around them, so that they may go past the decoder: see [`Self::skip`].
    /// 0 inside framing, and where [`Self::decode`] has something to say about the body's size.
    pub fn run_left(&self) -> u64 {
        match self.state {
            State::Known { left } | State::ChunkData { left } if left <= self.room => left,
            State::UntilClose => self.room,
            _ => 0,
        }
    }

    /// Takes note of `count` bytes of such a run that the decoder has not seen.
    pub fn skip(&mut self, count: u64) {
        debug_assert!(count <= self.run_left(), "skipped past the end of a run");
        let left = self.run_left().saturating_sub(count);
        self.room = self.room.saturating_sub(count);
        self.state = match self.state {
            State::Known { .. } if left == 0 => State::Complete,
            State::Known { .. } => State::Known { left },
            State::ChunkData { .. } if left == 0 => State::ChunkDataCr,
            State::ChunkData { .. } => State::ChunkData { left },
            other => other,
        };
    }

    /// Says that the peer has closed: the end of a body that lasts until then, an error before the end of any other.
    pub fn close(&mut self) -> Result<(), BodyError> {
        match self.state {
            State::Complete => Ok(()),
            State::UntilClose => {
                self.state = State::Complete;
                Ok(())
            }
            _ => Err(BodyError::Truncated),
        }
    }

    /// The trailers that may go further, as field lines with their CR LF; empty where there are none.
    pub fn trailers(&self) -> &[u8] {
        self.trailers.kept()
    }

    fn decoded(&self, data: Range<usize>) -> Decoded {
        Decoded { consumed: data.end, data, is_complete: self.is_complete() }
    }

    /// Takes a run of data of at most `left` bytes.
    fn take(&mut self, at: usize, end: usize, left: u64) -> Result<Decoded, BodyError> {
        let available = end - at;
        let len = usize::try_from(left).map_or(available, |left| left.min(available));
        let taken = len as u64;
        // A stated length is judged whole, before any of it is there.
        let judged = if self.state == State::UntilClose { taken } else { left };
        if judged > self.room {
            return Err(BodyError::TooLarge);
        }
        self.skip(taken);
        Ok(self.decoded(at..at + len))
    }

    /// Takes one byte of what is around the data (RFC 9112 section 7.1).
    fn step(&mut self, byte: u8) -> Result<State, BodyError> {
        match self.state {
            State::ChunkSize { size, digits } => self.step_size(byte, size, digits),
            State::ChunkExtension { size } => self.step_extension(byte, size),
            State::ChunkSizeEnd { size } => match byte {
                b'\n' if size == 0 => Ok(State::Trailer),
                b'\n' => Ok(State::ChunkData { left: size }),
                _ => Err(BodyError::BadChunkEnd),
            },
            State::ChunkDataCr if byte == b'\r' => Ok(State::ChunkDataLf),
            State::ChunkDataLf if byte == b'\n' => Ok(CHUNK_START),
            State::ChunkDataCr | State::ChunkDataLf => Err(BodyError::BadChunkEnd),
            State::Trailer => {
                Ok(if self.trailers.step(byte)? { State::Complete } else { State::Trailer })
            }
            other => Ok(other),
        }
    }

    fn step_size(&mut self, byte: u8, size: u64, digits: usize) -> Result<State, BodyError> {
        if let Some(digit) = char::from(byte).to_digit(16) {
            let size = size.checked_mul(16).ok_or(BodyError::BadChunkSize)?;
            if digits == CHUNK_SIZE_DIGITS_MAX {
                return Err(BodyError::BadChunkSize);
            }
            return Ok(State::ChunkSize { size: size + u64::from(digit), digits: digits + 1 });
        }
        match byte {
            _ if digits == 0 => Err(BodyError::BadChunkSize),
            b';' => self.step_extension(byte, size),
            b'\r' => Ok(State::ChunkSizeEnd { size }),
            _ => Err(BodyError::BadChunkSize),
        }
    }

    /// Extensions mean nothing to us and go no further. What may hide in them is a line end that another parser sees.
    fn step_extension(&mut self, byte: u8, size: u64) -> Result<State, BodyError> {
        match byte {
            b'\r' => return Ok(State::ChunkSizeEnd { size }),
            b'\t' | b' '..=b'~' => self.extension_bytes += 1,
            _ => return Err(BodyError::BadChunkExtension),
        }
        if self.extension_bytes > CHUNK_EXTENSION_BYTES_MAX {
            return Err(BodyError::ChunkExtensionsTooLarge);
        }
        Ok(State::ChunkExtension { size })
    }
}
