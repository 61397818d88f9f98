//! What several files share.
