//! The real binary before real clients and targets.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "all of it is tests, their helpers too"
)]

mod browser;
mod support;

mod stickiness;
mod cross_site;
mod kinds;
mod identity;
mod keys;
mod admin;
mod console;
mod aws;
mod elb;
mod groups;
mod lifecycle;
mod reload;
mod durability;
mod upgrade;
mod failures;
mod protocol;
mod http2;
mod grpc;
mod desync;
mod limits;
mod streams;
mod headers;
mod proxy_protocol;
mod clients;
mod observability;
mod sessions;
mod course;
mod what_if;
mod demo;
mod tls;
mod early;
mod rules;
mod selection;
mod hash;
mod checks;
mod import;
mod api;
mod check;
mod apps;
mod elb_errors;
mod elb_terraform;
