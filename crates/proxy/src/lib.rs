//! The data plane: one request, from accept to log.
//!
//! Rank 3. One thread per core, each with its own listeners, buffers, upstream connections and counters (`worker`). A request
//! is a straight line through the rooms, strung together by `exchange`, the only place that does effects in order and that retries.
//! Control reaches in through [`Workers`] alone, which implements [`clingfish_snapshot::Doors`].

mod accept;
mod answer;
mod attempt;
mod boxed;
mod buffer;
mod chosen_group;
mod clock;
mod connection;
mod deadline;
mod desync;
mod door;
mod doors;
mod entropy;
mod exchange;
mod first_home;
mod fields;
mod forward;
mod forwarded_for;
mod greet;
mod http2;
mod identity;
mod inbound;
mod outcome;
mod preamble;
mod presence;
mod receive;
mod refusal;
mod relay;
mod reply;
mod retry;
mod rule;
mod sample;
mod serve;
mod sink;
mod sockets;
mod source;
mod splice;
mod stamp;
mod stream;
mod streams;
mod ticker;
mod tunnel;
mod upload;
mod upstream;
mod view;
mod wire;
mod worker;

pub use doors::Workers;
pub use sockets::{Inheritance, Inherited};
