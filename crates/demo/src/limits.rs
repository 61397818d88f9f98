//! Every limit of the demo, by name. None of them bounds Clingfish itself.

use std::time::Duration;

/// Sessions that one instance remembers; the one that was idle longest makes room.
pub(crate) const SESSIONS_MAX: usize = 1000;

/// How long an idle session is remembered.
pub(crate) const SESSION_IDLE: Duration = Duration::from_secs(3600);

/// Things in one cart.
pub(crate) const CART_ITEMS_MAX: usize = 20;

/// Characters of a visitor's name or of a thing in a cart.
pub(crate) const TEXT_CHARS_MAX: usize = 40;

/// Body of a request to an instance, in bytes.
pub(crate) const REQUEST_BODY_BYTES_MAX: usize = 4 * 1024;

/// Body of an answer that a visitor of the story reads, in bytes.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Connections and WebSockets of one instance at the same time.
pub(crate) const CONNECTIONS_MAX: usize = 256;

/// WebSockets that wait for their task.
pub(crate) const TUNNELS_WAITING_MAX: usize = 16;

/// Message of a WebSocket, in bytes.
pub(crate) const MESSAGE_BYTES_MAX: usize = 4 * 1024;

/// How long a WebSocket on which nobody says anything stays open.
pub(crate) const ECHO_IDLE: Duration = Duration::from_secs(600);

/// How long a connection waits for its next request. Longer than any balancer keeps one idle.
pub(crate) const HEAD_WAIT: Duration = Duration::from_secs(600);

/// How long an instance that stops finishes what runs.
pub(crate) const STOP_GRACE: Duration = Duration::from_millis(500);

/// Wishes of the page that wait for their turn.
pub(crate) const ASKS_MAX: usize = 8;

/// How long a visitor of the story waits for one answer.
pub(crate) const ANSWER_DEADLINE: Duration = Duration::from_secs(20);

/// How long the story waits for something that takes Clingfish a few health checks.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// How long a visitor waits before the page is loaded once more.
pub(crate) const RELOAD_PAUSE: Duration = Duration::from_millis(50);
