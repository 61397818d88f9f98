//! HTTP/2 as clients and targets see it.

mod life;
mod limits;
mod matrix;
mod sessions;
mod streams;
mod targets;
mod websockets;

use clingfish_testkit::{Background, Clingfish, Launch};

/// Clients whose every step a test sees; what it does with them is appended.
const CLIENT: &str = include_str!("../../scripts/http2/client.py");
const TARGET: &str = include_str!("../../scripts/http2/target.py");

/// A target that speaks HTTP/1 and HTTP/2, and a Clingfish before it: listener `to1` sends it HTTP/1, `to2` HTTP/2. Both take
/// either version.
struct Stage {
    target: Background,
    clingfish: Clingfish,
}

impl Stage {
    #[track_caller]
    fn new() -> Self {
        Self::with("", "")
    }

    /// With lines of the load balancer and of both groups.
    #[track_caller]
    fn with(balancer: &str, group: &str) -> Self {
        let target = Background::python(TARGET, &[]);
        let clingfish = Launch::new(&config(&target, balancer, group)).start();
        Self { target, clingfish }
    }

    /// The listener of that name, as scripts want it.
    #[track_caller]
    fn at(&self, listener: &str) -> String {
        self.clingfish.listener(listener).to_string()
    }
}

fn config(target: &Background, balancer: &str, group: &str) -> String {
    let address = target.address();
    let mut config = format!(
        "[server]\nworkers = 1\n[load_balancers.default]\ndebug_header = true\n{balancer}\n"
    );
    for (name, protocol) in [("to1", "HTTP1"), ("to2", "HTTP2")] {
        config += &format!(
            "[[listeners]]\nname = \"{name}\"\nbind = \"127.0.0.1:0\"\nh2c = true\nforward = \"{name}\"\n\
             [target_groups.{name}]\nprotocol_version = \"{protocol}\"\nhealth_check = false\n\
             targets = [{{ id = \"t\", address = \"{address}\" }}]\n{group}\n"
        );
    }
    config
}

/// Runs what stands behind the clients, with these arguments, to a good end.
#[track_caller]
pub(crate) fn client(script: &str, args: &[&str]) -> String {
    start_client(script, args).finish()
}

/// The same beside the test.
#[track_caller]
fn start_client(script: &str, args: &[&str]) -> Background {
    Background::python(&format!("{CLIENT}\n\n{script}"), args)
}
