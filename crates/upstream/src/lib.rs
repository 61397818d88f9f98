//! Dials, pools and probes targets.
