//! The files of one load balancer, laid out and named as ALB lays them out in a bucket.
//!
//! Each file holds the requests that ended within five minutes, and is named after the end of these. It is written while they last: it
//! is complete when they are over, and what was on its way then has arrived.

use std::{
    fs,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io,
    path::{Path, PathBuf},
    sync::atomic::Ordering::Relaxed,
};

use clingfish_model::{Owner, desired::LogSink};

use super::{
    LogError, Shared, alb,
    encode::{self, Pen},
    output::Output,
    plan::BalancerPlan,
    record::Record,
};
/// How long requests go into the same file; ALB's.
const SPAN_SECONDS: u64 = 5 * 60;

/// Formatted bytes after which they are written, even though more records wait.
const TEXT_BYTES: usize = 64 * 1024;

/// What ALB leaves in a bucket to see whether it may write there.
const TEST_FILE: &str = "ELBAccessLogTestFile";

/// An open log.
#[derive(Debug)]
pub(super) struct FolderLog {
    /// Above the folders of years.
    root: PathBuf,
    /// What names of files begin with.
    stem: String,
    /// The address in names of files.
    node: String,
    /// Five minutes since 1970 of which the file is.
    span: u64,
    /// Not open before there is something to write.
    output: Option<Output>,
    /// Lines that are formatted but not written.
    text: Vec<u8>,
    lines: u64,
    is_failing: bool,
}

impl FolderLog {
    /// Makes the folders and writes ALB's test file, so that what cannot be written is known before it is needed.
    pub(super) fn open(plan: &BalancerPlan, owner: &Owner) -> Result<Self, LogError> {
        let (account, region) = (owner.account(), owner.region());
        let bucket = plan.log.folder().join(plan.log.prefix());
        let of_account = bucket.join("AWSLogs").join(account);
        let root = of_account.join("elasticloadbalancing").join(region);
        let failed = |path: &Path, cause| LogError::Folder {
            balancer: plan.name.clone(),
            path: path.into(),
            cause,
        };
        fs::create_dir_all(&root).map_err(|cause| failed(&root, cause))?;
        let test = of_account.join(TEST_FILE);
        let said = format!("Enable AccessLog for ELB: {}\n", plan.name);
        fs::write(&test, said).map_err(|cause| failed(&test, cause))?;
        let (name, id) = (&plan.name, plan.id);
        Ok(Self {
            root,
            stem: format!("{account}_elasticloadbalancing_{region}_app.{name}.{id}"),
            // Colons are awkward in names of files.
            node: plan.node.to_string().replace(':', "-"),
            span: 0,
            output: None,
            text: Vec::new(),
            lines: 0,
            is_failing: false,
        })
    }

    /// Takes a record, which is written with others.
    pub(super) fn push(
        &mut self,
        record: &Record<'_>,
        is_plain: bool,
        pen: &mut Pen,
        shared: &Shared,
    ) {
        let span = record.facts.responded_at.0 / 1_000_000 / SPAN_SECONDS;
        // Workers hand over one after another: what comes late by a moment goes to the file that there is.
        if span != self.span && span + 1 != self.span {
            self.close(shared);
            self.span = span;
        }
        alb::write(record, is_plain, pen, &mut self.text);
        self.text.push(b'\n');
        self.lines += 1;
        if self.text.len() >= TEXT_BYTES {
            self.write_out(shared);
        }
    }

    /// Has the lines that come go to another file.
    pub(super) fn close(&mut self, shared: &Shared) {
        self.write_out(shared);
        self.output = None;
    }

    /// Writes the lines so far, and counts them. What cannot be written is lost.
    pub(super) fn write_out(&mut self, shared: &Shared) {
        if self.text.is_empty() {
            return;
        }
        let lines = std::mem::take(&mut self.lines);
        let lost = self.try_write().unwrap_or_else(|cause| {
            self.warn_once(&cause);
            lines
        });
        self.text.clear();
        shared.lost.fetch_add(lost, Relaxed);
        shared.written.fetch_add(lines.saturating_sub(lost), Relaxed);
    }

    /// Gives how many lines were lost on the way; an error is all of them.
    fn try_write(&mut self) -> io::Result<u64> {
        if self.output.is_none() {
            let path = self.next_file();
            fs::create_dir_all(path.parent().unwrap_or(&self.root))?;
            self.output = Some(Output::open(&LogSink::File(path))?);
        }
        let Some(output) = &mut self.output else { return Ok(0) };
        match output.write(&self.text) {
            Ok(()) => {
                self.is_failing = false;
                Ok(0)
            }
            Err(failure) => {
                self.warn_once(&failure.cause);
                Ok(failure.lines)
            }
        }
    }

    /// A name that no other process chooses.
    fn next_file(&self) -> PathBuf {
        let end = (self.span + 1) * SPAN_SECONDS;
        let ([year, month, day], of_day) = (encode::date(end), end % 86_400);
        let (hour, minute) = (of_day / 3_600, of_day / 60 % 60);
        let (stem, node, random) = (&self.stem, &self.node, random());
        let folder = self.root.join(format!("{year:04}/{month:02}/{day:02}"));
        folder.join(format!(
            "{stem}_{year:04}{month:02}{day:02}T{hour:02}{minute:02}Z_{node}_{random}.log"
        ))
    }

    /// One warning for each time that writing stops working, however many lines that costs.
    fn warn_once(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.is_failing, true) {
            let folder = self.root.display();
            tracing::warn!(%folder, %error, "cannot write the access log of a load balancer: its lines are lost");
        }
    }
}

/// Eight letters and digits. The standard library seeds its hash tables by the system's random generator.
fn random() -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut rest = RandomState::new().build_hasher().finish();
    let digit = |_| {
        let digit = DIGITS.get((rest % 36) as usize).copied().unwrap_or_default();
        rest /= 36;
        char::from(digit)
    };
    (0..8).map(digit).collect()
}
