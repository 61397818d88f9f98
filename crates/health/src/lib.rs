//! Judges checks and real traffic.
