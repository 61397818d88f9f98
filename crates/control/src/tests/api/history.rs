//! Events, revisions, and the way back.

use std::fs;

use super::*;
use crate::tests::stage::{Stage, run, until};

#[test]
fn every_change_is_an_event_and_can_be_undone() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let admin = control.admin_address();
        let before = fs::read_to_string(stage.config()).unwrap();
        let first = get(admin, "/v1/state").await.body["since"].as_u64().unwrap();
        let patch = json!({ "stickiness": { "duration": "2h" } });
        change(admin, "PATCH", "/v1/target-groups/web", patch).await;
        let by_hand =
            fs::read_to_string(stage.config()).unwrap().replace("weight = 2", "weight = 4");
        stage.write(&by_hand);
        until("the edit is in force", async || target(&web(admin).await, "b")["weight"] == 4).await;
        let second = get(admin, "/v1/state").await.body["since"].as_u64().unwrap();

        let diff = get(admin, &format!("/v1/diff?from={first}&to={second}")).await.body;
        let lines = diff["diff"].as_str().unwrap();
        assert!(
            lines.contains("+stickiness = { type = \"lb_cookie\", duration = \"2h\" }"),
            "{lines}"
        );
        assert!(lines.contains("weight = 4") && !lines.contains("hunter2"), "{lines}");

        let back = change(admin, "POST", "/v1/rollback", json!({ "revision": first })).await;
        assert_eq!(back.status, 200, "{back:?}");
        assert!(back.body["revision"].as_u64().unwrap() > second, "it is a new revision");
        assert_eq!(fs::read_to_string(stage.config()).unwrap(), before);
        let web = web(admin).await;
        assert_eq!(web["settings"]["stickiness"]["duration"], "1h");
        assert_eq!(target(&web, "b")["weight"], 2);

        let events = get(admin, "/v1/events").await.body["events"].as_array().unwrap().clone();
        let told: Vec<(&str, &str)> = events
            .iter()
            .map(|event| (event["who"].as_str().unwrap(), event["action"].as_str().unwrap()))
            .collect();
        let rollback = format!("rollback {first}");
        assert_eq!(
            told,
            [
                ("file", "start"),
                ("token ci", "PATCH target group"),
                ("file", "edit"),
                ("token ci", &rollback),
            ]
        );
        assert!(events.iter().all(|event| event["outcome"] == "applied"), "{events:?}");
        let after = events[1]["id"].as_u64().unwrap();
        let later = get(admin, &format!("/v1/events?after={after}&limit=1")).await.body;
        assert_eq!(later["events"][0]["action"], "edit", "{later}");
        let kept = get(admin, "/v1/revisions").await.body["revisions"].as_array().unwrap().clone();
        assert_eq!(kept.len(), 4, "{kept:?}");
        assert_eq!(kept[3]["action"], rollback, "{kept:?}");
    });
}

#[test]
fn a_comment_by_hand_is_a_revision_of_its_own_and_a_broken_file_is_mended_by_going_back() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let admin = control.admin_address();
        let state = async || get(admin, "/v1/state").await.body["since"].as_u64().unwrap();
        let before = fs::read_to_string(stage.config()).unwrap();
        let first = state().await;
        stage.write(&format!("{before}# by hand\n"));
        until("the comment has a revision", async || state().await > first).await;

        stage.write("[oops\n[admin]\n");
        let patch = json!({ "stickiness": { "duration": "2h" } });
        let refused = change(admin, "PATCH", "/v1/target-groups/web", patch).await;
        assert_eq!(refused.status, 409, "{refused:?}");
        let back = change(admin, "POST", "/v1/rollback", json!({ "revision": first })).await;
        assert_eq!(back.status, 200, "{back:?}");
        assert_eq!(fs::read_to_string(stage.config()).unwrap(), before);
        let patch = json!({ "stickiness": { "duration": "2h" } });
        let changed = change(admin, "PATCH", "/v1/target-groups/web", patch).await;
        assert_eq!(changed.status, 200, "{changed:?}");
    });
}
