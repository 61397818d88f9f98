//! Self-tests that somebody starts at the admin address, with a checker that does as the test says.

use std::sync::Arc;

use clingfish_model::{BearerToken, Role, limits::CHECKS_KEPT_MAX};

use super::*;
use crate::{
    Control,
    tests::stage::{FakeChecker, NotingDoors, Stage, run, until},
};

async fn begun(stage: &Stage) -> (Control<NotingDoors>, SocketAddr) {
    let control = stage.start(&file()).await;
    let admin = control.admin_address();
    (control, admin)
}

async fn start(admin: SocketAddr, body: Value) -> Reply {
    change(admin, "POST", "/v1/checks", body).await
}

/// Waits until the check of that number has this state, and shows it.
async fn become_so(admin: SocketAddr, id: u64, state: &str) -> Value {
    let look = async || get(admin, &format!("/v1/checks/{id}")).await.body;
    until(&format!("check {id} is {state}"), async || look().await["state"] == state).await;
    look().await
}

#[test]
fn a_check_is_started_followed_and_read() {
    run(async {
        let stage = Stage::new();
        let (_control, admin) = begun(&stage).await;
        assert_eq!(get(admin, "/v1/checks").await.body, json!({ "checks": [] }));
        let body = json!({ "listener": "front", "host": "shop.example", "path": "/cart?a=b", "requests": 8, "skip": ["expiry"] });
        let reply = start(admin, body).await;
        assert_eq!(reply.status, 202, "{:?}", reply.body);
        assert_eq!(reply.body["url"], "http://shop.example/cart?a=b");
        assert_eq!((&reply.body["id"], &reply.body["who"]), (&json!(1), &json!("token ci")));
        until("it says how far it is", async || {
            let run = get(admin, "/v1/checks/1").await.body;
            run["progress"] == json!(["20 fresh clients come"]) && run["broken"] == 1
        })
        .await;
        let run = get(admin, "/v1/checks/1").await.body;
        assert_eq!(run["promises"][0]["outcome"], "broken", "judged before it ends: {run}");
        assert_eq!((&run["report"], &run["ended_at"]), (&json!(null), &json!(null)));
        stage.checker.go.notify_one();
        let run = become_so(admin, 1, "done").await;
        assert_eq!(run["report"]["promises"], run["promises"]);
        assert!(run["ended_at"].is_string() && run["error"].is_null(), "{run}");
        let row = get(admin, "/v1/checks").await.body["checks"][0].clone();
        assert_eq!((&row["state"], &row["broken"]), (&json!("done"), &json!(1)));
        // It goes where the listener is, whatever the host is called.
        let plans = stage.checker.plans.lock().unwrap().clone();
        assert_eq!(plans[0].address.to_string(), "127.0.0.1:8080");
        assert_eq!((plans[0].requests, &*plans[0].skip), (Some(8), &["expiry".to_owned()][..]));
    });
}

#[test]
fn one_runs_at_a_time_and_can_be_cancelled() {
    run(async {
        let stage = Stage::new();
        let (_control, admin) = begun(&stage).await;
        let body = json!({ "listener": "front" });
        assert_eq!(start(admin, body.clone()).await.status, 202);
        let second = start(admin, body.clone()).await;
        assert_eq!((second.status, second.code()), (409, "conflict"));
        assert!(second.message().contains("DELETE /v1/checks/1"), "{}", second.message());
        let cancelled = change(admin, "DELETE", "/v1/checks/1", json!(null)).await;
        assert_eq!((cancelled.status, &cancelled.body["state"]), (200, &json!("cancelled")));
        assert_eq!(cancelled.body["error"], "cancelled by token ci");
        let checker: &FakeChecker = &stage.checker;
        until("nothing of it is left", async || Arc::strong_count(&checker.go) == 2).await;
        // What has ended stays as it is, and another one may begin.
        assert_eq!(start(admin, body).await.body["id"], 2);
        checker.go.notify_one();
        become_so(admin, 2, "done").await;
        let done = change(admin, "DELETE", "/v1/checks/2", json!(null)).await;
        assert_eq!((done.status, &done.body["state"]), (200, &json!("done")));
    });
}

