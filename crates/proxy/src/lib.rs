//! One request, from accept to log.
