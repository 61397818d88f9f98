//! Where lines go, and how many of them did not get there.

use std::{
    fs::{File, OpenOptions},
    io::{self, IsTerminal as _, Write as _},
    os::{fd::AsFd as _, unix::fs::OpenOptionsExt as _},
    path::Path,
};

use clingfish_model::desired::LogSink;

/// Who may read a new log file: its owner and group. It says who asked for what.
const FILE_MODE: u32 = 0o640;

/// An open destination.
#[derive(Debug, Default)]
pub(super) struct Output {
    file: Option<File>,
    /// The last write ended within a line, which the next one must end first.
    is_torn: bool,
}

impl Output {
    /// Opens a destination; `Auto` is standard output unless that is a terminal.
    pub(super) fn open(sink: &LogSink) -> io::Result<Self> {
        let file = match sink {
            LogSink::Off => None,
            LogSink::Auto if io::stdout().is_terminal() => None,
            LogSink::Auto | LogSink::Stdout => Some(stdout()?),
            LogSink::File(path) => Some(append_to(path)?),
        };
        Ok(Self { file, is_torn: false })
    }

    /// Whether lines go anywhere.
    pub(super) fn is_on(&self) -> bool {
        self.file.is_some()
    }

    /// Writes whole lines. On failure says how many of them did not get through.
    pub(super) fn write(&mut self, lines: &[u8]) -> Result<(), LinesLost> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        if self.is_torn {
            file.write_all(b"\n").map_err(|cause| LinesLost::of(lines, cause))?;
            self.is_torn = false;
        }
        let mut rest = lines;
        while !rest.is_empty() {
            let cause = match file.write(rest) {
                Ok(0) => io::ErrorKind::WriteZero.into(),
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            let done = lines.get(..lines.len() - rest.len()).unwrap_or_default();
            self.is_torn = done.last().is_some_and(|last| *last != b'\n');
            return Err(LinesLost::of(rest, cause));
        }
        Ok(())
    }
}

/// Lines that were not written.
#[derive(Debug)]
pub(super) struct LinesLost {
    pub(super) lines: u64,
    pub(super) cause: io::Error,
}

impl LinesLost {
    /// A line counts as lost where its end was not written.
    fn of(rest: &[u8], cause: io::Error) -> Self {
        let lines = rest.iter().filter(|byte| **byte == b'\n').count() as u64;
        Self { lines, cause }
    }
}

/// A second handle, without the standard library's buffer: what was written is known at once.
fn stdout() -> io::Result<File> {
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(FILE_MODE).open(path)
}

#[cfg(test)]
mod tests {
    use std::{io::Read as _, os::fd::OwnedFd, os::unix::net::UnixStream};

    use super::*;

    fn read_all(from: &mut UnixStream) -> String {
        let (mut text, mut room) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = from.read(&mut room) {
            text.extend_from_slice(&room[..count]);
        }
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_line_cut_by_a_failure_spoils_no_other_line() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        theirs.set_nonblocking(true).unwrap();
        let mut output = Output { file: Some(File::from(OwnedFd::from(ours))), is_torn: false };
        // A line that ends in the middle of the socket's buffer, and one that is larger than any.
        let lines = format!("short\n{}\nlast\n", "x".repeat(8 << 20));
        let failure = output.write(lines.as_bytes()).unwrap_err();
        assert_eq!(failure.lines, 2, "the cut one and the one after it");
        assert!(read_all(&mut theirs).starts_with("short\nxxx"));
        output.write(b"next\n").unwrap();
        assert_eq!(read_all(&mut theirs), "\nnext\n");
        output.write(b"and on\n").unwrap();
        assert_eq!(read_all(&mut theirs), "and on\n");
    }
}
