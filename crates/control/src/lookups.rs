//! Asks for names, many at a time.

use std::{collections::HashMap, future::Future, net::IpAddr, sync::Arc, time::Duration};

use clingfish_model::{DesiredState, limits::LOOKUPS_RUNNING_MAX};
use clingfish_upstream::{ResolveError, Resolved, Resolver};
use tokio::task::JoinSet;

use crate::{
    clock::{self, until},
    names::Names,
};

/// Who knows the addresses of names: the system's resolver, or what a test says.
pub(crate) trait Resolve: Send + Sync + 'static {
    /// The addresses of `name` now.
    fn resolve(&self, name: &str) -> impl Future<Output = Result<Resolved, ResolveError>> + Send;
}

impl Resolve for Resolver {
    async fn resolve(&self, name: &str) -> Result<Resolved, ResolveError> {
        Self::resolve(self, name).await
    }
}

/// The names of targets, and the questions that run. Dropping it ends them.
#[derive(Debug)]
pub(crate) struct Lookups<R> {
    resolver: Arc<R>,
    names: Names,
    running: JoinSet<(String, Result<Resolved, ResolveError>)>,
}

impl<R: Resolve> Lookups<R> {
    pub(crate) fn new(resolver: R) -> Self {
        Self { resolver: Arc::new(resolver), names: Names::default(), running: JoinSet::new() }
    }

    /// Takes in the names of `desired` and waits until all have been answered for, or `patience` is over.
    pub(crate) async fn settle(&mut self, desired: &DesiredState, patience: Duration) {
        self.names.want(desired, clock::now());
        let answers = async {
            while !self.names.are_answered() {
                self.answer().await;
            }
        };
        if tokio::time::timeout(patience, answers).await.is_err() {
            tracing::warn!(?patience, "some names did not resolve in time; going on without them");
        }
    }

    /// Forgets the names that `desired` does not have.
    pub(crate) fn forget_all_but(&mut self, desired: &DesiredState) {
        self.names.forget_all_but(desired);
    }

    /// Waits until something is known that was not. Cancel-safe: what was asked goes on.
    pub(crate) async fn change(&mut self) {
        while !self.answer().await {}
        // Answers that came at the same time make one change, not one each.
        while let Some(answer) = self.running.try_join_next() {
            self.take(answer);
        }
    }

    /// The last good answer for each name.
    pub(crate) fn addresses(&self) -> &HashMap<String, Vec<IpAddr>> {
        self.names.addresses()
    }

    /// Asks for what is due and waits for an answer; true if it changes something. False also when more has become due.
    async fn answer(&mut self) -> bool {
        while self.running.len() < LOOKUPS_RUNNING_MAX
            && let Some(name) = self.names.take_due(clock::now())
        {
            let resolver = Arc::clone(&self.resolver);
            self.running.spawn(async move {
                let answer = resolver.resolve(&name).await;
                (name, answer)
            });
        }
        let may_ask = self.running.len() < LOOKUPS_RUNNING_MAX;
        let next_due = self.names.next_due().filter(|_| may_ask);
        tokio::select! {
            Some(answer) = self.running.join_next() => self.take(answer),
            () = until(next_due) => false,
        }
    }

    fn take(
        &mut self,
        answer: Result<(String, Result<Resolved, ResolveError>), tokio::task::JoinError>,
    ) -> bool {
        match answer {
            Ok((name, answer)) => self.names.answer(&name, answer, clock::now()),
            Err(error) => {
                // The name stays marked as asked for, which is better than a loop of panics.
                tracing::error!(%error, "a lookup broke");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests;
