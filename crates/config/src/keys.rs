//! Every key that a file may have. The documentation is tested against these tables.

mod kept;

pub(crate) use kept::{
    ACCESS_KEY, AWS, CLASSIC, CLASSIC_LISTENER, CLASSIC_POLICY, STORED_CERTIFICATE, SUBNET, TOKEN,
    TRUST_STORE,
};

/// One setting and the ways to write it.
pub(crate) struct Key {
    /// As the documentation writes it.
    pub(crate) name: &'static str,
    /// Other names for the same thing: ELBv2's, or a short form.
    pub(crate) also: &'static [&'static str],
}

/// The keys of one kind of table.
pub(crate) struct Schema {
    /// How the table is written, such as `[target_groups.NAME]`.
    pub(crate) title: &'static str,
    pub(crate) keys: &'static [Key],
    /// ELBv2 attributes that exist at AWS and that this version does not know. A final dot stands for all that begin so.
    pub(crate) aws: &'static [&'static str],
}

const fn key(name: &'static str) -> Key {
    Key { name, also: &[] }
}

const fn with(name: &'static str, also: &'static [&'static str]) -> Key {
    Key { name, also }
}

/// All of them, for documentation and for keys in the wrong place.
pub(crate) static ALL: [&Schema; 10] = [
    &ROOT,
    &SERVER,
    &ADMIN,
    &ACCESS_LOG,
    &AWS,
    &LOAD_BALANCER,
    &LISTENER,
    &RULE,
    &CONDITION,
    &TARGET_GROUP,
];

pub(crate) static ROOT: Schema = Schema {
    title: "the top level of the file",
    keys: &[
        key("server"),
        key("admin"),
        key("access_log"),
        key("aws"),
        key("load_balancers"),
        key("listeners"),
        key("target_groups"),
    ],
    aws: &[],
};

pub(crate) static SERVER: Schema = Schema {
    title: "[server]",
    keys: &[
        key("workers"),
        key("connections_max"),
        key("shutdown_pause"),
        key("shutdown_deadline"),
        key("availability_zone"),
        key("upgrade_timeout"),
        key("upgrade_deadline"),
    ],
    aws: &[],
};

pub(crate) static ADMIN: Schema = Schema {
    title: "[admin]",
    keys: &[
        key("bind"),
        key("hosts"),
        key("access_keys"),
        key("tokens"),
        key("tls.certificate"),
        key("tls.key"),
        key("trusted_proxies"),
        key("recent_requests"),
    ],
    aws: &[],
};

pub(crate) static ACCESS_LOG: Schema =
    Schema { title: "[access_log]", keys: &[key("sink"), key("format")], aws: &[] };

pub(crate) static LOAD_BALANCER: Schema = Schema {
    title: "[load_balancers.NAME]",
    keys: &[
        with("idle_timeout", &["idle_timeout.timeout_seconds"]),
        with("client_keep_alive", &["client_keep_alive.seconds"]),
        key("head_timeout"),
        key("websocket_idle_timeout"),
        key("body_rate_min"),
        key("request_line_max"),
        key("field_max"),
        key("head_max"),
        key("fields_max"),
        key("response_head_max"),
        key("body_max"),
        key("trusted_proxies"),
        with("preserve_host_header", &["routing.http.preserve_host_header.enabled"]),
        with("xff_client_port", &["routing.http.xff_client_port.enabled"]),
        with("xff_mode", &["routing.http.xff_header_processing.mode"]),
        with("tls_headers", &["routing.http.x_amzn_tls_version_and_cipher_suite.enabled"]),
        with("drop_invalid_header_fields", &["routing.http.drop_invalid_header_fields.enabled"]),
        key("path_normalization"),
        with("http2", &["routing.http2.enabled"]),
        with("desync_mitigation_mode", &["routing.http.desync_mitigation_mode"]),
        key("debug_header"),
        key("id"),
        key("created"),
        key("tags"),
        key("attributes"),
        key("scheme"),
        key("subnets"),
        key("security_groups"),
        key("ip_address_type"),
        key("dns_name"),
        key("classic"),
        with("access_log.enabled", &["access_logs.s3.enabled"]),
        with("access_log.folder", &["access_logs.s3.bucket"]),
        with("access_log.prefix", &["access_logs.s3.prefix"]),
    ],
    aws: &[
        "connection_logs.s3.",
        "deletion_protection.enabled",
        "health_check_logs.s3.",
        "ipv6.deny_all_igw_traffic",
        "load_balancing.cross_zone.enabled",
        "waf.fail_open.enabled",
        "zonal_shift.config.enabled",
    ],
};

pub(crate) static LISTENER: Schema = Schema {
    title: "[[listeners]]",
    keys: &[
        key("bind"),
        key("forward"),
        with(
            "group_stickiness.enabled",
            &["group_stickiness", "target_group_stickiness_config.enabled"],
        ),
        with("group_stickiness.duration", &["target_group_stickiness_config.duration_seconds"]),
        key("group_stickiness.style"),
        key("group_stickiness.cookie"),
        key("group_stickiness.failover"),
        key("redirect"),
        key("redirect.protocol"),
        key("redirect.host"),
        key("redirect.port"),
        key("redirect.path"),
        key("redirect.query"),
        with("redirect.status", &["redirect.status_code"]),
        key("fixed_response"),
        with("fixed_response.status", &["fixed_response.status_code"]),
        key("fixed_response.content_type"),
        with("fixed_response.body", &["fixed_response.message_body"]),
        key("rules"),
        key("name"),
        key("load_balancer"),
        key("protocol"),
        key("certificates"),
        key("tls_min_version"),
        key("ssl_policy"),
        key("mutual_authentication.mode"),
        key("mutual_authentication.trust_store"),
        key("mutual_authentication.trust_store_arn"),
        key("mutual_authentication.revocations"),
        key("mutual_authentication.ignore_client_certificate_expiry"),
        key("mutual_authentication.advertise_trust_store_ca_names"),
        key("proxy_protocol_from"),
        key("h2c"),
        with("server_header", &["routing.http.response.server.enabled"]),
        with(
            "response_headers.strict_transport_security",
            &["routing.http.response.strict_transport_security.header_value"],
        ),
        with(
            "response_headers.access_control_allow_origin",
            &["routing.http.response.access_control_allow_origin.header_value"],
        ),
        with(
            "response_headers.access_control_allow_methods",
            &["routing.http.response.access_control_allow_methods.header_value"],
        ),
        with(
            "response_headers.access_control_allow_headers",
            &["routing.http.response.access_control_allow_headers.header_value"],
        ),
        with(
            "response_headers.access_control_allow_credentials",
            &["routing.http.response.access_control_allow_credentials.header_value"],
        ),
        with(
            "response_headers.access_control_expose_headers",
            &["routing.http.response.access_control_expose_headers.header_value"],
        ),
        with(
            "response_headers.access_control_max_age",
            &["routing.http.response.access_control_max_age.header_value"],
        ),
        with(
            "response_headers.content_security_policy",
            &["routing.http.response.content_security_policy.header_value"],
        ),
        with(
            "response_headers.x_content_type_options",
            &["routing.http.response.x_content_type_options.header_value"],
        ),
        with(
            "response_headers.x_frame_options",
            &["routing.http.response.x_frame_options.header_value"],
        ),
        with(
            "request_header_names.mtls_clientcert",
            &["routing.http.request.x_amzn_mtls_clientcert.header_name"],
        ),
        with(
            "request_header_names.mtls_clientcert_serial_number",
            &["routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name"],
        ),
        with(
            "request_header_names.mtls_clientcert_issuer",
            &["routing.http.request.x_amzn_mtls_clientcert_issuer.header_name"],
        ),
        with(
            "request_header_names.mtls_clientcert_subject",
            &["routing.http.request.x_amzn_mtls_clientcert_subject.header_name"],
        ),
        with(
            "request_header_names.mtls_clientcert_validity",
            &["routing.http.request.x_amzn_mtls_clientcert_validity.header_name"],
        ),
        with(
            "request_header_names.mtls_clientcert_leaf",
            &["routing.http.request.x_amzn_mtls_clientcert_leaf.header_name"],
        ),
        with(
            "request_header_names.tls_version",
            &["routing.http.request.x_amzn_tls_version.header_name"],
        ),
        with(
            "request_header_names.tls_cipher_suite",
            &["routing.http.request.x_amzn_tls_cipher_suite.header_name"],
        ),
        key("id"),
        key("tags"),
        key("attributes"),
        key("default_rule_tags"),
        key("classic"),
    ],
    aws: &[],
};

pub(crate) static RULE: Schema = Schema {
    title: "[[listeners.rules]]",
    keys: &[
        key("priority"),
        key("conditions"),
        key("forward"),
        with(
            "group_stickiness.enabled",
            &["group_stickiness", "target_group_stickiness_config.enabled"],
        ),
        with("group_stickiness.duration", &["target_group_stickiness_config.duration_seconds"]),
        key("group_stickiness.style"),
        key("group_stickiness.cookie"),
        key("group_stickiness.failover"),
        key("redirect"),
        key("redirect.protocol"),
        key("redirect.host"),
        key("redirect.port"),
        key("redirect.path"),
        key("redirect.query"),
        with("redirect.status", &["redirect.status_code"]),
        key("fixed_response"),
        with("fixed_response.status", &["fixed_response.status_code"]),
        key("fixed_response.content_type"),
        with("fixed_response.body", &["fixed_response.message_body"]),
        key("transforms.host-header-rewrite.regex"),
        key("transforms.host-header-rewrite.replace"),
        key("transforms.url-rewrite.regex"),
        key("transforms.url-rewrite.replace"),
        key("id"),
        key("tags"),
    ],
    aws: &[],
};

pub(crate) static CONDITION: Schema = Schema {
    title: "conditions",
    keys: &[
        with("host-header", &["host_header"]),
        with("path-pattern", &["path_pattern"]),
        with("http-header", &["http_header"]),
        with("http-request-method", &["http_request_method"]),
        with("query-string", &["query_string"]),
        with("source-ip", &["source_ip"]),
    ],
    aws: &[],
};

/// Values of a condition, where some are regular expressions.
pub(crate) static VALUES: Schema =
    Schema { title: "a condition", keys: &[key("values"), key("regex_values")], aws: &[] };

pub(crate) static QUERY_PAIR: Schema =
    Schema { title: "a pair of query-string", keys: &[key("key"), key("value")], aws: &[] };

pub(crate) static TARGET_GROUP: Schema = Schema {
    title: "[target_groups.NAME]",
    keys: &[
        key("targets"),
        key("protocol"),
        key("protocol_version"),
        key("tls.ca"),
        key("tls.server_name"),
        key("tls.certificate"),
        key("tls.key"),
        with("algorithm", &["load_balancing.algorithm.type"]),
        with("anomaly_mitigation", &["load_balancing.algorithm.anomaly_mitigation"]),
        with("slow_start", &["slow_start.duration_seconds"]),
        with("cross_zone", &["load_balancing.cross_zone.enabled"]),
        with(
            "minimum_healthy.count",
            &["target_group_health.unhealthy_state_routing.minimum_healthy_targets.count"],
        ),
        with(
            "minimum_healthy.percentage",
            &["target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage"],
        ),
        key("target_group_health.dns_failover.minimum_healthy_targets.count"),
        key("target_group_health.dns_failover.minimum_healthy_targets.percentage"),
        with("deregistration_delay", &["deregistration_delay.timeout_seconds"]),
        key("connect_timeout"),
        key("response_timeout"),
        with("proxy_protocol", &["proxy_protocol_v2.enabled"]),
        with("stickiness.enabled", &["stickiness"]),
        key("stickiness.type"),
        with(
            "stickiness.duration",
            &["stickiness.lb_cookie.duration_seconds", "stickiness.app_cookie.duration_seconds"],
        ),
        with("stickiness.app_cookie", &["stickiness.app_cookie.cookie_name"]),
        key("stickiness.preset"),
        key("stickiness.import"),
        key("stickiness.header"),
        key("stickiness.query"),
        key("stickiness.key"),
        key("stickiness.load_factor"),
        key("stickiness.ipv4_prefix"),
        key("stickiness.ipv6_prefix"),
        key("stickiness.in"),
        key("stickiness.separator"),
        key("stickiness.from"),
        key("stickiness.path_prefix"),
        key("stickiness.sessions_max"),
        key("stickiness.sessions_per_client_max"),
        key("stickiness.fallback"),
        key("stickiness.absolute"),
        key("stickiness.style"),
        key("stickiness.on_cacheable"),
        key("stickiness.forward_tokens"),
        with("stickiness.cookie", &["stickiness.cookie_name"]),
        key("stickiness.path"),
        key("stickiness.domain"),
        key("stickiness.http_only"),
        key("stickiness.same_site"),
        key("stickiness.secure"),
        key("stickiness.partitioned"),
        key("stickiness.browser_session"),
        key("stickiness.cross_site"),
        key("stickiness.host_prefix"),
        with("health_check.enabled", &["health_check", "health_check_enabled"]),
        with("health_check.protocol", &["health_check_protocol"]),
        with("health_check.path", &["health_check_path"]),
        with("health_check.port", &["health_check_port"]),
        with("health_check.interval", &["health_check_interval_seconds"]),
        with("health_check.timeout", &["health_check_timeout_seconds"]),
        with("health_check.healthy_threshold", &["healthy_threshold_count"]),
        with("health_check.unhealthy_threshold", &["unhealthy_threshold_count"]),
        with("health_check.matcher", &["matcher.http_code", "matcher.grpc_code"]),
        key("health_check.drain_status"),
        key("health_check.drain_header"),
        key("id"),
        key("created"),
        key("tags"),
        key("attributes"),
        key("target_type"),
        key("port"),
        key("vpc"),
        key("ip_address_type"),
    ],
    aws: &["lambda.multi_value_headers.enabled"],
};

pub(crate) static TARGET: Schema = Schema {
    title: "a target",
    keys: &[key("id"), key("address"), key("weight"), key("zone"), key("drain"), key("known_as")],
    aws: &[],
};

pub(crate) static IMPORT: Schema = Schema {
    title: "an import",
    keys: &[
        key("from"),
        key("cookie"),
        key("until"),
        key("key"),
        key("max_idle"),
        key("max_life"),
        key("backend"),
        key("first"),
    ],
    aws: &[],
};

pub(crate) static CERTIFICATE: Schema = Schema {
    title: "a certificate",
    keys: &[key("certificate"), key("key"), key("ocsp"), key("arn")],
    aws: &[],
};

/// What other balancers call it, for words too far from ours to be found by their letters.
pub(crate) const SYNONYMS: &[(&str, &str)] = &[
    ("backend", "forward"),
    ("backends", "target_groups"),
    ("cert", "certificate"),
    ("cert_file", "certificate"),
    ("client_ca", "trust_store"),
    ("crl", "revocations"),
    ("health", "health_check"),
    ("key_file", "key"),
    ("host", "host-header"),
    ("headers", "http-header"),
    ("header", "http-header"),
    ("method", "http-request-method"),
    ("path", "path-pattern"),
    ("query", "query-string"),
    ("regex", "regex_values"),
    ("routes", "rules"),
    ("match", "conditions"),
    ("rewrite", "transforms"),
    ("listen", "bind"),
    ("max_age", "duration"),
    ("members", "targets"),
    ("servers", "targets"),
    ("sni", "server_name"),
    ("ssl", "protocol"),
    ("ssl_certificate", "certificates"),
    ("sticky", "stickiness"),
    ("target_group", "forward"),
    ("timeout_seconds", "timeout"),
    ("tls", "protocol"),
    ("ttl", "duration"),
    ("upstream", "forward"),
    ("upstreams", "target_groups"),
    ("url", "address"),
    ("verify", "ca"),
];

impl Key {
    /// All ways to write it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.also.iter().copied())
    }
}

