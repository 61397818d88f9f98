//! A real Chromium between two sites, https on both: which of the two cookies it sends in which situation, and that
//! either brings it home.

use clingfish_testkit::{Authority, Clingfish, Connection, Flow, Received, Target, python};

use crate::support::{log_line, targets};

/// A page that asks for more and moves on by itself, as an application in a frame does.
const FRAME: &str = "<script type=module>
    for (const name of ['script', 'style']) await fetch('/frame/' + name);
    const form = document.createElement('form');
    Object.assign(form, { method: 'POST', action: '/frame/posted' });
    document.body.append(form);
    form.submit();
</script>";

/// A bank's page in a frame: it posts to where its query says.
const BANK: &str = "<script type=module>
    const form = document.createElement('form');
    Object.assign(form, { method: 'POST', action: location.search.slice(1) });
    document.body.append(form);
    form.submit();
</script>";

/// Tells the page around a frame that its journey is over.
const DONE: &str = "<script>parent.postMessage('done', '*')</script>";

/// An application that answers pages of other sites, as CORS has it.
fn application(name: &'static str) -> Target {
    Target::answering(move |connection, request| {
        if request.path().starts_with("/ws") {
            return clingfish_testkit::standard(name, connection, request);
        }
        say(name, connection, request)
    })
}

fn say(name: &str, to: &mut Connection, request: &Received) -> std::io::Result<Flow> {
    let path = request.path().split('?').next().unwrap_or_default();
    let script = match path {
        "/frame/first" => FRAME,
        "/bank" => BANK,
        "/frame/posted" | "/bank/paid" => DONE,
        _ => "",
    };
    let cors = request.header("origin").filter(|_| !script.contains("form"));
    let cors = cors.map(|origin| {
        format!(
            "Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Credentials: true\r\n"
        )
    });
    let body = format!(
        "<!doctype html><title>{name}</title><body><h1>{name}</h1><p>{} {path}</p>{script}",
        request.method()
    );
    to.write(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nCache-Control: no-store\r\n{}\
         Content-Length: {}\r\n\r\n{body}",
        cors.unwrap_or_default(),
        body.len(),
    ))?;
    Ok(Flow::KeepAlive)
}

/// The shop `shop.example` on two targets, and `pay.test`, which knows nothing of it.
struct Sites {
    targets: [Target; 2],
    _partner: Target,
    _authority: Authority,
    clingfish: Clingfish,
}

impl Sites {
    #[track_caller]
    fn start(stickiness: &str) -> Self {
        let authority = Authority::new("Two sites");
        let [one, two] = ["shop.example", "pay.test"].map(|name| authority.issue(name, &[name]));
        let (a, b, partner) = (application("a"), application("b"), application("partner"));
        let clingfish = Clingfish::start(&format!(
            r#"
            [server]
            workers = 1

            [[listeners]]
            name = "shop"
            bind = "127.0.0.1:0"
            protocol = "HTTPS"
            certificates = [{}]
            forward = "shop"

            [[listeners]]
            name = "partner"
            bind = "127.0.0.1:0"
            protocol = "HTTPS"
            certificates = [{}]
            forward = "partner"

            [target_groups.shop]
            {}
            health_check = false
            # So that the targets can tell what came.
            stickiness = {{ forward_tokens = true, {stickiness} }}

            [target_groups.partner]
            {}
            health_check = false
            "#,
            one.toml(),
            two.toml(),
            targets(&[("a", &a), ("b", &b)]),
            targets(&[("partner", &partner)]),
        ));
        Self { targets: [a, b], _partner: partner, _authority: authority, clingfish }
    }

    /// Leads Chromium through every journey. It is to `allow` or `block` the cookies of third parties.
    /// Pictures of its pages go to the folder `CLINGFISH_PICTURES`, if that is set.
    #[track_caller]
    fn browse(&self, third_parties: &str) {
        let ports =
            ["shop", "partner"].map(|name| self.clingfish.listener(name).port().to_string());
        let mut arguments = vec![ports[0].as_str(), &ports[1], third_parties];
        let pictures = std::env::var("CLINGFISH_PICTURES").ok();
        arguments.extend(pictures.as_deref());
        let script = concat!(
            include_str!("../../scripts/chromium.py"),
            include_str!("../../scripts/cross_site.py")
        );
        assert_eq!(python(script, &arguments), "all well\n");
    }

    /// What came of the request for that path: the cookies that it brought, home and verdict.
    #[track_caller]
    fn seen(&self, path: &str) -> (String, String, String) {
        let all = self.targets.iter().flat_map(Target::requests);
        let request = all.into_iter().find(|request| request.path() == path);
        let request = request.unwrap_or_else(|| panic!("nobody asked for {path}"));
        let cookies = request.header_values("cookie").flat_map(|field| field.split("; "));
        let mut names: Vec<&str> = cookies
            .filter_map(|pair| match pair.split_once('=')?.0 {
                "home" | "__Host-home" | "AWSALB" => Some("main"),
                "home_x" | "__Host-home_x" | "AWSALBCORS" => Some("twin"),
                _ => None,
            })
            .collect();
        names.sort_unstable();
        let line = log_line(&self.clingfish, path);
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        (names.join(" "), text("home"), text("verdict"))
    }