#[test]
fn what_cannot_be_checked_is_refused_with_a_reason() {
    run(async {
        let stage = Stage::new();
        let (_control, admin) = begun(&stage).await;
        for (body, expected) in [
            (json!({}), "listener is missing"),
            (json!({ "listener": "none" }), "no listener \"none\""),
            (json!({ "listener": "front", "url": "http://192.0.2.1/" }), "unknown key \"url\""),
            (json!({ "listener": "front", "path": "cart" }), "begins with a slash"),
            (json!({ "listener": "front", "path": "/ü" }), "%XX"),
            (json!({ "listener": "front", "path": format!("/{}", "a".repeat(3000)) }), "longer"),
            (json!({ "listener": "front", "host": "a@192.0.2.1/" }), "host is a name"),
            (json!({ "listener": "front", "websocket": "ws" }), "websocket is a path"),
            (json!({ "listener": "front", "requests": 3 }), "from 4 to 100"),
            (json!({ "listener": "front", "requests": 101 }), "from 4 to 100"),
            (json!({ "listener": "front", "skip": "expiry" }), "skip is a list"),
            (json!({ "listener": "front", "identify": "nonsense" }), "header:NAME"),
        ] {
            let reply = start(admin, body.clone()).await;
            assert_eq!((reply.status, reply.code()), (422, "invalid"), "{body}");
            assert!(reply.message().contains(expected), "{body}: {}", reply.message());
        }
        assert!(stage.checker.plans.lock().unwrap().is_empty(), "nothing was sent");
        for path in ["/v1/checks/1", "/v1/checks/x"] {
            assert_eq!(get(admin, path).await.code(), "not_found", "{path}");
        }
    });
}

#[test]
fn who_may_look_only_starts_and_cancels_none() {
    run(async {
        let mut stage = Stage::new();
        let sha256 = Sha256::digest("t").into();
        stage.credentials.tokens =
            vec![BearerToken { name: "reader".to_owned(), sha256, role: Role::ReadOnly }];
        let control = stage.start(&file().replace("tokens =", "# tokens =")).await;
        let admin = control.admin_address();
        let refused = start(admin, json!({ "listener": "front" })).await;
        assert_eq!((refused.status, refused.code()), (403, "read_only"));
        let refused = change(admin, "DELETE", "/v1/checks/1", json!(null)).await;
        assert_eq!(refused.status, 403);
        assert_eq!(get(admin, "/v1/checks").await.status, 200);
    });
}

#[test]
fn a_check_ends_with_its_listener_with_the_process_and_by_a_fault() {
    run(async {
        let stage = Stage::new();
        let (control, admin) = begun(&stage).await;
        start(admin, json!({ "listener": "front" })).await;
        stage.write(&file().replace("127.0.0.1:8080", "127.0.0.1:8081"));
        control.reload().await.unwrap();
        let run = become_so(admin, 1, "cancelled").await;
        assert_eq!(run["error"], "the listener is no longer there");
        start(admin, json!({ "listener": "front", "identify": "panic" })).await;
        let run = become_so(admin, 2, "failed").await;
        assert!(run["error"].as_str().unwrap().contains("has a fault"), "{run}");
        start(admin, json!({ "listener": "front" })).await;
        drop(control.begin_shutdown().await);
        become_so(admin, 3, "cancelled").await;
        let late = start(admin, json!({ "listener": "front" })).await;
        assert_eq!((late.status, late.code()), (503, "unavailable"));
    });
}

#[test]
fn dropping_control_ends_the_check_that_runs() {
    let stage = Stage::new();
    run(async {
        let (control, admin) = begun(&stage).await;
        start(admin, json!({ "listener": "front" })).await;
        control.shutdown().await;
    });
    assert_eq!(Arc::strong_count(&stage.checker.go), 1, "nobody holds it any more");
}

#[test]
fn the_last_few_are_remembered() {
    run(async {
        let stage = Stage::new();
        let (_control, admin) = begun(&stage).await;
        let last = CHECKS_KEPT_MAX as u64 + 1;
        for id in 1..=last {
            assert_eq!(start(admin, json!({ "listener": "front" })).await.body["id"], id);
            stage.checker.go.notify_one();
            become_so(admin, id, "done").await;
        }
        let all = get(admin, "/v1/checks").await.body["checks"].as_array().unwrap().clone();
        assert_eq!((all.len(), &all[0]["id"]), (CHECKS_KEPT_MAX, &json!(last)));
        assert_eq!(get(admin, "/v1/checks/1").await.status, 404);
    });
}
