//! The native API through the command line, against the running binary.

use std::{fs, io::Write as _, path::Path};

use clingfish_testkit::{Finished, Launch, Target, eventually, run};
use serde_json::Value;

use crate::support::{SOON, Stage, mirror};

/// Sticky, with two targets that are not checked.
fn stage() -> Stage {
    Stage::sticky("{ type = \"lb_cookie\", duration = \"1h\", cookie = \"home\" }")
}

/// Runs `clingfish` with these words and the admin address, whatever comes of it.
#[track_caller]
fn try_ask(stage: &Stage, words: &[&str]) -> Finished {
    let admin = format!("http://{}", stage.clingfish.admin());
    run(&[words, &["--admin", &admin]].concat())
}

#[track_caller]
fn ask(stage: &Stage, words: &[&str]) -> String {
    let done = try_ask(stage, words);
    assert_eq!(done.status, 0, "{words:?}: {}", done.stderr);
    done.stdout
}

#[track_caller]
fn json(stage: &Stage, words: &[&str]) -> Value {
    let text = ask(stage, &[words, &["--output", "json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Changes something by the API, as any client of HTTP would.
#[track_caller]
fn change(stage: &Stage, method: &str, path: &str, body: &str) -> Value {
    let answer = stage.clingfish.change(method, path, body);
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
    serde_json::from_str(&answer.text()).unwrap()
}

/// The columns of the line that begins with this word.
#[track_caller]
fn columns<'a>(table: &'a str, first: &str) -> Vec<&'a str> {
    let line = table.lines().find(|line| line.split_whitespace().next() == Some(first));
    line.unwrap_or_else(|| panic!("no line {first} in\n{table}")).split_whitespace().collect()
}

#[test]
fn what_is_in_force_is_shown_to_people_and_to_programs() {
    let stage = stage();
    stage.visit(&[]);
    let groups = ask(&stage, &["get", "target-groups"]);
    assert_eq!(columns(&groups, "web")[1..4], ["lb_cookie", "round_robin", "2"], "{groups}");
    let targets = ask(&stage, &["get", "targets"]);
    assert_eq!(targets.matches("\nweb ").count(), 2, "{targets}");
    let one = ask(&stage, &["get", "target-groups", "web"]);
    assert!(columns(&one, "stickiness.cookie")[1] == "\"home\"", "{one}");
    assert_eq!(columns(&one, "a")[1], stage.a.address().to_string(), "{one}");
    let verdicts = json(&stage, &["get", "verdicts"]);
    let first = &verdicts["verdicts"][0]["requests"][0];
    assert_eq!((&first["verdict"], &first["count"]), (&"new".into(), &1.into()), "{verdicts}");
    let listener = json(&stage, &["get", "listeners", "web"]);
    assert_eq!(listener["address"], stage.clingfish.listener("web").to_string());
    let state = json(&stage, &["get"]);
    assert_eq!(state["revision"], stage.clingfish.revision());
    assert!(ask(&stage, &["get", "keys"]).contains("sealing"));
    let none = try_ask(&stage, &["get", "target-groups", "none"]);
    assert!(none.status != 0 && none.stderr.contains("no target group"), "{}", none.stderr);
}

#[test]
fn explain_tells_what_happens_with_the_health_of_now() {
    let stage = stage();
    let visit = stage.visit(&[]);
    let (home, cookie) = (visit.target().to_owned(), visit.cookie());
    let header = format!("Cookie: {cookie}");
    let words = ["explain", "--url", "http://shop.example/cart", "--header", &header];
    let told = ask(&stage, &words);
    assert!(told.contains("judge      hit: "), "{told}");
    assert!(told.contains(&format!("place      {home} (")), "{told}");
    // The home drains: clients that have it stay, others do not come.
    change(&stage, "PATCH", &format!("/v1/target-groups/web/targets/{home}"), "{\"drain\": true}");
    assert!(ask(&stage, &words).contains(&format!("place      {home} (")));
    let told = ask(&stage, &["explain", "--url", "http://shop.example/cart"]);
    assert!(told.contains(&format!("place      {} (", stage.other(&home))), "{told}");
    assert_eq!(stage.visit_with(&cookie).target(), home);
    // The home is gone: what explain says, the next request meets.
    change(&stage, "DELETE", &format!("/v1/target-groups/web/targets/{home}"), "");
    let told = ask(&stage, &words);
    let verdict = stage.visit_with(&cookie).verdict().to_owned();
    assert!(told.contains(&format!("judge      {verdict}: ")), "{verdict}\n{told}");
    let value = cookie.strip_prefix("home=").unwrap();
    assert!(ask(&stage, &["explain", "--token", value]).contains("home       "));
}

#[test]
fn changes_by_hand_and_by_api_are_told_and_undone() {
    let stage = stage();
    let before = json(&stage, &["get"])["since"].as_u64().unwrap();
    let text = fs::read_to_string(stage.clingfish.config_path()).unwrap();
    let visit = stage.visit(&[]);
    let (home, cookie) = (visit.target().to_owned(), visit.cookie());
    let other = stage.other(&home);

    change(&stage, "PUT", "/v1/target-groups/web/stickiness", "{\"enabled\": false}");
    let away: Vec<String> = (0..4).map(|_| stage.visit_with(&cookie).target().to_owned()).collect();
    assert!(away.iter().any(|target| target == other), "{away:?}");
    append(stage.clingfish.config_path(), "\n[target_groups.spare]\ntargets = [\"10.0.0.1:80\"]\n");
    let is_there = || ask(&stage, &["get", "target-groups"]).contains("spare").then_some(());
    eventually(SOON, is_there);

    let now = json(&stage, &["get"])["since"].to_string();
    let diff = ask(&stage, &["diff", &before.to_string(), &now]);
    assert!(diff.contains("+[target_groups.spare]\n"), "{diff}");

    let said = ask(&stage, &["rollback", &before.to_string()]);
    assert!(said.contains("is in force"), "{said}");
    assert_eq!(fs::read_to_string(stage.clingfish.config_path()).unwrap(), text);
    for _ in 0..4 {
        let visit = stage.visit_with(&cookie);
        assert_eq!((visit.target(), visit.verdict()), (&*home, "hit"));
    }
    assert!(ask(&stage, &["rollback", &before.to_string()]).contains("nothing to do"));

    let lines = ask(&stage, &["events", "--output", "json"]);
    let events: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("one a line")).collect();
    let actions: Vec<&str> = events.iter().map(|event| event["action"].as_str().unwrap()).collect();
    let rollback = format!("rollback {before}");
    assert_eq!(actions, ["start", "PUT stickiness", "edit", &rollback]);
    let id = events[2]["id"].to_string();
    let later = ask(&stage, &["events", "--after", &id]);
    assert!(later.contains(&rollback) && !later.contains("PUT stickiness"), "{later}");
    assert!(ask(&stage, &["events", "--diff"]).contains("+[target_groups.spare]"));
}

#[test]
fn whoever_cannot_ask_is_told_why() {
    let target: Target = mirror("a");
    let hash = "e3b98a4da31a127d4bde6e43033f66ba274cab0eb7eb1c70ec41402bf6273dd8";
    let config = format!(
        "[admin]\nbind = \"127.0.0.1:0\"\ntokens = [{{ name = \"ci\", sha256 = \"{hash}\" }}]\n\
         [target_groups.web]\ntargets = [\"{}\"]\n",
        target.address()
    );
    let clingfish = Launch::new(&config).start();
    let admin = format!("http://{}", clingfish.admin());
    let ask = |words: &[&str]| run(&[&["get", "keys", "--admin", &admin], words].concat());
    assert_eq!(ask(&["--admin-token", "t"]).status, 0);
    for (words, part) in [
        (&[][..], "set CLINGFISH_ADMIN_TOKEN"),
        (&["--admin-token", "x"], "look at CLINGFISH_ADMIN_TOKEN"),
    ] {
        let done = ask(words);
        assert!(done.status != 0 && done.stderr.contains(part), "{}", done.stderr);
    }
    drop(clingfish);
    let done = ask(&[]);
    assert!(done.stderr.contains("is clingfish serve running"), "{}", done.stderr);
}

fn append(path: &Path, text: &str) {
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
