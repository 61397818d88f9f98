//! An application that keeps logins and carts in its memory, as so many do, and crowds that use it.

use std::{
    collections::HashMap,
    io,
    sync::{Mutex, PoisonError},
};

use clingfish_testkit::{Clingfish, Connection, Flow, Received, Target, curl, node, python};
use serde_json::json;

use crate::support::{targets, web_with};

/// What one instance remembers, by session id.
#[derive(Default)]
struct Memory(Mutex<HashMap<String, (String, Vec<String>)>>);

/// One instance: whoever comes to another than the one that knows him gets 401.
fn shop(name: &'static str) -> Target {
    let memory = Memory::default();
    Target::answering(move |connection, request| {
        let (status, more, body) = memory.answer(name, request);
        say(connection, name, status, &more, &body)
    })
}

fn say(to: &mut Connection, name: &str, status: u16, more: &str, body: &str) -> io::Result<Flow> {
    let length = body.len();
    to.write(format!(
        "HTTP/1.1 {status} X\r\nX-Instance: {name}\r\nContent-Type: application/json\r\n\
         Cache-Control: no-store\r\n{more}Content-Length: {length}\r\n\r\n{body}"
    ))?;
    Ok(Flow::KeepAlive)
}

impl Memory {
    fn answer(&self, name: &str, request: &Received) -> (u16, String, String) {
        // A thread that panics fails its test by other means.
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = cookie(request, "sid").unwrap_or_default();
        match (request.method(), request.path()) {
            ("POST", "/login") => {
                let id = format!("{name}-{}", sessions.len());
                sessions.insert(id.clone(), (field(request, "user"), Vec::new()));
                let more = format!("Set-Cookie: sid={id}; Path=/\r\nLocation: /cart\r\n");
                (303, more, String::new())
            }
            (method, "/cart") => match sessions.get_mut(&id) {
                None => (401, String::new(), json!({"unknown": id}).to_string()),
                Some((user, items)) => {
                    if method == "POST" {
                        items.push(field(request, "item"));
                    }
                    (200, String::new(), json!({"user": user, "items": items}).to_string())
                }
            },
            _ => (404, String::new(), String::new()),
        }
    }
}

/// The value of a cookie.
fn cookie(request: &Received, name: &str) -> Option<String> {
    let mut pairs = request.header("cookie")?.split("; ").filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

/// The value of a form's field.
fn field(request: &Received, name: &str) -> String {
    let body = String::from_utf8_lossy(&request.body);
    let mut pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    let found = pairs.find(|(key, _)| *key == name).map(|(_, value)| decode(value));
    found.unwrap_or_default()
}

/// Undoes the encoding of forms.
fn decode(text: &str) -> String {
    let mut parts = text.split('%');
    let first = parts.next().unwrap_or_default().replace('+', " ");
    parts.fold(first, |decoded, part| {
        let (hex, rest) = part.split_at_checked(2).unwrap_or(("", part));
        let byte = u8::from_str_radix(hex, 16).unwrap_or(b'?');
        decoded + &char::from(byte).to_string() + &rest.replace('+', " ")
    })
}

/// Three instances behind two workers.
fn open(stickiness: &str) -> (Vec<Target>, Clingfish) {
    let shops: Vec<Target> = ["a", "b", "c"].map(shop).into();
    let named: Vec<(&str, &Target)> = ["a", "b", "c"].into_iter().zip(&shops).collect();
    let group = format!("{}\nhealth_check = false\nstickiness = {stickiness}", targets(&named));
    let config = web_with("", &group).replace("workers = 1", "workers = 2");
    (shops, Clingfish::start(&config))
}

/// How many shoppers each instance had, as `a=3 b=4 c=3` says.
#[track_caller]
fn counts(said: &str) -> Vec<usize> {
    let counts = said.split_whitespace().map(|part| part.split_once('=').map(|(_, count)| count));
    let counts: Option<Vec<usize>> = counts.map(|count| count?.parse().ok()).collect();
    counts.unwrap_or_else(|| panic!("{said:?}"))
}

#[track_caller]
fn expect_crowd(said: &str, shoppers: usize) {
    let counts = counts(said);
    assert_eq!(counts.iter().sum::<usize>(), shoppers, "{said}");
    // New sessions go in turn on each worker.
    let (expected, slack) = (shoppers / 3, shoppers / 8);
    let is_even = counts.iter().all(|count| count.abs_diff(expected) <= slack);
    assert!(counts.len() == 3 && is_even, "{said}");
}

const PYTHON: &str = include_str!("../../../scripts/shopper.py");
const NODE: &str = include_str!("../../../scripts/shopper.js");

#[test]
fn a_hundred_python_shoppers_keep_their_carts() {
    for (stickiness, shoppers) in [("true", 100), ("{ style = \"alb\" }", 20)] {
        let (_shops, clingfish) = open(stickiness);
        let base = format!("http://{}", clingfish.listener("web"));
        expect_crowd(&python(PYTHON, &[&base, &shoppers.to_string(), "5"]), shoppers);
    }
}

#[test]
fn two_hundred_node_shoppers_keep_their_carts() {
    let (_shops, clingfish) = open("true");
    let base = format!("http://{}", clingfish.listener("web"));
    expect_crowd(&node(NODE, &[&base, "200", "5"]), 200);
}

#[test]
fn without_stickiness_carts_are_lost() {
    let (_shops, clingfish) = open("false");
    let base = format!("http://{}", clingfish.listener("web"));
    let folder = tempfile::tempdir().expect("there is room");
    let jar = folder.path().join("jar");
    let jar = jar.to_str().expect("a plain path");
    let ask = |more: &[&str], path: &str| {
        let url = format!("{base}{path}");
        let args = ["-b", jar, "-c", jar, "-o", "/dev/null", "-w", "%{http_code}"];
        curl(&[&args, more, &[url.as_str()]].concat()).stdout
    };
    assert_eq!(ask(&["-d", "user=x"], "/login"), "303");
    let statuses: Vec<String> = (0..6).map(|_| ask(&[], "/cart")).collect();
    assert!(statuses.iter().any(|status| status == "401"), "{statuses:?}");
}

#[test]
fn curl_walks_from_the_login_to_the_cart() {
    let (_shops, clingfish) = open("true");
    let base = format!("http://{}", clingfish.listener("web"));
    let folder = tempfile::tempdir().expect("there is room");
    let jar = folder.path().join("jar");
    let jar = jar.to_str().expect("a plain path");
    let ask = |more: &[&str], path: &str| {
        let url = format!("{base}{path}");
        curl(&[&["-b", jar, "-c", jar, "--location"], more, &[url.as_str()]].concat()).stdout
    };
    assert_eq!(ask(&["-d", "user=carol"], "/login"), r#"{"items":[],"user":"carol"}"#);
    for _ in 0..5 {
        ask(&["--data-urlencode", "item=a fish"], "/cart");
    }
    let cart: serde_json::Value = serde_json::from_str(&ask(&[], "/cart")).expect("JSON");
    assert_eq!(cart["items"], json!(["a fish", "a fish", "a fish", "a fish", "a fish"]));
}
