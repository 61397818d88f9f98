//! The real binary before real clients and targets.
