//! The one door: check, test, e2e, fuzz, bench, layers.

fn main() {}
