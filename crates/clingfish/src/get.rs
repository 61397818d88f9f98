//! `clingfish get`.

use std::process::ExitCode;

use anyhow::ensure;
use serde_json::Value;

use crate::{
    admin_client::{AdminClient, list_of, print_json, text_of},
    cli::{self, Output, Resource},
    table::{Table, cell, settings},
};

/// What targets are shown with, below these titles.
const TARGET: [(&str, &str); 9] = [
    ("TARGET", "/id"),
    ("ADDRESS", "/address"),
    ("STATE", "/health/state"),
    ("REASON", "/health/reason"),
    ("WEIGHT", "/weight"),
    ("DRAIN", "/drain"),
    ("LEAVING", "/leaving"),
    ("IN FLIGHT", "/in_flight"),
    ("SESSIONS", "/sessions"),
];

pub(crate) fn run(options: &cli::Get) -> anyhow::Result<ExitCode> {
    let client = AdminClient::new(&options.admin.admin, &options.admin.api)?;
    let is_json = options.admin.api.output == Output::Json;
    let name = options.name.as_deref();
    if options.resource == Resource::Targets && name.is_none() {
        all_targets(&client, is_json)?;
        return Ok(ExitCode::SUCCESS);
    }
    let answer = client.get(&path(options.resource, name)?)?;
    if is_json {
        print_json(&answer);
        return Ok(ExitCode::SUCCESS);
    }
    match (options.resource, name) {
        (Resource::State, _) => state(&answer),
        (Resource::LoadBalancers | Resource::TargetGroups, Some(_)) => one(&answer),
        (Resource::Listeners, Some(_)) => listener(&answer),
        (Resource::Targets, _) => targets(&answer),
        (Resource::Verdicts, _) => verdicts(&answer),
        (resource, _) => many(resource, &answer),
    }
    Ok(ExitCode::SUCCESS)
}

fn path(resource: Resource, name: Option<&str>) -> anyhow::Result<String> {
    let (place, may_be_named) = match resource {
        Resource::State => ("state", false),
        Resource::LoadBalancers => ("load-balancers", true),
        Resource::Listeners => ("listeners", true),
        Resource::TargetGroups | Resource::Targets => ("target-groups", true),
        Resource::Keys => ("keys", false),
        Resource::Verdicts => ("verdicts", false),
        Resource::Revisions => ("revisions", false),
    };
    let Some(name) = name else { return Ok(format!("/v1/{place}")) };
    ensure!(may_be_named, "{place} is shown as a whole: leave {name:?} out");
    let is_name = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
    ensure!(name.bytes().all(is_name), "{name:?} is not a name");
    let below = if resource == Resource::Targets { "/targets" } else { "" };
    Ok(format!("/v1/{place}/{name}{below}"))
}

fn state(answer: &Value) {
    for (title, key) in [
        ("phase", "phase"),
        ("revision", "revision"),
        ("desired since", "since"),
        ("started", "started_at"),
    ] {
        println!("{title:<14} {}", cell(answer.get(key)));
    }
    let names = |key: &str| {
        let names = list_of(answer, key).iter();
        names.map(|one| one.get("name").unwrap_or(one)).cloned().collect::<Value>()
    };
    for (title, key) in [
        ("load balancers", "load_balancers"),
        ("listeners", "listeners"),
        ("target groups", "target_groups"),
    ] {
        println!("{title:<14} {}", cell(Some(&names(key))));
    }
}

