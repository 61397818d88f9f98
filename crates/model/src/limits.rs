//! Every limit of the request path that is not itself configurable, by name.
//!
//! Configurable ones have their bounds beside their type ([`crate::listener`], [`crate::target`], ...).

use std::time::Duration;

/// Cookies of our name that are tried before the rest is ignored.
pub const COOKIES_TRIED_MAX: usize = 4;

/// Groups whose homes one `AWSALBAPP` cookie holds; what a client brings beyond that is dropped.
pub const APP_BINDINGS_MAX: usize = 16;

/// Bytes of an application's session id; a longer one is none that we could keep or wrap.
pub const SESSION_ID_BYTES_MAX: usize = 512;

/// Session ids of one request that are tried, where several cookies have the name.
pub const SESSION_IDS_TRIED_MAX: usize = 4;

/// Parts of a session id that are tried as a target's id.
pub const ID_PARTS_TRIED_MAX: usize = 8;

/// How long an exchange lasts at least for its end to count as a visit of its session, beside its beginning.
pub const SEEN_AT_END_MIN: Duration = Duration::from_secs(60);

/// Bytes of a body in which a session id is looked for.
pub const ID_SEARCH_BYTES_MAX: usize = 8 * 1024;

/// Header fields that one head may carry at the most, whatever the configuration says.
pub const FIELDS_MAX: usize = 256;

/// Bytes of chunk extensions that one body may carry before it is refused.
pub const CHUNK_EXTENSION_BYTES_MAX: usize = 1024;

/// Hexadecimal digits of a chunk size.
pub const CHUNK_SIZE_DIGITS_MAX: usize = 16;

/// Bytes of trailers that one body may carry.
pub const TRAILER_BYTES_MAX: usize = 8 * 1024;

/// Interim (1xx) responses that one exchange relays.
pub const INTERIM_RESPONSES_MAX: usize = 32;

/// Targets that one request tries at the most, its first included.
pub const ATTEMPTS_MAX: usize = 3;

/// Retries that are always allowed per target group and worker, whatever the budget says, per second.
pub const RETRIES_FLOOR_PER_SECOND: u32 = 10;

/// Retries as a share of a target group's requests, in percent.
pub const RETRY_BUDGET_PERCENT: u32 = 20;

/// Connect failures in a row, on real traffic, that eject a target until its next good check.
pub const CONNECT_FAILURES_MAX: u32 = 3;

/// How long requests of one connection share a first home that no cookie carries yet.
pub const FIRST_HOME_WINDOW: Duration = Duration::from_secs(2);

/// Bytes that a lingering close, or a stream that has been answered before its end, reads and throws away, so that the peer gets to
/// read our answer.
pub const DRAIN_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How long it does so at the most.
pub const LINGER: Duration = Duration::from_secs(30);

/// How long it waits for more.
pub const LINGER_IDLE: Duration = Duration::from_secs(2);

/// How long an idle client connection may still say something once the process is on its way out.
pub const LEAVE_PATIENCE: Duration = Duration::from_secs(5);

/// Size of a pooled buffer, in bytes.
pub const BUFFER_BYTES: usize = 16 * 1024;

/// Size of the buffers for bodies that keep coming, in bytes. What costs is the number of writes, each of which may wake the
/// client's process: see `docs/benchmarks.md`.
pub const BODY_BUFFER_BYTES_MAX: usize = 1024 * 1024;

/// Buffers of that size that one worker has at the same time; bodies beyond that do with pooled ones.
pub const BODY_BUFFERS_MAX: usize = 16;

/// What is left of a body must be at least this many bytes for it to go through a pipe: below, a buffer is cheaper.
pub const SPLICE_BYTES_MIN: u64 = 64 * 1024;

/// Size of the pipes for large bodies where the system grants it, in bytes. Larger ones were no cheaper, and the pages that
/// pipes of one user may hold are limited: see `docs/benchmarks.md`.
pub const PIPE_BYTES_MAX: usize = 256 * 1024;

/// A pipe that holds less is of no use.
pub const PIPE_BYTES_MIN: usize = 64 * 1024;

/// Pipes that one worker has at the same time; bodies beyond that go through buffers.
pub const PIPES_MAX: usize = 16;

/// Idle buffers that one worker keeps.
pub const BUFFERS_IDLE_MAX: usize = 256;

