//! The self-test itself: asks, looks, judges, one promise after another.

mod absence;
mod cookies;
mod forged;
mod ground;
mod homes;
mod means;
mod sites;
mod socket_io;
mod versions;

use std::{future::Future, pin::Pin};

use crate::{
    client::{CheckError, Client},
    options::Options,
    promise::{Judgement, Promise},
    report::{Finding, Report},
};
use ground::Ground;

/// Whoever follows the self-test while it runs.
pub trait Audience: Send {
    /// Hears what is done now.
    fn hear(&mut self, line: &str);

    /// Hears what became of a promise, as soon as that is known.
    fn learn(&mut self, _finding: &Finding) {}

    /// Is asked to do something, and says when it is done.
    fn please<'a>(&'a mut self, request: &'a str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}

/// Checks every promise that is asked for.
///
/// # Errors
///
/// When nothing can be checked at all: nobody answers, or the login does not work.
pub async fn run(options: &Options, audience: &mut dyn Audience) -> Result<Report, CheckError> {
    let client = Client::new(options).await?;
    let mut ground = Ground::survey(&client, options, audience).await?;
    audience.hear("looking for what brings clients home");
    let affinity =
        ground.means().await.map_or_else(|error| error.to_string(), |means| means.words());
    let mut findings = Vec::new();
    for promise in Promise::ALL.iter().copied().filter(|promise| options.asks_for(*promise)) {
        if promise != Promise::TargetAbsent || options.while_down {
            audience.hear(&format!("{promise}: {}", promise.words()));
            let judgement = check(promise, &mut ground, audience).await;
            let finding = Finding::new(promise, judgement, ground.recognised.balancer);
            audience.learn(&finding);
            findings.push(finding);
        }
    }
    Ok(Report {
        url: options.url.to_string(),
        who: ground.who.as_ref().map(ToString::to_string),
        targets: ground.targets.clone(),
        affinity,
        recognised: ground.recognised,
        requests: client.requests(),
        findings,
    })
}

async fn check(
    promise: Promise,
    ground: &mut Ground<'_>,
    audience: &mut dyn Audience,
) -> Judgement {
    let judged = match promise {
        Promise::SeveralTargets => Ok(ground.several_targets()),
        Promise::ComesHome => Ok(ground.comes_home()),
        Promise::NewConnection => Ok(ground.new_connection()),
        Promise::ParallelFirst => ground.parallel_first().await,
        Promise::Http2 => ground.http2().await,
        Promise::WebSocket => ground.websocket().await,
        Promise::CrossSite => ground.cross_site().await,
        Promise::Cors => ground.cors().await,
        Promise::CookieFlags => ground.cookie_flags().await,
        Promise::CookieScope => ground.cookie_scope().await,
        Promise::CookieLife => ground.cookie_life().await,
        Promise::CookieOpaque => ground.cookie_opaque().await,
        Promise::ForgedCookie => ground.forged_cookie().await,
        Promise::Expiry => ground.expiry().await,
        Promise::SocketIo => ground.socket_io().await,
        Promise::TargetAbsent => ground.target_absent(audience).await,
    };
    judged.unwrap_or_else(|error| Judgement::unknown(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::Url;

    struct Nobody;

    impl Audience for Nobody {
        fn hear(&mut self, _: &str) {}

        fn please<'a>(&'a mut self, _: &'a str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
            Box::pin(async {})
        }
    }

    #[test]
    fn it_can_run_as_a_task_of_any_runtime() {
        fn is_send(_: &impl Send) {}
        let options = Options::new(Url::parse("http://127.0.0.1:1/").unwrap());
        is_send(&run(&options, &mut Nobody));
    }
}
