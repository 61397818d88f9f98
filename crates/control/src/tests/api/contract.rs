//! The OpenAPI document: it has the routes that there are, and answers are as it says.

use std::collections::BTreeSet;

use serde_json::Map;

use super::*;
use crate::{
    admin::{OPENAPI, ROUTES},
    tests::{
        live::Stream,
        stage::{Stage, run},
    },
};

const ONE: &str = "/v1/target-groups/web/targets/a";

fn document() -> Value {
    serde_json::from_str(OPENAPI).expect("it is JSON")
}

/// What does not fit a schema, each with where it is. Knows the words that the document uses.
fn misfits(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let mut miss = |what: String| found.push(format!("{at}: {what}: {value}"));
    if let Some(name) = schema["$ref"].as_str() {
        let target = document.pointer(name.trim_start_matches('#'));
        let target = target.unwrap_or_else(|| panic!("nothing at {name}"));
        return misfits(document, target, value, at, found);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = |choice: &&Value| {
            let mut inner = Vec::new();
            misfits(document, choice, value, at, &mut inner);
            inner.is_empty()
        };
        if choices.iter().filter(fits).count() != 1 {
            miss("not one of several".to_owned());
        }
        return;
    }
    let is = |kind: &Value| match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        other => panic!("unknown type {other:?}"),
    };
    let kinds = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
    if !kinds.iter().any(is) {
        miss(format!("not {}", schema["type"]));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        miss("not one of the words".to_owned());
    }
    if schema["format"] == "date-time" && value.as_str().is_some_and(|text| !text.ends_with('Z')) {
        miss("no moment".to_owned());
    }
    for (nth, element) in value.as_array().into_iter().flatten().enumerate() {
        misfits(document, &schema["items"], element, &format!("{at}/{nth}"), found);
    }
    if let Some(fields) = value.as_object() {
        object_misfits(document, schema, fields, at, found);
    }
}

fn object_misfits(
    document: &Value,
    schema: &Value,
    fields: &Map<String, Value>,
    at: &str,
    found: &mut Vec<String>,
) {
    let known = schema["properties"].as_object().cloned().unwrap_or_default();
    for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(required) {
            found.push(format!("{at}: {required} is missing"));
        }
    }
    for (key, value) in fields {
        match (known.get(key), &schema["additionalProperties"]) {
            (Some(schema), _) => misfits(document, schema, value, &format!("{at}/{key}"), found),
            (None, Value::Bool(true)) => {}
            (None, _) => found.push(format!("{at}: {key} is unknown")),
        }
    }
}

/// The schema of the answer of that status.
fn schema(document: &Value, method: &str, template: &str, status: u16) -> Value {
    let operation = &document["paths"][template][method.to_lowercase()];
    assert!(operation.is_object(), "{method} {template} is not in the document");
    let answers = &operation["responses"];
    let answer = answers.get(status.to_string()).unwrap_or(&answers["default"]);
    answer["content"]["application/json"]["schema"].clone()
}

