//! Ids of what is new.

use clingfish_model::{ResourceId, UnixMillis};

/// An id made of a name and the time, so that what is made again is not taken for what was there before; and one that nobody has,
/// where something else of that name was made in the same moment.
pub(crate) fn id(
    kind: &str,
    name: &str,
    now: UnixMillis,
    is_taken: impl Fn(ResourceId) -> bool,
) -> ResourceId {
    let first = format!("{name}/{}", now.0);
    let mut id = ResourceId::derive(kind, &first);
    let mut count = 1_u64;
    while is_taken(id) {
        count += 1;
        id = ResourceId::derive(kind, &format!("{first}/{count}"));
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_that_of_nothing_else() {
        let now = UnixMillis(1);
        let first = id("listener", "web/80", now, |_| false);
        let second = id("listener", "web/80", now, |id| id == first);
        assert_ne!(first, second);
        assert_ne!(first, id("listener", "web/80", UnixMillis(2), |_| false));
    }
}
