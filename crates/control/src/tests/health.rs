use super::stage::{Stage, TestTarget, config, get, run, targets, until};
use crate::Phase;

fn quoted(target: &TestTarget) -> String {
    format!("\"{}\"", target.address)
}

#[test]
fn readiness_comes_with_the_first_checks() {
    run(async {
        let stage = Stage::new();
        let (good, bad) = (TestTarget::start(200).await, TestTarget::start(500).await);
        let control =
            stage.start(&config(4001, &format!("{}, {}", quoted(&good), quoted(&bad)))).await;
        assert_eq!(control.phase(), Phase::Checking);
        let admin = control.admin_address();
        assert_eq!(get(admin, "/readyz").await.0, 503);
        control.until_ready().await;
        assert_eq!(get(admin, "/readyz").await, (200, "ready\n".into()));
        let routable: Vec<bool> =
            targets(&control).iter().map(|(_, is_routable)| *is_routable).collect();
        assert_eq!(routable, [true, false]);
        let snapshot = control.snapshot().unwrap();
        assert_eq!(
            snapshot.groups[0].roster().members,
            [0],
            "rosters know before /readyz says yes"
        );
        let (_, metrics) = get(admin, "/metrics").await;
        for line in [
            "clingfish_ready 1".to_owned(),
            format!(
                "clingfish_target_routable{{target_group=\"web\",target=\"{}\"}} 1",
                good.address
            ),
            format!(
                "clingfish_target_routable{{target_group=\"web\",target=\"{}\"}} 0",
                bad.address
            ),
            format!(
                "clingfish_target_state_info{{target_group=\"web\",target=\"{0}\",address=\"{0}\",state=\"unhealthy\",reason=\"Target.ResponseCodeMismatch\"}} 1",
                bad.address
            ),
            "clingfish_target_group_targets{target_group=\"web\",state=\"healthy\"} 1".to_owned(),
        ] {
            assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
        }
    });
}

#[test]
fn a_name_that_leads_to_cloud_metadata_or_to_the_admin_address_is_never_called() {
    run(async {
        let stage = Stage::new();
        stage.book.write("meta.example", &["169.254.169.254"]);
        stage.book.write("self.example", &["127.0.0.1"]);
        let control = stage.start(&config(4001, "\"meta.example:80\"")).await;
        let admin = control.admin_address();
        let port = admin.port();
        let both = config(4001, &format!("\"meta.example:80\", \"self.example:{port}\""));
        // The admin address would answer this well.
        stage.write(&both.replace("{ interval", "{ path = \"/healthz\", interval"));
        control.reload().await.unwrap();
        until("both are found out", async || {
            let (_, metrics) = get(admin, "/metrics").await;
            let why = "state=\"unhealthy\",reason=\"Clingfish.AddressForbidden\"";
            metrics.matches(why).count() == 2
        })
        .await;
        assert!(targets(&control).iter().all(|(_, is_routable)| !is_routable));
    });
}

#[test]
fn a_balancer_of_nothing_is_ready_at_once() {
    run(async {
        let control = Stage::new().start("").await;
        control.until_ready().await;
        assert_eq!(control.phase(), Phase::Ready);
    });
}

#[test]
fn a_target_goes_and_comes_back_with_its_checks() {
    run(async {
        let stage = Stage::new();
        let target = TestTarget::start(200).await;
        let control = stage.start(&config(4001, &quoted(&target))).await;
        let is_routable = || targets(&control)[0].1;
        until("it is in", async || is_routable()).await;
        target.say(0);
        until("it is out", async || !is_routable()).await;
        target.say(204);
        until("it is back", async || is_routable()).await;
        let group = control.snapshot().unwrap().groups[0].clone();
        until("its group knows", async || !group.roster().fail_open).await;
    });
}

#[test]
fn a_target_drains_while_its_checks_announce_it() {
    run(async {
        let stage = Stage::new();
        let (leaving, other) = (TestTarget::start(200).await, TestTarget::start(200).await);
        let both = config(4001, &format!("{}, {}", quoted(&leaving), quoted(&other)));
        let text = both.replace("{ interval", "{ drain_status = \"503\", interval");
        // So that a slow machine takes nobody out.
        let text = text.replace(", unhealthy_threshold = 1", ", unhealthy_threshold = 5");
        let control = stage.start(&text).await;
        control.until_ready().await;
        let admin = control.admin_address();
        let members = || control.snapshot().unwrap().groups[0].roster().members.clone();
        until("both take sessions", async || members() == [0, 1]).await;
        leaving.say(503);
        until("it takes none any more", async || members() == [1]).await;
        assert!(targets(&control)[0].1, "it is well");
        let (_, metrics) = get(admin, "/metrics").await;
        let state = format!(
            "clingfish_target_state_info{{target_group=\"web\",target=\"{0}\",address=\"{0}\",state=\"draining\",reason=\"Clingfish.DrainAnnounced\"}} 1",
            leaving.address
        );
        assert!(metrics.lines().any(|line| line == state), "{state}\n{metrics}");
        let path = format!("/v1/target-groups/web/targets/{}", leaving.address);
        let (_, row) = get(admin, &path).await;
        let row: serde_json::Value = serde_json::from_str(&row).unwrap();
        assert_eq!((&row["drain"], &row["drain_announced"]), (&false.into(), &true.into()));
        assert_eq!(row["health"]["reason"], "Clingfish.DrainAnnounced", "{row}");
        stage.write(&format!("{text}# the same\n"));
        control.reload().await.unwrap();
        assert_eq!(members(), [1], "a reload changes nothing about it");
        leaving.say(204);
        until("it has taken that back", async || members() == [0, 1]).await;
        leaving.say(503);
        until("it drains again", async || members() == [1]).await;
        leaving.say(500);
        until("it is out", async || !targets(&control)[0].1).await;
    });
}

#[test]
fn a_reload_keeps_health_and_checks_what_is_new() {
    run(async {
        let stage = Stage::new();
        let (old, new) = (TestTarget::start(200).await, TestTarget::start(200).await);
        let control = stage.start(&config(4001, &quoted(&old))).await;
        until("the old one is in", async || targets(&control)[0].1).await;
        stage.write(&config(4001, &format!("{}, {}", quoted(&new), quoted(&old))));
        control.reload().await.unwrap();
        assert!(targets(&control)[1].1, "the old one is never out");
        until("the new one is in", async || targets(&control)[0].1).await;
        let group = control.snapshot().unwrap().groups[0].clone();
        until("the group knows both", async || group.roster().members.len() == 2).await;
        assert_eq!(control.phase(), Phase::Ready);
    });
}

#[test]
fn groups_that_no_listener_uses_are_not_checked() {
    run(async {
        let stage = Stage::new();
        let target = TestTarget::start(200).await;
        let used = config(4001, "");
        let unused = format!("{used}[target_groups.spare]\ntargets = [{}]\n", quoted(&target));
        let control = stage.start(&unused).await;
        control.until_ready().await;
        let (_, metrics) = get(control.admin_address(), "/metrics").await;
        for (state, count) in [("healthy", 0), ("unused", 1)] {
            let labels = format!("target_group=\"spare\",state=\"{state}\"");
            let line = format!("clingfish_target_group_targets{{{labels}}} {count}");
            assert!(metrics.lines().any(|found| found == line), "{line}: {metrics}");
        }
    });
}
