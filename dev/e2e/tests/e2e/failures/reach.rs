//! Addresses that are never connected to, whatever the configuration or a name server says.

use clingfish_testkit::{Clingfish, Launch, RawClient, Target};

use super::{CHECKS, state, wait_state};
use crate::support::{log_line, targets, web};

#[test]
fn a_target_in_the_file_never_has_the_address_of_cloud_metadata() {
    let config = web("targets = [\"10.0.0.1:80\",\n\"169.254.169.254:80\"]");
    let line = 1 + config.lines().position(|line| line.contains("169.254")).unwrap();
    let exited = Launch::new(&config).try_start().unwrap_err();
    assert!(!exited.status.success());
    let told = format!("{line}:1: \"169.254.169.254:80\" is a link-local address, which targets");
    assert!(exited.log.contains(&told), "{}", exited.log);
}

#[test]
fn nobody_reaches_the_admin_address_through_a_listener() {
    let app = Target::start("app");
    let others = targets(&[("app", &app)]);
    let clingfish = Clingfish::start(&web(&format!("{others}\nhealth_check = false")));
    let admin = clingfish.admin();
    // By its address, and by a name that leads to it.
    for address in [admin.to_string(), format!("localhost:{}", admin.port())] {
        let group = format!("targets = [{{ id = \"admin\", address = \"{address}\" }}]");
        clingfish.reload_with(&web(&format!("{group}\nhealth_check = false")));
        let answer = RawClient::get(clingfish.listener("web"), "/metrics").unwrap();
        assert_eq!(answer.status, 502, "{address}");
        assert_eq!(answer.header("clingfish-error"), Some("connect_forbidden"), "{address}");
    }
    assert_eq!(log_line(&clingfish, "/metrics")["error_reason"], "connect_forbidden");
}

#[test]
fn a_health_check_of_the_admin_address_fails_and_says_why() {
    let app = Target::start("app");
    let clingfish = Clingfish::start(&web(&targets(&[("app", &app)])));
    let admin = clingfish.admin();
    // As a port for checks, too: `/healthz` would be well.
    let checks = CHECKS.replace("/health\"", &format!("/healthz\", port = {}", admin.port()));
    clingfish.reload_with(&web(&format!(
        "targets = [{{ id = \"admin\", address = \"{}\" }}]\n{checks}",
        app.address()
    )));
    wait_state(&clingfish, "admin", "unhealthy");
    assert_eq!(state(&clingfish, "admin").1, "Clingfish.AddressForbidden");
    clingfish.wait_log("Clingfish.AddressForbidden");
}
