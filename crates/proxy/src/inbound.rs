//! Room `inbound`: bytes become a request head, or a refusal.

use clingfish_h1::{Progress, RequestFraming, parse_request};
use clingfish_model::{
    LoadBalancer,
    head::{RequestParts, ResponseParts},
};

use crate::{
    buffer::Buffer,
    deadline::Deadline,
    desync,
    refusal::Refusal,
    stream::Reads,
    wire::{self, WireError},
};

/// Positions that one exchange needs; used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) request: RequestParts,
    pub(crate) response: ResponseParts,
    /// X-Amzn-Trace-Id as the target sees it.
    pub(crate) trace: Vec<u8>,
    /// A request head that came in frames. Many streams wait at the same time: each keeps as much as its head has, not a whole buffer.
    pub(crate) head: Vec<u8>,
}

/// Room for the head of a stream, to begin with. Beyond it, what has grown is not kept.
const HEAD_BYTES: usize = 1024;

impl Scratch {
    /// Makes room for a head.
    pub(crate) fn make_room(&mut self) {
        self.head.clear();
        self.head.reserve(HEAD_BYTES);
    }

    /// Lets go of what only a large head needs.
    pub(crate) fn trim(&mut self) {
        if self.head.capacity() > HEAD_BYTES {
            self.head = Vec::new();
        }
    }
}

/// What reading a head came to.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A head, complete at the front of the input.
    Request(RequestFraming),
    /// Nothing yet.
    Nothing,
    /// The client closed before it said anything.
    End,
}

/// Reads until a head is complete at the front of `input`.
pub(crate) async fn read_head(
    client: &mut Reads<'_>,
    input: &mut Buffer,
    balancer: &LoadBalancer,
    parts: &mut RequestParts,
    deadline: &Deadline,
) -> Result<Heard, Refusal> {
    let (limits, head_timeout) = (&balancer.request_limits, balancer.timeouts.head);
    if input.is_empty() {
        match wire::fill_now(client, input).await {
            None => return Ok(Heard::Nothing),
            Some(Ok(0) | Err(_)) => return Ok(Heard::End),
            Some(Ok(_)) => {}
        }
    }
    let mut seen = 0;
    loop {
        match parse_request(input, seen, limits, parts).map_err(Refusal::Head)? {
            Progress::Complete(framing) => {
                let framing = desync::admit(framing, balancer.desync_mode);
                normalize_path(input, parts, balancer)?;
                return Ok(Heard::Request(framing));
            }
            Progress::Partial if seen == 0 => deadline.set(head_timeout),
            Progress::Partial => {}
        }
        seen = input.len();
        if input.len() == input.capacity() {
            // A partial head that fills it is within its limits still: `parse_request` has seen to that.
            let len = input.len();
            input.reserve(len);
        }
        match wire::fill(client, input, deadline).await {
            Ok(0) | Err(WireError::Broken) => return Err(Refusal::ClientGone),
            Ok(_) => {}
            Err(WireError::Expired) => return Err(Refusal::HeadTimeout),
        }
    }
}

/// From here on there is one form of the path: rules match on it, and targets get it.
pub(crate) fn normalize_path(
    bytes: &mut [u8],
    parts: &mut RequestParts,
    balancer: &LoadBalancer,
) -> Result<(), Refusal> {
    parts.sent_path_and_query = None;
    if balancer.path_normalization {
        parts.normalize_path(bytes).map_err(Refusal::Path)?;
    }
    Ok(())
}
