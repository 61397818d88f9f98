//! The self-test as the admin address runs it: `control` says where to, and knows no more of it.

use std::{future::Future, pin::Pin};

use clingfish_check::{
    Audience, CheckError, Finding, Load, Options, Promise, Url, Who, balancer::Balancer,
};
use clingfish_control::{CheckPlan, CheckProgress, Checker, Checking};

/// Does what `clingfish check` does, as politely.
#[derive(Debug)]
pub(crate) struct SelfTest;

impl Checker for SelfTest {
    fn prepare(&self, plan: &CheckPlan, progress: CheckProgress) -> Result<Checking, String> {
        let options = options(plan)?;
        Ok(Box::pin(async move {
            let mut follower = Follower(progress);
            let report = clingfish_check::run(&options, &mut follower).await;
            report.map(|report| report.to_json()).map_err(|error| match error {
                CheckError::Who(place) => {
                    format!("no answer has {place}: say with identify what names the target")
                }
                error => error.to_string(),
            })
        }))
    }
}

fn options(plan: &CheckPlan) -> Result<Options, String> {
    let url = plan.url();
    let url = Url::parse(&url).map_err(|error| format!("{url:?} is no URL: {error}"))?;
    let who = plan.identify.as_deref().map(Who::parse).transpose();
    let who = who.map_err(|error| format!("identify: {error}"))?;
    let mut promises = Promise::ALL.to_vec();
    for name in &plan.skip {
        let skipped = Promise::of_name(name).ok_or_else(|| {
            let names: Vec<&str> = Promise::ALL.iter().map(|promise| promise.name()).collect();
            format!("skip: {name:?} is none of {}", names.join(", "))
        })?;
        promises.retain(|promise| *promise != skipped);
    }
    let load = Load::default();
    let fresh_clients = plan.requests.unwrap_or(load.fresh_clients);
    Ok(Options {
        // Never to where the host's name leads.
        connect_to: Some(plan.address),
        balancer: Some(Balancer::Clingfish),
        who,
        websocket: plan.websocket.clone(),
        promises,
        load: Load { fresh_clients, ..load },
        ..Options::new(url)
    })
}

/// Writes down what the self-test says.
struct Follower(CheckProgress);

impl Audience for Follower {
    fn hear(&mut self, line: &str) {
        self.0.say(line);
    }

    fn learn(&mut self, finding: &Finding) {
        self.0.judge(finding.to_json());
    }

    fn please<'a>(&'a mut self, _: &'a str) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        // No target is stopped for it.
        Box::pin(async {})
    }
}

#[cfg(test)]
mod tests {
    use clingfish_model::Name;

    use super::*;

    fn plan() -> CheckPlan {
        CheckPlan {
            listener: Name::new("web").unwrap(),
            address: "127.0.0.1:8080".parse().unwrap(),
            is_tls: true,
            host: Some("shop.example".to_owned()),
            path: "/cart?x=1".to_owned(),
            identify: Some("header:X-Served-By".to_owned()),
            websocket: None,
            requests: Some(8),
            skip: vec!["parallel-first".to_owned()],
        }
    }

    #[test]
    fn it_asks_for_the_host_and_connects_to_the_listener() {
        let options = options(&plan()).unwrap();
        assert_eq!(options.url.to_string(), "https://shop.example/cart?x=1");
        assert_eq!(options.connect_to, Some("127.0.0.1:8080".parse().unwrap()));
        assert_eq!((options.load.fresh_clients, options.load.rate), (8, Load::default().rate));
        assert!(!options.asks_for(Promise::ParallelFirst) && options.asks_for(Promise::ComesHome));
        assert!(!options.while_down);
    }

    #[test]
    fn what_is_wrong_is_told_with_what_to_say_instead() {
        for (wrong, expected) in [
            (CheckPlan { identify: Some("cookie:x".into()), ..plan() }, "header:NAME"),
            (CheckPlan { identify: Some("regex:(".into()), ..plan() }, "identify: "),
            (CheckPlan { skip: vec!["everything".into()], ..plan() }, "parallel-first"),
            (CheckPlan { host: Some("[::1".into()), ..plan() }, "no host"),
        ] {
            let error = options(&wrong).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
