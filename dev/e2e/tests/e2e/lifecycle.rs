//! Targets die, drain, return; processes start and end.
