//! Express with express-session's own store: the session is in the memory of the process.

use super::{Bed, Instance, NONE, assert_all_counted, assert_lost, stickiness_of, visit};

fn counter(name: &str) -> Instance {
    Instance::script("express/server.js", name)
}

#[test]
fn visitors_are_counted_where_they_began() {
    let bed = Bed::start(counter, &stickiness_of("express"));
    assert_all_counted(&visit(&bed, "all"));
}

#[test]
fn without_stickiness_counts_are_lost() {
    assert_lost(&visit(&Bed::start(counter, NONE), "all"));
}