#[test]
fn the_document_has_every_route_and_no_other() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let told: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, operations)| {
            let methods = operations.as_object().unwrap().keys();
            methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
        })
        .collect();
    let there: BTreeSet<(String, String)> = ROUTES
        .iter()
        .map(|(method, path, _)| (method.as_str().to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(told, there);
}

/// A path with these names in the place of its braces.
fn filled(template: &str, names: &[&str]) -> String {
    names.iter().fold(template.to_owned(), |path, name| {
        let (before, rest) = path.split_once('{').expect("there is a brace for each name");
        let (_, after) = rest.split_once('}').expect("it closes");
        format!("{before}{name}{after}")
    })
}

/// Asks for events, of which the document says what is in each.
async fn fits_while_it_lasts(admin: SocketAddr, document: &Value) {
    let answer = &document["paths"]["/v1/live"]["get"]["responses"]["200"];
    let events = &answer["content"]["text/event-stream"]["x-events"];
    let mut stream = Stream::open(admin, "\r\nAuthorization: Bearer t").await;
    for _ in 0..3 {
        let (name, data) = stream.event().await.expect("it goes on");
        let mut found = Vec::new();
        misfits(document, &events[&name], &data, "", &mut found);
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

/// A method, a route, the names for its braces, a query and a body.
type Row<'a> = (&'static str, &'static str, &'a str, &'a str, Value);

/// Questions that are answered, and some that are refused, in an order in which they make sense.
fn questions<'a>(since: &'a str, diff: &'a str) -> Vec<Row<'a>> {
    let (targets, one) =
        ("/v1/target-groups/{name}/targets", "/v1/target-groups/{name}/targets/{id}");
    let (history, target_history) =
        ("/v1/target-groups/{name}/history", "/v1/target-groups/{name}/targets/{id}/history");
    let none = || json!(null);
    vec![
        ("GET", "/v1", "", "", none()),
        ("GET", "/v1/openapi.json", "", "", none()),
        ("GET", "/v1/state", "", "", none()),
        ("GET", "/v1/load-balancers", "", "", none()),
        ("GET", "/v1/load-balancers/{name}", "default", "", none()),
        ("GET", "/v1/listeners", "", "", none()),
        ("GET", "/v1/listeners/{name}", "front", "", none()),
        ("GET", "/v1/target-groups", "", "", none()),
        ("GET", "/v1/target-groups/{name}", "web", "", none()),
        ("GET", "/v1/target-groups/{name}", "learned", "", none()),
        ("GET", "/v1/target-groups/{name}", "none", "", none()),
        ("GET", targets, "learned", "", none()),
        ("GET", one, "web a", "", none()),
        ("GET", history, "web", "", none()),
        ("GET", history, "web", "?after=x", none()),
        ("GET", history, "web", "?targets=9", none()),
        ("GET", history, "web", "?targets=51", none()),
        ("GET", target_history, "web a", "", none()),
        ("GET", "/v1/verdicts", "", "", none()),
        ("POST", "/v1/explain", "", "", json!({ "url": "/api/x" })),
        ("POST", "/v1/explain", "", "", json!({ "token": "AQ" })),
        ("POST", "/v1/explain", "", "", json!({})),
        ("GET", "/v1/requests", "", "", none()),
        ("GET", "/v1/requests/{id}/explain", "1", "", none()),
        ("POST", "/v1/what-if", "", "", json!({ "method": "DELETE", "path": ONE })),
        ("POST", "/v1/what-if", "", "", json!({ "method": "GET", "path": "/v1/state" })),
        ("POST", "/v1/checks", "", "", json!({ "listener": "front" })),
        ("POST", "/v1/checks", "", "", json!({ "listener": "none" })),
        ("GET", "/v1/checks", "", "", none()),
        ("GET", "/v1/checks/{id}", "1", "", none()),
        ("GET", "/v1/checks/{id}", "2", "", none()),
        ("DELETE", "/v1/checks/{id}", "1", "", none()),
        ("GET", "/v1/keys", "", "", none()),
        ("PATCH", "/v1/target-groups/{name}", "web", "", json!({ "slow_start": "30s" })),
        ("PATCH", "/v1/target-groups/{name}", "web", "", json!({ "slow_start": "30x" })),
        ("PUT", "/v1/target-groups/{name}/stickiness", "web", "", json!({ "duration": "5m" })),
        ("POST", targets, "web", "", json!({ "address": "10.0.0.9:80" })),
        ("PATCH", one, "web a", "", json!({ "drain": true })),
        ("DELETE", one, "web a", "", none()),
        ("GET", targets, "web", "", none()),
        ("GET", "/v1/revisions", "", "", none()),
        ("GET", "/v1/revisions/{revision}", since, "", none()),
        ("GET", "/v1/diff", "", diff, none()),
        ("GET", "/v1/events", "", "", none()),
        ("POST", "/v1/rollback", "", "", json!({ "revision": since.parse::<u64>().unwrap() })),
    ]
}

#[test]
fn answers_are_as_the_document_says() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let (admin, document) = (control.admin_address(), document());
        stage.registry.recent().keep(requests::sample("web", "/cart"));
        let since = get(admin, "/v1/state").await.body["since"].as_u64().unwrap();
        let (from, diff) = (since.to_string(), format!("?from={since}&to={}", since + 1));
        let mut asked = BTreeSet::new();
        for (method, template, names, query, body) in questions(&from, &diff) {
            let path = filled(template, &names.split_whitespace().collect::<Vec<_>>());
            let reply = ask(admin, method, &format!("{path}{query}"), "", &body).await;
            let (mut found, schema) =
                (Vec::new(), schema(&document, method, template, reply.status));
            misfits(&document, &schema, &reply.body, "", &mut found);
            assert!(found.is_empty(), "{method} {path}: {found:#?}");
            asked.insert((method, template));
        }
        fits_while_it_lasts(admin, &document).await;
        asked.insert(("GET", "/v1/live"));
        assert_eq!(asked.len(), ROUTES.len(), "every route was asked");
    });
}
