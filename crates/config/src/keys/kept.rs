//! Keys of what APIs know: credentials, the Classic API's own, and what AWS has around load balancers.

use super::{Schema, key};

pub(crate) static ACCESS_KEY: Schema = Schema {
    title: "an access key",
    keys: &[key("id"), key("secret"), key("session_token"), key("role")],
    aws: &[],
};

pub(crate) static TOKEN: Schema =
    Schema { title: "a token", keys: &[key("name"), key("sha256"), key("role")], aws: &[] };

pub(crate) static AWS: Schema = Schema {
    title: "[aws]",
    keys: &[
        key("account"),
        key("region"),
        key("bind"),
        key("dns_name"),
        key("buckets"),
        key("subnets"),
        key("security_groups"),
        key("instances"),
        key("certificates"),
        key("trust_stores"),
    ],
    aws: &[],
};

pub(crate) static SUBNET: Schema =
    Schema { title: "a subnet", keys: &[key("zone"), key("vpc"), key("bind")], aws: &[] };

pub(crate) static STORED_CERTIFICATE: Schema = Schema {
    title: "a certificate of [aws]",
    keys: &[key("certificate"), key("key"), key("ocsp")],
    aws: &[],
};

pub(crate) static TRUST_STORE: Schema =
    Schema { title: "a trust store", keys: &[key("authorities"), key("revocations")], aws: &[] };

/// Of a load balancer.
pub(crate) static CLASSIC: Schema =
    Schema { title: "classic", keys: &[key("instances"), key("zones"), key("policies")], aws: &[] };

pub(crate) static CLASSIC_POLICY: Schema = Schema {
    title: "a policy of classic",
    keys: &[key("type"), key("duration"), key("cookie")],
    aws: &[],
};

/// Of a listener.
pub(crate) static CLASSIC_LISTENER: Schema = Schema {
    title: "classic of a listener",
    keys: &[key("instance_port"), key("instance_protocol"), key("policies")],
    aws: &[],
};
