//! Scripts that run beside a test: targets in other languages, and clients that are told when to go on.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use crate::{clients, wait::within};

/// Some start a machine of their own first, several at once.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running script. Dropping it kills it.
#[derive(Debug)]
pub struct Background {
    child: Child,
    input: Option<ChildStdin>,
    /// Protects the lines of standard output so far: a thread adds, tests look.
    lines: Arc<Mutex<Vec<String>>>,
    /// The same of standard error.
    errors: Arc<Mutex<String>>,
    /// The thread that adds lines.
    reader: thread::JoinHandle<()>,
}

impl Background {
    /// A Python script, with the packages of `requirements.txt`.
    #[track_caller]
    pub fn python(script: &str, args: &[&str]) -> Self {
        Self::start(clients::python_command().args(["-u", "-c", script]).args(args))
    }

    /// A Node script, with the packages of `package.json`.
    #[track_caller]
    pub fn node(script: &str, args: &[&str]) -> Self {
        Self::start(clients::node_command().args(["-e", script, "--"]).args(args))
    }

    /// A script in a file: Python's by `.py`, otherwise Node's. It runs in its own folder.
    #[track_caller]
    pub fn file(path: &Path, args: &[&str]) -> Self {
        let is_python = path.extension().is_some_and(|extension| extension == "py");
        let mut command =
            if is_python { clients::python_command() } else { clients::node_command() };
        // Python keeps lines to itself otherwise; Node knows nothing of it.
        command.env("PYTHONUNBUFFERED", "1");
        if let Some(folder) = path.parent() {
            command.current_dir(folder);
        }
        Self::start(command.arg(path).args(args))
    }

    /// Any other program.
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap_or_else(|error| {
            panic!("it does not start ({error}): `cargo xtask setup` installs what is missing")
        });
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let errors = Arc::<Mutex<String>>::default();
        let (added, output) = (Arc::clone(&lines), child.stdout.take().expect("it is piped"));
        let reader = thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                added.lock().expect("nobody panics while holding it").push(line);
            }
        });
        let (said, mut error) = (Arc::clone(&errors), child.stderr.take().expect("it is piped"));
        thread::spawn(move || {
            let mut piece = [0; 1024];
            while let Ok(count @ 1..) = error.read(&mut piece) {
                let text = String::from_utf8_lossy(piece.get(..count).unwrap_or_default());
                said.lock().expect("nobody panics while holding it").push_str(&text);
            }
        });
        let input = child.stdin.take();
        Self { child, input, lines, errors, reader }
    }

    /// The lines of its standard output so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("nobody panics while holding it").clone()
    }

    /// Its standard error so far.
    pub fn errors(&self) -> String {
        self.errors.lock().expect("nobody panics while holding it").clone()
    }

    /// Waits for a line that holds the text, and returns it.
    #[track_caller]
    pub fn wait_line(&self, text: &str) -> String {
        let found = within(PATIENCE, || self.lines().into_iter().find(|line| line.contains(text)));
        found.unwrap_or_else(|| {
            panic!("{text:?} is not in {:#?}\n{}", self.lines(), self.errors());
        })
    }

    /// Waits for a line of standard error that holds the text, and returns it.
    #[track_caller]
    pub fn wait_error(&self, text: &str) -> String {
        let whole = |line: &&str| line.ends_with('\n') && line.contains(text);
        let find = || {
            self.errors().split_inclusive('\n').find(whole).map(|line| line.trim_end().to_owned())
        };
        within(PATIENCE, find)
            .unwrap_or_else(|| panic!("{text:?} was not said:\n{}", self.errors()))
    }

    /// Where it listens, which it says first: `{"port": 1234}`.
    #[track_caller]
    pub fn address(&self) -> SocketAddr {
        let line = self.wait_line("\"port\":");
        let digits: String = line.chars().filter(char::is_ascii_digit).collect();
        let port = digits.parse().expect("it names its port");
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    /// Tells it a line.
    #[track_caller]
    pub fn tell(&mut self, line: &str) {
        let input = self.input.as_mut().expect("it is piped");
        writeln!(input, "{line}").expect("it listens");
    }

    /// Waits for its end, which has to be a good one, and returns what it printed.
    #[track_caller]
    pub fn finish(mut self) -> String {
        drop(self.input.take());
        let status = within(PATIENCE * 2, || self.child.try_wait().ok().flatten());
        let good = status.is_some_and(|status| status.success());
        assert!(good, "{status:?}\n{:#?}\n{}", self.lines(), self.errors());
        // What it said last may be on its way yet.
        let all = within(PATIENCE, || self.reader.is_finished().then_some(()));
        assert!(all.is_some(), "its output has no end: {:#?}", self.lines());
        self.lines().join("\n")
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- a script said ---\n{:#?}\n{}", self.lines(), self.errors());
        }
    }
}
