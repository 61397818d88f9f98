//! What the process writes, collected while it runs.

use std::{
    io::Read,
    net::SocketAddr,
    process::Child,
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

/// Standard error and output of a child so far.
#[derive(Debug)]
pub(super) struct Log {
    error: Collected,
    output: Collected,
}

/// What a thread reads from a pipe until that closes.
#[derive(Debug)]
struct Collected {
    /// Protects what was read so far: the thread adds, tests look.
    text: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Log {
    /// Takes both pipes of the child.
    pub(super) fn of(child: &mut Child) -> Self {
        Self {
            error: Collected::from(child.stderr.take().expect("it is piped")),
            output: Collected::from(child.stdout.take().expect("it is piped")),
        }
    }

    /// Standard error so far.
    pub(super) fn text(&self) -> String {
        self.error.so_far()
    }

    /// Standard output so far.
    pub(super) fn output(&self) -> String {
        self.output.so_far()
    }

    /// All of standard error, once the process has ended.
    pub(super) fn complete(&self) -> String {
        crate::eventually(super::PATIENCE, || self.error.reader.is_finished().then(|| self.text()))
    }

    /// The address that follows this text in standard error: the latest, for a port may change in a reload.
    pub(super) fn address_after(&self, start: &str) -> Option<SocketAddr> {
        let text = self.text();
        let mut whole_lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        whole_lines.rfind(|line| line.contains(start)).and_then(|line| {
            let (_, rest) = line.split_once(start)?;
            rest.split_whitespace().next()?.parse().ok()
        })
    }
}

impl Collected {
    fn from(mut pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&text);
        let reader = thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                let mut sink = sink.lock().expect("nobody panics while holding it");
                sink.extend_from_slice(buffer.get(..count).unwrap_or_default());
            }
        });
        Self { text, reader }
    }

    fn so_far(&self) -> String {
        let text = self.text.lock().expect("nobody panics while holding it");
        String::from_utf8_lossy(&text).into_owned()
    }
}
