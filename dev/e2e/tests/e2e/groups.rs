//! Weighted forward with group stickiness: a session stays with its group, and inside it on its target.

mod cookies;
mod failover;
mod http2;

use std::collections::BTreeMap;

use clingfish_testkit::{Clingfish, RawClient, Response, Target};

use crate::support::{Seen, mirror, targets};

/// Groups `blue` and `green` of two targets each, sticky themselves, behind a listener `web`.
pub(super) struct Stage {
    targets: BTreeMap<&'static str, Target>,
    clingfish: Clingfish,
}

const NAMES: [&str; 4] = ["blue-1", "blue-2", "green-1", "green-2"];

impl Stage {
    /// With lines of the listener.
    #[track_caller]
    fn new(listener: &str) -> Self {
        Self::with("", listener, "stickiness = true")
    }

    /// With lines of the load balancer, of the listener, and of each group.
    #[track_caller]
    fn with(balancer: &str, listener: &str, group: &str) -> Self {
        let targets: BTreeMap<_, _> = NAMES.into_iter().map(|name| (name, mirror(name))).collect();
        let clingfish = Clingfish::start(&config(&targets, balancer, listener, group));
        Self { targets, clingfish }
    }

    /// Takes up other lines of the listener.
    #[track_caller]
    fn reload(&self, listener: &str) {
        self.clingfish.reload_with(&config(&self.targets, "", listener, "stickiness = true"));
    }

    /// A client that has not been here.
    #[track_caller]
    fn newcomer(&self) -> Client {
        let mut client = Client { jar: BTreeMap::new(), target: String::new() };
        client.target = client.visit(self, "/").target().to_owned();
        client
    }

    /// A client whose group is that one.
    #[track_caller]
    fn newcomer_of(&self, group: &str) -> Client {
        let mut newcomers = std::iter::repeat_with(|| self.newcomer()).take(500);
        newcomers.find(|client| client.group() == group).expect("it has a share")
    }
}

fn config(
    targets_of: &BTreeMap<&'static str, Target>,
    balancer: &str,
    listener: &str,
    group: &str,
) -> String {
    let mut config = format!(
        "[server]\nworkers = 1\n[load_balancers.default]\ndebug_header = true\n{balancer}\n\
         [[listeners]]\nname = \"web\"\nbind = \"127.0.0.1:0\"\n{listener}\n"
    );
    for name in ["blue", "green"] {
        let own: Vec<(&str, &Target)> = targets_of
            .iter()
            .filter(|(target, _)| target.starts_with(name))
            .map(|(target, at)| (*target, at))
            .collect();
        let own = targets(&own);
        config += &format!("[target_groups.{name}]\n{own}\nhealth_check = false\n{group}\n");
    }
    config
}

/// A client that keeps cookies.
struct Client {
    jar: BTreeMap<String, String>,
    /// Where it was sent first.
    target: String,
}

impl Client {
    /// One request on a connection of its own; cookies of the answer are kept.
    #[track_caller]
    fn visit(&mut self, stage: &Stage, path: &str) -> Response {
        self.visit_with(stage, path, &[])
    }

    #[track_caller]
    fn visit_with(&mut self, stage: &Stage, path: &str, lines: &[&str]) -> Response {
        let cookies: Vec<_> =
            self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookie = format!("Cookie: {}", cookies.join("; "));
        let lines: Vec<&str> =
            if cookies.is_empty() { lines.to_vec() } else { [lines, &[cookie.as_str()]].concat() };
        let response = RawClient::get_with(stage.clingfish.listener("web"), path, &lines);
        let response = response.expect("it answers");
        for line in response.header_values("set-cookie") {
            let pair = line.split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.jar.insert(name.to_owned(), value.to_owned());
        }
        response
    }

    /// The group of its first target.
    fn group(&self) -> &str {
        self.target.split('-').next().unwrap()
    }
}

