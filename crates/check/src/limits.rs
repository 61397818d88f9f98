//! Every limit of the self-test, by name.

use std::time::Duration;

/// Fresh clients, unless something else is asked for.
pub const FRESH_CLIENTS: usize = 20;

/// Fewest fresh clients that say anything.
pub const FRESH_CLIENTS_MIN: usize = 4;

/// Requests in all, unless something else is asked for. A whole run takes about 200.
pub const REQUESTS_TOTAL_MAX: usize = 600;

/// Requests per second, unless something else is asked for: what a few people cause who click about.
pub const REQUESTS_PER_SECOND: u32 = 20;

/// Requests at the same time, unless something else is asked for.
pub const PARALLEL: usize = 4;

/// Longest life of a cookie that is waited for, unless something else is asked for.
pub const EXPIRY_MAX: Duration = Duration::from_secs(10);

/// How long one answer may take, and one connection.
pub const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

/// How long a WebSocket may take to say something.
pub const WEBSOCKET_DEADLINE: Duration = Duration::from_secs(2);

/// How long a balancer may take to notice that a target is gone, unless something else is asked for.
pub const ABSENCE_GRACE: Duration = Duration::from_secs(15);

/// Body of an answer that is looked at, in bytes. The rest is read and dropped.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// Body of an answer that is read at all, in bytes: after that the connection is closed.
pub const BODY_BYTES_READ_MAX: usize = 8 * 1024 * 1024;

/// Words of a body that are compared.
pub const BODY_WORDS_MAX: usize = 2000;

/// Cookies of one client; browsers keep about 180 of a site.
pub const COOKIES_MAX: usize = 60;

/// Clients that come again and again.
pub const RETURNING_CLIENTS: usize = 8;

/// How many of them are looked at where each costs several requests.
pub const SAMPLED_CLIENTS: usize = 4;

/// How often each of them comes again on its connection, and as often on new ones.
pub const RETURNS: usize = 4;

/// How often a thing is repeated where chance could play a part.
pub const REPEATS: usize = 4;

/// Rounds of parallel first requests.
pub const PARALLEL_ROUNDS: usize = 3;

/// Cookies that are tried one by one.
pub const COOKIES_TRIED_MAX: usize = 8;

/// Bytes of name and value of a cookie that browsers keep.
pub const COOKIE_BYTES_MAX: usize = 4096;

/// How far `Expires` and `Max-Age` may be apart, in seconds: a clock may be a little off.
pub const LIFE_TOLERANCE: i64 = 60;
