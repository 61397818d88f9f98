//! What can be changed, and on which condition.

use std::fs;

use super::*;
use crate::tests::stage::{Stage, run};

#[test]
fn a_patch_changes_the_file_where_it_speaks_of_it_and_is_in_force_when_it_is_answered() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let admin = control.admin_address();
        let patch = json!({
            "algorithm": "least_outstanding_requests",
            "stickiness": { "duration": "2h", "cookie": "home" },
            "slow_start": null,
            "tags": { "team": "shop" },
        });
        let reply = change(admin, "PATCH", "/v1/target-groups/web", patch).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.tag(), format!("\"{}\"", reply.body["since"]));
        let settings = web(admin).await["settings"].clone();
        assert_eq!(settings["algorithm"], "least_outstanding_requests");
        assert_eq!(settings["stickiness"]["duration"], "2h");
        assert_eq!(settings["tags"], json!({ "team": "shop" }));
        let text = fs::read_to_string(stage.config()).unwrap();
        assert!(
            text.contains("# by hand")
                && text.contains("duration = \"2h\", cookie = \"home\" }  # as ever"),
            "{text}"
        );
        let snapshot = control.snapshot().unwrap();
        assert_eq!(reply.body["revision"], snapshot.revision);
    });
}

#[test]
fn stickiness_can_be_replaced_as_a_whole() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let admin = control.admin_address();
        let path = "/v1/target-groups/web/stickiness";
        for (body, kind) in [
            (json!({ "type": "hash", "key": "header:X-User", "load_factor": 150 }), "hash"),
            (json!({ "type": "route", "in": ["cookie:SID"], "separator": "!" }), "route"),
            (json!({ "preset": "mcp" }), "wrap"),
            (json!({}), "lb_cookie"),
        ] {
            let reply = change(admin, "PUT", path, body.clone()).await;
            assert_eq!(reply.status, 200, "{body}: {reply:?}");
            assert_eq!(web(admin).await["settings"]["stickiness"]["type"], kind, "{body}");
        }
        let off = change(admin, "PUT", path, json!({ "enabled": false })).await;
        assert_eq!(off.status, 200, "{off:?}");
        assert_eq!(web(admin).await["settings"]["stickiness"], json!({ "enabled": false }));
        // What is shown can be sent back.
        let learned = get(admin, "/v1/target-groups/learned").await.body;
        let shown = learned["settings"]["stickiness"].clone();
        let back = change(admin, "PUT", path, shown.clone()).await;
        assert_eq!((back.status, &web(admin).await["settings"]["stickiness"]), (200, &shown));
    });
}

#[test]
fn what_cannot_be_is_refused_in_the_words_of_the_file_and_changes_nothing() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let admin = control.admin_address();
        let before = fs::read_to_string(stage.config()).unwrap();
        let group = "/v1/target-groups/web";
        for (method, path, body, status, word) in [
            ("PATCH", group, json!({ "stickyness": {} }), 422, "did you mean \"stickiness\"?"),
            ("PATCH", group, json!({ "stickiness": { "duratoin": "1h" } }), 422, "\"duration\""),
            ("PATCH", group, json!({ "stickiness": { "duration": "8d" } }), 422, "outside"),
            ("PATCH", group, json!({ "targets": [] }), 422, "POST"),
            ("PATCH", group, json!({ "stickiness": { "type": "hash" } }), 422, "key"),
            ("PATCH", group, json!(5), 400, "object"),
            ("PATCH", "/v1/target-groups/none", json!({}), 404, "none"),
            ("PUT", "/v1/target-groups/web/stickiness", json!({ "kind": "hash" }), 422, "kind"),
            (
                "POST",
                "/v1/target-groups/web/targets",
                json!({ "address": "a.example:80" }),
                422,
                "IP",
            ),
            (
                "POST",
                "/v1/target-groups/web/targets",
                json!({ "address": "10.0.0.9:80", "id": "a" }),
                409,
                "already",
            ),
            (
                "POST",
                "/v1/target-groups/web/targets",
                json!({ "address": "169.254.169.254:80" }),
                422,
                "link-local",
            ),
            (
                "POST",
                "/v1/target-groups/web/targets",
                json!({ "address": admin.to_string() }),
                422,
                "admin",
            ),
            (
                "POST",
                "/v1/target-groups/web/targets",
                json!({ "adress": "10.0.0.9:80" }),
                422,
                "adress",
            ),
            ("PATCH", "/v1/target-groups/web/targets/a", json!({ "weight": 1000 }), 422, "999"),
            ("PATCH", "/v1/target-groups/web/targets/z", json!({ "weight": 1 }), 404, "z"),
            ("DELETE", "/v1/target-groups/web/targets/z", json!(null), 404, "z"),
            ("POST", "/v1/rollback", json!({ "revision": 99 }), 404, "99"),
            ("POST", "/v1/rollback", json!({}), 422, "revision"),
        ] {
            let reply = change(admin, method, path, body.clone()).await;
            assert_eq!(reply.status, status, "{method} {path} {body}: {reply:?}");
            assert!(reply.message().contains(word), "{word} for {body}: {reply:?}");
        }
        assert_eq!(fs::read_to_string(stage.config()).unwrap(), before);
    });
}

