//! `docs/configuration.md` says what the code does.

use super::{
    settings::{HASH, SAMPLES},
    *,
};

const TEXT: &str = include_str!("../../../../docs/configuration.md");

/// What must be there beside a setting for its default or its bounds to be legal.
const COMPANIONS: [(&str, &str); 14] = [
    ("access_log.prefix", "access_log.folder = \"/var/log/x\""),
    ("fixed_response.status", ""),
    ("fixed_response.", "fixed_response.status = 404"),
    ("redirect.host", "redirect.port = 81"),
    ("redirect.", "redirect.host = \"b.example\""),
    ("health_check.interval", "health_check.timeout = \"50ms\""),
    ("health_check.timeout", "health_check.interval = \"5m\""),
    ("group_stickiness.", "group_stickiness.enabled = true"),
    ("stickiness.separator", "stickiness.type = \"route\"\nstickiness.in = \"cookie:S\""),
    ("stickiness.path_prefix", LEARN),
    ("stickiness.sessions_", LEARN),
    ("stickiness.fallback", LEARN),
    ("stickiness.", "stickiness.enabled = true"),
    ("", ""),
];

const LEARN: &str = "stickiness.type = \"learn\"\nstickiness.from = \"json:sid\"";

/// Headings of tables inside tables.
static TABLES: [(&str, &Schema); 12] = [
    ("### Access keys", &keys::ACCESS_KEY),
    ("### Tokens", &keys::TOKEN),
    ("### Subnets", &keys::SUBNET),
    ("### Certificates of AWS", &keys::STORED_CERTIFICATE),
    ("### Trust stores", &keys::TRUST_STORE),
    ("### Classic load balancers", &keys::CLASSIC),
    ("### Policies of stickiness", &keys::CLASSIC_POLICY),
    ("### Classic listeners", &keys::CLASSIC_LISTENER),
    ("### Certificates", &keys::CERTIFICATE),
    ("### Targets", &keys::TARGET),
    ("### Cookies of other balancers", &keys::IMPORT),
    ("### `conditions`", &keys::CONDITION),
];

/// One row of a table of keys.
struct Row<'d> {
    title: &'d str,
    key: &'d str,
    value: &'d str,
    default: &'d str,
}

fn rows() -> Vec<Row<'static>> {
    let mut title = "";
    let mut rows = Vec::new();
    for line in TEXT.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            title = heading.trim_matches('`');
        } else if let Some((_, schema)) = TABLES.iter().find(|(heading, _)| *heading == line) {
            title = schema.title;
        } else if line.starts_with("### ")
            && [keys::TARGET.title, keys::IMPORT.title].contains(&title)
        {
            title = keys::TARGET_GROUP.title;
        }
        let cells: Vec<&str> =
            line.split(" | ").map(|cell| cell.trim_matches([' ', '|'])).collect();
        if let [key, value, default, ..] = cells[..]
            && let Some(key) = code(key)
        {
            rows.push(Row { title, key, value, default });
        }
    }
    rows
}

