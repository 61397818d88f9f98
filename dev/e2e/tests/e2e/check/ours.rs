//! Clingfish itself, with stickiness of several kinds and without.

use clingfish_testkit::{Authority, Clingfish, Target};

use super::{app, check, check_url, check_while_down};
use crate::support::{targets, web, web_with};

#[track_caller]
pub(super) fn clingfish(stickiness: &str, apps: &[Target; 2]) -> Clingfish {
    Clingfish::start(&web(&group(stickiness, apps)))
}

pub(super) fn group(stickiness: &str, [a, b]: &[Target; 2]) -> String {
    format!("{}\nhealth_check = false\n{stickiness}", targets(&[("a", a), ("b", b)]))
}

#[test]
fn the_default_keeps_what_can_be_kept() {
    let apps = app::two();
    let clingfish = clingfish("stickiness = { type = \"lb_cookie\", duration = \"1h\" }", &apps);
    let checked = check(clingfish.listener("web"), &["--websocket", "/ws"]);
    checked.expect(
        "Clingfish",
        &[
            "kept several-targets comes-home new-connection websocket socket-io",
            "kept cookie-flags cookie-scope cookie-life cookie-opaque forged-cookie",
            "broken parallel-first",
            "could-not-tell http2 cors cross-site expiry",
        ],
    );
}

#[test]
fn on_https_the_twin_brings_requests_of_other_sites_home() {
    let (apps, authority) = (app::two(), Authority::new("Shops"));
    let certificate = authority.issue("shop", &["127.0.0.1", "localhost"]);
    let config = |stickiness: &str| {
        format!(
            r#"
            [server]
            workers = 1
            [[listeners]]
            name = "web"
            bind = "127.0.0.1:0"
            protocol = "HTTPS"
            certificates = [{}]
            forward = "web"
            [target_groups.web]
            {}
            "#,
            certificate.toml(),
            group(stickiness, &apps)
        )
    };
    let ca = authority.pem().to_string_lossy().into_owned();
    for (stickiness, verdicts) in [
        (
            "stickiness = { duration = \"1h\" }",
            &["kept comes-home new-connection http2 websocket cross-site cors cookie-flags"][..],
        ),
        (
            "stickiness = { duration = \"1h\", cross_site = false }",
            &["kept comes-home cookie-flags cors", "broken cross-site"],
        ),
        (
            "stickiness = { duration = \"1h\", style = \"alb\" }",
            &["kept comes-home http2 cross-site cors cookie-opaque", "broken cookie-flags"],
        ),
        ("", &["broken comes-home new-connection http2 websocket cross-site", "kept cors"]),
    ] {
        let clingfish = Clingfish::start(&config(stickiness));
        let url = format!("https://localhost:{}/open", clingfish.listener("web").port());
        let args = ["--ca", &*ca, "--websocket", "/ws"];
        let checked = check_url(&url, &args);
        let balancer = checked.report["balancer"].as_str().unwrap().to_owned();
        checked.expect(&balancer, verdicts);
        // Nobody vouches for it.
        let strange = clingfish_testkit::run(&["check", &url, "--quiet"]);
        assert_eq!(strange.status, 2, "{strange:?}");
        assert!(strange.stderr.contains("UnknownIssuer"), "{strange:?}");
    }
}

#[test]
fn a_short_duration_is_renewed_and_a_short_absolute_limit_is_not() {
    for (stickiness, verdict) in [
        ("stickiness = { duration = \"2s\" }", "kept expiry"),
        ("stickiness = { duration = \"2s\", absolute = \"3s\" }", "broken expiry"),
    ] {
        let apps = app::two();
        let clingfish = clingfish(stickiness, &apps);
        check(clingfish.listener("web"), &["--only", "comes-home,expiry"])
            .expect("Clingfish", &["kept comes-home", verdict]);
    }
}

#[test]
fn by_address_parallel_first_requests_land_together() {
    let apps = app::two();
    let clingfish = clingfish("stickiness = { type = \"source_ip\" }", &apps);
    let from: Vec<String> = (2..10).map(|host| format!("--from=127.0.0.{host}")).collect();
    let mut args = vec!["--websocket", "/ws"];
    args.extend(from.iter().map(String::as_str));
    let checked = check(clingfish.listener("web"), &args);
    checked.expect(
        "Clingfish",
        &[
            "kept several-targets comes-home new-connection parallel-first websocket socket-io",
            "could-not-tell cookie-flags cookie-opaque",
        ],
    );
}

#[test]
fn without_stickiness_it_is_broken() {
    let apps = app::two();
    let clingfish = clingfish("", &apps);
    check(clingfish.listener("web"), &["--websocket", "/ws"]).expect(
        "Clingfish",
        &[
            "kept several-targets",
            "broken comes-home new-connection parallel-first websocket socket-io",
            "could-not-tell cookie-flags forged-cookie",
        ],
    );
}

#[test]
fn an_application_that_wants_a_login_is_checked_after_it() {
    let apps = app::two();
    let stickiness =
        "stickiness = { type = \"app_cookie\", app_cookie = \"app\", duration = \"1h\" }";
    let clingfish = clingfish(stickiness, &apps);
    let url = format!("http://{}/private", clingfish.listener("web"));
    let only = ["--only", "several-targets,comes-home,new-connection"];
    check_url(&url, &only).expect("Clingfish", &["broken several-targets"]);
    let login = ["--login", "POST /login user=me&password=secret"];
    let checked = check_url(&url, &[&only[..], &login].concat());
    checked.expect("Clingfish", &["kept several-targets comes-home new-connection"]);
    let login = ["check", &url, "--login", "GET /private", "--quiet"];
    let refused = clingfish_testkit::run(&login);
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(refused.stderr.contains("GET /private was answered with 403"), "{refused:?}");
}

#[test]
fn while_a_target_is_absent_its_clients_alone_are_disturbed() {
    let apps = app::two();
    let clingfish = clingfish("stickiness = { duration = \"1h\" }", &apps);
    let [alpha, beta] = &apps;
    let told = check_while_down(clingfish.listener("web"), &[alpha], &["--allow", "none"]);
    assert!(told.contains("✓ kept            target-absent"), "{told}");
    assert!(told.contains("a is absent: its 4 clients were served elsewhere"), "{told}");
    // Nobody takes its clients in.
    let told = check_while_down(clingfish.listener("web"), &[alpha, beta], &[]);
    assert!(told.contains("✗ broken          target-absent"), "{told}");
}

#[test]
fn with_its_preset_socket_io_works_without_cookies_too() {
    let apps = app::two();
    let clingfish = clingfish("stickiness = { preset = \"socketio\" }", &apps);
    let checked = check(clingfish.listener("web"), &["--only", "comes-home,socket-io"]);
    checked.expect("Clingfish", &["kept comes-home socket-io"]);
    let evidence = checked.evidence("socket-io");
    assert!(evidence.contains("6 of 6 without cookies"), "{evidence}");
}

#[test]
fn a_debug_header_names_targets_for_any_application() {
    let silent = || {
        Target::answering(|to, _| {
            to.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")?;
            Ok(clingfish_testkit::Flow::KeepAlive)
        })
    };
    let apps = [silent(), silent()];
    let clingfish =
        Clingfish::start(&web_with("", &group("stickiness = { duration = \"1h\" }", &apps)));
    let checked = check(clingfish.listener("web"), &["--only", "several-targets,comes-home"]);
    checked.expect("Clingfish", &["kept several-targets comes-home"]);
    assert_eq!(checked.report["who"], "header:clingfish-target");
}
