//! The admin address: whose requests it takes.

use clingfish_testkit::{Clingfish, Launch, RawClient, eventually, run};

use crate::support::SOON;

/// Status of the answer to a request with these fields.
#[track_caller]
fn ask(clingfish: &Clingfish, fields: &[&str]) -> u16 {
    RawClient::get_with(clingfish.admin(), "/v1/nothing", fields).unwrap().status
}

/// Waits until the log says so.
#[track_caller]
fn until_told(clingfish: &Clingfish, text: &str) {
    eventually(SOON, || clingfish.log().contains(text).then_some(()));
}

#[test]
fn a_drawn_token_opens_the_api_and_so_does_that_of_the_environment() {
    let drawn = run(&["token", "--name", "ci"]);
    assert_eq!(drawn.status, 0, "{}", drawn.stderr);
    let (token, line) = drawn.stdout.trim().split_once('\n').unwrap();
    let clingfish =
        Launch::new(&format!("[admin]\nbind = \"127.0.0.1:0\"\ntokens = [\n{line}\n]\n"))
            .env("CLINGFISH_ADMIN_TOKEN", "of the environment")
            .env("CLINGFISH_ACCESS_KEY_ID", "AKIAEXAMPLE")
            .env("CLINGFISH_SECRET_ACCESS_KEY", "secret-of-the-environment")
            .arg("--log")
            .arg("trace")
            .start();
    for (shown, status) in [
        (token, 404),
        ("of the environment", 404),
        ("of somebody else", 401),
        ("secret-of-the-environment", 401),
    ] {
        assert_eq!(
            ask(&clingfish, &[&format!("Authorization: Bearer {shown}")]),
            status,
            "{shown}"
        );
    }
    assert_eq!(ask(&clingfish, &[]), 401);
    until_told(&clingfish, "wrong credentials at the admin address");
    let log = clingfish.log();
    for secret in [token, "of the environment", "of somebody else", "secret-of-the-environment"] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}

#[test]
fn half_a_key_in_the_environment_is_no_start() {
    let start = Launch::new("").env("CLINGFISH_ACCESS_KEY_ID", "AKIAEXAMPLE").try_start();
    let exited = start.map(|_| "it serves").unwrap_err();
    assert_eq!(exited.status.code(), Some(1));
    assert!(exited.log.contains("CLINGFISH_SECRET_ACCESS_KEY is not"), "{}", exited.log);
}

#[test]
fn without_credentials_a_start_says_who_may_use_the_apis() {
    let (inside, outside) =
        (Clingfish::start(""), Clingfish::start("[admin]\nbind = \"0.0.0.0:0\"\n"));
    let warning = "can be reached from elsewhere and has no credentials";
    for clingfish in [&inside, &outside] {
        until_told(clingfish, "its APIs answer this machine only");
        assert_eq!(ask(clingfish, &[]), 404);
    }
    until_told(&outside, warning);
    assert!(!inside.log().contains(warning), "{}", inside.log());
}
