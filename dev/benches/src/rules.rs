//! Finding the rule of a request.

use std::hint::black_box;

use anyhow::{Context as _, Result, ensure};
use clingfish_h1::{Progress, parse_request};
use clingfish_model::{
    Action, Listener, Name, RequestHead, Rule,
    head::RequestParts,
    listener::RequestLimits,
    rule::{BadCondition, Condition, Forward, Priority, Transforms},
};
use clingfish_rules::Request;
use clingfish_snapshot::{Chosen, Routes};

use crate::{Case, samples};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "route_default",
        what: "route of a listener without rules",
        run: |calls| route(0, host, calls),
    },
    Case {
        name: "route_host_1",
        what: "route by host, 1 rule",
        run: |calls| route(1, host, calls),
    },
    Case {
        name: "route_host_1000",
        what: "route by host, 1,000 rules",
        run: |calls| route(1000, host, calls),
    },
    Case {
        name: "route_path_1",
        what: "route by path, 1 rule",
        run: |calls| route(1, path, calls),
    },
    Case {
        name: "route_path_1000",
        what: "route by path, 1,000 rules",
        run: |calls| route(1000, path, calls),
    },
    Case {
        name: "route_start_1",
        what: "route by the start of the path, 1 rule",
        run: |calls| route(1, start, calls),
    },
    Case {
        name: "route_start_1000",
        what: "route by the start of the path, 1,000 rules",
        run: |calls| route(1000, start, calls),
    },
    Case {
        name: "route_both_1",
        what: "route by host and path, 1 rule",
        run: |calls| route(1, both, calls),
    },
    Case {
        name: "route_both_1000",
        what: "route by host and path, 1,000 rules",
        run: |calls| route(1000, both, calls),
    },
    Case {
        name: "route_none_1000",
        what: "route past 1,000 rules for hosts, none of which applies",
        run: |calls| route(1000, other, calls),
    },
];

type Make = fn(usize) -> Result<Vec<Condition>, BadCondition>;

/// The last rule is the one that the browser of the samples meets.
fn host(from_last: usize) -> Result<Vec<Condition>, BadCondition> {
    let name = match from_last {
        0 => "shop.example.com".to_owned(),
        other => format!("shop-{other}.example.com"),
    };
    Ok(vec![Condition::host(&[&name], &[])?])
}

fn path(from_last: usize) -> Result<Vec<Condition>, BadCondition> {
    let path = match from_last {
        0 => "/cart/items".to_owned(),
        other => format!("/cart/items-{other}"),
    };
    Ok(vec![Condition::path(&[&path], &[])?])
}

fn start(from_last: usize) -> Result<Vec<Condition>, BadCondition> {
    let path = match from_last {
        0 => "/cart/*".to_owned(),
        other => format!("/a{other:03}/*"),
    };
    Ok(vec![Condition::path(&[&path], &[])?])
}

fn both(from_last: usize) -> Result<Vec<Condition>, BadCondition> {
    Ok([host(from_last)?, path(from_last)?].concat())
}

fn other(from_last: usize) -> Result<Vec<Condition>, BadCondition> {
    host(from_last + 1)
}

fn route(count: usize, make: Make, calls: usize) -> Result<()> {
    let name = Name::new("web")?;
    let action = Action::Forward(Forward::to(name.clone()));
    let mut listener = Listener::new(name.clone(), name, ([127, 0, 0, 1], 80).into());
    listener.default_action = Some(action.clone());
    for number in 0..count {
        let priority = u16::try_from(number + 1).ok().and_then(Priority::new);
        let priority = priority.context("that many rules have priorities")?;
        let conditions = make(count - 1 - number)?;
        let rule = Rule::new(priority, conditions, action.clone(), Transforms::default())?;
        listener.rules.push(rule);
    }
    let routes = Routes::new(&listener, |_| Some(0));
    let expected = if make(0)? == other(0)? { 0 } else { count };
    let bytes = samples::browser_head(None);
    let mut parts = RequestParts::default();
    let Progress::Complete(_) = parse_request(&bytes, 0, &RequestLimits::default(), &mut parts)?
    else {
        anyhow::bail!("the head has an end");
    };
    for _ in 0..calls {
        let head = RequestHead::new(black_box(&bytes), &parts);
        let request = || Request::new(head, head.path_and_query(), [192, 0, 2, 7].into());
        let routed = routes.find(request, || 0).context("there is a default action")?;
        ensure!(matches!(black_box(routed).action, Chosen::Forward(0)));
        ensure!(usize::from(routed.priority) == expected, "rule {}", routed.priority);
    }
    Ok(())
}
