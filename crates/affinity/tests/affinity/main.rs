//! The crate as its users see it: the rows of the decision table, the bytes on the wire, and the laws.

#[cfg(test)]
mod companions;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod rows;
#[cfg(test)]
mod support;
#[cfg(test)]
mod wire;
