//! From start to exit.

mod exit;
mod garbage;
mod start;

use clingfish_testkit::Target;

/// A whole configuration with these lines in `[server]`, before one standard target.
fn serving(server: &str, target: &Target) -> String {
    format!(
        r#"
        [server]
        {server}

        [[listeners]]
        name = "web"
        bind = "127.0.0.1:0"
        forward = "web"

        [target_groups.web]
        targets = ["{}"]
        health_check = false
        "#,
        target.address()
    )
}
