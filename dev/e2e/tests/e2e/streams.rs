//! WebSocket, server-sent events and long bodies.
