//! What load balancers' and listeners' attributes do to header fields and paths.

use std::net::SocketAddr;

use clingfish_testkit::{Clingfish, RawClient, Received, Response, Target, curl};

use crate::support::{before, log_line, mirror, targets};

/// Sends a GET with these lines and gives what came back.
#[track_caller]
fn get(address: SocketAddr, path: &str, lines: &[&str]) -> Response {
    RawClient::get_with(address, path, lines).expect("it answers")
}

#[track_caller]
fn last(target: &Target) -> Received {
    target.requests().pop().expect("a request came")
}

/// Before one target, with these lines of the listener.
#[track_caller]
fn with_attributes(target: &Target, listener: &str) -> Clingfish {
    Clingfish::start(&format!(
        r#"
        [[listeners]]
        name = "web"
        bind = "127.0.0.1:0"
        forward = "web"
        {listener}

        [target_groups.web]
        {}
        health_check = false
        "#,
        targets(&[("app", target)])
    ))
}

#[test]
fn x_forwarded_for_is_appended_to_preserved_or_removed() {
    let came = ["X-Forwarded-For: 192.0.2.1", "x-forwarded-for: 198.51.100.7, 10.1.1.1"];
    let appended = "192.0.2.1, 198.51.100.7, 10.1.1.1, 127.0.0.1";
    for (mode, alone, with_some) in [
        ("append", vec!["127.0.0.1"], vec![appended]),
        ("preserve", vec![], vec!["192.0.2.1", "198.51.100.7, 10.1.1.1"]),
        ("remove", vec![], vec![]),
    ] {
        let target = Target::start("app");
        let balancer = format!("routing.http.xff_header_processing.mode = \"{mode}\"");
        let clingfish = before(&target, &balancer);
        let web = clingfish.listener("web");
        for (sends, expected) in [(&[][..], alone), (&came[..], with_some)] {
            get(web, "/", sends);
            let received = last(&target);
            let values: Vec<&str> = received.header_values("x-forwarded-for").collect();
            assert_eq!(values, expected, "{mode} of {sends:?}");
            // The mode says nothing about these.
            assert_eq!(received.header("x-forwarded-proto"), Some("http"), "{mode}");
            let port = web.port().to_string();
            assert_eq!(received.header("x-forwarded-port"), Some(port.as_str()), "{mode}");
        }
    }
}

#[test]
fn more_than_30_addresses_are_refused_with_463_and_the_reason() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let web = clingfish.listener("web");
    let addresses = |count: usize| vec!["192.0.2.1"; count].join(", ");
    let thirty = format!("X-Forwarded-For: {}", addresses(30));
    assert_eq!(get(web, "/thirty", &[&thirty]).status, 200);
    let too_many = format!("X-Forwarded-For: {}", addresses(31));
    let in_two = [thirty.as_str(), "X-Forwarded-For: 192.0.2.2"];
    for (path, lines) in [("/one-line", &[too_many.as_str()][..]), ("/two-lines", &in_two)] {
        let answer = get(web, path, lines);
        assert_eq!(answer.status, 463, "{path}");
        assert_eq!(answer.header("clingfish-error"), Some("too_many_forwarded_addresses"));
        let line = log_line(&clingfish, path);
        assert_eq!(line["error_reason"], "too_many_forwarded_addresses", "{line}");
    }
    assert_eq!(target.count(), 1);
}

#[test]
fn nobody_speaks_for_a_client_unless_trusted() {
    let says = [
        "Forwarded: for=192.0.2.1;proto=https",
        "X-Real-IP: 192.0.2.1",
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Prefix: /evil",
        "X-Amzn-Oidc-Identity: admin",
    ];
    for (trusted, expected) in [("[]", false), ("[\"127.0.0.1\"]", true)] {
        let target = Target::start("app");
        let clingfish = before(&target, &format!("trusted_proxies = {trusted}"));
        get(clingfish.listener("web"), "/", &says);
        let received = last(&target);
        for line in says {
            let (name, value) = line.split_once(": ").unwrap();
            let expected = expected.then_some(value);
            assert_eq!(received.header(name), expected, "{name}, trusted: {trusted}");
        }
    }
}

#[test]
fn nobody_forges_what_is_said_of_tls_not_even_trusted_proxies() {
    let target = Target::start("app");
    let clingfish = Clingfish::start(&format!(
        r#"
        [load_balancers.default]
        trusted_proxies = ["127.0.0.1"]

        [[listeners]]
        name = "web"
        bind = "127.0.0.1:0"
        forward = "web"
        routing.http.request.x_amzn_mtls_clientcert_subject.header_name = "X-Subject"

        [target_groups.web]
        {}
        health_check = false
        "#,
        targets(&[("app", &target)])
    ));
    let lines = [
        "X-Amzn-Tls-Version: TLSv1.3",
        "x-amzn-tls-cipher-suite: none",
        "X-Amzn-Mtls-Clientcert-Subject: CN=admin",
        "X_Amzn_Mtls_Clientcert: admin",
        "x-subject: CN=admin",
        "X-Subject-2: stays",
    ];
    get(clingfish.listener("web"), "/", &lines);
    let received = last(&target);
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        let expected = (value == "stays").then_some(value);
        assert_eq!(received.header(name), expected, "{name}");
    }
}

