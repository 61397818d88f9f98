//! What has no end that is near: WebSockets, server-sent events, large bodies.

mod bodies;
mod events;
mod splice;
mod websockets;
