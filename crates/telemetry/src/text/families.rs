//! Every family: name, type, labels and meaning. `docs/metrics.md` has the same table, and a test compares them.

/// One family of samples.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name, which never changes its meaning.
    pub name: &'static str,
    /// What its numbers are.
    pub kind: Kind,
    /// Its labels, in the order of their values in the text.
    pub labels: &'static [&'static str],
    /// One sentence for people.
    pub help: &'static str,
}

/// What a family's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by bucket, with sum and count.
    Histogram,
}

impl Kind {
    /// Prometheus' word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

macro_rules! families {
    ($($id:ident = $kind:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(pub(crate) const $id: Family = Family {
            name: concat!("clingfish_", $name),
            kind: Kind::$kind,
            labels: &[$($label),*],
            help: $help,
        };)*

        /// Every family, in the order of the text.
        pub const ALL: &[Family] = &[$($id),*];
    };
}

families! {
    BUILD_INFO = Gauge "build_info" ["version", "commit"]
        "Always 1; the labels say which program this is.";
    PROCESS_INFO = Gauge "process_info" ["pid", "generation"]
        "Always 1; the generation grows by one with each process that takes over from another.";
    START_TIME = Gauge "start_time_seconds" []
        "When the process started, in seconds since 1970.";
    READY = Gauge "ready" []
        "Whether the process is ready for requests: 1 or 0.";
    WORKERS = Gauge "workers" []
        "Data plane threads.";
    SNAPSHOT_REVISION = Gauge "snapshot_revision" []
        "Revision of the snapshot that requests use; 0 before the first.";
    SNAPSHOT_PUBLISHED = Gauge "snapshot_published_time_seconds" []
        "When that snapshot was published, in seconds since 1970; absent before the first.";
    RELOADS = Counter "reloads_total" ["result"]
        "Configurations read since the start: applied, or refused because they were invalid.";
    UPGRADES_FAILED = Counter "upgrades_failed_total" []
        "New processes that this one started and that did not take over.";
    TARGET_GROUPS = Gauge "target_groups" []
        "Target groups of the snapshot that requests use.";
    LISTENER_INFO = Gauge "listener_info" ["listener", "load_balancer", "address", "target_group"]
        "Always 1 for each listener that accepts; the address has the port that the system chose.";
    KEY_CREATED = Gauge "key_created_time_seconds" ["key", "state"]
        "When each key of the key ring was made, in seconds since 1970.";
    CERTIFICATE_EXPIRES = Gauge "certificate_expires_time_seconds" ["certificate"]
        "When each certificate with a key expires, in seconds since 1970; the label is its file.";
    CERTIFICATES_KEPT = Gauge "certificates_kept" []
        "Certificates and trust stores in use whose files have become unusable.";
    CERTIFICATE_RELOADS = Counter "certificate_reloads_total" ["result"]
        "Times that files for TLS had changed: applied, or refused because one was unusable.";
    REQUESTS = Counter "requests_total" []
        "Requests whose head was read, refused ones included.";
    CONNECTIONS_ACCEPTED = Counter "connections_accepted_total" []
        "Client connections accepted.";
    CONNECTIONS_REFUSED = Counter "connections_refused_total" []
        "Client connections closed at once because there were too many.";
    CONNECTIONS_ACTIVE = Gauge "connections_active" []
        "Client connections open now.";
    CONNECTIONS_IDLE = Gauge "connections_idle" []
        "Client connections open now that wait for their next request.";
    TUNNELS_ACTIVE = Gauge "websocket_tunnels_active" []
        "WebSocket tunnels open now.";
    SESSION_STREAMS = Gauge "session_streams_active" []
        "WebSockets and event streams open now that keep their session alive.";
    STREAM_SESSIONS_NOTED = Counter "stream_sessions_noted_total" []
        "Sessions that came into the table of those with streams.";
    STREAM_SESSIONS_EVICTED = Counter "stream_sessions_evicted_total" []
        "Sessions that left that table early because it was full.";
    STREAM_SESSIONS_REFUSED = Counter "stream_sessions_refused_total" []
        "Sessions that did not get into it because it was full of open streams.";
    STREAM_SESSIONS_KEPT = Counter "stream_sessions_kept_total" []
        "Requests whose token had expired, but for a stream of its session.";
    UPSTREAM_CONNECTS = Counter "upstream_connects_total" []
        "Connections opened to targets.";
    UPSTREAM_REUSES = Counter "upstream_reuses_total" []
        "Requests sent on a connection to a target that was open already.";
    TLS_HANDSHAKES = Counter "tls_handshakes_total" []
        "Full TLS handshakes with clients.";
    TLS_RESUMPTIONS = Counter "tls_resumptions_total" []
        "TLS handshakes with clients that a ticket made short.";
    TLS_HANDSHAKES_FAILED = Counter "tls_handshakes_failed_total" []
        "TLS handshakes with clients that came to nothing.";
    PANICS = Counter "panics_total" []
        "Requests that ended in a panic of ours; each is a bug.";
    DROPPED_INVALID_HEADERS = Counter "dropped_invalid_header_requests_total" []
        "Requests of which header fields with invalid names were dropped.";
    NON_COMPLIANT = Counter "non_compliant_requests_total" ["class"]
        "Requests that are not compliant with the RFCs of HTTP, by ALB's desync class; refused ones included.";
    PREAMBLES_REFUSED = Counter "proxy_protocol_refused_total" ["reason"]
        "Client connections closed because of their PROXY header, or who sent it, by cause; causes that never occurred are absent.";
    OWN_ANSWERS = Counter "own_answers_total" ["status", "reason"]
        "Answers that no target gave, by status and cause.";
    LOG_WRITTEN = Counter "access_log_lines_total" []
        "Access log lines written.";
    LOG_LOST = Counter "access_log_lines_lost_total" []
        "Access log lines lost because the writer was behind or could not write.";
    ADMIN_REFUSED = Counter "admin_refused_total" ["reason"]
        "Requests to the admin address refused for who sent them, or on whose behalf, by cause.";
    GROUP_REQUESTS = Counter "target_group_requests_total" ["target_group", "class", "verdict"]
        "Requests by class of the status sent and by verdict; combinations that never occurred are absent.";
    GROUP_CHOICES = Counter "target_group_choices_total" ["target_group", "verdict"]
        "Requests that a forward with group stickiness sent to the group, by the verdict on their group; verdicts that never occurred are absent.";
    GROUP_DURATION = Histogram "target_group_request_duration_seconds" ["target_group"]
        "From the first byte of a request to the last byte of its response.";
    GROUP_RESPONSE = Histogram "target_group_target_response_seconds" ["target_group"]
        "From the request sent to a target to the head of its answer.";
    GROUP_RECEIVED = Counter "target_group_received_bytes_total" ["target_group"]
        "Bytes that came from clients.";
    GROUP_SENT = Counter "target_group_sent_bytes_total" ["target_group"]
        "Bytes that went to clients.";
    GROUP_RETRIES = Counter "target_group_retries_total" ["target_group"]
        "Further attempts after a failed one.";
    GROUP_RETRIES_REFUSED = Counter "target_group_retries_refused_total" ["target_group"]
        "Retries that the budget did not allow.";
    GROUP_SESSIONS = Counter "target_group_sessions_created_total" ["target_group"]
        "New bindings given to clients.";
    GROUP_ID_SEARCHES = Counter "target_group_id_searches_given_up_total" ["target_group"]
        "Bodies in which a session id was looked for in vain: compressed, not what was expected, or without one in their beginning.";
    GROUP_IDS_NOT_WRAPPED = Counter "target_group_ids_not_wrapped_total" ["target_group"]
        "Session ids that went out as they were, since they are too long for an envelope.";
    GROUP_FAIL_OPEN = Counter "target_group_fail_open_requests_total" ["target_group"]
        "Placements on targets that were out, as too few of those that take new sessions were healthy.";
    LEARNED_SESSIONS = Gauge "learned_sessions" ["target_group"]
        "Session ids in the table, expired ones that nobody has met included.";
    LEARNED_EVENTS = Counter "learned_session_events_total" ["target_group", "event"]
        "What happened in the table: found, missed, learned, renewed, moved, refused, forgotten, expired, evicted_full, evicted_quota.";
    GROUP_TARGETS = Gauge "target_group_targets" ["target_group", "state"]
        "Targets by state; states that no target is in are absent, but for healthy.";
    GROUP_ANOMALOUS = Gauge "target_group_anomalous_targets" ["target_group"]
        "Healthy targets that fail more than their peers.";
    GROUP_MITIGATED = Gauge "target_group_mitigated_targets" ["target_group"]
        "Targets that get less because they failed more than their peers.";
    TARGET_REQUESTS = Counter "target_requests_total" ["target_group", "target"]
        "Requests that ended at the target: one that was retried counts at the target tried last.";
    TARGET_5XX = Counter "target_responses_5xx_total" ["target_group", "target"]
        "Answers of the target with a status of 500 or more.";
    TARGET_CONNECT_FAILURES = Counter "target_connect_failures_total" ["target_group", "target"]
        "Connects to the target that failed on real traffic.";
    TARGET_VERDICTS = Counter "target_verdicts_total" ["target_group", "target", "verdict"]
        "Requests sent to the target by verdict, where there is stickiness; verdicts that never occurred are absent.";
    TARGET_ROUTABLE = Gauge "target_routable" ["target_group", "target"]
        "Whether health lets the target get requests: 1 or 0.";
    TARGET_ANOMALOUS = Gauge "target_anomalous" ["target_group", "target"]
        "Whether the target fails more than its peers: 1 or 0.";
    TARGET_SHARE = Gauge "target_share" ["target_group", "target"]
        "How much of its weight the target counts for: 1, or less in slow start or while mitigated.";
    TARGET_STATE = Gauge "target_state_info" ["target_group", "target", "address", "state", "reason"]
        "Always 1; the labels say where the target listens, its state and the reason code.";
    TARGET_IN_FLIGHT = Gauge "target_requests_in_flight" ["target_group", "target"]
        "Requests that run on the target now.";
    TARGET_SESSIONS = Gauge "target_sessions" ["target_group", "target", "window"]
        "Sessions that live on the target and were seen within the window: the duration of the group's stickiness, or five minutes.";
}
