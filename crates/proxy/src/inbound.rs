//! Room `inbound`: bytes become a request head, or a refusal.

use clingfish_h1::{Progress, RequestFraming, parse_request};
use clingfish_model::{
    LoadBalancer,
    head::{RequestParts, ResponseParts},
};
use tokio::net::tcp::ReadHalf;

use crate::{
    buffer::Buffer,
    deadline::Deadline,
    refusal::Refusal,
    wire::{self, WireError},
};

/// Positions that one exchange needs; used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) request: RequestParts,
    pub(crate) response: ResponseParts,
    /// X-Amzn-Trace-Id as the target sees it.
    pub(crate) trace: Vec<u8>,
}

/// Reads until a head is complete at the front of `input`. `None`: the client closed, or its time is over, before it said anything.
pub(crate) async fn read_head(
    client: &mut ReadHalf<'_>,
    input: &mut Buffer,
    balancer: &LoadBalancer,
    parts: &mut RequestParts,
    deadline: &Deadline,
) -> Result<Option<RequestFraming>, Refusal> {
    let (limits, head_timeout) = (&balancer.request_limits, balancer.timeouts.head);
    let mut seen = 0;
    loop {
        if !input.is_empty() {
            match parse_request(input, seen, limits, parts).map_err(Refusal::Head)? {
                Progress::Complete(framing) => return Ok(Some(framing)),
                Progress::Partial if seen == 0 => deadline.set(head_timeout),
                Progress::Partial => {}
            }
            seen = input.len();
        }
        if input.len() == input.capacity() {
            // A partial head that fills it is within its limits still: `parse_request` has seen to that.
            let len = input.len();
            input.reserve(len);
        }
        match wire::fill(client, input, deadline).await {
            Ok(0) if input.is_empty() => return Ok(None),
            Ok(0) => return Err(Refusal::ClientGone),
            Ok(_) => {}
            Err(WireError::Expired) if input.is_empty() => return Ok(None),
            Err(WireError::Expired) => return Err(Refusal::HeadTimeout),
            Err(WireError::Broken) if input.is_empty() => return Ok(None),
            Err(WireError::Broken) => return Err(Refusal::ClientGone),
        }
    }
}
