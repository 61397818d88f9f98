//! Keys instead of tokens: the same key comes to the same target, over connections and over balancers that know nothing of each other.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read as _, Write as _},
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use clingfish_testkit::{
    Authority, Clingfish, Flow, RawClient, Response, Target, curl, eventually, standard,
};
use socket2::{Domain, Socket, Type};

use crate::support::{SOON, Seen as _, mirror, targets, web, web_with};

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
const KEYS: usize = 1000;

fn crowd(count: usize) -> Vec<(&'static str, Target)> {
    NAMES.into_iter().take(count).map(|name| (name, mirror(name))).collect()
}

/// The configuration of a group of these without checks, with that stickiness.
fn group(crowd: &[(&'static str, Target)], stickiness: &str) -> String {
    let all: Vec<(&str, &Target)> = crowd.iter().map(|(name, target)| (*name, target)).collect();
    format!("{}\nhealth_check = false\nstickiness = {stickiness}", targets(&all))
}

fn ask(client: &mut RawClient, path: &str, lines: &str) -> Response {
    client.send(format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\n{lines}\r\n")).unwrap();
    client.read_final_response().unwrap()
}

/// Where each of so many users goes, over one connection.
fn homes(clingfish: &Clingfish) -> Vec<String> {
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    let home = |nth| {
        let answer = ask(&mut client, "/", &format!("X-User: user-{nth}\r\n"));
        assert_eq!(answer.header("set-cookie"), None, "no cookie is ever written");
        answer.target().to_owned()
    };
    (0..KEYS).map(home).collect()
}

/// A GET from that address of the loopback network.
fn get_from(ip: IpAddr, at: SocketAddr, lines: &str) -> (String, String) {
    let domain = if ip.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let socket = Socket::new(domain, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(ip, 0).into()).unwrap();
    socket.set_read_timeout(Some(SOON)).unwrap();
    socket.connect(&at.into()).unwrap();
    let mut stream = std::net::TcpStream::from(socket);
    let request = format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let field = |name: &str| {
        let mut lines = answer.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| panic!("no {name} in {answer}")).1.to_owned()
    };
    (field("clingfish-target"), field("clingfish-verdict"))
}

#[test]
fn each_kind_of_key_comes_to_the_same_target_over_connections_and_balancers() {
    let crowd = crowd(5);
    for (key, path, lines) in [
        ("header:X-User", "/", "X-User: KEY\r\n"),
        ("cookie:uid", "/", "Cookie: a=b; uid=KEY\r\n"),
        ("query:room", "/chat?x=1&room=KEY", ""),
        ("path:2", "/rooms/KEY/messages", ""),
    ] {
        let config = web(&group(&crowd, &format!("{{ type = \"hash\", key = \"{key}\" }}")));
        let balancers = [Clingfish::start(&config), Clingfish::start(&config)];
        let mut seen = BTreeSet::new();
        for nth in 0..40 {
            let fill = |text: &str| text.replace("KEY", &format!("k{nth}"));
            let found: BTreeSet<String> = balancers
                .iter()
                .chain(&balancers)
                .map(|clingfish| {
                    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
                    let answer = ask(&mut client, &fill(path), &fill(lines));
                    assert_eq!(answer.verdict(), "hit", "{key}");
                    answer.target().to_owned()
                })
                .collect();
            assert_eq!(found.len(), 1, "{key} {nth}: {found:?}");
            seen.extend(found);
        }
        assert_eq!(seen.len(), 5, "{key} reaches all");
    }
}

#[test]
fn a_request_without_the_key_is_placed_by_turns() {
    let crowd = crowd(2);
    let stickiness = "{ type = \"hash\", key = \"header:X-User\" }";
    let clingfish = Clingfish::start(&web(&group(&crowd, stickiness)));
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    let mut counts = BTreeMap::new();
    for _ in 0..6 {
        let answer = ask(&mut client, "/", "");
        assert_eq!(answer.verdict(), "new");
        *counts.entry(answer.target().to_owned()).or_insert(0) += 1;
    }
    assert_eq!(counts.into_values().collect::<Vec<_>>(), [3, 3]);
}

#[test]
fn targets_that_come_and_go_move_only_what_they_must() {
    let mut crowd = crowd(5);
    let stickiness = "{ type = \"hash\", key = \"header:X-User\" }";
    let last = crowd.pop().unwrap();
    let clingfish = Clingfish::start(&web(&group(&crowd, stickiness)));
    let four = homes(&clingfish);
    crowd.push(last);
    clingfish.reload_with(&web(&group(&crowd, stickiness)));
    let five = homes(&clingfish);
    let moved: Vec<_> = four.iter().zip(&five).filter(|(before, after)| before != after).collect();
    assert!(moved.iter().all(|(_, after)| *after == "e"), "only to the new one");
    // A fifth of 1,000; five standard deviations either way.
    assert!((137..=263).contains(&moved.len()), "{} moved", moved.len());
    crowd.remove(1);
    clingfish.reload_with(&web(&group(&crowd, stickiness)));
    for (before, after) in five.iter().zip(&homes(&clingfish)) {
        assert!(before == after || before == "b", "{before} to {after}");
        assert_ne!(after, "b");
    }
}

#[test]
fn keys_of_a_failing_target_come_back_with_it() {
    let crowd = crowd(3);
    let is_ill = Arc::new(AtomicBool::new(false));
    let ill = Arc::clone(&is_ill);
    let moody = Target::answering(move |connection, request| {
        if ill.load(Ordering::SeqCst) && request.path() == "/health" {
            connection.respond(500, "text/plain", b"no")?;
            return Ok(Flow::KeepAlive);
        }
        standard("moody", connection, request)
    });
    let mut all: Vec<(&str, &Target)> =
        crowd.iter().map(|(name, target)| (*name, target)).collect();
    all.push(("moody", &moody));
    let clingfish = Clingfish::start(&web(&format!(
        "{}\nstickiness = {{ type = \"hash\", key = \"header:X-User\" }}\nhealth_check = {{ path = \"/health\", \
         interval = \"200ms\", timeout = \"150ms\", healthy_threshold = 1, unhealthy_threshold = 1 }}",
        targets(&all)
    )));
    let wait_routable = |wanted: f64| {
        let figure =
            || clingfish.metrics().value("clingfish_target_routable", &[("target", "moody")]);
        eventually(SOON, || (figure() == Some(wanted)).then_some(()));
    };
    let before = homes(&clingfish);
    let nth = before.iter().position(|at| at == "moody").unwrap();
    is_ill.store(true, Ordering::SeqCst);
    wait_routable(0.0);
    for (before, after) in before.iter().zip(&homes(&clingfish)) {
        assert_eq!(before == "moody", before != after, "{before} to {after}");
    }
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    let answer = ask(&mut client, "/", &format!("X-User: user-{nth}\r\n"));
    assert_eq!(answer.verdict(), "target_unhealthy");
    is_ill.store(false, Ordering::SeqCst);
    wait_routable(1.0);
    assert_eq!(homes(&clingfish), before);
}

#[test]
fn one_hot_key_fills_its_target_to_the_bound_and_goes_on_elsewhere() {
    let crowd: Vec<(&'static str, Target)> =
        NAMES.into_iter().map(|name| (name, Target::start(name))).collect();
    let stickiness = "{ type = \"hash\", key = \"header:X-User\", load_factor = 200 }";
    let clingfish = Clingfish::start(&web(&group(&crowd, stickiness)));
    crowd.iter().for_each(|(_, target)| target.hang(true));
    let mut clients: Vec<RawClient> = Vec::new();
    for nth in 1..=20 {
        let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
        client.send("GET / HTTP/1.1\r\nHost: a\r\nX-User: hot\r\n\r\n").unwrap();
        clients.push(client);
        let count = || crowd.iter().map(|(_, target)| target.count()).sum::<usize>();
        eventually(SOON, || (count() == nth).then_some(()));
    }
    let mut counts: Vec<usize> = crowd.iter().map(|(_, target)| target.count()).collect();
    counts.sort_unstable();
    // Twice the average of 20 over 5, and never more.
    assert_eq!(counts.last(), Some(&8), "{counts:?}");
    crowd.iter().for_each(|(_, target)| target.hang(false));
    let verdicts: Vec<String> = clients
        .iter_mut()
        .map(|client| client.read_final_response().unwrap().verdict().to_owned())
        .collect();
    let hits = verdicts.iter().filter(|verdict| *verdict == "hit").count();
    let detours = verdicts.iter().filter(|verdict| *verdict == "detour").count();
    assert_eq!((hits, detours), (8, 12), "{verdicts:?}");
}

#[test]
fn addresses_of_clients_are_keys_and_so_are_those_that_a_trusted_proxy_tells() {
    let crowd = crowd(5);
    let config = group(&crowd, "{ type = \"source_ip\" }");
    let clingfish = Clingfish::start(&web(&config));
    let trusting = Clingfish::start(&web_with("trusted_proxies = [\"127.0.0.0/8\"]", &config));
    let mut seen = BTreeSet::new();
    for last in 1..=20 {
        let ip: IpAddr = [127, 0, 0, last].into();
        let (home, verdict) = get_from(ip, clingfish.listener("web"), "");
        assert_eq!(verdict, "hit");
        for lines in ["", "X-Forwarded-For: 203.0.113.9\r\n"] {
            let again = get_from(ip, clingfish.listener("web"), lines).0;
            assert_eq!(again, home, "{ip} {lines:?}: nobody else says who it is");
        }
        seen.insert(home);
        // The same client behind a proxy and without it.
        let forwarded = format!("X-Forwarded-For: 198.51.100.1, 203.0.113.{last}, 127.0.0.9\r\n");
        let first = get_from(ip, trusting.listener("web"), &forwarded).0;
        let plain = format!("X-Forwarded-For: 203.0.113.{last}\r\n");
        let second = get_from([127, 0, 0, 99].into(), trusting.listener("web"), &plain).0;
        assert_eq!(first, second, "203.0.113.{last}");
    }
    assert!(seen.len() >= 4, "{seen:?}");
}

#[test]
fn hosts_of_one_ipv6_network_are_one_client() {
    let crowd = crowd(5);
    let balancer = "trusted_proxies = [\"127.0.0.1\"]";
    let home = |clingfish: &Clingfish, client: &str| {
        let lines = format!("X-Forwarded-For: {client}\r\n");
        get_from([127, 0, 0, 1].into(), clingfish.listener("web"), &lines).0
    };
    for (stickiness, same_network) in
        [("{ type = \"source_ip\" }", true), ("{ type = \"source_ip\", ipv6_prefix = 128 }", false)]
    {
        let clingfish = Clingfish::start(&web_with(balancer, &group(&crowd, stickiness)));
        let hosts: BTreeSet<String> =
            (1..=20).map(|host| home(&clingfish, &format!("2001:db8:1:2::{host}"))).collect();
        assert_eq!(hosts.len() == 1, same_network, "{stickiness}: {hosts:?}");
        let networks: BTreeSet<String> =
            (1..=20).map(|net| home(&clingfish, &format!("2001:db8:1:{net}::1"))).collect();
        assert!(networks.len() > 2, "{stickiness}: {networks:?}");
    }
}

#[test]
fn names_of_tls_handshakes_are_keys() {
    let crowd = crowd(5);
    let authority = Authority::new("root");
    let issued = authority.issue("wild", &["*.shop.example"]);
    let config = web(&group(&crowd, "{ type = \"hash\", key = \"tls_name\" }")).replace(
        "name = \"web\"\n",
        &format!("name = \"web\"\nprotocol = \"HTTPS\"\ncertificates = [{}]\n", issued.toml()),
    );
    let balancers = [Clingfish::start(&config), Clingfish::start(&config)];
    let mut seen = BTreeSet::new();
    for nth in 0..20 {
        let host = format!("tenant-{nth}.shop.example");
        let found: BTreeSet<String> = balancers
            .iter()
            .map(|clingfish| {
                let at = clingfish.listener("web");
                let resolve = format!("{host}:{}:{}", at.port(), at.ip());
                let url = format!("https://{host}:{}/", at.port());
                let ca = authority.pem().to_str().unwrap().to_owned();
                let visit = curl(&["--resolve", &resolve, "--cacert", &ca, &url]);
                assert_eq!(visit.status, 0, "{}", visit.stderr);
                visit.stdout
            })
            .collect();
        assert_eq!(found.len(), 1, "{host}: {found:?}");
        seen.extend(found);
    }
    assert!(seen.len() >= 4, "{seen:?}");
}