#[test]
fn listeners_add_and_remove_response_fields_of_targets_and_of_our_own_answers() {
    let target = mirror("app");
    let clingfish = with_attributes(
        &target,
        r#"
        routing.http.response.server.enabled = false
        routing.http.response.strict_transport_security.header_value = "max-age=31536000; preload"
        response_headers.x_frame_options = "DENY"
        response_headers.access_control_allow_origin = "https://shop.example"
        "#,
    );
    let web = clingfish.listener("web");
    let lines = ["Answer-Server: nginx", "Answer-X-Frame-Options: SAMEORIGIN", "Answer-X-Other: 1"];
    let answer = get(web, "/", &lines);
    assert_eq!((answer.status, answer.header("x-other")), (200, Some("1")));
    let mut client = RawClient::connect(web).expect("it accepts");
    client.send("GET / HTTP/1.1\r\nno host\r\n\r\n").expect("it reads");
    let refused = client.read_final_response().expect("it answers");
    assert_eq!(refused.status, 400);
    for (which, answer) in [("a target's", answer), ("our own", refused)] {
        let of = |name| answer.header_values(name).collect::<Vec<_>>();
        assert_eq!(of("server"), [""; 0], "{which}");
        assert_eq!(of("x-frame-options"), ["DENY"], "{which}");
        assert_eq!(of("strict-transport-security"), ["max-age=31536000; preload"], "{which}");
        assert_eq!(of("access-control-allow-origin"), ["https://shop.example"], "{which}");
    }
}

#[test]
fn without_attributes_a_targets_fields_stay() {
    let target = mirror("app");
    let clingfish = with_attributes(&target, "");
    let lines = ["Answer-Server: nginx", "Answer-X-Frame-Options: SAMEORIGIN"];
    let answer = get(clingfish.listener("web"), "/", &lines);
    assert_eq!(answer.header("server"), Some("nginx"));
    assert_eq!(answer.header("x-frame-options"), Some("SAMEORIGIN"));
}

#[test]
fn fields_with_invalid_names_are_dropped_when_asked_and_requests_counted() {
    let lines = ["my_field: 1", "My.Field: 2", "my-field: 3", "X_Forwarded_For: 6.6.6.6"];
    for (drops, expected) in
        [(false, [Some("1"), Some("2"), Some("3"), None]), (true, [None, None, Some("3"), None])]
    {
        let target = Target::start("app");
        let balancer = format!("routing.http.drop_invalid_header_fields.enabled = {drops}");
        let clingfish = before(&target, &balancer);
        let web = clingfish.listener("web");
        get(web, "/", &lines);
        let received = last(&target);
        for (line, expected) in lines.iter().zip(expected) {
            let (name, _) = line.split_once(": ").unwrap();
            assert_eq!(received.header(name), expected, "{name}, drops: {drops}");
        }
        get(web, "/", &["my-field: 3"]);
        let dropped = clingfish.metrics();
        let dropped = dropped.sum("clingfish_dropped_invalid_header_requests_total", &[]);
        assert_eq!(dropped, f64::from(u8::from(drops)));
    }
}

#[test]
fn targets_get_the_normal_form_of_a_path_and_the_log_what_was_sent() {
    let target = Target::start("app");
    let clingfish = before(&target, "");
    let base = format!("http://{}", clingfish.listener("web"));
    for (sent, expected) in [
        ("/public/../admin?x=/../%41", "/admin?x=/../%41"),
        ("/%61/%2e%2e/b//c%2fd/.", "/b//c%2fd/"),
        ("/a.b/c%20d", "/a.b/c%20d"),
    ] {
        let done = curl(&["--path-as-is", &format!("{base}{sent}")]);
        assert_eq!(done.status, 0, "{}", done.stderr);
        assert_eq!(last(&target).path(), expected, "{sent}");
        log_line(&clingfish, sent);
    }
    let count = target.count();
    for (sent, reason) in
        [("/../etc/passwd", "path_above_root"), ("/a%00.html", "encoded_nul_in_path")]
    {
        let shows =
            ["--path-as-is", "-o", "/dev/null", "-w", "%{http_code} %header{clingfish-error}"];
        let url = format!("{base}{sent}");
        let done = curl(&[&shows[..], &[&url]].concat());
        assert_eq!(done.stdout, format!("400 {reason}"), "{sent}");
    }
    assert_eq!(target.count(), count);
}

#[test]
fn paths_stay_as_they_are_when_normalisation_is_off() {
    let target = Target::start("app");
    let clingfish = before(&target, "path_normalization = false");
    let url = format!("http://{}/a/../%61%00/..", clingfish.listener("web"));
    let done = curl(&["--path-as-is", &url]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert_eq!(last(&target).path(), "/a/../%61%00/..");
}
