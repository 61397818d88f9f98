//! Nothing from outside breaks the process.

use std::{io, net::SocketAddr, thread, time::Duration};

use clingfish_testkit::{Clingfish, RawClient, Target};

use crate::support::web_with;

#[test]
fn garbage_from_outside_never_makes_it_panic() {
    let target = Target::start("t");
    let config = web_with(
        "head_timeout = \"1s\"\nidle_timeout = \"1s\"",
        &format!("targets = [\"{}\"]\nhealth_check = false\nstickiness = true", target.address()),
    );
    let clingfish = Clingfish::start(&config);
    for address in [clingfish.listener("web"), clingfish.admin()] {
        thread::scope(|scope| {
            for seed in 1..=4 {
                scope.spawn(move || {
                    let mut garbage = Garbage(seed);
                    for _ in 0..100 {
                        // What becomes of these connections is theirs; the process is ours.
                        let _ = throw(address, &garbage.next());
                    }
                });
            }
        });
    }
    assert_eq!(RawClient::get(clingfish.listener("web"), "/").unwrap().status, 200);
    assert_eq!(clingfish.metrics().value("clingfish_panics_total", &[]), Some(0.0));
    assert!(!clingfish.log().contains("panicked"), "{}", clingfish.log());
}

/// Sends bytes and reads whatever comes back, to the end.
fn throw(address: SocketAddr, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut client = RawClient::connect(address)?;
    client.set_timeout(Duration::from_secs(5))?;
    client.send(bytes)?;
    client.finish_sending()?;
    client.read_to_end()
}

/// Bytes that look more or less like requests: the same ones in every run.
struct Garbage(u64);

/// Where damage begins.
const SAMPLES: [&str; 6] = [
    "GET / HTTP/1.1\r\nHost: x\r\nCookie: cling_00000000=AAAA; a=b\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.0\r\n\r\n",
    "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n\x01\x02",
    "OPTIONS * HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1, 2\r\nX-Amzn-Trace-Id: Root=;;=\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
];

impl Garbage {
    /// Xorshift: random enough for damage.
    fn number(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below.max(1) as u64).unwrap_or_default()
    }

    fn byte(&mut self) -> u8 {
        self.number(256).to_le_bytes()[0]
    }

    /// Noise, or a sample with some damage.
    fn next(&mut self) -> Vec<u8> {
        if self.number(4) == 0 {
            return (0..self.number(3000)).map(|_| self.byte()).collect();
        }
        let mut bytes = SAMPLES[self.number(SAMPLES.len())].as_bytes().to_vec();
        for _ in 0..=self.number(6) {
            let at = self.number(bytes.len());
            match self.number(5) {
                0 => bytes[at] = self.byte(),
                1 => bytes.insert(at, self.byte()),
                2 => bytes.truncate(at.max(1)),
                3 => drop(bytes.remove(at)),
                _ => {
                    let piece = bytes.split_off(at);
                    bytes.extend_from_within(at / 2..);
                    bytes.extend(piece);
                }
            }
            if bytes.is_empty() {
                bytes.push(b'\n');
            }
        }
        bytes
    }
}