impl Schema {
    /// The setting of that name, and the name.
    pub(crate) fn find(&self, written: &str) -> Option<(&'static Key, &'static str)> {
        // Most names differ in their lengths already; a file with thousands of tables asks for tens of thousands of keys.
        let is_it = |name: &&'static str| name.len() == written.len() && *name == written;
        self.keys.iter().find_map(|key| Some((key, key.names().find(is_it)?)))
    }

    /// All names of all settings.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().flat_map(Key::names)
    }

    /// Whether names go on below `written`, so that it may be a table.
    pub(crate) fn goes_on_below(&self, written: &str) -> bool {
        if written.is_empty() {
            return true;
        }
        self.names().chain(self.aws.iter().copied()).any(|name| below(name, written).is_some())
    }

    /// Whether AWS has an attribute of that name that this version has not.
    pub(crate) fn is_at_aws(&self, written: &str) -> bool {
        self.aws
            .iter()
            .any(|name| *name == written || (name.ends_with('.') && written.starts_with(name)))
    }
}

/// The part of `name` below `prefix`; all of it below the empty prefix.
pub(crate) fn below<'n>(name: &'n str, prefix: &str) -> Option<&'n str> {
    if prefix.is_empty() {
        return Some(name);
    }
    name.strip_prefix(prefix)?.strip_prefix('.')
}