#[test]
fn targets_come_drain_and_go_one_at_a_time() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let admin = control.admin_address();
        let targets = "/v1/target-groups/web/targets";
        let added = json!({ "address": "10.0.0.9:80", "weight": 5, "zone": "z" });
        let reply = change(admin, "POST", targets, added).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        let new = target(&web(admin).await, "10.0.0.9:80");
        assert_eq!((&new["weight"], &new["zone"]), (&json!(5), &json!("z")), "{new}");
        let serial = || {
            let snapshot = control.snapshot().unwrap();
            let group =
                snapshot.groups.iter().find(|group| group.spec.name.as_str() == "web").unwrap();
            group.targets.iter().find(|one| one.id.as_str() == "a").unwrap().cell.serial()
        };
        let before = serial();
        let path = "/v1/target-groups/web/targets/a";
        let reply = change(admin, "PATCH", path, json!({ "drain": true, "weight": 3 })).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let a = target(&web(admin).await, "a");
        assert_eq!((&a["weight"], &a["drain"]), (&json!(3), &json!(true)));
        assert_eq!(serial(), before, "it is the same target to its sessions");
        let text = fs::read_to_string(stage.config()).unwrap();
        let line = "    { id = \"a\", address = \"10.0.0.1:80\", weight = 3, drain = true },  # the old one\n";
        assert!(text.contains(line), "{text}");
        let same = change(admin, "PATCH", path, json!({ "drain": true })).await;
        assert_eq!((same.status, &same.body["changed"]), (200, &json!(false)), "{same:?}");
        let reply = ask(admin, "DELETE", path, "", &Value::Null).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let a = target(&web(admin).await, "a");
        assert!(a.is_null() || a["leaving"] == true, "{a}");
    });
}

#[test]
fn a_change_can_depend_on_what_its_author_has_seen() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let admin = control.admin_address();
        let seen = get(admin, "/v1/state").await.tag();
        assert_eq!(get(admin, "/v1/target-groups/web").await.tag(), seen);
        let patch = |tag: String, span: &'static str| async move {
            let body = json!({ "stickiness": { "duration": span } });
            let line = format!("If-Match: {tag}\r\n");
            ask(admin, "PATCH", "/v1/target-groups/web", &line, &body).await
        };
        let first = patch(seen.clone(), "2h").await;
        assert_eq!(first.status, 200, "{first:?}");
        let late = patch(seen.clone(), "3h").await;
        assert_eq!((late.status, late.code()), (412, "precondition_failed"));
        assert_eq!(late.tag(), first.tag(), "it says what to look at");
        assert_eq!(web(admin).await["settings"]["stickiness"]["duration"], "2h");
        for (tag, status) in [
            (format!("\"0\", {}", first.tag()), 200),
            ("*".to_owned(), 200),
            ("nonsense".to_owned(), 412),
        ] {
            assert_eq!(patch(tag.clone(), "2h").await.status, status, "{tag}");
        }
        // What somebody has written by hand a moment ago counts too.
        stage.write(&file().replace("weight = 2", "weight = 4"));
        let unseen = patch(first.tag(), "5h").await;
        assert_eq!(unseen.status, 412, "{unseen:?}");
        assert_eq!(target(&web(admin).await, "b")["weight"], 4);
    });
}

#[test]
fn what_is_in_the_way_of_a_change_is_said() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let admin = control.admin_address();
        stage.write("nonsense = = [admin]");
        let patch = json!({ "algorithm": "least_outstanding_requests" });
        let reply = change(admin, "PATCH", "/v1/target-groups/web", patch).await;
        assert_eq!((reply.status, reply.code()), (409, "file"));
        assert!(reply.message().contains("errors"), "{reply:?}");
        assert_eq!(fs::read_to_string(stage.config()).unwrap(), "nonsense = = [admin]\n");
    });
}
