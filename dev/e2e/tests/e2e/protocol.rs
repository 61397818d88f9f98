//! HTTP/1 with its corners.
