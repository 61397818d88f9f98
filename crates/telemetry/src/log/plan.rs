//! Everything that is written down about requests, and where.

use std::{io, net::IpAddr, path::PathBuf};

use clingfish_model::{
    DesiredState, Name, Owner, ResourceId,
    desired::{self, LogSink},
    listener::BalancerLog,
};

/// What a writer is told at its start and with each configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPlan {
    /// The log of the process, with every request.
    pub log: desired::AccessLog,
    /// Whose account and region ARNs and names of files have.
    pub owner: Owner,
    /// Logs of single load balancers, beside it.
    pub balancers: Vec<BalancerPlan>,
}

/// The log of one load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalancerPlan {
    /// By which its records are known.
    pub id: ResourceId,
    /// Its name.
    pub name: Name,
    /// The address of its first listener, which names of files have in place of that of ALB's node.
    pub node: IpAddr,
    /// Where its files go.
    pub log: BalancerLog,
}

impl LogPlan {
    /// What a configuration asks for. A load balancer without listeners has no requests, and so no log.
    pub fn of(desired: &DesiredState) -> Self {
        let balancers = desired.load_balancers.iter().filter_map(|balancer| {
            let log = balancer.access_log.clone()?;
            let first = desired.listeners.iter().find(|one| one.load_balancer == balancer.name)?;
            let (id, name) = (balancer.id(), balancer.name.clone());
            Some(BalancerPlan { id, name, node: first.bind.ip(), log })
        });
        let owner = desired.aws.owner.clone();
        Self { log: desired.access_log.clone(), owner, balancers: balancers.collect() }
    }
}

/// The log of a process whose load balancers have none of their own.
impl From<desired::AccessLog> for LogPlan {
    fn from(log: desired::AccessLog) -> Self {
        Self { log, ..Self::default() }
    }
}

/// Why a plan is not followed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The log of the process cannot be written.
    #[error("access_log: cannot write to {}: {cause}", place(sink))]
    Sink {
        /// Where it should go.
        sink: LogSink,
        /// What the system said.
        cause: io::Error,
    },
    /// A load balancer's folder cannot be made, or nothing be written there.
    #[error("load_balancers.{balancer}.access_log: cannot write to {}: {cause}", path.display())]
    Folder {
        /// Whose.
        balancer: Name,
        /// What could not be made.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The system gives no thread.
    #[error("cannot start the access log: {0}")]
    Thread(io::Error),
}

fn place(sink: &LogSink) -> String {
    match sink {
        LogSink::File(path) => path.display().to_string(),
        LogSink::Auto | LogSink::Stdout | LogSink::Off => "standard output".to_owned(),
    }
}
