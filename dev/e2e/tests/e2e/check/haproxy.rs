//! HAProxy: sticky by cookie, by address, not at all, and broken in several ways.

use clingfish_testkit::Target;

use super::{app, check, check_while_down};
use crate::import::old::Old;

/// HAProxy with these lines before its servers, each of which has the words that follow from its name.
#[track_caller]
fn haproxy(lines: &str, words: impl Fn(&str) -> String, targets: &[Target; 2]) -> Old {
    let server = |(name, target): (&str, &Target)| {
        format!("    server {name} {} {}\n", target.address(), words(name))
    };
    let servers: String = ["s1", "s2"].into_iter().zip(targets).map(server).collect();
    let config = format!(
        "global
    hard-stop-after 1s
defaults
    mode http
    timeout connect 10s
    timeout client 10s
    timeout server 10s
    timeout tunnel 10s
listen front
    bind fd@@FD@
    {lines}
{servers}"
    );
    Old::listening(&config, "/usr/sbin/haproxy", &["-db", "-f", "@FOLDER@/config"])
}

fn cookie(name: &str) -> String {
    format!("cookie {name}")
}

const NO_WORDS: fn(&str) -> String = |_| String::new();

#[test]
fn a_cookie_of_haproxys_brings_clients_home_and_shows_the_servers_name() {
    let targets = app::two();
    let lines = "balance roundrobin
    cookie SRV insert indirect nocache httponly attr \"SameSite=Lax\"";
    let haproxy = haproxy(lines, cookie, &targets);
    let checked = check(haproxy.address(), &["--websocket", "/ws"]);
    checked.expect(
        "HAProxy",
        &[
            "kept several-targets comes-home new-connection http2 websocket",
            "kept cookie-flags cookie-scope cookie-life forged-cookie socket-io",
            "broken parallel-first cookie-opaque",
            "could-not-tell cors cross-site expiry",
        ],
    );
    assert_eq!(checked.report["comes_home_by"], "by the cookie SRV");
    assert_eq!(checked.report["targets"], serde_json::json!(["alpha", "beta"]));
}

#[test]
fn a_dynamic_cookie_shows_nothing() {
    let targets = app::two();
    let lines = "balance roundrobin
    cookie SRV insert indirect nocache dynamic
    dynamic-cookie-key MYKEY";
    let haproxy = haproxy(lines, NO_WORDS, &targets);
    check(haproxy.address(), &["--skip", "parallel-first"]).expect(
        "HAProxy",
        &["kept comes-home new-connection cookie-opaque forged-cookie", "broken cookie-flags"],
    );
}

#[test]
fn without_stickiness_everything_that_needs_it_is_broken() {
    let targets = app::two();
    let haproxy = haproxy("balance roundrobin", NO_WORDS, &targets);
    check(haproxy.address(), &["--websocket", "/ws"]).expect(
        "unknown balancer",
        &[
            "kept several-targets",
            "broken comes-home new-connection parallel-first http2 websocket socket-io",
            "could-not-tell cookie-flags cookie-scope cookie-life cookie-opaque forged-cookie",
        ],
    );
}

#[test]
fn by_address_clients_come_home_without_a_cookie_and_land_together() {
    let targets = app::two();
    let haproxy = haproxy("balance source", NO_WORDS, &targets);
    let from: Vec<String> = (1..=8).map(|host| format!("--from=127.0.{host}.{host}")).collect();
    let mut args = vec!["--websocket", "/ws"];
    args.extend(from.iter().map(String::as_str));
    let checked = check(haproxy.address(), &args);
    checked.expect(
        "unknown balancer",
        &[
            "kept several-targets comes-home new-connection parallel-first http2 websocket socket-io",
            "kept cross-site",
            "could-not-tell cookie-flags cookie-opaque",
        ],
    );
    let means = checked.report["comes_home_by"].as_str().unwrap();
    assert!(means.starts_with("without a cookie"), "{means}");
    // From one address it looks like one target, which nobody can judge.
    check(haproxy.address(), &[]).expect(
        "unknown balancer",
        &["could-not-tell several-targets comes-home new-connection parallel-first"],
    );
}

