//! What tests share: processes, ports, real clients and servers.
