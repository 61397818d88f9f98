//! What we accept, h11 and Node's parser must read in the same way: as many requests, the same methods, targets and bodies.
//!
//! We may refuse what they accept: being stricter is the aim. Where they refuse what we accept, [`EXPLAINED`] says why that
//! is fine.

#![expect(clippy::indexing_slicing, reason = "a test may panic")]

#[path = "support/requests.rs"]
mod table;

use std::{
    env,
    io::Write as _,
    process::{Command, Stdio},
    thread,
};

use clingfish_h1::{BodyDecoder, Progress, parse_request};
use clingfish_model::{head::RequestParts, listener::RequestLimits};

/// Inputs made from the rows of the table by mutation.
const MUTANTS: usize = 10_000;

/// Tells from the requests that a peer sees and those that it does not, as we read them, whether it is so.
type Applies = fn(seen: &[Request], unseen: &[Request]) -> bool;

/// Where peers stop though we go on: the peer, how to tell, and why it is fine.
const EXPLAINED: &[(&str, Applies, &str)] = &[
    (
        "node",
        |_, unseen| unseen.iter().any(|request| !NODE_METHODS.contains(&request.method.as_slice())),
        "Node knows a list of methods and refuses others; RFC 9110 section 9.1 leaves the list open",
    ),
    (
        "node",
        |seen, _| seen.iter().any(|request| request.asks_to_upgrade()),
        "Node reads no HTTP after a request with Upgrade; where we do not go along, Upgrade is taken out of what we forward",
    ),
    (
        "h11",
        |_, unseen| unseen[0].head.starts_with(b"\r\n"),
        "h11 refuses empty lines before a request, which RFC 9112 section 2.2 asks servers to skip",
    ),
    (
        "h11",
        |seen, _| seen.iter().any(|request| is_http10(&request.head)),
        "h11 closes after HTTP/1.0, even where both sides would keep the connection",
    ),
];

