use super::*;

use crate::{
    Desk, Lever, LeverFuture, controls,
    visitor::{Answer, Visitor},
};

/// Does nothing, and says whether that worked.
struct Idle {
    works: bool,
}

impl Lever for Idle {
    fn set_stickiness(&self, _: bool) -> LeverFuture<'_> {
        let works = self.works;
        Box::pin(async move {
            let refused = || io::Error::other("the file is gone");
            works.then_some(()).ok_or_else(refused)
        })
    }
}

async fn two_apps() -> (Vec<SampleApp>, Desk) {
    let (controls, desk) = controls();
    let mut apps = Vec::new();
    for name in ["instance-a", "instance-b"] {
        apps.push(SampleApp::start(name, controls.clone()).await.unwrap());
    }
    (apps, desk)
}

/// Loads a page until it says so.
async fn until(visitor: &mut Visitor, path: &str, wanted: &str) -> Answer {
    loop {
        let answer = visitor.get(path).await.unwrap();
        if answer.text.contains(wanted) {
            return answer;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_login_and_a_cart_live_in_one_instance_only() {
    let (apps, _desk) = two_apps().await;
    let mut ada = Visitor::new(apps[0].address());
    for (path, form, expected) in [
        ("/cart", "item=rope", "signed in: no, cart: 1"),
        ("/login", "name=Ada", "signed in: Ada, cart: 1"),
        ("/cart", "item=lamp", "signed in: Ada, cart: 2"),
    ] {
        let answer = ada.post(path, form).await.unwrap();
        assert_eq!((answer.status, answer.text.as_str()), (200, expected));
        assert_eq!(answer.instance, "instance-a");
    }
    let who = ada.get("/whoami").await.unwrap().text;
    let who: serde_json::Value = serde_json::from_str(&who).unwrap();
    assert_eq!(who["cart"], serde_json::json!(["rope", "lamp"]));
    assert_eq!((&who["instance"], &who["user"]), (&"instance-a".into(), &"Ada".into()));
    assert_eq!(who["demo"]["instances"][1]["name"], "instance-b");
    ada.move_to(apps[1].address());
    assert_eq!(ada.get("/").await.unwrap().text, "signed in: no");
    ada.move_to(apps[0].address());
    ada.post("/logout", "").await.unwrap();
    assert_eq!(ada.get("/").await.unwrap().text, "signed in: no");
}

#[tokio::test]
async fn bad_forms_and_unknown_paths_are_refused() {
    let (apps, _desk) = two_apps().await;
    let mut ada = Visitor::new(apps[0].address());
    let long = format!("name={}", "x".repeat(5000));
    for (path, form, status) in [
        ("/login", "", 400),
        ("/login", "name=+", 400),
        ("/login", long.as_str(), 413),
        ("/cart", "thing=rope", 400),
        ("/demo/stickiness", "on", 400),
        ("/demo/stickiness", "{\"on\": 1}", 400),
        ("/demo/instances/instance-a/eat", "", 404),
        ("/nowhere", "", 404),
    ] {
        let answer = ada.post(path, form).await.unwrap();
        assert_eq!(answer.status, status, "{path} {form:.20}");
    }
    assert_eq!(ada.get("/echo").await.unwrap().status, 400);
}

#[tokio::test]
async fn other_sites_can_change_nothing() {
    let (apps, _desk) = two_apps().await;
    let mut eve = Visitor::new(apps[0].address());
    eve.pretend_from("http://elsewhere.example");
    for path in ["/login", "/cart", "/demo/stickiness"] {
        assert_eq!(eve.post(path, "name=Eve").await.unwrap().status, 403, "{path}");
    }
    assert_eq!(eve.get("/").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_stopped_instance_refuses_connects_and_comes_back_without_memory() {
    let (mut apps, _desk) = two_apps().await;
    let app = &mut apps[0];
    let mut ada = Visitor::new(app.address());
    ada.post("/login", "name=Ada").await.unwrap();
    for _ in 0..3 {
        app.stop().await.unwrap();
        app.stop().await.unwrap();
        let refused = TcpStream::connect(app.address()).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert!(ada.get("/").await.is_err(), "her connection is gone");
        app.restart().await.unwrap();
        app.restart().await.unwrap();
        assert_eq!(ada.get("/").await.unwrap().text, "signed in: no");
    }
}

#[tokio::test]
async fn stopping_closes_websockets() {
    let (mut apps, _desk) = two_apps().await;
    let mut ada = Visitor::new(apps[0].address());
    let said = ada.echo("/echo", "ahoy").await.unwrap();
    assert_eq!((said.status, said.text.as_str()), (101, "instance-a echoes: ahoy"));
    let mut socket = ada.open("/echo").await.unwrap().0;
    apps[0].stop().await.unwrap();
    use futures_util::StreamExt;
    assert!(!matches!(socket.next().await, Some(Ok(_))));
}

#[tokio::test]
async fn the_page_switches_stickiness_and_instances() {
    let (mut apps, desk) = two_apps().await;
    let mut ada = Visitor::new(apps[0].address());
    let pressing = async {
        for (path, body, shown) in [
            ("/demo/stickiness", "{\"on\":true}", "\"stickiness\":true"),
            ("/demo/instances/instance-b/stop", "", "\"instance-b\",\"running\":false"),
            ("/demo/instances/instance-a/stop", "", "it is the last one"),
            ("/demo/instances/instance-b/start", "", "\"instance-b\",\"running\":true"),
            ("/demo/instances/instance-x/stop", "", "there is no instance-x"),
            ("/demo/stickiness", "{\"on\":false}", "\"stickiness\":false"),
        ] {
            assert_eq!(ada.post(path, body).await.unwrap().status, 202, "{path}");
            until(&mut ada, "/demo/state", shown).await;
        }
        ada.post("/demo/instances/instance-a/stop", "").await.unwrap()
    };
    let answer = tokio::select! {
        answer = pressing => answer,
        () = desk.attend(&mut apps, &Idle { works: true }) => unreachable!(),
    };
    assert_eq!(answer.status, 202, "who is asked to stop answers first");
}

#[tokio::test]
async fn a_switch_that_fails_is_reported_and_shown_as_it_was() {
    let (mut apps, desk) = two_apps().await;
    let mut ada = Visitor::new(apps[0].address());
    let pressing = async {
        ada.post("/demo/stickiness", "{\"on\":true}").await.unwrap();
        until(&mut ada, "/demo/state", "the file is gone").await
    };
    let answer = tokio::select! {
        answer = pressing => answer,
        () = desk.attend(&mut apps, &Idle { works: false }) => unreachable!(),
    };
    assert!(answer.text.contains("\"stickiness\":false"), "{}", answer.text);
}

#[tokio::test]
async fn wishes_that_nobody_takes_are_refused_when_there_are_too_many() {
    let (apps, _desk) = two_apps().await;
    let mut ada = Visitor::new(apps[0].address());
    let mut statuses = Vec::new();
    for _ in 0..=crate::limits::ASKS_MAX {
        let answer = ada.post("/demo/stickiness", "{\"on\":true}").await.unwrap();
        statuses.push(answer.status);
    }
    assert_eq!(statuses.pop(), Some(503));
    assert!(statuses.iter().all(|status| *status == 202));
}
