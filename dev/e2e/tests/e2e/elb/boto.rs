//! boto3, in a process of its own that does one thing after the other.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use clingfish_testkit::{Clingfish, python_command};
use serde_json::{Value, json};

/// A client of one of AWS's APIs. Dropping it ends its process.
pub(crate) struct Boto {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What boto3 raises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) status: u64,
    /// The class of the exception: boto3 has one for each code of its model.
    pub(crate) class: String,
}

impl Boto {
    /// Of ELBv2, with keys that nobody looks at.
    #[track_caller]
    pub(crate) fn v2(clingfish: &Clingfish) -> Self {
        Self::with(clingfish, json!({}))
    }

    /// With more settings, or others: see `boto.py`.
    #[track_caller]
    pub(crate) fn with(clingfish: &Clingfish, more: Value) -> Self {
        let mut settings = json!({
            "service": "elbv2",
            "url": format!("http://{}", clingfish.admin()),
            "region": "local",
            "key": "AKIAANYBODY",
            "secret": "anything",
        });
        for (name, value) in more.as_object().expect("settings have names") {
            settings[name] = value.clone();
        }
        let mut command = python_command();
        command.args(["-u", "-c", include_str!("../../../scripts/elb/boto.py")]);
        command.arg(settings.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("`cargo xtask setup` installs Python");
        let input = process.stdin.take().expect("it is piped");
        let output = BufReader::new(process.stdout.take().expect("it is piped"));
        Self { process, input, output }
    }

    /// One call that is granted.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, with: Value) -> Value {
        self.granted("call", method, with)
    }

    /// One call that is refused.
    #[track_caller]
    pub(crate) fn refused(&mut self, method: &str, with: Value) -> Refused {
        match self.ask("call", method, &with) {
            Ok(done) => panic!("{method} with {with} is granted: {done}"),
            Err(refused) => refused,
        }
    }

    /// Waits by one of boto3's waiters.
    #[track_caller]
    pub(crate) fn wait(&mut self, waiter: &str, with: Value) {
        self.granted("wait", waiter, with);
    }

    /// A URL that stands for a call by GET.
    #[track_caller]
    pub(crate) fn presign(&mut self, method: &str, with: Value) -> String {
        let url = self.granted("presign", method, with);
        url.as_str().expect("a URL is text").to_owned()
    }

    #[track_caller]
    fn granted(&mut self, what: &str, name: &str, with: Value) -> Value {
        match self.ask(what, name, &with) {
            Ok(done) => done,
            Err(refused) => panic!("{name} with {with}: {refused:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn ask(&mut self, what: &str, name: &str, with: &Value) -> Result<Value, Refused> {
        let asked = json!({"do": what, "name": name, "with": with});
        writeln!(self.input, "{asked}").expect("it reads");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        let mut said: Value = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("{name} with {with}: {line:?} is no answer: {error}"));
        let Some(code) = said["code"].as_str() else { return Ok(said["done"].take()) };
        let text = |field: &str| said[field].as_str().unwrap_or_default().to_owned();
        let (message, class) = (text("message"), text("class"));
        Err(Refused {
            code: code.to_owned(),
            message,
            status: said["status"].as_u64().unwrap_or(0),
            class,
        })
    }
}

impl Drop for Boto {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
