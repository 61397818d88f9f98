//! The real binary before real clients and targets.

mod support;

mod stickiness;
mod keys;
mod aws;
mod lifecycle;
mod reload;
mod failures;
mod protocol;
mod limits;
mod streams;
mod clients;
mod observability;
mod demo;
