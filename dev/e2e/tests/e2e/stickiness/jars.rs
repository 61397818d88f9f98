//! Real clients with cookie jars of their own.

use clingfish_testkit::{Clingfish, curl, node, python};

use crate::support::{Stage, log_lines};

/// New once, at home ever after, and always on one target: the client printed target and verdict of each answer.
#[track_caller]
fn assert_at_home(printed: &str, count: usize) {
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), count, "{printed}");
    let (home, _) = lines[0].split_once(' ').expect("target and verdict");
    for (at, line) in lines.into_iter().enumerate() {
        let verdict = if at == 0 { "new" } else { "hit" };
        assert_eq!(line, format!("{home} {verdict}"), "visit {at}: {printed}");
    }
}

fn url(clingfish: &Clingfish) -> String {
    format!("http://{}/", clingfish.listener("web"))
}

#[test]
fn curl_with_a_cookie_jar_comes_home() {
    for stickiness in ["true", "{ style = \"alb\" }", "{ cookie = \"home\", duration = \"10s\" }"] {
        let stage = Stage::sticky(stickiness);
        let folder = tempfile::tempdir().unwrap();
        let jar = folder.path().join("jar");
        let jar = jar.to_str().unwrap();
        let mut printed = String::new();
        for _ in 0..6 {
            let format = "%header{clingfish-target} %header{clingfish-verdict}\n";
            let done = curl(&[
                "-b",
                jar,
                "-c",
                jar,
                "-o",
                "/dev/null",
                "-w",
                format,
                &url(&stage.clingfish),
            ]);
            assert_eq!(done.status, 0, "{}", done.stderr);
            printed.push_str(&done.stdout);
        }
        assert_at_home(&printed, 6);
    }
}

const SESSION: &str = r#"
import sys, requests
for _ in range(2):
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(5):
            answer = session.get(sys.argv[1], timeout=10)
            answer.raise_for_status()
            print(answer.headers["clingfish-target"], answer.headers["clingfish-verdict"])
"#;

#[test]
fn a_python_session_comes_home_and_two_sessions_have_two_homes() {
    for stickiness in ["true", "{ style = \"alb\" }"] {
        let stage = Stage::sticky(stickiness);
        let printed = python(SESSION, &[&url(&stage.clingfish)]);
        let lines: Vec<&str> = printed.lines().collect();
        let (one, two) = lines.split_at(5);
        assert_at_home(&one.join("\n"), 5);
        assert_at_home(&two.join("\n"), 5);
        assert_ne!(one[0], two[0], "newcomers take turns");
    }
}

const FETCH: &str = r#"
(async () => {
  const jar = new Map();
  for (let visit = 0; visit < 6; visit++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(process.argv[1], { headers: cookie ? { cookie } : {} });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      jar.set(name, value);
    }
    await answer.text();
    console.log(answer.headers.get('clingfish-target'), answer.headers.get('clingfish-verdict'));
  }
})().catch((error) => { console.error(error); process.exit(1); });
"#;

#[test]
fn fetch_in_node_comes_home() {
    for stickiness in ["true", "{ style = \"alb\" }"] {
        let stage = Stage::sticky(stickiness);
        assert_at_home(&node(FETCH, &[&url(&stage.clingfish)]), 6);
    }
}

const TWENTY: &str = r#"
import sys, threading, requests
failures = []
def shop(number):
    with requests.Session() as session:
        session.trust_env = False
        homes = {session.get(f"{sys.argv[1]}client/{number}", timeout=20).text for _ in range(20)}
        if len(homes) != 1:
            failures.append((number, homes))
threads = [threading.Thread(target=shop, args=(number,)) for number in range(20)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(failures or "all at home")
"#;

#[test]
fn twenty_sessions_at_once_stay_apart_and_at_home() {
    let stage = Stage::sticky("true");
    assert_eq!(python(TWENTY, &[&url(&stage.clingfish)]).trim(), "all at home");
    let lines = log_lines(&stage.clingfish);
    let sessions: std::collections::BTreeSet<&str> =
        lines.iter().filter_map(|line| line["session"].as_str()).collect();
    assert_eq!(sessions.len(), 20);
    assert!(stage.a.count() >= 200 && stage.b.count() >= 200, "they are spread");
}
