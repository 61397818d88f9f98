//! Answers that have no end, or are none.

use std::{
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use clingfish_testkit::{Clingfish, Flow, RawClient, Target, curl, standard};

use crate::{
    browser::Browser,
    support::{SOON, Seen as _, targets, web, web_with},
};

#[test]
fn an_answer_that_is_cut_never_looks_whole() {
    let cut = Target::answering(|connection, request| match request.path() {
        "/chunks" => {
            connection
                .write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")?;
            Ok(Flow::Close)
        }
        "/chunk" => {
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nhel")?;
            Ok(Flow::Reset)
        }
        "/trailers" => {
            connection.write(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y",
            )?;
            Ok(Flow::Close)
        }
        _ => standard("cut", connection, request),
    });
    let group = targets(&[("cut", &cut)]);
    let clingfish = Clingfish::start(&web(&format!("{group}\nhealth_check = false")));
    let address = clingfish.listener("web");
    for path in ["/cut", "/reset", "/chunks", "/chunk", "/trailers"] {
        let mut browser = Browser::open(address);
        let whole = browser.get(path).is_ok_and(|answer| answer.status == 200);
        assert!(!whole, "{path} over HTTP/1.1");
        let old = RawClient::connect(address).and_then(|mut client| {
            client.send(format!("GET {path} HTTP/1.0\r\nHost: x\r\n\r\n"))?;
            client.read_final_response()
        });
        assert!(!old.is_ok_and(|answer| answer.status == 200), "{path} over HTTP/1.0");
        let url = format!("http://{address}{path}");
        let got = curl(&["--fail", "--output", "/dev/null", &url]);
        assert_ne!(got.status, 0, "curl {path}");
    }
}

#[test]
fn a_body_that_goes_wrong_after_it_began_is_cut_too() {
    let (go, gone) = mpsc::channel();
    let gone = Mutex::new(gone);
    let bad = Target::answering(move |connection, _| {
        connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")?;
        // Only once the client has seen the beginning.
        let _ = gone.lock().unwrap().recv_timeout(SOON);
        connection.write("zz\r\nnot a chunk\r\n0\r\n\r\n")?;
        Ok(Flow::KeepAlive)
    });
    let group = targets(&[("bad", &bad)]);
    let clingfish = Clingfish::start(&web(&format!("{group}\nhealth_check = false")));
    let mut client = RawClient::connect(clingfish.listener("web")).unwrap();
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"hello\r\n") {
        seen.extend(client.read_some().unwrap());
    }
    go.send(()).unwrap();
    let rest = client.read_to_end();
    let shows_an_end = rest.is_ok_and(|rest| rest.ends_with(b"0\r\n\r\n"));
    assert!(!shows_an_end, "no clean end");
}

