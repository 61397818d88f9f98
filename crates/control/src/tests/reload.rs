use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use super::stage::{Stage, config, get, run, targets, until};
use crate::StartError;

#[test]
fn a_start_puts_the_first_snapshot_in_force() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&config(4001, "\"127.0.0.1:9\"")).await;
        assert_eq!(stage.notes.enforced(), [1]);
        let listeners: Vec<String> =
            control.listeners().iter().map(|(name, at)| format!("{name} {at}")).collect();
        assert_eq!(listeners, ["front 127.0.0.1:4001"]);
    });
}

#[test]
fn a_start_without_its_port_opens_nothing() {
    run(async {
        let stage = Stage::new();
        stage.notes.take_port(4001);
        let error = stage.try_start(&config(4001, "")).await.unwrap_err();
        assert!(matches!(error, StartError::Listeners(_)));
        assert!(error.to_string().contains("127.0.0.1:4001 is already in use"), "{error}");
        assert!(stage.notes.enforced().is_empty());
    });
}

#[test]
fn a_start_without_its_admin_port_names_it() {
    run(async {
        let stage = Stage::new();
        let first = stage.start("").await;
        let taken = first.admin_address();
        let error = stage.try_start(&format!("[admin]\nbind = \"{taken}\"\n")).await.unwrap_err();
        assert!(matches!(error, StartError::Admin { .. }));
        assert!(error.to_string().contains(&taken.to_string()), "{error}");
    });
}

#[test]
fn a_reload_takes_a_good_file_and_refuses_a_bad_one() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&config(4001, "\"127.0.0.1:9\"")).await;
        let reloader = control.reloader();
        assert_eq!(reloader.reload().await, Ok(1), "nothing has changed");

        stage.write(&config(4001, "\"127.0.0.1:9\", \"127.0.0.1:8\""));
        assert_eq!(reloader.reload().await, Ok(2));
        assert_eq!(targets(&control).len(), 2);

        stage.write(&config(4001, "\"127.0.0.1:9\"").replace("forward", "forwards"));
        let errors = reloader.reload().await.unwrap_err();
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert!(errors[1].contains("clingfish.toml:4:1: unknown key"), "{errors:?}");
        assert_eq!(stage.notes.enforced(), [1, 2]);
        assert_eq!(targets(&control).len(), 2);

        let (_, metrics) = get(control.admin_address(), "/metrics").await;
        for line in [
            "clingfish_snapshot_revision 2",
            "clingfish_build_info{version=\"1.2.3\",commit=\"\"} 1",
            "clingfish_listener_info{listener=\"front\",load_balancer=\"default\",address=\"127.0.0.1:4001\",target_group=\"web\"} 1",
        ] {
            assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
        }
    });
}

#[test]
fn a_reload_that_cannot_open_a_listener_changes_nothing_until_it_can() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&config(4001, "\"127.0.0.1:9\"")).await;
        stage.notes.take_port(4002);
        stage.write(&config(4002, "\"127.0.0.1:9\""));
        let errors = control.reload().await.unwrap_err();
        assert!(errors[0].contains("4002"), "{errors:?}");
        assert_eq!(stage.notes.enforced(), [1]);
        stage.notes.free_ports();
        assert_eq!(control.reload().await, Ok(2), "the same file, now possible");
    });
}

#[test]
fn a_file_that_changes_is_taken_without_being_asked() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&config(4001, "\"127.0.0.1:9\"")).await;
        stage.write(&config(4001, "\"127.0.0.1:8\""));
        until("the new file is in force", async || targets(&control)[0].0 == "127.0.0.1:8").await;
        assert_eq!(stage.notes.enforced(), [1, 2]);
    });
}

#[test]
fn files_that_are_gone_or_empty_change_nothing() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&config(4001, "\"127.0.0.1:9\"")).await;
        fs::write(stage.config(), "\n").unwrap();
        let errors = control.reload().await.unwrap_err();
        assert!(errors[0].contains("empty"), "{errors:?}");
        fs::remove_file(stage.config()).unwrap();
        let errors = control.reload().await.unwrap_err();
        assert!(errors[0].contains("cannot read"), "{errors:?}");
        assert_eq!(stage.notes.enforced(), [1]);
    });
}

#[test]
fn the_key_ring_follows_its_file_and_outlives_a_bad_one() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&config(4001, "\"127.0.0.1:9\"")).await;
        let keys = || control.snapshot().unwrap().ring.keys().len();
        assert_eq!(keys(), 1);
        stage.keys().rotate(Duration::ZERO).unwrap();
        until("the second key is known", async || keys() == 2).await;
        let (_, metrics) = get(control.admin_address(), "/metrics").await;
        assert!(
            metrics.contains("state=\"sealing\"} ") && metrics.contains("state=\"opening\"} "),
            "{metrics}"
        );

        // Refused (others may read it), then made good again with a third key: the bad one in between changed nothing.
        let path = stage.keys().path().to_owned();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(keys(), 2);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        stage.keys().rotate(Duration::ZERO).unwrap();
        until("the third key is known", async || keys() == 3).await;
        assert_eq!(stage.notes.enforced(), [1, 2, 3]);
    });
}

#[test]
fn names_are_resolved_before_the_first_snapshot_and_followed_afterwards() {
    run(async {
        let stage = Stage::new();
        stage.book.write("app.example", &["10.0.0.1", "10.0.0.2"]);
        let control = stage.start(&config(4001, "\"app.example:80\"")).await;
        let ids = || targets(&control).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!(ids(), ["app.example@10.0.0.1:80", "app.example@10.0.0.2:80"]);

        stage.book.write("app.example", &["10.0.0.2"]);
        until("the first address is gone", async || ids() == ["app.example@10.0.0.2:80"]).await;

        stage.book.tear_out("app.example");
        let before = stage.notes.enforced().len();
        stage.write(&config(4001, "\"app.example:80\", \"10.0.0.9:80\""));
        control.reload().await.unwrap();
        assert_eq!(
            ids(),
            ["app.example@10.0.0.2:80", "10.0.0.9:80"],
            "the last good answer is kept"
        );
        assert_eq!(stage.notes.enforced().len(), before + 1);
    });
}

#[test]
fn a_shutdown_gives_back_the_doors_and_applies_nothing_more() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&config(4001, "\"127.0.0.1:9\"")).await;
        assert!(control.begin_shutdown().await.is_some());
        assert!(control.begin_shutdown().await.is_none());
        assert_eq!(get(control.admin_address(), "/readyz").await, (503, "shutting down\n".into()));
        assert_eq!(get(control.admin_address(), "/healthz").await.0, 200);
        let errors = control.reload().await.unwrap_err();
        assert!(errors[0].contains("shutting down"), "{errors:?}");
        let admin = control.admin_address();
        control.shutdown().await;
        assert!(tokio::net::TcpStream::connect(admin).await.is_err(), "nobody listens any more");
    });
}

#[test]
fn a_reload_that_cannot_open_its_access_log_changes_nothing() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&config(4001, "\"127.0.0.1:9\"")).await;
        let nowhere = "[access_log]\nsink = \"/proc/nowhere/access.log\"\n";
        stage.write(&format!("{}{nowhere}", config(4001, "\"127.0.0.1:8\"")));
        let errors = control.reload().await.unwrap_err();
        assert!(errors[0].contains("/proc/nowhere/access.log"), "{errors:?}");
        assert_eq!(stage.notes.enforced(), [1]);
    });
}
