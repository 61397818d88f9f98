//! Every name of every key is read, and changes the model.

use std::collections::BTreeSet;

use clingfish_model::{
    GroupHash, Name, Stickiness,
    stickiness::{CookieStyle, LbCookie, Secure},
};

use super::*;

/// The start of a file with one table of each kind, `LINE` where the setting goes, and the settings that go there.
pub(super) type Sample = (&'static Schema, &'static str, &'static [(&'static str, &'static str)]);

mod kept;

pub(super) use kept::HASH;

pub(super) const SAMPLES: [Sample; 20] = [
    kept::ADMIN,
    kept::ACCESS_KEY,
    kept::TOKEN,
    kept::AWS,
    kept::SUBNET,
    kept::STORED_CERTIFICATE,
    kept::TRUST_STORE,
    kept::CLASSIC,
    kept::CLASSIC_POLICY,
    kept::CLASSIC_LISTENER,
    (
        &keys::SERVER,
        "[server]\nLINE",
        &[
            ("workers", "3"),
            ("connections_max", "100"),
            ("shutdown_pause", "\"5s\""),
            ("shutdown_deadline", "\"1m\""),
            ("availability_zone", "\"a\""),
            ("upgrade_timeout", "\"5m\""),
            ("upgrade_deadline", "\"5m\""),
        ],
    ),
    (&keys::ACCESS_LOG, "[access_log]\nLINE", &[("sink", "\"/var/log/x\""), ("format", "\"alb\"")]),
    (
        &keys::LOAD_BALANCER,
        "[load_balancers.default]\nLINE",
        &[
            ("idle_timeout", "\"61s\""),
            ("idle_timeout.timeout_seconds", "61"),
            ("client_keep_alive", "\"61s\""),
            ("client_keep_alive.seconds", "61"),
            ("head_timeout", "\"1s\""),
            ("websocket_idle_timeout", "\"1s\""),
            ("body_rate_min", "\"1KiB\""),
            ("request_line_max", "\"8KiB\""),
            ("field_max", "\"8KiB\""),
            ("head_max", "\"8KiB\""),
            ("fields_max", "50"),
            ("response_head_max", "\"8KiB\""),
            ("body_max", "\"8KiB\""),
            ("trusted_proxies", "[\"10.0.0.0/8\", \"fd00::1\"]"),
            ("preserve_host_header", "false"),
            ("routing.http.preserve_host_header.enabled", "false"),
            ("xff_client_port", "true"),
            ("routing.http.xff_client_port.enabled", "true"),
            ("xff_mode", "\"remove\""),
            ("routing.http.xff_header_processing.mode", "\"preserve\""),
            ("tls_headers", "true"),
            ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "true"),
            ("drop_invalid_header_fields", "true"),
            ("routing.http.drop_invalid_header_fields.enabled", "true"),
            ("path_normalization", "false"),
            ("http2", "false"),
            ("routing.http2.enabled", "false"),
            ("desync_mitigation_mode", "\"strictest\""),
            ("routing.http.desync_mitigation_mode", "\"monitor\""),
            ("debug_header", "true"),
            ("id", "\"0123456789abcdef\""),
            ("created", "2026-11-28T14:00:00.123Z"),
            ("tags", "{ team = \"shop\" }"),
            ("attributes", "{ \"waf.fail_open.enabled\" = \"true\" }"),
            ("scheme", "\"internal\""),
            ("subnets", "[\"subnet-1\"]"),
            ("security_groups", "[\"sg-1\"]"),
            ("ip_address_type", "\"dualstack\""),
            ("dns_name", "\"lb.example\""),
            ("classic", "{}"),
            ("access_log.enabled", "false\naccess_log.folder = \"/var/log/x\""),
            ("access_logs.s3.enabled", "false\naccess_log.folder = \"/var/log/x\""),
            ("access_log.folder", "\"/var/log/x\""),
            ("access_logs.s3.bucket", "\"/var/log/x\""),
            ("access_log.prefix", "\"web\"\naccess_log.folder = \"/var/log/x\""),
            ("access_logs.s3.prefix", "\"web\"\naccess_log.folder = \"/var/log/x\""),
        ],
    ),
    (
        &keys::LISTENER,
        "[target_groups.a]\n[target_groups.b]\n[load_balancers.x]\n[aws.trust_stores.arn]\nauthorities = \"c\"\n[[listeners]]\nLINE",
        &[
            ("bind", "\"127.0.0.1:1\"\nforward = \"a\""),
            ("forward", "\"b\"\nbind = \"127.0.0.1:1\""),
            (
                "group_stickiness.enabled",
                "true\nforward = { a = 1, b = 1 }\nbind = \"127.0.0.1:1\"",
            ),
            ("group_stickiness", "true\nforward = { a = 1, b = 1 }\nbind = \"127.0.0.1:1\""),
            (
                "target_group_stickiness_config.enabled",
                "true\nforward = { a = 1, b = 1 }\nbind = \"127.0.0.1:1\"",
            ),
            (
                "group_stickiness.duration",
                "\"2h\"\nforward = { a = 1, b = 1 }\nbind = \"127.0.0.1:1\"",
            ),
            (
                "target_group_stickiness_config.duration_seconds",
                "7200\nforward = { a = 1, b = 1 }\nbind = \"127.0.0.1:1\"",
            ),
            (
                "group_stickiness.style",
                "\"alb\"\nforward = { a = 1, b = 1 }\nbind = \"127.0.0.1:1\"",
            ),
            (
                "group_stickiness.cookie",
                "\"release\"\nforward = { a = 1, b = 1 }\nbind = \"127.0.0.1:1\"",
            ),
            (
                "group_stickiness.failover",
                "true\nforward = { a = 1, b = 1 }\nbind = \"127.0.0.1:1\"",
            ),
            ("name", "\"n\"\nforward = \"a\"\nbind = \"127.0.0.1:1\""),
            ("load_balancer", "\"x\"\nforward = \"a\"\nbind = \"127.0.0.1:1\""),
            ("proxy_protocol_from", "[\"10.0.0.0/8\"]\nforward = \"a\"\nbind = \"127.0.0.1:1\""),
            ("h2c", "true\nforward = \"a\"\nbind = \"127.0.0.1:1\""),
            ("server_header", "false\nforward = \"a\"\nbind = \"127.0.0.1:1\""),
            (
                "routing.http.response.server.enabled",
                "false\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "response_headers.strict_transport_security",
                "\"x\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.response.strict_transport_security.header_value",
                "\"x\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "response_headers.access_control_allow_origin",
                "\"x\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.response.access_control_allow_origin.header_value",
                "\"x\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "response_headers.access_control_allow_methods",
                "\"x\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.response.access_control_allow_methods.header_value",
                "\"x\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "response_headers.access_control_allow_headers",
                "\"x\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.response.access_control_allow_headers.header_value",
                "\"x\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "response_headers.access_control_allow_credentials",
                "\"true\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.response.access_control_allow_credentials.header_value",
                "\"true\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "response_headers.access_control_expose_headers",
                "\"x\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.response.access_control_expose_headers.header_value",
                "\"x\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "response_headers.access_control_max_age",
                "\"600\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.response.access_control_max_age.header_value",
                "\"600\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "response_headers.content_security_policy",
                "\"x\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.response.content_security_policy.header_value",
                "\"x\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "response_headers.x_content_type_options",
                "\"nosniff\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.response.x_content_type_options.header_value",
                "\"nosniff\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "response_headers.x_frame_options",
                "\"DENY\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.response.x_frame_options.header_value",
                "\"DENY\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "request_header_names.mtls_clientcert",
                "\"X-A\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.request.x_amzn_mtls_clientcert.header_name",
                "\"X-A\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "request_header_names.mtls_clientcert_serial_number",
                "\"X-A\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name",
                "\"X-A\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "request_header_names.mtls_clientcert_issuer",
                "\"X-A\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.request.x_amzn_mtls_clientcert_issuer.header_name",
                "\"X-A\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "request_header_names.mtls_clientcert_subject",
                "\"X-A\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.request.x_amzn_mtls_clientcert_subject.header_name",
                "\"X-A\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "request_header_names.mtls_clientcert_validity",
                "\"X-A\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.request.x_amzn_mtls_clientcert_validity.header_name",
                "\"X-A\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "request_header_names.mtls_clientcert_leaf",
                "\"X-A\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.request.x_amzn_mtls_clientcert_leaf.header_name",
                "\"X-A\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "request_header_names.tls_version",
                "\"X-A\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.request.x_amzn_tls_version.header_name",
                "\"X-A\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "request_header_names.tls_cipher_suite",
                "\"X-A\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "routing.http.request.x_amzn_tls_cipher_suite.header_name",
                "\"X-A\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "protocol",
                "\"HTTPS\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"\ncertificates = [{ certificate = \"a\" }]",
            ),
            (
                "certificates",
                "[{ certificate = \"a\" }]\nprotocol = \"HTTPS\"\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "tls_min_version",
                "\"1.3\"\nprotocol = \"HTTPS\"\ncertificates = [{ certificate = \"a\" }]\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "mutual_authentication.mode",
                "\"passthrough\"\nprotocol = \"HTTPS\"\ncertificates = [{ certificate = \"a\" }]\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "mutual_authentication.trust_store",
                "\"ca\"\nmutual_authentication.mode = \"verify\"\nprotocol = \"HTTPS\"\ncertificates = [{ certificate = \"a\" }]\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "ssl_policy",
                "\"x\"\nprotocol = \"HTTPS\"\ncertificates = [{ certificate = \"a\" }]\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "mutual_authentication.trust_store_arn",
                "\"arn\"\nmutual_authentication.mode = \"verify\"\nprotocol = \"HTTPS\"\ncertificates = [{ certificate = \"a\" }]\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            ("id", "\"0123456789abcdef\"\nforward = \"a\"\nbind = \"127.0.0.1:1\""),
            ("tags", "{ a = \"b\" }\nforward = \"a\"\nbind = \"127.0.0.1:1\""),
            ("attributes", "{ a = \"b\" }\nforward = \"a\"\nbind = \"127.0.0.1:1\""),
            ("default_rule_tags", "{ a = \"b\" }\nforward = \"a\"\nbind = \"127.0.0.1:1\""),
            ("classic", "{ instance_port = 80 }\nforward = \"a\"\nbind = \"127.0.0.1:1\""),
            (
                "mutual_authentication.revocations",
                "\"crl\"\nmutual_authentication.mode = \"verify\"\nmutual_authentication.trust_store = \"ca\"\nprotocol = \"HTTPS\"\ncertificates = [{ certificate = \"a\" }]\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "mutual_authentication.ignore_client_certificate_expiry",
                "true\nmutual_authentication.mode = \"verify\"\nmutual_authentication.trust_store = \"ca\"\nprotocol = \"HTTPS\"\ncertificates = [{ certificate = \"a\" }]\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            (
                "mutual_authentication.advertise_trust_store_ca_names",
                "true\nmutual_authentication.mode = \"verify\"\nmutual_authentication.trust_store = \"ca\"\nprotocol = \"HTTPS\"\ncertificates = [{ certificate = \"a\" }]\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
            ("redirect", "\"https\"\nbind = \"127.0.0.1:1\""),
            ("redirect.protocol", "\"HTTPS\"\nbind = \"127.0.0.1:1\""),
            ("redirect.host", "\"b.example\"\nbind = \"127.0.0.1:1\""),
            ("redirect.port", "81\nbind = \"127.0.0.1:1\""),
            ("redirect.path", "\"/x/#{path}\"\nbind = \"127.0.0.1:1\""),
            ("redirect.query", "\"x=y\"\nredirect.port = 81\nbind = \"127.0.0.1:1\""),
            ("redirect.status", "302\nredirect.port = 81\nbind = \"127.0.0.1:1\""),
            ("redirect.status_code", "\"HTTP_302\"\nredirect.port = 81\nbind = \"127.0.0.1:1\""),
            ("fixed_response", "{ status = 404 }\nbind = \"127.0.0.1:1\""),
            ("fixed_response.status", "200\nbind = \"127.0.0.1:1\""),
            ("fixed_response.status_code", "200\nbind = \"127.0.0.1:1\""),
            (
                "fixed_response.content_type",
                "\"text/css\"\nfixed_response.status = 404\nbind = \"127.0.0.1:1\"",
            ),
            ("fixed_response.body", "\"x\"\nfixed_response.status = 404\nbind = \"127.0.0.1:1\""),
            (
                "fixed_response.message_body",
                "\"x\"\nfixed_response.status = 404\nbind = \"127.0.0.1:1\"",
            ),
            (
                "rules",
                "[{ conditions = { path-pattern = \"/x\" }, forward = \"b\" }]\nforward = \"a\"\nbind = \"127.0.0.1:1\"",
            ),
        ],
    ),
    (
        &keys::RULE,
        "[target_groups.a]\n[target_groups.b]\n[[listeners]]\nbind = \"127.0.0.1:1\"\nforward = \"a\"\n[[listeners.rules]]\nLINE",
        RULE,
    ),
    (
        &keys::CONDITION,
        "[target_groups.a]\n[[listeners]]\nbind = \"127.0.0.1:1\"\nforward = \"a\"\n[[listeners.rules]]\nforward = \"a\"\n[listeners.rules.conditions]\nLINE",
        &[
            ("host-header", "\"shop.example\""),
            ("host_header", "\"shop.example\""),
            ("path-pattern", "[\"/x/*\"]"),
            ("path_pattern", "\"/x/*\""),
            ("http-header", "{ X-Version = \"2\" }"),
            ("http_header", "{ X-Version = \"2\" }"),
            ("http-request-method", "\"GET\""),
            ("http_request_method", "\"GET\""),
            ("query-string", "\"version=2\""),
            ("query_string", "\"version=2\""),
            ("source-ip", "\"10.0.0.0/8\""),
            ("source_ip", "\"10.0.0.0/8\""),
        ],
    ),
    (&keys::TARGET_GROUP, "[target_groups.web]\nLINE", GROUP),
    (
        &keys::TARGET,
        "[target_groups.web]\n[[target_groups.web.targets]]\nLINE",
        &[
            ("id", "\"x\"\naddress = \"a:1\""),
            ("address", "\"a:1\""),
            ("weight", "5\naddress = \"a:1\""),
            ("zone", "\"z\"\naddress = \"a:1\""),
            ("drain", "true\naddress = \"a:1\""),
            ("known_as", "\"s1\"\naddress = \"a:1\""),
        ],
    ),
    (
        &keys::IMPORT,
        "[target_groups.web]\n[[target_groups.web.stickiness.import]]\nLINE",
        &[
            ("from", "\"nginx\"\ncookie = \"a\"\nuntil = \"2027-01-31\""),
            ("cookie", "\"b\"\nfrom = \"nginx\"\nuntil = \"2027-01-31\""),
            ("until", "\"2027-01-31\"\nfrom = \"nginx\"\ncookie = \"a\""),
            ("key", "\"x\"\nfrom = \"caddy\"\ncookie = \"a\"\nuntil = \"2027-01-31\""),
            ("max_idle", "\"1h\"\nfrom = \"haproxy\"\ncookie = \"a\"\nuntil = \"2027-01-31\""),
            ("max_life", "\"8h\"\nfrom = \"haproxy\"\ncookie = \"a\"\nuntil = \"2027-01-31\""),
            (
                "backend",
                "\"default-web-80\"\nfrom = \"ingress_nginx\"\ncookie = \"a\"\nuntil = \"2027-01-31\"",
            ),
            ("first", "1\nfrom = \"index\"\ncookie = \"a\"\nuntil = \"2027-01-31\""),
        ],
    ),
    (
        &keys::CERTIFICATE,
        "[target_groups.a]\n[aws.certificates.arn]\ncertificate = \"c\"\n[[listeners]]\nbind = \"127.0.0.1:1\"\nforward = \"a\"\nprotocol = \"HTTPS\"\n[[listeners.certificates]]\nLINE",
        &[
            ("certificate", "\"x\""),
            ("key", "\"x\"\ncertificate = \"a\""),
            ("ocsp", "\"x\"\ncertificate = \"a\""),
            ("arn", "\"arn\""),
        ],
    ),
];

const RULE: &[(&str, &str)] = &[
    (
        "group_stickiness.enabled",
        "true\nforward = { a = 1, b = 1 }\nconditions = { path-pattern = \"/x\" }",
    ),
    (
        "group_stickiness",
        "true\nforward = { a = 1, b = 1 }\nconditions = { path-pattern = \"/x\" }",
    ),
    (
        "target_group_stickiness_config.enabled",
        "true\nforward = { a = 1, b = 1 }\nconditions = { path-pattern = \"/x\" }",
    ),
    (
        "group_stickiness.duration",
        "\"2h\"\nforward = { a = 1, b = 1 }\nconditions = { path-pattern = \"/x\" }",
    ),
    (
        "target_group_stickiness_config.duration_seconds",
        "7200\nforward = { a = 1, b = 1 }\nconditions = { path-pattern = \"/x\" }",
    ),
    (
        "group_stickiness.style",
        "\"alb\"\nforward = { a = 1, b = 1 }\nconditions = { path-pattern = \"/x\" }",
    ),
    (
        "group_stickiness.cookie",
        "\"release\"\nforward = { a = 1, b = 1 }\nconditions = { path-pattern = \"/x\" }",
    ),
    (
        "group_stickiness.failover",
        "true\nforward = { a = 1, b = 1 }\nconditions = { path-pattern = \"/x\" }",
    ),
    ("id", "\"0123456789abcdef\"\nforward = \"b\"\nconditions = { path-pattern = \"/x\" }"),
    ("tags", "{ a = \"b\" }\nforward = \"b\"\nconditions = { path-pattern = \"/x\" }"),
    ("priority", "5\nforward = \"b\"\nconditions = { path-pattern = \"/x\" }"),
    ("conditions", "{ path-pattern = \"/y\" }\nforward = \"b\""),
    ("forward", "\"b\"\nconditions = { path-pattern = \"/x\" }"),
    ("redirect", "\"https\"\nconditions = { path-pattern = \"/x\" }"),
    ("redirect.protocol", "\"HTTPS\"\nconditions = { path-pattern = \"/x\" }"),
    ("redirect.host", "\"b.example\"\nconditions = { path-pattern = \"/x\" }"),
    ("redirect.port", "81\nconditions = { path-pattern = \"/x\" }"),
    ("redirect.path", "\"/y\"\nconditions = { path-pattern = \"/x\" }"),
    ("redirect.query", "\"x=y\"\nconditions = { source-ip = \"10.0.0.0/8\" }\nredirect.port = 81"),
    ("redirect.status", "302\nredirect.port = 81\nconditions = { path-pattern = \"/x\" }"),
    ("redirect.status_code", "302\nredirect.port = 81\nconditions = { path-pattern = \"/x\" }"),
    ("fixed_response", "{ status = 404 }\nconditions = { path-pattern = \"/x\" }"),
    ("fixed_response.status", "200\nconditions = { path-pattern = \"/x\" }"),
    ("fixed_response.status_code", "200\nconditions = { path-pattern = \"/x\" }"),
    (
        "fixed_response.content_type",
        "\"text/css\"\nfixed_response.status = 404\nconditions = { path-pattern = \"/x\" }",
    ),
    (
        "fixed_response.body",
        "\"x\"\nfixed_response.status = 404\nconditions = { path-pattern = \"/x\" }",
    ),
    (
        "fixed_response.message_body",
        "\"x\"\nfixed_response.status = 404\nconditions = { path-pattern = \"/x\" }",
    ),
    (
        "transforms.host-header-rewrite.regex",
        "\"^a\"\ntransforms.host-header-rewrite.replace = \"b\"\nforward = \"b\"\nconditions = { path-pattern = \"/x\" }",
    ),
    (
        "transforms.host-header-rewrite.replace",
        "\"b\"\ntransforms.host-header-rewrite.regex = \"^a\"\nforward = \"b\"\nconditions = { path-pattern = \"/x\" }",
    ),
    (
        "transforms.url-rewrite.regex",
        "\"^/a\"\ntransforms.url-rewrite.replace = \"/b\"\nforward = \"b\"\nconditions = { path-pattern = \"/x\" }",
    ),
    (
        "transforms.url-rewrite.replace",
        "\"/b\"\ntransforms.url-rewrite.regex = \"^/a\"\nforward = \"b\"\nconditions = { path-pattern = \"/x\" }",
    ),
];

const GROUP: &[(&str, &str)] = &[
    ("id", "\"0123456789abcdef\""),
    ("created", "2026-11-28T14:00:00.123Z"),
    ("tags", "{ team = \"shop\" }"),
    ("attributes", "{ lambda = { multi_value_headers = { enabled = \"true\" } } }"),
    ("target_type", "\"instance\""),
    ("port", "8080"),
    ("vpc", "\"vpc-1\""),
    ("ip_address_type", "\"ipv6\""),
    ("targets", "[\"a:1\"]"),
    ("protocol", "\"HTTPS\""),
    ("protocol_version", "\"GRPC\""),
    ("tls.ca", "\"ca\"\nprotocol = \"HTTPS\""),
    ("tls.server_name", "\"a.example\"\nprotocol = \"HTTPS\""),
    ("tls.certificate", "\"a\"\nprotocol = \"HTTPS\""),
    ("tls.key", "\"k\"\ntls.certificate = \"a\"\nprotocol = \"HTTPS\""),
    ("algorithm", "\"least_outstanding_requests\""),
    ("load_balancing.algorithm.type", "\"least_outstanding_requests\""),
    ("anomaly_mitigation", "\"on\"\nalgorithm = \"weighted_random\""),
    ("load_balancing.algorithm.anomaly_mitigation", "\"on\"\nalgorithm = \"weighted_random\""),
    ("slow_start", "\"1s\""),
    ("slow_start.duration_seconds", "30"),
    ("cross_zone", "true"),
    ("load_balancing.cross_zone.enabled", "true"),
    ("minimum_healthy.count", "2"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "2"),
    ("minimum_healthy.percentage", "50"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "50"),
    ("target_group_health.dns_failover.minimum_healthy_targets.count", "\"off\""),
    ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "50"),
    ("deregistration_delay", "\"0s\""),
    ("deregistration_delay.timeout_seconds", "0"),
    ("connect_timeout", "\"1s\""),
    ("response_timeout", "\"1s\""),
    ("proxy_protocol", "\"v1\""),
    ("proxy_protocol_v2.enabled", "true"),
    ("stickiness", "true"),
    ("stickiness.enabled", "true"),
    ("stickiness.type", "\"lb_cookie\""),
    ("stickiness.duration", "\"1h\""),
    ("stickiness.lb_cookie.duration_seconds", "3600"),
    ("stickiness.app_cookie", "\"sid\"\nstickiness.type = \"app_cookie\""),
    ("stickiness.app_cookie.cookie_name", "\"sid\"\nstickiness.type = \"app_cookie\""),
    (
        "stickiness.app_cookie.duration_seconds",
        "3600\nstickiness.type = \"app_cookie\"\nstickiness.app_cookie.cookie_name = \"sid\"",
    ),
    ("stickiness.import", "[{ from = \"name\", cookie = \"a\", until = \"2027-01-31\" }]"),
    ("stickiness.preset", "\"mcp\""),
    ("stickiness.header", "\"X-Home\"\nstickiness.type = \"header\""),
    ("stickiness.query", "\"home\"\nstickiness.type = \"header\""),
    ("stickiness.key", "\"path:2\"\nstickiness.type = \"hash\""),
    ("stickiness.load_factor", "150\nstickiness.type = \"source_ip\""),
    ("stickiness.ipv4_prefix", "24\nstickiness.type = \"source_ip\""),
    ("stickiness.ipv6_prefix", "48\nstickiness.type = \"hash\"\nstickiness.key = \"client\""),
    ("stickiness.in", "\"cookie:S\"\nstickiness.type = \"wrap\""),
    ("stickiness.separator", "\"!\"\nstickiness.type = \"route\"\nstickiness.in = [\"cookie:S\"]"),
    ("stickiness.from", "\"json:sid\"\nstickiness.type = \"learn\""),
    (
        "stickiness.path_prefix",
        "\"/x/\"\nstickiness.type = \"learn\"\nstickiness.from = \"json:sid\"",
    ),
    ("stickiness.sessions_max", "9\nstickiness.type = \"learn\"\nstickiness.from = \"json:sid\""),
    (
        "stickiness.sessions_per_client_max",
        "9\nstickiness.type = \"learn\"\nstickiness.from = \"json:sid\"",
    ),
    (
        "stickiness.fallback",
        "\"lb_cookie\"\nstickiness.type = \"learn\"\nstickiness.from = \"json:sid\"",
    ),
    ("stickiness.absolute", "\"30d\""),
    ("stickiness.style", "\"alb\""),
    ("stickiness.on_cacheable", "\"mark\""),
    ("stickiness.forward_tokens", "true"),
    ("stickiness.cookie", "\"home\""),
    ("stickiness.cookie_name", "\"home\""),
    ("stickiness.path", "\"/x\""),
    ("stickiness.domain", "\"example.com\""),
    ("stickiness.http_only", "false"),
    ("stickiness.same_site", "\"strict\""),
    ("stickiness.secure", "true"),
    ("stickiness.partitioned", "true\nstickiness.secure = \"always\""),
    ("stickiness.browser_session", "true"),
    ("stickiness.cross_site", "false"),
    ("stickiness.host_prefix", "true"),
    ("health_check", "false"),
    ("health_check.enabled", "false"),
    ("health_check_enabled", "false"),
    ("health_check.protocol", "\"TCP\""),
    ("health_check_protocol", "\"HTTPS\""),
    ("health_check.path", "\"/healthz?x=1\""),
    ("health_check_path", "\"/healthz\""),
    ("health_check.port", "9000"),
    ("health_check_port", "9000"),
    ("health_check.interval", "\"20s\""),
    ("health_check_interval_seconds", "20"),
    ("health_check.timeout", "\"2s\""),
    ("health_check_timeout_seconds", "2"),
    ("health_check.healthy_threshold", "5"),
    ("healthy_threshold_count", "5"),
    ("health_check.unhealthy_threshold", "5"),
    ("unhealthy_threshold_count", "5"),
    ("health_check.matcher", "\"200\""),
    ("matcher.http_code", "\"200\""),
    ("matcher.grpc_code", "\"0\"\nprotocol_version = \"GRPC\""),
    ("health_check.drain_status", "\"503\""),
    ("health_check.drain_header", "\"x-drain: yes\""),
];

/// The file with the setting, or without: a second setting of the sample stays.
fn file(template: &str, line: &str) -> String {
    template.replace("LINE", line)
}

#[test]
fn every_name_of_every_key_changes_the_model() {
    for (schema, template, settings) in SAMPLES {
        for (name, value) in settings {
            let (_, others) = value.split_once('\n').unwrap_or((value, ""));
            let with = state(&file(template, &format!("{name} = {value}")));
            match parse(&file(template, others)) {
                Ok((without, _)) if *name != "stickiness.partitioned" || !others.is_empty() => {
                    assert_ne!(with, without, "{}: {name}", schema.title);
                }
                _ => {}
            }
            let quoted = state(&file(template, &format!("{name:?} = {value}")));
            assert_eq!(with, quoted, "{}: {name:?}", schema.title);
        }
    }
}

#[test]
fn the_samples_have_every_key() {
    for (schema, _, settings) in SAMPLES {
        let known: BTreeSet<&str> = schema.names().collect();
        let seen: BTreeSet<&str> = settings.iter().map(|(name, _)| *name).collect();
        assert_eq!(seen, known, "{}", schema.title);
    }
}

#[test]
fn a_setting_that_is_there_under_two_names_names_both_lines() {
    for (schema, template, _) in SAMPLES {
        for key in schema.keys {
            for other in key.also {
                let text = file(template, &format!("{:?} = 1\n{other:?} = 1", key.name));
                let errors = errors(&text);
                let line = text.lines().count();
                let found = errors.iter().find(|error| error.message.contains("says again"));
                let found = found.unwrap_or_else(|| panic!("{text}\n{}", rendered(&errors)));
                assert_eq!(found.line, line, "{text}");
                let first = format!("{:?} says on line {}", key.name, line - 1);
                assert!(found.message.contains(&first), "{}", found.message);
                assert!(found.message.starts_with(&format!("{other:?}")), "{}", found.message);
            }
        }
    }
}

#[test]
fn attributes_of_aws_that_are_not_supported_are_called_by_name() {
    for (schema, template, _) in SAMPLES {
        for name in schema.aws {
            let name = match name.strip_suffix('.') {
                Some(family) => format!("{family}.something"),
                None => (*name).to_owned(),
            };
            for line in [format!("{name} = true"), format!("{name:?} = true")] {
                let text = file(template, &line);
                let errors = errors(&text);
                let message = format!("{name:?} is known to AWS, but not supported yet");
                let told = errors.iter().any(|error| error.message == message);
                assert!(told, "{text}\n{}", rendered(&errors));
            }
        }
    }
}

#[test]
fn a_host_prefix_goes_before_the_name_and_makes_the_cookie_secure() {
    let default = format!("__Host-cling_{}", GroupHash::of(&Name::new("a").unwrap()).short());
    for (stickiness, name) in [
        ("{ host_prefix = true }", default.as_str()),
        ("{ host_prefix = true, cookie = \"home\" }", "__Host-home"),
        ("{ host_prefix = true, cookie = \"__Host-home\" }", "__Host-home"),
        ("{ host_prefix = true, secure = true, path = \"/\" }", default.as_str()),
    ] {
        let state = state(&format!("[target_groups.a]\nstickiness = {stickiness}\n"));
        let Stickiness::LbCookie(LbCookie { style: CookieStyle::Clingfish(shape), .. }) =
            &state.target_groups[0].stickiness
        else {
            panic!("{stickiness}");
        };
        let attributes = shape.attributes();
        assert_eq!((attributes.name.as_str(), attributes.secure), (name, Secure::Always));
    }
}