/// Positions of heads that a worker keeps for further requests, some 2 kB each. Many requests of HTTP/2 run at the same time.
pub const SCRATCHES_IDLE_MAX: usize = 1024;

/// Idle upstream connections that one worker keeps for one target. A few clients with many streams each soon have that many requests at
/// the same time, and each connection beyond would be opened and closed for one of them.
pub const UPSTREAM_IDLE_MAX: usize = 1024;

/// Streams of one connection of HTTP/2 at the same time, as at ALB; a client that wants more waits.
pub const H2_STREAMS_MAX: u32 = 128;

/// Requests of one connection of HTTP/2, after which it is asked to end, as at ALB.
pub const H2_REQUESTS_MAX: u64 = 10_000;

/// Bytes that a peer may send on one stream of HTTP/2 before we have passed them on.
pub const H2_STREAM_WINDOW_BYTES: u32 = 256 * 1024;

/// Bytes that a peer may send on all streams of one connection before we have passed them on.
pub const H2_CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;

/// Bytes of one stream that wait for the peer to take them.
pub const H2_SEND_BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Streams that a client has reset and that are not forgotten yet; more end the connection (CVE-2023-44487).
pub const H2_RESETS_PENDING_MAX: usize = 20;

/// Streams that a client has made us reset; more end the connection (CVE-2025-8671).
pub const H2_RESETS_PROVOKED_MAX: usize = 200;

/// Streams that a client may reset at once, and how many more each second; more end the connection.
pub const H2_RESETS_MAX: u64 = 500;
/// See [`H2_RESETS_MAX`].
pub const H2_RESETS_PER_SECOND: u64 = 100;

/// WINDOW_UPDATE frames that a client may send at once beyond what it was sent, and how many more each second.
pub const H2_UPDATES_MAX: u64 = 20_000;
/// See [`H2_UPDATES_MAX`].
pub const H2_UPDATES_PER_SECOND: u64 = 2_000;

/// Frames that bring nothing on (PING, SETTINGS, PRIORITY, DATA without data, ...) that a client may send at once beyond one
/// for each that does and one for each KiB it was sent, and how many more each second.
pub const H2_IDLE_FRAMES_MAX: u64 = 1_000;
/// See [`H2_IDLE_FRAMES_MAX`].
pub const H2_IDLE_FRAMES_PER_SECOND: u64 = 100;

/// Bytes of a body in HTTP/2 that are kept until the target has taken them, so that another can be sent them.
pub const REPLAY_BYTES_MAX: usize = 16 * 1024;

/// Connections of HTTP/2 that one worker has to one target; beyond that, requests share them.
pub const UPSTREAM_H2_CONNECTIONS_MAX: usize = 16;

/// How long a client or a target may take for a TLS handshake, as ALB; 502 for a target.
pub const TLS_HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// Granularity of deadlines: on a worker that keeps up, one fires at most two of these late, and never early.
pub const WHEEL_TICK: Duration = Duration::from_millis(50);

/// How long accepting pauses when the process is out of descriptors.
pub const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);

/// Descriptors kept back for checks, files and the admin address.
pub const DESCRIPTORS_RESERVED: u64 = 256;

/// Targets of one group.
pub const TARGETS_MAX: usize = 10_000;

/// Targets of all groups that are leaving; of more, those that would end first are let go of at once.
pub const LEAVING_MAX: usize = 20_000;

/// Addresses that one DNS name may bring.
pub const ADDRESSES_PER_NAME_MAX: usize = 256;

/// Largest configuration file, in bytes.
pub const CONFIG_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Texts of the configuration that were in force and are kept for a rollback; of more, the oldest go.
pub const REVISIONS_KEPT_MAX: usize = 100;

/// Size at which the audit log makes way for a new one, in bytes.
pub const AUDIT_LOG_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Audit logs that made way and are kept.
pub const AUDIT_LOGS_KEPT: usize = 8;

/// Events that are remembered; older ones are in the audit log only.
pub const EVENTS_KEPT_MAX: usize = 1_000;

/// Longest text of an event, such as who it was or why it was refused, in bytes; what is longer is cut off.
pub const EVENT_TEXT_BYTES_MAX: usize = 1_024;

/// Resources that one event tells of.
pub const EVENT_RESOURCES_MAX: usize = 32;

/// What an event shows of what differs, in bytes; what is longer is cut off.
pub const EVENT_DIFF_BYTES_MAX: usize = 8 * 1024;

