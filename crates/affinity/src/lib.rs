//! Session affinity as one pure decision.
