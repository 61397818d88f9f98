//! Named limits and slow clients.
