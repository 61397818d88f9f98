//! Targets that refuse, hang, reset and lie.
