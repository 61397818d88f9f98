//! The commands that people try first, and the files that they start from.

use std::{fs, path::PathBuf};

use clingfish_testkit::{Authority, Clingfish, Launch, RawClient, curl, eventually, run};

use crate::{
    support::{SOON, root},
    tls::with_certificates,
};

#[test]
fn the_demos_story_comes_true() {
    let told = run(&["demo", "--once"]);
    assert_eq!(told.status, 0, "{}{}", told.stdout, told.stderr);
    let last = told.stdout.trim_end().lines().last().unwrap_or_default();
    let (true_ones, all) = last.strip_suffix(" came true").unwrap().split_once(" of ").unwrap();
    assert_eq!(true_ones, all, "{last}");
    let marked = told.stdout.lines().filter(|line| line.trim_start().starts_with('✓')).count();
    assert_eq!(marked.to_string(), all, "{}", told.stdout);
    for word in ["off", "new", "hit", "detour", "target_unhealthy", "WebSocket", "signed in: no"] {
        assert!(told.stdout.contains(word), "{word:?} in {}", told.stdout);
    }
    assert!(!told.stdout.contains('\u{1b}'), "colour in a pipe");
}

#[test]
fn help_teaches() {
    let help = run(&["--help"]);
    assert_eq!(help.status, 0);
    for words in
        ["clingfish demo", "serve", "validate", "keys", "[[listeners]]", "[target_groups.web]"]
    {
        assert!(help.stdout.contains(words), "{words:?} in {}", help.stdout);
    }
    let serve = run(&["serve", "--help"]);
    assert_eq!(serve.status, 0);
    for words in
        ["--config", "--state-dir", "--allow-readable-keys", "SIGHUP", "SIGUSR1", "SIGTERM"]
    {
        assert!(serve.stdout.contains(words), "{words:?} in {}", serve.stdout);
    }
    for command in ["validate", "keys", "demo"] {
        assert_eq!(run(&[command, "--help"]).status, 0, "{command}");
    }
    assert!(run(&["--version"]).stdout.starts_with("clingfish 0."));
}

#[test]
fn the_file_in_the_help_is_valid() {
    let help = run(&["--help"]).stdout;
    let file = help.split("clingfish.toml:").nth(1).unwrap().split("Then:").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clingfish.toml");
    fs::write(&path, file).unwrap();
    let checked = run(&["validate", "--config", path.to_str().unwrap()]);
    assert_eq!(checked.status, 0, "{}{}", checked.stdout, checked.stderr);
}

#[test]
fn a_command_that_does_not_exist_is_refused_with_a_hint() {
    let refused = run(&["serv", "--config", "x"]);
    assert_eq!(refused.status, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("serve"), "{}", refused.stderr);
    let refused = run(&["serve"]);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("--config"), "{}", refused.stderr);
}

const WRONG: &str = r#"[[listeners]]
bind = "0.0.0.0:99999"
forward = "wep"

[target_groups.web]
targets = ["10.0.0.1:3000", "10.0.0.1"]
stickyness = true

[target_groups.web.stickiness]
duration = "8d"
same_site = "none"
"#;

#[test]
fn every_error_of_a_file_is_told_at_once_with_its_line_and_what_to_write_instead() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clingfish.toml");
    let path = path.to_str().unwrap();
    fs::write(path, WRONG).unwrap();
    let checked = run(&["validate", "--config", path]);
    assert_eq!(checked.status, 1, "{}", checked.stdout);
    for (line, words) in [
        (2, "\"0.0.0.0:99999\""),
        (3, "did you mean \"web\""),
        (6, "has no port"),
        (7, "did you mean \"stickiness\""),
        (10, "\"1s\" to \"7d\""),
        (11, "secure"),
    ] {
        let at = format!("{path}:{line}:");
        let message = checked.stderr.split(&at).nth(1).unwrap_or_else(|| {
            panic!("no error in line {line}: {}", checked.stderr);
        });
        let message: String = message.lines().take(2).collect();
        assert!(message.contains(words), "{words:?} in {message:?}");
    }
    // `serve` says the same, and does not start.
    let refused = Launch::new(WRONG).try_start().expect_err("it refuses to start");
    assert_eq!(refused.status.code(), Some(1));
    let errors = |text: &str| text.matches("clingfish.toml:").count();
    assert_eq!(errors(&refused.log), errors(&checked.stderr), "{}", refused.log);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let checked = run(&["validate", "--config", "no/such/file.toml"]);
    assert_eq!(checked.status, 1);
    assert!(checked.stderr.contains("no/such/file.toml"), "{}", checked.stderr);
}

/// The example files, also those with an application beside them.
fn examples() -> Vec<PathBuf> {
    let folder = fs::read_dir(root().join("examples")).unwrap();
    let paths = folder.map(|entry| entry.unwrap().path());
    let files = paths.map(|path| if path.is_dir() { path.join("clingfish.toml") } else { path });
    let is_file = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
    let files: Vec<PathBuf> = files.filter(|path| is_file(path) && path.exists()).collect();
    assert!(files.len() >= 5, "{files:?}");
    files
}

#[test]
fn every_example_is_valid_and_without_warnings() {
    let authority = Authority::new("examples");
    for file in examples() {
        let text = with_certificates(&fs::read_to_string(&file).unwrap(), &authority);
        let copy = authority.folder().join(file.file_name().unwrap());
        fs::write(&copy, text).unwrap();
        let checked = run(&["validate", "--config", copy.to_str().unwrap()]);
        assert_eq!(checked.status, 0, "{}", checked.stderr);
        assert!(!checked.stdout.contains("warning"), "{}", checked.stdout);
    }
}

/// The same file with every address that it listens on moved to a free port of loopback.
fn on_free_ports(text: &str) -> String {
    let line = |line: &str| {
        if line.starts_with("bind = ") { "bind = \"127.0.0.1:0\"" } else { line }.to_owned()
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_example_starts_and_answers() {
    let authority = Authority::new("examples");
    for file in examples() {
        let text = with_certificates(&fs::read_to_string(&file).unwrap(), &authority);
        // Nobody is at the addresses of the targets, so it is not ready until their first checks have failed.
        let clingfish = Launch::new(&on_free_ports(&text)).without_waiting().start();
        assert_eq!(RawClient::get(clingfish.admin(), "/healthz").unwrap().status, 200);
        let wanted = text.matches("[[listeners]]").count();
        let names = eventually(SOON, || {
            let metrics = clingfish.metrics();
            let samples = metrics.samples().iter();
            let listeners = samples.filter(|one| one.name == "clingfish_listener_info");
            let names = listeners.map(|one| one.label("listener").unwrap_or_default().to_owned());
            Some(names.collect::<Vec<_>>()).filter(|names| names.len() == wanted)
        });
        for name in names {
            if name == "https" {
                let url = format!("https://{}/", clingfish.listener(&name));
                let fetched = curl(&["--insecure", "--include", &url]);
                assert!(fetched.stdout.starts_with("HTTP/2 50"), "{}", fetched.stdout);
                continue;
            }
            let mut client = RawClient::connect(clingfish.listener(&name)).unwrap();
            client.send("GET / HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n").unwrap();
            assert_eq!(client.read_final_response().unwrap().status, 400, "{}", file.display());
        }
    }
}

#[test]
fn a_file_with_nothing_but_admin_serves_operators() {
    let clingfish = Clingfish::start("[admin]\nbind = \"127.0.0.1:0\"\n");
    assert_eq!(clingfish.metrics().value("clingfish_target_groups", &[]), Some(0.0));
}
