//! What is true now, as a stream of events.

use std::sync::Arc;

use hyper::{
    Method, StatusCode,
    header::{HeaderName, HeaderValue},
};

use super::{Fault, enforced};
use crate::admin::{
    asked::{Answer, Asked},
    content::{Content, Events},
    desk::Desk,
    live::{Feed, Visitor},
};

const EVENTS: &str = "text/event-stream";

/// nginx keeps an answer back until it is whole, unless this says otherwise.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Opens a stream.
pub(super) fn open(desk: &Arc<Desk>, asked: &Asked) -> Result<Answer, Fault> {
    let in_force = enforced(desk)?.admin;
    let events = if asked.method == Method::HEAD {
        Events::none()
    } else {
        let peer = asked.arrival.peer(&asked.headers, &in_force);
        let seat = desk.live.join(peer.address).map_err(Fault::too_many)?;
        let visitor = Visitor::new(asked.headers.clone(), asked.arrival);
        Events::of(Feed::new(desk, seat, visitor))
    };
    let answer = Answer::new(StatusCode::OK, EVENTS, "");
    let answer = Answer { body: Content::Events(events), ..answer };
    Ok(answer.with(BUFFERING, HeaderValue::from_static("no")))
}