/// Longest line of the audit log that is read, in bytes: the longest that is written, in JSON, with every character escaped.
pub const EVENT_LINE_BYTES_MAX: usize = 1024 * 1024;

/// Errors of one configuration file that are told one by one; the rest is counted.
pub const CONFIG_ERRORS_MAX: usize = 100;

/// Access log records that one worker gathers before it hands them over, in bytes.
pub const ACCESS_LOG_BATCH_BYTES_MAX: usize = 64 * 1024;

/// Batches of access log records that wait for the writer; further ones are dropped and counted.
pub const ACCESS_LOG_BATCHES_MAX: usize = 64;

/// How often what workers have seen of sessions is collected, and counted.
pub const SESSIONS_COUNTED_EVERY: Duration = Duration::from_secs(2);

/// Targets whose sessions are collected in one go, before others get their turn on the control thread.
pub const SESSIONS_COUNTED_AT_ONCE: usize = 64;

/// A session that was seen within this time is active.
pub const ACTIVE_SESSION_WINDOW: Duration = Duration::from_secs(5 * 60);

/// How long a session counts as live after it was last seen where its stickiness has no duration.
pub const LIVE_SESSION_WINDOW: Duration = Duration::from_secs(24 * 3600);

/// How long a slice of history is.
pub const HISTORY_SLICE: Duration = Duration::from_secs(10);

/// Slices of history that are kept: an hour.
pub const HISTORY_SLICES: usize = 360;

/// Target groups that have a history.
pub const HISTORY_GROUPS_MAX: usize = 256;

/// Targets of all groups that have one.
pub const HISTORY_TARGETS_MAX: usize = 1_000;

/// Bytes of an hour of one group or target: 135 for each slice, where 40 to 60 are usual. Of what takes more, the oldest slices go early.
pub const HISTORY_TRACK_BYTES_MAX: usize = 48 * 1024;

/// Targets that one answer about a group's history may have, beside the group.
pub const HISTORY_TARGETS_AT_ONCE_MAX: u64 = 50;

/// How often the configuration file and the key ring file are looked at. A file must look the same twice before it is read.
pub const FILE_POLL_EVERY: Duration = Duration::from_millis(500);

/// Largest key ring file, in bytes.
pub const KEY_RING_BYTES_MAX: u64 = 64 * 1024;

/// Largest file of certificates, keys or revocations, in bytes: the system's own bundle of authorities has a quarter of a MiB.
pub const CERTIFICATE_FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Largest chain that a client may show, in bytes of DER: it goes to targets in a header field, three characters for some bytes.
pub const CLIENT_CHAIN_BYTES_MAX: usize = 16 * 1024;

/// How often certificates are looked at for their age.
pub const CERTIFICATE_AGE_EVERY: Duration = Duration::from_secs(24 * 3600);

/// How long before its end a certificate is warned of.
pub const CERTIFICATE_WARNING: Duration = Duration::from_secs(14 * 24 * 3600);

/// TLS sessions with targets that one worker remembers for each target group.
pub const TARGET_SESSIONS_MAX: usize = 256;

/// Health checks that run at the same time.
pub const CHECKS_RUNNING_MAX: usize = 128;

/// DNS names that are asked for at the same time.
pub const LOOKUPS_RUNNING_MAX: usize = 32;

/// How long applying a configuration waits for the addresses of names that it brings.
pub const LOOKUP_PATIENCE: Duration = Duration::from_secs(5);

/// How long after a failure a DNS name is asked for again.
pub const LOOKUP_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// How long, beside one check's timeout, `/readyz` waits for the first check of every target.
pub const FIRST_CHECKS_PATIENCE: Duration = Duration::from_secs(5);

/// How often a change is planned anew because somebody else has written the configuration file meanwhile.
pub const CHANGE_TRIES_MAX: usize = 8;

/// Changes of desired state that wait for the one that is being made; whoever comes later is told to come again.
pub const CHANGES_WAITING_MAX: usize = 64;

/// Reloads that wait for the one that runs.
pub const RELOADS_WAITING_MAX: usize = 16;

/// Connections to the admin address at the same time; further ones wait.
pub const ADMIN_CONNECTIONS_MAX: usize = 1024;

/// How many of them one address may have that is not loopback; further ones are closed at once. Whoever has one address of IPv6 has
/// 64 bits of them, which count as one.
pub const ADMIN_CONNECTIONS_PER_PEER_MAX: usize = 128;

