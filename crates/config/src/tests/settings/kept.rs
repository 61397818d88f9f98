//! Samples of credentials, and of what APIs keep.

use super::{Sample, keys};

/// A hash of some token.
pub(in crate::tests) const HASH: &str =
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

pub(super) const ADMIN: Sample = (
    &keys::ADMIN,
    "[admin]\nLINE",
    &[
        ("bind", "\"127.0.0.1:1\""),
        ("hosts", "[\"lb.example\"]"),
        ("recent_requests", "false"),
        ("access_keys", "[{ id = \"A\", secret = \"x\" }]"),
        (
            "tokens",
            "[{ name = \"a\", sha256 = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\" }]",
        ),
        ("tls.certificate", "\"a.pem\""),
        ("tls.key", "\"a.key\"\ntls.certificate = \"a.pem\""),
        ("trusted_proxies", "[\"10.0.0.0/8\"]"),
    ],
);

pub(super) const ACCESS_KEY: Sample = (
    &keys::ACCESS_KEY,
    "[[admin.access_keys]]\nLINE",
    &[
        ("id", "\"A\"\nsecret = \"x\""),
        ("secret", "\"x\"\nid = \"A\""),
        ("session_token", "\"t\"\nsecret = \"x\"\nid = \"A\""),
        ("role", "\"read_only\"\nsecret = \"x\"\nid = \"A\""),
    ],
);

pub(super) const TOKEN: Sample = (
    &keys::TOKEN,
    "[[admin.tokens]]\nLINE",
    &[
        (
            "name",
            "\"a\"\nsha256 = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
        ),
        (
            "sha256",
            "\"9F86D081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"\nname = \"a\"",
        ),
        (
            "role",
            "\"read_only\"\nname = \"a\"\nsha256 = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
        ),
    ],
);

pub(super) const AWS: Sample = (
    &keys::AWS,
    "[aws]\nLINE",
    &[
        ("account", "\"123456789012\""),
        ("region", "\"eu-central-1\""),
        ("bind", "\"10.0.0.1\""),
        ("dns_name", "\"lb.example\""),
        ("buckets", "\"/var/log/buckets\""),
        ("subnets", "{ subnet-1 = { zone = \"a\" } }"),
        ("security_groups", "[]"),
        ("instances", "{ i-1 = \"10.0.0.7\" }"),
        ("certificates", "{ \"arn:aws:acm:1\" = { certificate = \"a.pem\" } }"),
        ("trust_stores", "{ \"arn:aws:ts:1\" = { authorities = \"ca.pem\" } }"),
    ],
);

pub(super) const SUBNET: Sample = (
    &keys::SUBNET,
    "[aws.subnets.subnet-1]\nLINE",
    &[
        ("zone", "\"a\""),
        ("vpc", "\"vpc-1\"\nzone = \"a\""),
        ("bind", "\"10.0.0.5\"\nzone = \"a\""),
    ],
);

pub(super) const STORED_CERTIFICATE: Sample = (
    &keys::STORED_CERTIFICATE,
    "[aws.certificates.\"arn:aws:acm:1\"]\nLINE",
    &[
        ("certificate", "\"a.pem\""),
        ("key", "\"a.key\"\ncertificate = \"a.pem\""),
        ("ocsp", "\"a.der\"\ncertificate = \"a.pem\""),
    ],
);

pub(super) const TRUST_STORE: Sample = (
    &keys::TRUST_STORE,
    "[aws.trust_stores.\"arn:aws:ts:1\"]\nLINE",
    &[("authorities", "\"ca.pem\""), ("revocations", "\"crl.pem\"\nauthorities = \"ca.pem\"")],
);

pub(super) const CLASSIC: Sample = (
    &keys::CLASSIC,
    "[load_balancers.a.classic]\nLINE",
    &[
        ("instances", "[\"i-1\"]"),
        ("zones", "[\"a\"]"),
        ("policies", "{ app = { type = \"app_cookie\", cookie = \"sid\" } }"),
    ],
);

pub(super) const CLASSIC_POLICY: Sample = (
    &keys::CLASSIC_POLICY,
    "[load_balancers.a.classic.policies.p]\nLINE",
    &[
        ("type", "\"lb_cookie\""),
        ("duration", "\"60s\"\ntype = \"lb_cookie\""),
        ("cookie", "\"sid\"\ntype = \"app_cookie\""),
    ],
);

pub(super) const CLASSIC_LISTENER: Sample = (
    &keys::CLASSIC_LISTENER,
    "[target_groups.a]\n[[listeners]]\nbind = \"127.0.0.1:1\"\nforward = \"a\"\n[listeners.classic]\nLINE",
    &[
        ("instance_port", "80"),
        ("instance_protocol", "\"HTTPS\"\ninstance_port = 80"),
        ("policies", "[\"p\"]\ninstance_port = 80"),
    ],
);
