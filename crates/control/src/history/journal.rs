//! The audit log: lines that are only ever added, in a file that makes way for a new one when it has grown.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use clingfish_model::limits::{AUDIT_LOG_BYTES_MAX, AUDIT_LOGS_KEPT, EVENT_LINE_BYTES_MAX};

/// The file that lines are added to, and older ones.
#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    file: File,
    bytes: u64,
    /// Whether the last line is whole: a crash or a full disk may have cut it.
    is_whole: bool,
}

impl Journal {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let path = path_of(folder, 0);
        let file = appended(&path)?;
        let bytes = file.metadata()?.len();
        let is_whole = bytes == 0 || last_byte(&file, bytes)? == b'\n';
        File::open(folder)?.sync_all()?;
        Ok(Self { folder: folder.into(), file, bytes, is_whole })
    }

    /// At least that many of the newest lines, if there are, oldest first. What is cut or strange is for whoever reads them to leave out.
    pub(super) fn newest(&self, lines: usize) -> io::Result<Vec<String>> {
        let mut files = Vec::new();
        let mut found = 0;
        for age in 0..=AUDIT_LOGS_KEPT {
            match File::open(path_of(&self.folder, age)) {
                Ok(file) => files.push(read_lines(file)?),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            found += files.last().map_or(0, Vec::len);
            if found >= lines {
                break;
            }
        }
        Ok(files.into_iter().rev().flatten().collect())
    }

    /// Adds a line, and returns when it is on disk.
    pub(super) fn append(&mut self, line: &str) -> io::Result<()> {
        if self.bytes > 0 && self.bytes + line.len() as u64 > AUDIT_LOG_BYTES_MAX {
            self.rotate()?;
        }
        // One write, so that lines of two processes do not mix.
        let whole = if self.is_whole { line.to_owned() } else { format!("\n{line}") };
        self.is_whole = false;
        self.file.write_all(whole.as_bytes())?;
        self.bytes += whole.len() as u64;
        self.is_whole = true;
        self.file.sync_data()
    }

    /// Every file becomes one older; the oldest goes.
    fn rotate(&mut self) -> io::Result<()> {
        for age in (0..AUDIT_LOGS_KEPT).rev() {
            let moved = fs::rename(path_of(&self.folder, age), path_of(&self.folder, age + 1));
            moved.or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })?;
        }
        self.file = appended(&path_of(&self.folder, 0))?;
        (self.bytes, self.is_whole) = (0, true);
        File::open(&self.folder)?.sync_all()
    }
}

fn appended(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)
}

fn path_of(folder: &Path, age: usize) -> PathBuf {
    match age {
        0 => folder.join("events.jsonl"),
        _ => folder.join(format!("events.{age}.jsonl")),
    }
}

fn last_byte(file: &File, bytes: u64) -> io::Result<u8> {
    let mut last = [0];
    file.read_exact_at(&mut last, bytes - 1)?;
    Ok(last[0])
}

fn read_lines(file: File) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    for line in BufReader::new(file).split(b'\n') {
        let text = String::from_utf8(line?).unwrap_or_default();
        if !text.is_empty() && text.len() <= EVENT_LINE_BYTES_MAX {
            lines.push(text);
        }
    }
    Ok(lines)
}
