//! HTTP/1 as a sans-I/O codec.
