//! Picks among eligible targets.
