//! The compiled view of desired state that requests use.
