//! What can be looked at.

use super::*;
use crate::tests::stage::{Stage, run, send};

#[test]
fn a_group_is_shown_in_the_words_of_the_file() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let admin = control.admin_address();
        let web = web(admin).await;
        assert_eq!(web["settings"]["stickiness"]["type"], "lb_cookie");
        assert_eq!(web["settings"]["stickiness"]["duration"], "1h");
        assert_eq!(web["settings"]["health_check"]["enabled"], false);
        assert_eq!(web["listeners"], json!(["front"]));
        let b = target(&web, "b");
        assert_eq!((&b["weight"], &b["in_flight"]), (&json!(2), &json!(0)));
        assert_eq!((&b["drain"], &b["sessions"]), (&json!(false), &json!(0)));
        assert!(b["health"]["state"].is_string(), "{b}");
        let learned = get(admin, "/v1/target-groups/learned/targets/10.0.0.3:80").await;
        assert_eq!((learned.status, &learned.body["sessions"]), (200, &json!(0)), "{learned:?}");
    });
}

#[test]
fn a_listener_is_shown_with_its_rules() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let front = get(control.admin_address(), "/v1/listeners/front").await.body;
        assert_eq!(front["default_action"]["forward"][0]["target_group"], "web");
        let rule = &front["rules"][0];
        assert_eq!(rule["conditions"][0], json!({ "field": "path-pattern", "values": ["/api/*"] }));
        assert_eq!(rule["action"]["forward"][1], json!({ "target_group": "web", "weight": 3 }));
        assert_eq!(rule["action"]["group_stickiness"]["style"], "clingfish");
    });
}

#[test]
fn whoever_asks_for_what_is_not_there_is_told_where_to_look() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let admin = control.admin_address();
        for (method, path, status, word) in [
            ("GET", "/v1/nothing", 404, "/v1"),
            ("GET", "/v1/target-groups/none", 404, "/v1/target-groups"),
            ("GET", "/v1/target-groups/web/targets/z", 404, "/targets"),
            ("GET", "/v1/listeners/none", 404, "/v1/listeners"),
            ("GET", "/v1/load-balancers/none", 404, "/v1/load-balancers"),
            ("GET", "/v1/revisions/99", 404, "/v1/revisions"),
            ("GET", "/v1/revisions/x", 400, "number"),
            ("GET", "/v1/diff", 400, "from"),
            ("GET", "/v1/events?limit=x", 400, "limit"),
            ("GET", "/v1/events?befor=1", 400, "befor"),
            ("DELETE", "/v1/state", 405, "GET, HEAD"),
        ] {
            let reply = ask(admin, method, path, "", &Value::Null).await;
            assert_eq!(reply.status, status, "{path}: {reply:?}");
            assert!(reply.message().contains(word), "{path}: {reply:?}");
        }
    });
}

#[test]
fn no_answer_shows_a_secret() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let admin = control.admin_address();
        let revision = get(admin, "/v1/state").await.body["since"].to_string();
        let keys = get(admin, "/v1/keys").await.body;
        assert_eq!(keys["keys"][0]["state"], "sealing");
        let shown = [
            get(admin, &format!("/v1/revisions/{revision}")).await.body["text"].to_string(),
            get(admin, "/v1/events").await.body.to_string(),
            keys.to_string(),
        ];
        assert!(shown[0].contains("AKIDHUNTER") && shown[0].contains("# the shop"), "{shown:?}");
        assert!(!shown.iter().any(|text| text.contains("hunter2")), "{shown:?}");
    });
}

#[test]
fn explain_follows_a_request_on_what_is_in_force_and_leaves_no_trace() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let admin = control.admin_address();
        let told = change(
            admin,
            "POST",
            "/v1/explain",
            json!({ "url": "http://shop.example/cart", "headers": { "X-A": "b" }, "client": "192.0.2.9" }),
        );
        let told = told.await.body;
        let step = |about: &str| {
            let steps = told["steps"].as_array().unwrap();
            let step = steps.iter().find(|step| step["about"] == about);
            step.map_or("", |step| step["text"].as_str().unwrap()).to_owned()
        };
        assert_eq!(step("request"), "GET http://shop.example/cart from 192.0.2.9");
        assert_eq!(step("group"), "web");
        assert!(step("judge").starts_with("new: "), "{told}");
        assert!(told["text"].as_str().unwrap().contains("judge      new: "), "{told}");
        let learned = json!({ "url": "/learned", "headers": ["Mcp-Session-Id: s"] });
        let told = change(admin, "POST", "/v1/explain", learned).await.body;
        assert!(
            told["text"].as_str().unwrap().contains("an id of the application that nobody knows"),
            "{told}"
        );
        let metrics = send(
            admin,
            &format!("GET /metrics HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n"),
        )
        .await
        .1;
        let missed =
            "clingfish_learned_session_events_total{target_group=\"learned\",event=\"missed\"} 0";
        assert!(metrics.lines().any(|line| line == missed), "{metrics}");
        let wrong = change(admin, "POST", "/v1/explain", json!({ "url": "cart" })).await;
        assert_eq!((wrong.status, wrong.code()), (422, "invalid"));
    });
}