/// Answers that nobody may pass on, with what is wrong with them.
fn bad_answers() -> Vec<(&'static str, Vec<u8>)> {
    let huge =
        format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(33 << 10));
    let many = format!(
        "HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n",
        "X: 12345678901234567890\r\n".repeat(1500)
    );
    let text = [
        (
            "both framings",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        ("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
        ("a list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nabc"),
        ("a signed length", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab"),
        ("a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nab"),
        ("a hexadecimal length", "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nab"),
        (
            "a length beyond numbers",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nab",
        ),
        (
            "a bad chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n",
        ),
        (
            "bare LF after chunk sizes",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
        ),
        (
            "a chunk without its end",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        ),
        ("bare LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nab"),
        ("bare CR", "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\nab"),
        ("a space in a name", "HTTP/1.1 200 OK\r\nspace : x\r\nContent-Length: 2\r\n\r\nab"),
        ("a folded line", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nab"),
        ("a NUL", "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nab"),
        (
            "101 unasked",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        ),
        ("a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nab"),
        ("another protocol", "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nab"),
        ("junk", "SSH-2.0-OpenSSH_9.7\r\n\r\n"),
        ("interim answers without end", ""),
    ];
    let mut answers: Vec<(&str, Vec<u8>)> =
        text.into_iter().map(|(what, answer)| (what, answer.as_bytes().to_vec())).collect();
    if let Some((_, endless)) = answers.last_mut() {
        *endless = b"HTTP/1.1 102 Processing\r\n\r\n".repeat(40);
    }
    answers.push(("a huge head", huge.into_bytes()));
    answers.push(("a head of many lines", many.into_bytes()));
    answers
}

#[test]
fn answers_that_are_not_http_become_502_and_their_connections_end() {
    for (what, answer) in bad_answers() {
        // It keeps its connection open, so that whoever used it again would be seen.
        let bad = Target::answering(move |connection, request| {
            if request.path() == "/bad" {
                connection.write(&answer)?;
                return Ok(Flow::KeepAlive);
            }
            standard("bad", connection, request)
        });
        let group = targets(&[("bad", &bad)]);
        let clingfish = Clingfish::start(&web(&format!("{group}\nhealth_check = false")));
        let mut browser = Browser::open(clingfish.listener("web"));
        assert_eq!(browser.get("/before").unwrap().status, 200, "{what}");
        let answer = browser.get("/bad").unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(answer.status, 502, "{what}");
        assert_eq!(answer.home_cookie(), None, "{what}");
        let after = browser.again().get("/after").unwrap();
        assert_eq!(after.status, 200, "{what}");
        let connections: Vec<usize> =
            bad.requests().iter().map(|request| request.connection).collect();
        assert_eq!(connections, [1, 1, 2], "{what}: its connection was not used again");
    }
}

#[test]
fn nobody_gets_somebody_elses_answer() {
    const CLIENTS: usize = 10;
    const REQUESTS: usize = 100;
    let [a, b, c] = ["a", "b", "c"].map(|_| misbehaving());
    let group = targets(&[("a", &a), ("b", &b), ("c", &c)]);
    let config = web_with("", &format!("{group}\nhealth_check = false\nresponse_timeout = \"1s\""))
        .replace("workers = 1", "workers = 2");
    let clingfish = Clingfish::start(&config);
    let address = clingfish.listener("web");
    let whole: usize = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| scope.spawn(move || ask_for_own(address, client, REQUESTS)))
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    assert!(whole > CLIENTS * REQUESTS / 2, "most are answered all the same: {whole}");
    assert_eq!(clingfish.metrics().value("clingfish_panics_total", &[]), Some(0.0));
}

/// Asks for ids that nobody else asks for; returns how many came whole.
fn ask_for_own(address: SocketAddr, client: usize, requests: usize) -> usize {
    let mut browser = Browser::open(address);
    let mut whole = 0;
    for round in 0..requests {
        let id = format!("id-{client}-{round}");
        let answer = if round % 3 == 0 {
            browser.ask("POST", &format!("/{id}"), &id)
        } else {
            browser.get(&format!("/{id}"))
        };
        let closes = match answer {
            Ok(answer) if answer.status == 200 => {
                assert_eq!(answer.text(), id, "somebody else's answer");
                whole += 1;
                answer.header("connection") == Some("close")
            }
            Ok(answer) => {
                assert_eq!(answer.status, 502, "{id}");
                answer.header("connection") == Some("close")
            }
            Err(_) => true,
        };
        if closes {
            browser = Browser::open(address);
        }
    }
    whole
}

/// Answers with the id of the path, and does something else wrong each time.
fn misbehaving() -> Target {
    let turn = AtomicUsize::new(0);
    Target::answering(move |connection, request| {
        let id = request.path().trim_start_matches('/');
        let length = id.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{id}");
        let evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
        let (text, flow) = match turn.fetch_add(1, Ordering::Relaxed) % 12 {
            0 => (format!("{answer}{evil}"), Flow::KeepAlive),
            1 => (format!("{answer}junk"), Flow::KeepAlive),
            2 => (answer, Flow::Close),
            3 => (answer, Flow::Reset),
            4 => {
                (format!("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n{answer}"), Flow::KeepAlive)
            }
            5 => (
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{id}", length + 9),
                Flow::Close,
            ),
            6 => (
                format!(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{id}\r\n0\r\n\r\n{evil}"
                ),
                Flow::KeepAlive,
            ),
            7 => (String::new(), Flow::Close),
            _ => (answer, Flow::KeepAlive),
        };
        connection.write(text)?;
        Ok(flow)
    })
}