/// How long a new connection to the admin address may keep silent.
pub const ADMIN_FIRST_BYTE_WITHIN: Duration = Duration::from_secs(5);

/// Answers of its APIs that are made at the same time, beside everything else; further requests wait.
pub const ADMIN_ANSWERS_MAX: usize = 4;

/// Longest request head on the admin address, in bytes.
pub const ADMIN_HEAD_BYTES_MAX: usize = 16 * 1024;

/// How long a request head may take on the admin address, and how long a connection may lie idle.
pub const ADMIN_HEAD_WITHIN: Duration = Duration::from_secs(15);

/// Longest life of a connection to the admin address.
pub const ADMIN_CONNECTION_AGE_MAX: Duration = Duration::from_secs(300);

/// How long a client of the admin address may take nothing of what is sent to it.
pub const ADMIN_STALLED_MAX: Duration = Duration::from_secs(20);

/// How often streams of `/v1/live` tell what was counted since; as often as sessions are counted.
pub const LIVE_TICK: Duration = SESSIONS_COUNTED_EVERY;

/// Streams of `/v1/live` at the same time; whoever comes later is told to come again.
pub const LIVE_STREAMS_MAX: usize = 32;

/// How many of them one address may have that is not loopback.
pub const LIVE_STREAMS_PER_PEER_MAX: usize = 8;

/// How old a connection is when a stream on it ends: a little before [`ADMIN_CONNECTION_AGE_MAX`], so that it ends between two events.
pub const LIVE_ENDS_AT_AGE: Duration = Duration::from_secs(290);

/// Longest request body on the admin address, in bytes.
pub const ADMIN_BODY_BYTES_MAX: usize = 1024 * 1024;

/// How long a request body may take on the admin address.
pub const ADMIN_BODY_WITHIN: Duration = Duration::from_secs(15);

/// Wrong credentials that one address may send to the admin address at once; then it waits.
pub const ADMIN_FAILURES_MAX: u32 = 20;

/// How long until one of them is forgotten.
pub const ADMIN_FAILURE_FADES_AFTER: Duration = Duration::from_secs(3);

/// Addresses of which they are remembered.
pub const ADMIN_FAILERS_MAX: usize = 1024;

/// How long a self-test that was started at the admin address may take; then it has failed.
pub const CHECK_DEADLINE: Duration = Duration::from_secs(300);

/// Self-tests that the admin address remembers; of more, the oldest go.
pub const CHECKS_KEPT_MAX: usize = 10;

/// Fresh clients that a self-test started there may have.
pub const CHECK_CLIENTS_MAX: usize = 100;

/// Lines of progress that are kept of a self-test.
pub const CHECK_LINES_MAX: usize = 100;

/// Longest text of a self-test: a line, or a path, host or expression that is asked for, in bytes.
pub const CHECK_TEXT_BYTES_MAX: usize = 2_048;

/// Largest report of a self-test that is kept, in bytes.
pub const CHECK_REPORT_BYTES_MAX: usize = 256 * 1024;

/// People signed in to the console at the same time; one more, and who did nothing for longest has to sign in again.
pub const CONSOLE_SESSIONS_MAX: usize = 256;

/// How long a session of the console lasts in which nobody does anything.
pub const CONSOLE_SESSION_IDLE_MAX: Duration = Duration::from_secs(30 * 60);

/// How long it lasts at most.
pub const CONSOLE_SESSION_AGE_MAX: Duration = Duration::from_secs(12 * 60 * 60);

/// Recent requests that are kept for those who ask why one went where it went, of all workers together.
pub const RECENT_REQUESTS_MAX: usize = 500;

/// How long a worker keeps no further request of the usual kind after it has kept one.
pub const RECENT_EVERY: Duration = Duration::from_millis(20);

/// The same for requests to one target group, so that a busy one leaves room for the others.
pub const RECENT_GROUP_EVERY: Duration = Duration::from_millis(100);

/// Requests with one verdict that is not usual, or with an error of ours, that one worker keeps in a second.
pub const RECENT_UNUSUAL_PER_SECOND: u32 = 10;

/// Bytes of a recent request's path that are shown.
pub const RECENT_PATH_BYTES_MAX: usize = 256;

/// Bytes of a recent request's head that are kept to explain it; of a longer one none are.
pub const RECENT_HEAD_BYTES_MAX: usize = 4 * 1024;
