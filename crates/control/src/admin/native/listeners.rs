//! Load balancers, listeners and their rules.

use clingfish_config::load_balancer_settings;
use clingfish_model::{
    Action, Listener, LoadBalancer, Rule,
    rule::{Condition, Forward, Port, Rewrite, Transforms, Values},
    stickiness::CookieStyle,
};
use serde_json::{Map, Value, json};

use super::{fault::Fault, overview::address, wire};
use crate::status::Enforced;

pub(super) fn balancers(now: &Enforced) -> Value {
    let all = now.desired.load_balancers.iter().map(|one| one_balancer(now, one));
    json!({ "load_balancers": all.collect::<Value>() })
}

pub(super) fn balancer(now: &Enforced, wanted: &str) -> Result<Value, Fault> {
    let mut all = now.desired.load_balancers.iter();
    let found = all.find(|balancer| balancer.name.as_str() == wanted);
    let none = || {
        Fault::not_found(format!("there is no load balancer {wanted:?}; see /v1/load-balancers"))
    };
    found.map(|balancer| one_balancer(now, balancer)).ok_or_else(none)
}

fn one_balancer(now: &Enforced, balancer: &LoadBalancer) -> Value {
    let own = now.desired.listeners.iter().filter(|one| one.load_balancer == balancer.name);
    json!({
        "name": balancer.name.as_str(),
        "id": balancer.id().to_string(),
        "listeners": own.map(|listener| listener.name.as_str()).collect::<Vec<_>>(),
        "settings": wire::table(&load_balancer_settings(balancer)),
    })
}

pub(super) fn listeners(now: &Enforced) -> Value {
    let row = |listener: &Listener| {
        let mut value = head(now, listener);
        if let Some(fields) = value.as_object_mut() {
            fields.insert("rules".to_owned(), listener.rules.len().into());
        }
        value
    };
    json!({ "listeners": now.desired.listeners.iter().map(row).collect::<Value>() })
}

pub(super) fn listener(now: &Enforced, wanted: &str) -> Result<Value, Fault> {
    let found = now.desired.listeners.iter().find(|one| one.name.as_str() == wanted);
    let none = || Fault::not_found(format!("there is no listener {wanted:?}; see /v1/listeners"));
    let listener = found.ok_or_else(none)?;
    let mut value = head(now, listener);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("rules".to_owned(), listener.rules.iter().map(rule).collect());
    }
    Ok(value)
}

fn head(now: &Enforced, listener: &Listener) -> Value {
    json!({
        "name": listener.name.as_str(),
        "load_balancer": listener.load_balancer.as_str(),
        "bind": listener.bind.to_string(),
        "address": address(now, listener),
        "protocol": if listener.tls.is_some() { "HTTPS" } else { "HTTP" },
        "default_action": listener.default_action.as_ref().map(action),
    })
}

fn rule(rule: &Rule) -> Value {
    json!({
        "priority": rule.priority().value(),
        "conditions": rule.conditions().iter().map(condition).collect::<Value>(),
        "action": action(rule.action()),
        "transforms": transforms(rule.transforms()),
    })
}

fn condition(condition: &Condition) -> Value {
    let mut fields = Map::new();
    fields.insert("field".to_owned(), condition.field().into());
    let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
    match condition {
        Condition::Host(values) | Condition::Path(values) => put_values(&mut put, values),
        Condition::Header { name, values } => {
            put("name", name.to_string().into());
            put_values(&mut put, values);
        }
        Condition::Method(methods) => put("values", methods.clone().into()),
        Condition::Query(pairs) => {
            let pair = |pair: &clingfish_model::rule::QueryPattern| json!({ "key": pair.key.as_ref().map(ToString::to_string), "value": pair.value.to_string() });
            put("pairs", pairs.iter().map(pair).collect());
        }
        Condition::SourceIp(networks) => {
            put("values", networks.iter().map(ToString::to_string).collect());
        }
        _ => {}
    }
    Value::Object(fields)
}

fn put_values(put: &mut impl FnMut(&str, Value), values: &Values) {
    put("values", values.patterns.iter().map(ToString::to_string).collect());
    if !values.regexes.is_empty() {
        put("regex_values", values.regexes.iter().map(ToString::to_string).collect());
    }
}

fn action(action: &Action) -> Value {
    match action {
        Action::Forward(forward) => self::forward(forward),
        Action::Redirect(redirect) => {
            let port = match redirect.port {
                Port::Unsaid => Value::Null,
                Port::Same => "#{port}".into(),
                Port::Number(port) => port.into(),
            };
            json!({ "type": "redirect", "redirect": {
                "protocol": redirect.scheme.map(|scheme| scheme.as_str().to_uppercase()),
                "host": redirect.host.as_str(),
                "port": port,
                "path": redirect.path.as_str(),
                "query": redirect.query.as_str(),
                "status": redirect.status(),
            } })
        }
        Action::FixedResponse(response) => json!({ "type": "fixed_response", "fixed_response": {
            "status": response.status(),
            "content_type": response.content_type(),
            "body": response.body(),
        } }),
        _ => Value::Null,
    }
}

fn forward(forward: &Forward) -> Value {
    let groups = forward.groups().iter();
    let groups =
        groups.map(|one| json!({ "target_group": one.group.as_str(), "weight": one.weight }));
    let stickiness = forward.stickiness().map(|sticky| {
        let (style, cookie) = match &sticky.style {
            CookieStyle::Clingfish(shape) => ("clingfish", Some(shape.attributes().name.as_str())),
            CookieStyle::Alb => ("alb", None),
            CookieStyle::Classic { .. } => ("classic", None),
        };
        json!({
            "duration_seconds": sticky.duration.as_secs(),
            "style": style,
            "cookie": cookie,
            "failover": sticky.failover,
        })
    });
    json!({ "type": "forward", "forward": groups.collect::<Value>(), "group_stickiness": stickiness })
}

fn transforms(transforms: &Transforms) -> Value {
    let rewrite = |rewrite: &Option<Rewrite>| {
        rewrite.as_ref().map(|rewrite| {
            json!({ "regex": rewrite.regex().as_str(), "replace": rewrite.replacement() })
        })
    };
    json!({ "host-header-rewrite": rewrite(&transforms.host), "url-rewrite": rewrite(&transforms.url) })
}
