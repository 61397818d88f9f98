//! All that the API shows.

use std::collections::BTreeMap;

use clingfish_model::DesiredState;

use super::{NOW, asked, world};

/// What there is, by its ARN, and what is said of each: attributes and tags, which no change of something else concerns.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) balancers: Vec<String>,
    pub(super) groups: Vec<String>,
    pub(super) listeners: Vec<String>,
    /// Without the default ones.
    pub(super) rules: Vec<String>,
    pub(super) said: BTreeMap<String, String>,
}

impl Survey {
    pub(super) fn of(desired: &DesiredState) -> Self {
        let ask = |form: &str| answer(form, desired);
        let balancers = all("LoadBalancerArn", &ask("Action=DescribeLoadBalancers"));
        let groups = all("TargetGroupArn", &ask("Action=DescribeTargetGroups"));
        let mut survey = Self { balancers, groups, ..Self::default() };
        for arn in &survey.balancers {
            let listeners = ask(&format!("Action=DescribeListeners&LoadBalancerArn={arn}"));
            survey.listeners.extend(all("ListenerArn", &listeners));
            let form = format!("Action=DescribeLoadBalancerAttributes&LoadBalancerArn={arn}");
            survey.said.insert(arn.clone(), ask(&form));
        }
        for arn in &survey.groups {
            let form = format!("Action=DescribeTargetGroupAttributes&TargetGroupArn={arn}");
            let health = ask(&format!("Action=DescribeTargetHealth&TargetGroupArn={arn}"));
            survey.said.insert(arn.clone(), ask(&form) + &ids(&health));
        }
        for arn in &survey.listeners {
            let rules = all("RuleArn", &ask(&format!("Action=DescribeRules&ListenerArn={arn}")));
            let (default, rules) = rules.split_last().expect("every listener has a default rule");
            survey.rules.extend_from_slice(rules);
            survey.said.insert(default.clone(), String::new());
            let form = format!("Action=DescribeListenerAttributes&ListenerArn={arn}");
            survey.said.insert(arn.clone(), ask(&form));
        }
        survey.said.extend(survey.rules.iter().map(|arn| (arn.clone(), String::new())));
        for (arn, said) in &mut survey.said {
            said.push_str(&ask(&format!("Action=DescribeTags&ResourceArns.member.1={arn}")));
        }
        survey
    }
}

fn answer(form: &str, desired: &DesiredState) -> String {
    let answer = asked(form, desired, NOW).and_then(|plan| (plan.reply)(&world(desired, NOW)));
    match answer {
        Ok(answer) => answer.to_string(),
        Err(error) => panic!("{form}: {error}"),
    }
}

/// The texts of all elements of that name, each once.
fn all(element: &str, xml: &str) -> Vec<String> {
    let start = format!("<{element}>");
    let parts = xml.split(&start).skip(1);
    let mut texts = Vec::new();
    for text in parts.filter_map(|part| Some(part.split_once('<')?.0.to_owned())) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

/// Who is registered, whatever is known of their health.
fn ids(health: &str) -> String {
    format!("{:?}", all("Id", health))
}
