//! A reload moves nobody and drops nothing.
