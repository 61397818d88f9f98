//! The control plane as a whole, over real files and sockets.

mod admin;
mod health;
mod reload;
mod stage;
mod tls;
