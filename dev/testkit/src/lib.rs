//! What tests share: the real binary, target applications, a raw client and real clients.
//!
//! Everything listens on port 0 and says where; every wait is for a condition and ends ([`eventually`]).
//! What goes wrong in here panics with a text that says what was waited for: it is the test that failed.
//!
//! ```no_run
//! use clingfish_testkit::{Clingfish, RawClient, Target};
//!
//! let shop = Target::start("shop");
//! let clingfish = Clingfish::start(&format!(
//!     r#"
//!     [[listeners]]
//!     name = "web"
//!     bind = "127.0.0.1:0"
//!     forward = "web"
//!
//!     [target_groups.web]
//!     targets = ["{}"]
//!     "#,
//!     shop.address()
//! ));
//! let answer = RawClient::get(clingfish.listener("web"), "/status/418").unwrap();
//! assert_eq!(answer.status, 418);
//! ```

mod authority;
mod background;
mod clients;
mod clingfish;
mod clock;
mod crowd;
mod metrics;
mod port;
mod raw;
mod target;
mod wait;

pub use authority::{Authority, Issued, KeyKind};
pub use background::Background;
pub use clients::{
    Finished, Running, curl, node, node_modules, openssl, python, python_command, python_server,
    run,
};
pub use clingfish::{Clingfish, Exited, Launch, binary};
pub use crowd::crowd;
pub use metrics::{Metrics, Sample};
pub use port::Port;
pub use raw::{RawClient, response::Response};
pub use target::{
    Target,
    connection::{Connection, Flow},
    request::Received,
    standard::standard,
    websocket::accept_value,
};
pub use wait::eventually;
