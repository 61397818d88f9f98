//! nginx: by address, by a cookie of its own or of the application's, and not at all. Skipped where NGINX_BIN names none.

use clingfish_testkit::Target;

use super::{app, check};
use crate::import::old::{Old, nginx as program};

/// nginx with these lines in its `http`, in its `upstream` and in its `location`.
#[track_caller]
fn nginx(http: &str, upstream: &str, location: &str, targets: &[Target; 2]) -> Option<Old> {
    let program = program([1, 18, 0])?;
    let [a, b] = targets;
    let config = format!(
        "daemon off; master_process off; pid @FOLDER@/pid; error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path @FOLDER@/body; proxy_temp_path @FOLDER@/proxy;
    fastcgi_temp_path @FOLDER@/fastcgi; uwsgi_temp_path @FOLDER@/uwsgi; scgi_temp_path @FOLDER@/scgi;
    {http}
    upstream app {{ {upstream} server {}; server {}; }}
    server {{
        listen 127.0.0.1:@PORT@;
        location / {{ proxy_pass http://app; proxy_http_version 1.1; {location} }}
    }}
}}",
        a.address(),
        b.address()
    );
    Some(Old::nginx_of(&program, &config))
}

/// What lets WebSockets through.
const UPGRADE: &str =
    "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";";

/// Networks of their own, which ip_hash tells apart.
const FROM: &[&str] = &[
    "--from=127.1.0.1",
    "--from=127.2.0.1",
    "--from=127.3.0.1",
    "--from=127.4.0.1",
    "--from=127.5.0.1",
];

#[test]
fn ip_hash_keeps_addresses_where_they_are() {
    let targets = app::two();
    let Some(nginx) = nginx("", "ip_hash;", UPGRADE, &targets) else { return };
    check(nginx.address(), &[FROM, &["--websocket", "/ws"]].concat()).expect(
        "nginx",
        &[
            "kept several-targets comes-home new-connection parallel-first websocket socket-io",
            "could-not-tell http2 cookie-flags",
        ],
    );
}

#[test]
fn without_stickiness_it_is_broken() {
    let targets = app::two();
    let Some(nginx) = nginx("", "", UPGRADE, &targets) else { return };
    check(nginx.address(), &["--websocket", "/ws"]).expect(
        "nginx",
        &[
            "kept several-targets",
            "broken comes-home new-connection parallel-first websocket socket-io",
        ],
    );
}

#[test]
fn a_hash_over_a_cookie_that_each_client_gets_brings_clients_home() {
    let targets = app::two();
    let http = "map $cookie_srv $key { \"\" $request_id; default $cookie_srv; }
    map $cookie_srv $new { \"\" \"srv=$request_id; path=/; HttpOnly; SameSite=Lax\"; default \"\"; }";
    // No line lets WebSockets through.
    let location = "add_header Set-Cookie $new;";
    let Some(nginx) = nginx(http, "hash $key;", location, &targets) else { return };
    let checked = check(nginx.address(), &["--websocket", "/ws", "--skip", "parallel-first"]);
    checked.expect(
        "nginx",
        &[
            "kept several-targets comes-home new-connection",
            "kept cookie-flags cookie-scope cookie-life cookie-opaque socket-io",
            "broken websocket",
        ],
    );
    assert_eq!(checked.report["comes_home_by"], "by the cookie srv");
}

#[test]
fn a_hash_over_an_id_that_the_target_invents_is_broken() {
    let targets = app::two();
    // The id exists only after the target was chosen.
    let http = "map $cookie_sid $new { \"\" \"sid=$request_id; path=/\"; default \"\"; }";
    let location = "add_header Set-Cookie $new;";
    let Some(nginx) = nginx(http, "hash $cookie_sid;", location, &targets) else { return };
    check(nginx.address(), &["--only", "comes-home,new-connection"])
        .expect("nginx", &["broken comes-home new-connection"]);
}