/// The methods among our inputs that Node knows.
const NODE_METHODS: &[&[u8]] = &[b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH"];

fn is_http10(head: &[u8]) -> bool {
    head.windows(8).any(|window| window == b"HTTP/1.0")
}

#[test]
fn h11_sees_the_requests_that_we_see() {
    let python = env::var("CLINGFISH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_h11 = Command::new(&python)
        .args(["-c", "import h11"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    assert!(
        has_h11,
        "{python} has no h11: run `cargo xtask test`, which installs it and sets CLINGFISH_PYTHON"
    );
    compare("h11", Command::new(python).arg(script("h11_peer.py")));
}

#[test]
fn node_sees_the_requests_that_we_see() {
    let node = env::var("CLINGFISH_NODE").unwrap_or_else(|_| "node".to_owned());
    let has_node = Command::new(&node)
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    assert!(
        has_node,
        "{node} does not run: run `cargo xtask test`, which installs Node; or set CLINGFISH_NODE"
    );
    compare("node", Command::new(node).arg(script("node_peer.mjs")));
}

fn script(name: &str) -> String {
    format!("{}/tests/differential/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// One request as we see it.
struct Request {
    head: Vec<u8>,
    method: Vec<u8>,
    target: Vec<u8>,
    body: Vec<u8>,
}

impl Request {
    /// As peers write it.
    fn spell(&self) -> String {
        [&self.method, &self.target, &self.body].map(|part| hex(part)).join(":")
    }

    fn asks_to_upgrade(&self) -> bool {
        let head = self.head.to_ascii_lowercase();
        head.windows(10).any(|window| window == b"\r\nupgrade:")
    }
}

fn compare(peer: &str, command: &mut Command) {
    let corpus = corpus();
    let accepted: Vec<(&[u8], Vec<Request>)> = corpus
        .iter()
        .map(|input| read_all(input))
        .filter(|(_, requests)| !requests.is_empty())
        .collect();
    assert!(
        corpus.len() > 2000 && accepted.len() > 1000,
        "{} of {} inputs have a request to compare",
        accepted.len(),
        corpus.len()
    );
    let inputs: Vec<&[u8]> = accepted.iter().map(|(input, _)| *input).collect();
    let answers = ask(command, &inputs);
    assert_eq!(answers.len(), inputs.len(), "{peer} answers each input");
    let mut differences = Vec::new();
    for ((input, ours), answer) in accepted.iter().zip(&answers) {
        let mut words = answer.split(' ');
        let ended_well = words.next().is_some_and(|end| ["clean", "closed"].contains(&end));
        let theirs: Vec<&str> = words.collect();
        let spelled: Vec<String> = ours.iter().map(Request::spell).collect();
        let is_same = ended_well && theirs == spelled;
        let is_short = theirs.len() < ours.len() && theirs == spelled[..theirs.len()];
        let is_fine = is_short && is_explained(peer, ours.split_at(theirs.len()));
        if !is_same && !is_fine {
            differences
                .push(format!("{}\n  ours: {spelled:?}\n  theirs: {answer}", input.escape_ascii()));
        }
    }
    assert!(
        differences.is_empty(),
        "{peer} reads {} of {} inputs differently, among them\n{}",
        differences.len(),
        inputs.len(),
        differences[..differences.len().min(12)].join("\n")
    );
}

fn is_explained(peer: &str, (seen, unseen): (&[Request], &[Request])) -> bool {
    EXPLAINED.iter().any(|(name, applies, _why)| *name == peer && applies(seen, unseen))
}

/// Sends the corpus, one input per line, and collects the answers.
fn ask(command: &mut Command, corpus: &[&[u8]]) -> Vec<String> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the peer starts");
    let mut stdin = child.stdin.take().expect("piped");
    let lines: String = corpus.iter().map(|input| hex(input) + "\n").collect();
    let writer = thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("the peer ends");
    writer.join().expect("no panic").expect("the peer reads all");
    let text = String::from_utf8(output.stdout).expect("the peer writes text");
    text.lines().map(|line| line.trim_end().to_owned()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The front of the input that is whole requests, and these.
fn read_all(input: &[u8]) -> (&[u8], Vec<Request>) {
    let mut requests = Vec::new();
    let mut parts = RequestParts::default();
    let mut rest = input;
    while let Ok(Progress::Complete(framing)) =
        parse_request(rest, 0, &RequestLimits::default(), &mut parts)
    {
        let (head, body) = rest.split_at(framing.head_len);
        let mut decoder = BodyDecoder::new(framing.body, None);
        let Some((body, after)) = read_body(&mut decoder, body) else {
            break;
        };
        let line = head.trim_ascii_start().split(|&byte| byte == b' ');
        let words: Vec<&[u8]> = line.take(2).collect();
        requests.push(Request {
            head: head.to_vec(),
            method: words[0].to_vec(),
            target: words[1].to_vec(),
            body,
        });
        rest = after;
        // What follows a request to upgrade stays unread until the target has answered.
        if !framing.persistent || framing.upgrade.is_some() {
            break;
        }
    }
    (&input[..input.len() - rest.len()], requests)
}

/// The body and what follows it, if it is whole.
fn read_body<'a>(decoder: &mut BodyDecoder, mut input: &'a [u8]) -> Option<(Vec<u8>, &'a [u8])> {
    let mut body = Vec::new();
    loop {
        let decoded = decoder.decode(input).ok()?;
        body.extend_from_slice(&input[decoded.data]);
        input = &input[decoded.consumed..];
        if decoded.is_complete {
            return Some((body, input));
        }
        if input.is_empty() {
            return None;
        }
    }
}

/// The rows of the table, then mutants of them, the same in each run.
fn corpus() -> Vec<Vec<u8>> {
    let rows: Vec<&'static [u8]> =
        table::rows().map(|(bytes, _)| bytes).chain(MESSAGES.iter().copied()).collect();
    let mut dice = Dice(0x5eed_c11a_9f15_0001);
    let mut corpus: Vec<Vec<u8>> = rows.iter().map(|row| row.to_vec()).collect();
    for _ in 0..MUTANTS {
        let mut input = dice.pick(&rows).to_vec();
        for _ in 0..dice.below(3) {
            input.extend_from_slice(dice.pick(&rows));
        }
        for _ in 0..dice.below(3) {
            mutate(&mut input, &mut dice);
        }
        corpus.push(input);
    }
    corpus
}

/// Whole messages with bodies, to begin with.
const MESSAGES: &[&[u8]] = &[
    b"GET /one HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n",
    b"POST /two HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nGET / HTTP/1",
    b"POST /three HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
    b"POST /four HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n",
    b"PUT /five HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
    b"DELETE /six HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi",
];

/// Pieces that framing depends on.
const PIECES: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b":",
    b",",
    b";",
    b"\0",
    b"\x0b",
    b"\x7f",
    b"\xff",
    b"0",
    b"1",
    b"a",
    b"+",
    b"-",
    b"/",
    b"?",
    b"%00",
    b"\r\n\r\n",
    b"0\r\n\r\n",
    b"5\r\nhello\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: x\r\n",
    b"Connection: close\r\n",
    b"Connection: keep-alive\r\n",
    b"Host: b\r\n",
    b"X: y\r\n",
    b"HTTP/1.1",
    b"HTTP/1.0",
    b"chunked",
    b"Expect: 100-continue\r\n",
    b"GET /z HTTP/1.1\r\nHost: a\r\n\r\n",
];

fn mutate(input: &mut Vec<u8>, dice: &mut Dice) {
    let at = dice.below(input.len() + 1);
    let end = input.len().min(at + 1 + dice.below(4));
    match dice.below(6) {
        0 | 1 => drop(input.splice(at..at, dice.pick(PIECES).iter().copied())),
        2 => drop(input.splice(at..end, dice.pick(PIECES).iter().copied())),
        3 => drop(input.drain(at..end)),
        4 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
        }
        _ => {
            // A line twice.
            let lines: Vec<Vec<u8>> =
                input.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
            let Some(line) = lines.get(dice.below(lines.len())).cloned() else {
                return;
            };
            let place = dice.below(lines.len() + 1);
            let (before, after) = lines.split_at(place);
            *input = [before.concat(), line, after.concat()].concat();
        }
    }
}

/// Numbers that are the same in each run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    fn pick(&mut self, from: &[&'static [u8]]) -> &'static [u8] {
        from[self.below(from.len())]
    }
}
