//! Micro-benchmarks and instruction counts of the pure parts.