fn group_verdict(response: &Response) -> &str {
    response.header("clingfish-group-verdict").expect("debug headers are on")
}

#[test]
fn weights_are_for_new_sessions_and_the_others_stay_with_group_and_target() {
    for style in ["clingfish", "alb"] {
        let listener = |blue: u16, green: u16| {
            format!(
                "forward = {{ blue = {blue}, green = {green} }}\n\
                 group_stickiness = {{ duration = \"1h\", style = \"{style}\" }}"
            )
        };
        let stage = Stage::new(&listener(90, 10));
        let newcomers: Vec<Client> = (0..300).map(|_| stage.newcomer()).collect();
        let (blue, green): (Vec<_>, Vec<_>) =
            newcomers.into_iter().partition(|client| client.group() == "blue");
        // 30 are expected, with a standard deviation of 5.2.
        assert!((5..=60).contains(&green.len()), "{} of 300 with {style}", green.len());
        let mut clients: Vec<Client> =
            blue.into_iter().take(3).chain(green.into_iter().take(3)).collect();
        for (blue, green) in [(10, 90), (1, 1), (0, 999), (999, 0)] {
            stage.reload(&listener(blue, green));
            for round in 0..50 {
                for client in &mut clients {
                    let response = client.visit(&stage, "/");
                    let seen = (group_verdict(&response), response.verdict(), response.target());
                    assert_eq!(
                        seen,
                        ("hit", "hit", &*client.target),
                        "{style} {blue}:{green} {round}"
                    );
                }
            }
            let expected: &[&str] = match (blue, green) {
                (0, _) => &["green"],
                (_, 0) => &["blue"],
                _ => &["blue", "green"],
            };
            for _ in 0..10 {
                let newcomer = stage.newcomer();
                assert!(expected.contains(&newcomer.group()), "{style} {blue}:{green}");
            }
        }
    }
}

#[test]
fn who_belongs_to_a_group_that_is_gone_gets_another() {
    let sticky = "group_stickiness = { cookie = \"release\" }";
    let stage = Stage::new(&format!("forward = {{ blue = 1, green = 1 }}\n{sticky}"));
    let mut client = stage.newcomer_of("green");
    stage.reload(&format!("forward = \"blue\"\n{sticky}"));
    let before = client.jar["release"].clone();
    let response = client.visit(&stage, "/");
    assert_eq!((group_verdict(&response), response.verdict()), ("foreign_group", "new"));
    assert!(response.target().starts_with("blue"));
    assert_ne!(client.jar["release"], before);
    let home = response.target().to_owned();
    // It comes back to the forward; who has left it for another stays there.
    stage.reload(&format!("forward = {{ blue = 0, green = 1 }}\n{sticky}"));
    let response = client.visit(&stage, "/");
    let seen = (group_verdict(&response), response.verdict(), response.target());
    assert_eq!(seen, ("hit", "hit", &*home));
}

#[test]
fn log_metrics_and_header_say_the_same_of_the_group() {
    let stage = Stage::new("forward = { blue = 1, green = 0 }\ngroup_stickiness = true");
    let mut client = stage.newcomer();
    client.visit(&stage, "/hit");
    let name = client.jar.keys().find(|name| name.starts_with("cling_tg_")).unwrap().clone();
    client.jar.insert(name, "forged".into());
    client.visit(&stage, "/forged");
    let line =
        |path: &str| crate::support::log_line(&stage.clingfish, path)["group_verdict"].clone();
    assert_eq!(
        (line("/"), line("/hit"), line("/forged")),
        ("new".into(), "hit".into(), "forged".into())
    );
    let metrics = stage.clingfish.metrics();
    for verdict in ["new", "hit", "forged"] {
        let labels = [("target_group", "blue"), ("verdict", verdict)];
        assert_eq!(metrics.sum("clingfish_target_group_choices_total", &labels), 1.0, "{verdict}");
    }
}