    /// Checks what came in one journey: paths, cookies and verdicts. All that is not new goes home to where the journey's
    /// first request went.
    #[track_caller]
    fn expect(&self, journey: &str, steps: &[(&str, &str, &str)]) {
        let path = |step: &str| match step {
            "ws" => "/ws?sockets".to_owned(),
            step => format!("/{journey}/{step}"),
        };
        let found: Vec<_> = steps.iter().map(|(step, ..)| self.seen(&path(step))).collect();
        let shown: Vec<_> = steps
            .iter()
            .zip(&found)
            .map(|((step, ..), (cookies, _, verdict))| (*step, cookies.as_str(), verdict.as_str()))
            .collect();
        assert_eq!(shown, steps, "{journey}");
        let (_, first, _) = &found[0];
        for ((step, ..), (_, home, verdict)) in steps.iter().zip(&found) {
            assert!(verdict != "hit" || home == first, "{journey}/{step} went to {home}");
        }
    }
}

const NEW: &str = "new";
const HIT: &str = "hit";

/// What holds in every browser that knows the pair, whatever it does with third parties' cookies.
#[track_caller]
fn assert_everybody_comes_home(sites: &Sites) {
    const BOTH: &str = "main twin";
    const TWIN: &str = "twin";
    let own =
        [("first", "", NEW), ("second", BOTH, HIT), ("fetch", BOTH, HIT), ("link", BOTH, HIT)];
    sites.expect("own", &own);
    sites.expect("return", &[("cart", "", NEW), ("paid", TWIN, HIT), ("thanks", BOTH, HIT)]);
    sites.expect("bank", &[("cart", "", NEW), ("paid", TWIN, HIT), ("thanks", BOTH, HIT)]);
    let fetch = [("second", TWIN, HIT), ("post", TWIN, HIT), ("image", TWIN, HIT)];
    sites.expect("fetch", &[&[("first", "", NEW)], fetch.as_slice()].concat());
    let frame = [("script", TWIN, HIT), ("style", TWIN, HIT), ("posted", TWIN, HIT)];
    sites.expect("frame", &[&[("first", "", NEW)], frame.as_slice()].concat());
    let sockets = [("send", TWIN, HIT), ("poll", TWIN, HIT), ("ws", TWIN, HIT)];
    sites.expect("sockets", &[&[("open", "", NEW)], sockets.as_slice()].concat());
    // At the shop itself and embedded elsewhere: two jars, two sessions.
    sites.expect("jars", &[("own", "", NEW), ("back", BOTH, HIT)]);
    sites.expect("jars", &[("embedded", "", NEW), ("again", TWIN, HIT)]);
}

#[test]
fn chromium_brings_everybody_home_across_sites() {
    let sites = Sites::start("cookie = \"home\"");
    sites.browse("allow");
    assert_everybody_comes_home(&sites);
}

#[test]
fn chromium_that_blocks_third_parties_brings_everybody_home_too_by_host_names() {
    let sites = Sites::start("cookie = \"home\", host_prefix = true");
    sites.browse("block");
    assert_everybody_comes_home(&sites);
}

/// The counter-test: it is the twin that does it.
#[test]
fn without_the_twin_what_comes_from_other_sites_is_new_each_time() {
    let sites = Sites::start("cookie = \"home\", cross_site = false");
    sites.browse("allow");
    sites.expect("own", &[("first", "", NEW), ("second", "main", HIT), ("link", "main", HIT)]);
    // Chromium keeps the main cookie back and would take another in its place: none is written, and the session lives on.
    sites.expect("return", &[("cart", "", NEW), ("paid", "", NEW), ("thanks", "main", HIT)]);
    sites.expect("bank", &[("cart", "", NEW), ("paid", "", NEW), ("thanks", "main", HIT)]);
    sites.expect("fetch", &[("first", "", NEW), ("second", "", NEW), ("post", "", NEW)]);
    sites.expect("frame", &[("first", "", NEW), ("script", "", NEW), ("posted", "", NEW)]);
    sites.expect("sockets", &[("open", "", NEW), ("poll", "", NEW), ("ws", "", NEW)]);
}

#[test]
fn albs_cookies_come_home_from_other_sites_unless_third_parties_are_blocked() {
    for (third_parties, cookies, verdict) in [("allow", "twin", HIT), ("block", "", NEW)] {
        let sites = Sites::start("style = \"alb\"");
        sites.browse(third_parties);
        sites.expect("fetch", &[("first", "", NEW), ("second", cookies, verdict)]);
        sites.expect("frame", &[("first", "", NEW), ("script", cookies, verdict)]);
        // AWSALB says nothing of SameSite: Chromium lets it go with a form for its first two minutes.
        sites.expect("return", &[("cart", "", NEW), ("paid", "main twin", HIT)]);
        sites.expect("bank", &[("cart", "", NEW), ("paid", "twin", HIT)]);
    }
}
