//! Applies desired state and answers operators.
