//! Whoever asked for an upgrade and wants to know what comes of it.

use tokio::{io::AsyncWriteExt, net::UnixStream};

/// Marks a line about how it goes, the last line after success, and the last line after failure.
pub(super) const PROGRESS: char = '-';
pub(super) const SUCCESS: char = '+';
pub(super) const FAILURE: char = '!';

/// The other end of `clingfish upgrade`, or nobody.
#[derive(Debug, Default)]
pub(crate) struct Asker {
    stream: Option<UnixStream>,
}

impl Asker {
    /// A command that waits for answers.
    pub(super) fn new(stream: UnixStream) -> Self {
        Self { stream: Some(stream) }
    }

    /// How it goes.
    pub(crate) async fn say(&mut self, text: &str) {
        self.write(PROGRESS, text).await;
    }

    /// It went well.
    pub(crate) async fn succeed(&mut self, text: &str) {
        self.write(SUCCESS, text).await;
    }

    /// It went wrong.
    pub(crate) async fn fail(&mut self, text: &str) {
        self.write(FAILURE, text).await;
    }

    async fn write(&mut self, mark: char, text: &str) {
        if let Some(stream) = &mut self.stream {
            let line = format!("{mark} {}\n", text.replace('\n', "; "));
            // Whoever has gone does not want to know; the log says it too. A few lines never fill the socket's buffer.
            let _ = stream.write_all(line.as_bytes()).await;
        }
    }
}
