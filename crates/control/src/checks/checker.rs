//! The seam between what starts self-tests and what does them.

use std::{fmt, future::Future, net::SocketAddr, pin::Pin, sync::Arc};

use clingfish_model::Name;
use serde_json::Value;

use super::run::Run;

/// Does self-tests. The binary has one; control knows no more of it than this.
pub trait Checker: fmt::Debug + Send + Sync {
    /// Makes ready to do what `plan` says, and tells `progress` how far it is.
    ///
    /// # Errors
    ///
    /// What is wrong with the plan, and what to say instead, for people.
    fn prepare(&self, plan: &CheckPlan, progress: CheckProgress) -> Result<Checking, String>;
}

/// A self-test that is done: its report, or why there is none. Stops at once when it is dropped.
pub type Checking = Pin<Box<dyn Future<Output = Result<Value, String>> + Send>>;

/// What a self-test is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckPlan {
    /// The listener that is tested.
    pub listener: Name,
    /// Where it can be reached from this machine. Connections go there and nowhere else.
    pub address: SocketAddr,
    /// Whether it speaks TLS. Its certificate is for the names that clients use, so nobody need vouch for it.
    pub is_tls: bool,
    /// The host that is asked for, with a port where clients say one; none: the address.
    pub host: Option<String>,
    /// Path and query.
    pub path: String,
    /// What in an answer names the target: `header:NAME`, `json:PATH` or `regex:EXPRESSION`; none: found out.
    pub identify: Option<String>,
    /// The path of a WebSocket; none: that of the page.
    pub websocket: Option<String>,
    /// Fresh clients that come at first; none: as many as the checker takes to be polite.
    pub requests: Option<usize>,
    /// Promises that are left out, by name.
    pub skip: Vec<String>,
}

impl CheckPlan {
    /// What is asked for, as people write it.
    pub fn url(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        match &self.host {
            Some(host) => format!("{scheme}://{host}{}", self.path),
            None => format!("{scheme}://{}{}", self.address, self.path),
        }
    }
}

/// Where a self-test tells how far it is.
#[derive(Clone, Debug)]
pub struct CheckProgress(Arc<Run>);

impl CheckProgress {
    pub(super) fn of(run: Arc<Run>) -> Self {
        Self(run)
    }

    /// Says what is done now. Long lines are cut off, and of very many the later ones are left out.
    pub fn say(&self, line: &str) {
        self.0.say(line);
    }

    /// Says what became of a promise, as the report will have it.
    pub fn judge(&self, finding: Value) {
        self.0.judge(finding);
    }
}