fn code(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`')
}

fn with(row: &Row<'_>, setting: &str) -> Result<DesiredState, String> {
    let template = SAMPLES.iter().find(|(schema, ..)| schema.title == row.title);
    let (_, template, _) = template.unwrap_or_else(|| panic!("no table {}", row.title));
    let (_, companion) = COMPANIONS.iter().find(|(key, _)| row.key.starts_with(key)).unwrap();
    let acts = row.key.starts_with("redirect.") || row.key.starts_with("fixed_response.");
    let action =
        if acts { (*companion).to_owned() } else { format!("{companion}\nforward = \"a\"") };
    let companion = match row.title {
        title if title == keys::TARGET.title => "address = \"a:1\"".to_owned(),
        title if title == keys::ACCESS_KEY.title => "id = \"A\"\nsecret = \"x\"".to_owned(),
        title if title == keys::SUBNET.title => "zone = \"a\"".to_owned(),
        title if title == keys::TOKEN.title => format!("name = \"a\"\nsha256 = \"{HASH}\""),
        title if title == keys::CLASSIC_LISTENER.title && row.key != "instance_port" => {
            "instance_port = 80".to_owned()
        }
        title if title == keys::LISTENER.title && acts => {
            format!("{action}\nbind = \"127.0.0.1:0\"")
        }
        title if title == keys::LISTENER.title => listener_companion(row.key).to_owned(),
        title if title == keys::RULE.title => {
            format!("{action}\nconditions = {{ path-pattern = \"/x\" }}")
        }
        _ => (*companion).to_owned(),
    };
    let text = template.replace("LINE", &format!("{setting}\n{companion}"));
    match parse(&text) {
        Ok((state, _)) => Ok(state),
        Err(errors) => Err(format!("{text}\n{}", rendered(&errors))),
    }
}

fn listener_companion(key: &str) -> &'static str {
    match key {
        key if key.starts_with("group_stickiness.") => {
            "bind = \"127.0.0.1:0\"\nforward = \"a\"\ngroup_stickiness.enabled = true"
        }
        "protocol" | "load_balancer" | "server_header" | "rules" => {
            "bind = \"127.0.0.1:0\"\nforward = \"a\""
        }
        "mutual_authentication.mode" => {
            "bind = \"127.0.0.1:0\"\nforward = \"a\"\nprotocol = \"HTTPS\"\n\
             certificates = [{ certificate = \"a\" }]"
        }
        _ => {
            "bind = \"127.0.0.1:0\"\nforward = \"a\"\nprotocol = \"HTTPS\"\n\
             certificates = [{ certificate = \"a\" }]\n\
             mutual_authentication.mode = \"verify\"\n\
             mutual_authentication.trust_store = \"a\""
        }
    }
}

#[test]
fn every_key_is_documented_in_the_table_of_its_section() {
    let rows = rows();
    for (schema, ..) in SAMPLES {
        for key in schema.keys {
            let told = rows.iter().any(|row| row.title == schema.title && row.key == key.name);
            assert!(told, "{}: {}", schema.title, key.name);
            for name in key.names() {
                assert!(TEXT.contains(&format!("`{name}`")), "{}: {name}", schema.title);
            }
        }
        for name in schema.aws {
            let name = if name.ends_with('.') { format!("{name}*") } else { (*name).to_owned() };
            assert!(TEXT.contains(&format!("`{name}`")), "{}: {name}", schema.title);
        }
    }
}

#[test]
fn no_other_key_is_documented() {
    for row in rows() {
        let sample = SAMPLES.iter().find(|(schema, ..)| schema.title == row.title);
        let (schema, ..) = sample.unwrap_or_else(|| panic!("no table {}", row.title));
        assert!(schema.keys.iter().any(|key| key.name == row.key), "{}: {}", row.title, row.key);
    }
}

#[test]
fn documented_defaults_are_the_defaults() {
    let mut checked = 0;
    for row in rows() {
        if let Some(default) = code(row.default).filter(|_| row.key != "stickiness.cookie") {
            let (key, title) = (row.key, row.title);
            let written = with(&row, &format!("{key} = {default}")).unwrap();
            assert_eq!(written, with(&row, "").unwrap(), "{title}: {key} = {default}");
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} defaults found");
}

#[test]
fn documented_bounds_are_the_bounds() {
    let mut checked = 0;
    for row in rows() {
        let Some((low, high)) = code(row.value).and_then(|value| value.split_once("` to `")) else {
            continue;
        };
        for bound in [low, high] {
            with(&row, &format!("{} = {bound}", row.key)).unwrap();
        }
        // Far outside, the message tells the bounds.
        let beyond = match (low.ends_with("B\""), low.starts_with('"')) {
            (true, _) => "\"9999999GiB\"",
            (false, true) => "\"9999d\"",
            (false, false) => "99999999999",
        };
        let told = with(&row, &format!("{} = {beyond}", row.key)).unwrap_err();
        assert!(told.contains(&format!("is outside {low} to {high}\n")), "{told}");
        checked += 1;
    }
    assert!(checked > 20, "only {checked} ranges found");
}

#[test]
fn every_example_of_the_documentation_is_valid() {
    let blocks: Vec<&str> =
        TEXT.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() > 4);
    for block in blocks {
        state(block);
    }
}

#[test]
fn the_two_groups_that_are_called_the_same_are() {
    let block = TEXT.split("These two groups are the same:").nth(1).unwrap();
    let block = block.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let (first, second) = block.split_once("\n\n").unwrap();
    let second = second.replace("[target_groups.b]", "[target_groups.a]");
    assert_eq!(state(first), state(&second));
}