#[test]
fn stickiness_that_lasts_as_long_as_a_connection_is_found_out() {
    let targets = app::two();
    // As a balancer of connections does it.
    let haproxy = haproxy("mode tcp\n    balance roundrobin", NO_WORDS, &targets);
    check(haproxy.address(), &["--only", "comes-home,new-connection"])
        .expect("unknown balancer", &["kept comes-home", "broken new-connection"]);
}

#[test]
fn haproxys_broken_in_one_way_each_are_found_out() {
    let sticky = "balance roundrobin\n    cookie SRV insert indirect nocache";
    for (lines, verdicts) in [
        (
            "balance roundrobin\n    cookie SRV insert postonly".to_owned(),
            &["broken comes-home new-connection"][..],
        ),
        (
            format!(
                "{sticky}\n    http-request deny if {{ req.cook(SRV) -m found }} !{{ req.cook(SRV) s1 s2 }}"
            ),
            &["kept comes-home", "broken forged-cookie"],
        ),
        (
            format!("{sticky} attr \"Max-Age=60\" attr \"Expires=Fri, 31 Dec 2027 00:00:00 GMT\""),
            &["kept comes-home", "broken cookie-life"],
        ),
        (format!("{sticky} httponly attr \"SameSite=None\""), &["broken comes-home cookie-flags"]),
        (format!("{sticky} attr \"Max-Age=2\""), &["kept comes-home", "broken expiry"]),
        (
            format!(
                "{sticky}\n    http-after-response add-header Set-Cookie \"SRV=other; Path=/shop\""
            ),
            &["broken cookie-scope"],
        ),
        (
            format!("{sticky}\n    acl ws hdr(Upgrade) -i websocket\n    ignore-persist if ws"),
            &["kept comes-home new-connection", "broken websocket"],
        ),
        (
            format!("{sticky}\n    ignore-persist if {{ req.ver 2.0 }}"),
            &["kept comes-home new-connection", "broken http2"],
        ),
        (
            format!("{sticky}\n    acl polls path_beg /socket.io/\n    ignore-persist if polls"),
            &["kept comes-home", "broken socket-io"],
        ),
    ] {
        let targets = app::two();
        let haproxy = haproxy(&lines, cookie, &targets);
        let checked = check(haproxy.address(), &["--websocket", "/ws"]);
        let balancer = checked.report["balancer"].as_str().unwrap().to_owned();
        checked.expect(&balancer, verdicts);
    }
}

#[test]
fn scripts_of_other_origins_need_their_fields() {
    let targets = app::two();
    let haproxy =
        haproxy("balance roundrobin\n    cookie SRV insert indirect nocache", cookie, &targets);
    for (path, verdicts) in [
        // Over plain http browsers leave the cookie out.
        ("/open", &["kept cors", "broken cross-site"][..]),
        ("/star", &["broken cors cross-site"]),
        ("/", &["could-not-tell cors cross-site"]),
    ] {
        let url = format!("http://{}{path}", haproxy.address());
        super::check_url(&url, &["--only", "cors,cross-site"]).expect("HAProxy", verdicts);
    }
}

#[test]
fn a_page_that_leads_elsewhere_says_where() {
    let targets = app::two();
    let haproxy = haproxy("http-request redirect prefix https://shop.example", NO_WORDS, &targets);
    let checked = check(haproxy.address(), &[]);
    checked.expect("unknown balancer", &["could-not-tell several-targets comes-home"]);
    let evidence = checked.evidence("several-targets");
    assert!(evidence.contains("redirect to https://shop.example/"), "{evidence}");
}

#[test]
fn an_absent_targets_clients_need_redispatch() {
    for (option, verdict) in
        [("option redispatch 1", "✓ kept  "), ("no option redispatch", "✗ broken")]
    {
        let targets = app::two();
        let lines = format!(
            "balance roundrobin\n    retries 1\n    {option}\n    cookie SRV insert indirect nocache"
        );
        let haproxy = haproxy(&lines, cookie, &targets);
        let told = check_while_down(haproxy.address(), &[&targets[0]], &[]);
        assert!(told.contains(&format!("{verdict}          target-absent")), "{option}: {told}");
    }
}
