//! What several files share: targets with names, a Clingfish before them, and visits that leave traces.

use std::{
    cell::Cell,
    fmt::Write as _,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use clingfish_testkit::{Clingfish, Flow, Launch, RawClient, Response, Target, eventually};
use serde_json::Value;

/// Longest wait for what happens soon when all is well.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A target that answers what the request asks for: `Answer-Status: 404`, and `Answer-X: y` for a line `X: y`. Its body is
/// its name. Beside these, `/ws` is a WebSocket.
pub(crate) fn mirror(name: &str) -> Target {
    mirror_at((Ipv4Addr::LOCALHOST, 0).into(), name)
}

/// As [`mirror`], at that address.
pub(crate) fn mirror_at(address: SocketAddr, name: &str) -> Target {
    let name = name.to_owned();
    Target::answering_at(address, move |connection, request| {
        if request.path().starts_with("/ws") {
            return clingfish_testkit::standard(&name, connection, request);
        }
        let status = request.header("answer-status").unwrap_or("200");
        let mut head = format!("HTTP/1.1 {status} As Asked\r\n");
        for line in request.head.lines() {
            if let Some(line) = line.strip_prefix("Answer-")
                && !line.starts_with("Status:")
            {
                let _ = write!(head, "{line}\r\n");
            }
        }
        let has_body = !matches!(status, "204" | "304");
        let body = if has_body { name.as_str() } else { "" };
        if has_body {
            let _ = write!(head, "Content-Length: {}\r\n", body.len());
        }
        connection.write(format!("{head}\r\n{body}"))?;
        Ok(Flow::KeepAlive)
    })
}

/// `targets = […]` with the names as ids.
pub(crate) fn targets(targets: &[(&str, &Target)]) -> String {
    let entry = |(id, target): &(&str, &Target)| {
        format!("{{ id = \"{id}\", address = \"{}\" }}", target.address())
    };
    let entries: Vec<String> = targets.iter().map(entry).collect();
    format!("targets = [{}]", entries.join(", "))
}

/// A listener `web` whose answers show target and verdict, before a group `web` made of these lines. One worker, so that
/// turns are in order.
pub(crate) fn web(group: &str) -> String {
    web_with("", group)
}

/// As [`web`], with more lines of the load balancer.
pub(crate) fn web_with(balancer: &str, group: &str) -> String {
    format!(
        r#"
        [server]
        workers = 1

        [load_balancers.default]
        debug_header = true
        {balancer}

        [[listeners]]
        name = "web"
        bind = "127.0.0.1:0"
        forward = "web"

        [target_groups.web]
        {group}
        "#
    )
}

/// A Clingfish before one target, without stickiness and health checks, with these lines of the load balancer.
#[track_caller]
pub(crate) fn before(target: &Target, balancer: &str) -> Clingfish {
    let group = format!("{}\nhealth_check = false", targets(&[("app", target)]));
    Clingfish::start(&web_with(balancer, &group))
}

/// Targets `a` and `b`, sticky, without health checks, unless the lines say something else.
pub(crate) struct Stage {
    pub(crate) a: Target,
    pub(crate) b: Target,
    pub(crate) clingfish: Clingfish,
    visits: Cell<usize>,
}

impl Stage {
    /// With the value of `stickiness`.
    #[track_caller]
    pub(crate) fn sticky(stickiness: &str) -> Self {
        Self::with("", &format!("stickiness = {stickiness}\nhealth_check = false"))
    }

    /// With lines of the load balancer and of the group.
    #[track_caller]
    pub(crate) fn with(balancer: &str, group: &str) -> Self {
        Self::launch(balancer, group, |launch| launch)
    }

    /// With another way to start.
    #[track_caller]
    pub(crate) fn launch(
        balancer: &str,
        group: &str,
        adapt: impl FnOnce(Launch) -> Launch,
    ) -> Self {
        let (a, b) = (mirror("a"), mirror("b"));
        let group = format!("{}\n{group}", targets(&[("a", &a), ("b", &b)]));
        let clingfish = adapt(Launch::new(&web_with(balancer, &group))).start();
        Self { a, b, clingfish, visits: Cell::new(0) }
    }

    /// The target of that name.
    pub(crate) fn target(&self, name: &str) -> &Target {
        if name == "a" { &self.a } else { &self.b }
    }

    /// The name of the target that is not of that name.
    pub(crate) fn other(&self, name: &str) -> &'static str {
        if name == "a" { "b" } else { "a" }
    }

    /// One request with these header lines, on a connection of its own.
    #[track_caller]
    pub(crate) fn visit(&self, lines: &[&str]) -> Visit {
        let more: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        self.visit_bytes(more.as_bytes())
    }

    /// One request with this Cookie.
    #[track_caller]
    pub(crate) fn visit_with(&self, cookie: impl AsRef<[u8]>) -> Visit {
        self.visit_bytes(&[b"Cookie: ", cookie.as_ref(), b"\r\n"].concat())
    }

    #[track_caller]
    fn visit_bytes(&self, lines: &[u8]) -> Visit {
        self.visits.set(self.visits.get() + 1);
        let path = format!("/visit/{}", self.visits.get());
        let start = format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\n");
        let end = b"Connection: close\r\n\r\n";
        let mut client = RawClient::connect(self.clingfish.listener("web")).expect("it listens");
        client.send([start.as_bytes(), lines, end].concat()).expect("it reads");
        Visit { path, response: client.read_final_response().expect("it answers") }
    }

    /// Visits without a cookie and checks that header, log and metrics say that this is somebody new.
    #[track_caller]
    pub(crate) fn newcomer(&self) -> Visit {
        self.witness("new", || self.visit(&[]))
    }

    /// Visits with this Cookie and checks that the debug header, the access log and the metrics say this verdict.
    #[track_caller]
    pub(crate) fn expect(&self, cookie: impl AsRef<[u8]>, verdict: &str) -> Visit {
        self.witness(verdict, || self.visit_with(cookie))
    }

    #[track_caller]
    fn witness(&self, verdict: &str, visit: impl FnOnce() -> Visit) -> Visit {
        let before = self.count(verdict);
        let visit = visit();
        assert_eq!(visit.verdict(), verdict, "debug header");
        let line = log_line(&self.clingfish, &visit.path);
        assert_eq!(line["verdict"], verdict, "access log: {line}");
        // Counted before the line is written.
        assert_eq!(self.count(verdict), before + 1.0, "metrics");
        visit
    }

    /// Requests with that verdict so far.
    #[track_caller]
    fn count(&self, verdict: &str) -> f64 {
        self.clingfish
            .metrics()
            .sum("clingfish_target_group_requests_total", &[("verdict", verdict)])
    }
}

