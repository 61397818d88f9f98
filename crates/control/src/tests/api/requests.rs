//! Recent requests, as workers would have left them.

use std::time::Duration;

use clingfish_affinity::Verdict;
use clingfish_model::{UnixMillis, Version};
use clingfish_telemetry::{
    log::Kind,
    recent::{KeptHead, Sample, Sort},
};

use super::*;
use crate::tests::stage::{Stage, run, until};

/// A request that lost its home, with a cookie and a query that nobody is to see.
pub(super) fn sample(group: &str, path: &str) -> Sample {
    let verdict = Some(Verdict::TargetGone);
    let head = format!(
        "GET {path}?key=hunter2 HTTP/1.1\r\nHost: shop.example\r\nCookie: cling=hunter2\r\n\r\n"
    );
    Sample {
        id: 0,
        sort: Sort::of(verdict, false),
        at: UnixMillis(1_764_429_704_000),
        kind: Kind::Http,
        version: Version::Http11,
        method: "GET".into(),
        host: "shop.example".into(),
        path: path.into(),
        has_query: true,
        client: "192.0.2.9:5000".parse().unwrap(),
        listener: Some("front".into()),
        rule: Some(0),
        action: "forward",
        group: Some(group.into()),
        target: Some("a".into()),
        verdict,
        group_verdict: None,
        status: Some(200),
        target_status: Some(200),
        error_reason: "",
        duration: Duration::from_micros(1500),
        target_response: Some(Duration::from_micros(900)),
        received_bytes: 70,
        sent_bytes: 90,
        tries: 1,
        session: Some([7; 8]),
        revision: 1,
        head: Some(KeptHead {
            bytes: head.into_bytes().into(),
            client: "198.51.100.7".parse().unwrap(),
            server_name: None,
            https: true,
        }),
    }
}

#[test]
fn recent_requests_are_listed_chosen_and_explained_and_nothing_secret_is_shown() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let admin = control.admin_address();
        let recent = stage.registry.recent();
        assert!(recent.is_on(), "by default");
        recent.keep(sample("web", "/cart"));
        recent.keep(sample("other", "/cart"));
        let unread = Sample { method: "".into(), path: "".into(), head: None, ..sample("web", "") };
        recent.keep(unread);
        let ids = async |query: &str| {
            let list = get(admin, &format!("/v1/requests{query}")).await.body;
            let rows = list["requests"].as_array().unwrap();
            rows.iter().map(|row| row["id"].as_u64().unwrap()).collect::<Vec<_>>()
        };
        for (query, expected) in [
            ("", &[3, 2, 1][..]),
            ("?limit=1", &[3]),
            ("?target-group=web", &[3, 1]),
            ("?target-group=other&target=a&verdict=target_gone", &[2]),
            ("?verdict=hit", &[]),
            ("?target=b", &[]),
        ] {
            assert_eq!(ids(query).await, expected, "{query}");
        }
        let list = get(admin, "/v1/requests").await.body;
        let told = get(admin, "/v1/requests/1/explain").await.body;
        let text = told["text"].as_str().unwrap();
        assert!(text.contains("GET https://shop.example/cart?… from 198.51.100.7"), "{text}");
        assert!(text.contains("listener   front"), "{text}");
        assert_eq!(told["request"]["verdict"], "target_gone", "what it was then");
        for answer in [list, told] {
            assert!(!answer.to_string().contains("hunter2"), "{answer}");
        }
        for (path, status, words) in [
            ("/v1/requests/3/explain", 409, "could not be read"),
            ("/v1/requests/4/explain", 404, "/v1/requests"),
            ("/v1/requests/x/explain", 400, "no number of a request"),
            ("/v1/requests?verdict=lost", 400, "target_gone"),
        ] {
            let reply = get(admin, path).await;
            assert_eq!(reply.status, status, "{path}: {reply:?}");
            assert!(reply.message().contains(words), "{path}: {reply:?}");
        }
    });
}

#[test]
fn an_explanation_says_whether_the_configuration_has_changed_since() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let admin = control.admin_address();
        let revision = get(admin, "/v1/state").await.body["revision"].as_u64().unwrap();
        stage.registry.recent().keep(Sample { revision, ..sample("web", "/cart") });
        let told = get(admin, "/v1/requests/1/explain").await.body;
        assert_eq!(
            told["revision"],
            json!({ "then": revision, "now": revision, "has_changed": false })
        );
        let body = json!({ "slow_start": "30s" });
        assert_eq!(change(admin, "PATCH", "/v1/target-groups/web", body).await.status, 200);
        let told = get(admin, "/v1/requests/1/explain").await.body;
        assert_eq!(told["revision"]["has_changed"], true, "{told}");
        assert_eq!(told["revision"]["then"], revision, "{told}");
    });
}

#[test]
fn what_the_file_turns_off_is_forgotten_at_once() {
    run(async {
        let stage = Stage::new();
        let control = stage.start(&file()).await;
        let admin = control.admin_address();
        stage.registry.recent().keep(sample("web", "/cart"));
        let off = file().replacen("[admin]\n", "[admin]\nrecent_requests = false\n", 1);
        assert!(off.contains("recent_requests"));
        stage.write(&off);
        until("none are kept", async || {
            get(admin, "/v1/requests").await.body == json!({ "is_kept": false, "requests": [] })
        })
        .await;
        stage.registry.recent().keep(sample("web", "/cart"));
        assert_eq!(get(admin, "/v1/requests").await.body["requests"], json!([]));
    });
}
