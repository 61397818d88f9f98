//! The key ring: made, shared, rotated, refused.
