//! The control plane as a whole, over real files and sockets.

mod access;
mod admin;
mod admin_tls;
mod api;
mod console;
mod health;
mod live;
mod reload;
mod stage;
mod tls;

pub(crate) use stage::FakeChecker;