/// A request that was answered.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// Its path, which no other visit has.
    pub(crate) path: String,
    pub(crate) response: Response,
}

impl Visit {
    /// The verdict that the debug header shows.
    #[track_caller]
    pub(crate) fn verdict(&self) -> &str {
        self.response.verdict()
    }

    /// The id of the target that answered, by the debug header.
    #[track_caller]
    pub(crate) fn target(&self) -> &str {
        self.response.target()
    }

    /// `name=value` of the home cookie that came with it.
    #[track_caller]
    pub(crate) fn cookie(&self) -> String {
        self.response.home_cookie().expect("it brings a cookie")
    }
}

/// What Clingfish adds to a response.
pub(crate) trait Seen {
    /// The verdict that the debug header shows.
    fn verdict(&self) -> &str;
    /// The target that the debug header shows.
    fn target(&self) -> &str;
    /// `name=value` of the home cookie, if it sets one.
    fn home_cookie(&self) -> Option<String>;
    /// The whole line that sets the home cookie.
    fn home_line(&self) -> Option<&str>;
}

impl Seen for Response {
    #[track_caller]
    fn verdict(&self) -> &str {
        self.header("clingfish-verdict").expect("debug headers are on")
    }

    #[track_caller]
    fn target(&self) -> &str {
        self.header("clingfish-target").expect("debug headers are on")
    }

    fn home_cookie(&self) -> Option<String> {
        let line = self.home_line()?;
        line.split(';').next().map(str::to_owned)
    }

    fn home_line(&self) -> Option<&str> {
        let mut lines = self.header_values("set-cookie");
        lines.find(|line| ["cling_", "home=", "AWSALB="].iter().any(|name| line.starts_with(name)))
    }
}

/// The access log's lines so far, from standard output, as JSON.
#[track_caller]
pub(crate) fn log_lines(clingfish: &Clingfish) -> Vec<Value> {
    let output = clingfish.output();
    let whole = output.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    whole.map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

/// Waits for the access log's line about a path.
#[track_caller]
pub(crate) fn log_line(clingfish: &Clingfish, path: &str) -> Value {
    eventually(SOON, || log_lines(clingfish).into_iter().find(|line| line["path"] == path))
}

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("dev/e2e is two folders below the root")
}

/// A moment to measure from, where a duration itself is the matter.
pub(crate) struct Since(Instant);

impl Since {
    #[expect(clippy::disallowed_methods, reason = "tests of durations go by the clock")]
    pub(crate) fn now() -> Self {
        Self(Instant::now())
    }

    /// Waits until so much time has passed since then.
    pub(crate) fn wait(&self, duration: Duration) {
        thread::sleep(duration.saturating_sub(self.0.elapsed()));
    }

    /// How long it is.
    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
