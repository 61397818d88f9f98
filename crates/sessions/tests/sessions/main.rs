//! What the table promises.

mod laws;
mod table;
