use super::*;

fn report() -> Report {
    let finding = |promise, judgement| Finding::new(promise, judgement, Balancer::Haproxy);
    Report {
        url: "http://shop.example/?a=1&b=2".into(),
        recognised: Recognised {
            balancer: Balancer::Haproxy,
            by: "its cookie SRV".into(),
            cookies: vec!["SRV".into()],
        },
        who: Some("header:x-served-by".into()),
        targets: vec!["a".into(), "b".into()],
        affinity: "by its cookie SRV".into(),
        requests: 99,
        findings: vec![
            finding(Promise::ComesHome, Judgement::kept("24 of 24")),
            finding(Promise::ParallelFirst, Judgement::broken("in 0 of 3 <rounds>")),
            finding(Promise::SocketIo, Judgement::unknown("no \u{1}Socket.IO")),
        ],
    }
}

#[test]
fn what_is_broken_fails_unless_it_is_allowed() {
    for (words, passes) in [
        (&[][..], false),
        (&["parallel-first"], true),
        (&["comes-home"], false),
        (&["parallel-first", "none"], false),
        (&["parallel-first", "none", "could-not-tell"], true),
    ] {
        let mut allowed = Allowed::default();
        words.iter().for_each(|word| allowed.allow(word).unwrap());
        assert_eq!(report().passes(&allowed), passes, "{words:?}");
    }
    assert!(Allowed::default().allow("everything").unwrap_err().contains("comes-home"));
}

#[test]
fn a_table_tells_evidence_meaning_and_change() {
    let text = report().to_table(false);
    for words in [
        "HAProxy (by its cookie SRV)",
        "✓ kept            comes-home: a client with cookies comes home",
        "✗ broken          parallel-first",
        "For users: A new visitor's page",
        "Change: By design with cookies.",
        "? could not tell  socket-io",
        "1 kept, 1 broken, 1 could not tell; 99 requests",
    ] {
        assert!(text.contains(words), "{words:?} in\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(report().to_table(true).contains("\u{1b}[31m✗ broken"));
}

#[test]
fn json_has_all_of_it() {
    let json = report().to_json();
    assert_eq!(json["balancer"], "HAProxy");
    assert_eq!(json["promises"][1]["promise"], "parallel-first");
    assert_eq!(json["promises"][1]["outcome"], "broken");
    assert!(json["promises"][1]["change"].as_str().unwrap().contains("balance source"));
    assert_eq!(json["promises"][0]["change"], serde_json::Value::Null);
    assert_eq!((&json["kept"], &json["broken"]), (&1.into(), &1.into()));
}

#[test]
fn junit_has_a_case_for_each_promise() {
    let strict = report().to_junit(&Allowed::default());
    for words in [
        "name=\"clingfish check http://shop.example/?a=1&amp;b=2\"",
        "tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\"",
        "<failure type=\"broken\"",
        "in 0 of 3 &lt;rounds&gt;",
        "<skipped message=\"no \u{fffd}Socket.IO\"/>",
    ] {
        assert!(strict.contains(words), "{words:?} in\n{strict}");
    }
    let mut allowed = Allowed::default();
    allowed.allow("parallel-first").unwrap();
    assert!(report().to_junit(&allowed).contains("failures=\"0\" errors=\"0\" skipped=\"2\""));
}
