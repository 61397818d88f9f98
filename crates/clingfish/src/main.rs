//! A load balancer for stateful applications.

fn main() {}
