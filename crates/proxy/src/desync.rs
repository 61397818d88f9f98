//! What becomes of requests that are not compliant: see `docs/desync.md`.

use clingfish_h1::{
    RequestFraming,
    desync::{Class, Reason, Treatment, classify_refused, treat},
};
use clingfish_model::DesyncMode;
use clingfish_telemetry::WorkerMeter;

use crate::{outcome::Outcome, refusal::Refusal};

/// A request that goes through in isolation is the last of its connection.
pub(crate) fn admit(framing: RequestFraming, mode: DesyncMode) -> RequestFraming {
    let isolated = treat(mode, framing.desync) == Treatment::Isolate;
    RequestFraming { persistent: framing.persistent && !isolated, ..framing }
}

/// Takes down what came of a head that was refused, and its class. What is severe is a 400 whatever else is wrong with it, unless all is only watched.
pub(crate) fn refuse(
    refusal: Refusal,
    bytes: &[u8],
    mode: DesyncMode,
    outcome: &mut Outcome,
) -> Refusal {
    outcome.received_bytes = bytes.len() as u64;
    let Refusal::Head(error) = refusal else { return refusal };
    outcome.desync = classify_refused(bytes, error);
    let is_severe = outcome.desync.is_some_and(|reason| reason.class() == Class::Severe);
    if is_severe && mode != DesyncMode::Monitor { Refusal::SevereHead(error) } else { refusal }
}

/// Counts a request by its class.
pub(crate) fn count(reason: Reason, meter: &WorkerMeter) {
    let counters = &meter.non_compliant;
    match reason.class() {
        Class::Acceptable => counters.acceptable.increment(),
        Class::Ambiguous => counters.ambiguous.increment(),
        Class::Severe => counters.severe.increment(),
    }
}
