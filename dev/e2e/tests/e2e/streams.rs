//! What has no end that is near: WebSockets, server-sent events, large bodies.

mod bodies;
mod events;
mod kept;
mod splice;
mod websockets;
