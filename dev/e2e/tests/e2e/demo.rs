//! The commands that people try first.