/// One line for each.
fn many(resource: Resource, answer: &Value) {
    let (list, columns): (&str, &[(&'static str, &str)]) = match resource {
        Resource::LoadBalancers => {
            ("load_balancers", &[("NAME", "/name"), ("ID", "/id"), ("LISTENERS", "/listeners")])
        }
        Resource::Listeners => (
            "listeners",
            &[
                ("NAME", "/name"),
                ("ADDRESS", "/address"),
                ("PROTOCOL", "/protocol"),
                ("LOAD BALANCER", "/load_balancer"),
                ("DEFAULT", "/default_action/type"),
                ("RULES", "/rules"),
            ],
        ),
        Resource::Keys => (
            "keys",
            &[
                ("KEY", "/id"),
                ("CHECK", "/check"),
                ("STATE", "/state"),
                ("CREATED", "/created"),
                ("SEALS FROM", "/seals_from"),
                ("RETIRES", "/retires_at"),
            ],
        ),
        Resource::Revisions => (
            "revisions",
            &[("REVISION", "/revision"), ("AT", "/at"), ("WHO", "/who"), ("ACTION", "/action")],
        ),
        _ => (
            "target_groups",
            &[
                ("NAME", "/name"),
                ("STICKINESS", "/stickiness"),
                ("ALGORITHM", "/algorithm"),
                ("TARGETS", "/targets"),
                ("HEALTHY", "/healthy_targets"),
                ("LISTENERS", "/listeners"),
            ],
        ),
    };
    let (titles, members): (Vec<_>, Vec<_>) = columns.iter().copied().unzip();
    let mut table = Table::new(&titles);
    list_of(answer, list).iter().for_each(|one| table.add(one, &members));
    table.print();
}

/// Every setting, and targets where there are any.
fn one(answer: &Value) {
    let mut table = Table::new(&["SETTING", "VALUE"]);
    for (key, value) in answer.get("settings").map(settings).unwrap_or_default() {
        table.add_cells(vec![key, value]);
    }
    table.print();
    if answer.get("targets").is_some() {
        println!();
        targets(answer);
    }
}

fn listener(answer: &Value) {
    for key in ["name", "address", "protocol", "load_balancer"] {
        println!("{key:<13} {}", cell(answer.get(key)));
    }
    println!("{:<13} {}\n", "default", action(answer.get("default_action")));
    let mut table = Table::new(&["PRIORITY", "CONDITIONS", "ACTION"]);
    for rule in list_of(answer, "rules") {
        let condition = |one: &Value| {
            let values = ["values", "regex_values", "pairs"];
            let values = values.iter().filter_map(|key| one.get(*key));
            let values: Vec<String> = values.map(|values| cell(Some(values))).collect();
            format!("{} {}", text_of(one, "field"), values.join(", "))
        };
        let conditions: Vec<String> = list_of(rule, "conditions").iter().map(condition).collect();
        table.add_cells(vec![
            cell(rule.get("priority")),
            conditions.join("; "),
            action(rule.get("action")),
        ]);
    }
    table.print();
}

fn action(action: Option<&Value>) -> String {
    let Some(action) = action.filter(|action| !action.is_null()) else {
        return "404".to_owned();
    };
    let group =
        |one: &Value| format!("{} ({})", text_of(one, "target_group"), cell(one.get("weight")));
    match text_of(action, "type") {
        "forward" => list_of(action, "forward").iter().map(group).collect::<Vec<_>>().join(", "),
        kind => format!("{kind} {}", cell(action.pointer(&format!("/{kind}/status")))),
    }
}

fn targets(answer: &Value) {
    let (titles, members): (Vec<_>, Vec<_>) = TARGET.into_iter().unzip();
    let mut table = Table::new(&titles);
    list_of(answer, "targets").iter().for_each(|target| table.add(target, &members));
    table.print();
}

/// Targets of all groups.
fn all_targets(client: &AdminClient, is_json: bool) -> anyhow::Result<()> {
    let groups = client.get("/v1/target-groups")?;
    let mut titles = vec!["GROUP"];
    titles.extend(TARGET.map(|(title, _)| title));
    let mut table = Table::new(&titles);
    let mut all = Vec::new();
    for group in list_of(&groups, "target_groups") {
        let name = text_of(group, "name");
        let answer = client.get(&format!("/v1/target-groups/{name}/targets"))?;
        for target in list_of(&answer, "targets") {
            let mut cells = vec![name.to_owned()];
            cells.extend(TARGET.map(|(_, member)| cell(target.pointer(member))));
            table.add_cells(cells);
            let mut target = target.clone();
            if let Some(fields) = target.as_object_mut() {
                fields.insert("target_group".to_owned(), name.into());
            }
            all.push(target);
        }
    }
    if is_json {
        print_json(&serde_json::json!({ "targets": all }));
    } else {
        table.print();
    }
    Ok(())
}

fn verdicts(answer: &Value) {
    let mut table = Table::new(&["TARGET GROUP", "VERDICT", "CLASS", "REQUESTS"]);
    for group in list_of(answer, "verdicts") {
        for row in list_of(group, "requests") {
            let mut cells = vec![text_of(group, "target_group").to_owned()];
            cells.extend(["verdict", "class", "count"].map(|key| cell(row.get(key))));
            table.add_cells(cells);
        }
    }
    table.print();
}
