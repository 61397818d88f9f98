//! Instructions of the pure parts, counted by callgrind: they do not depend on the machine's mood.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{
    docs,
    machine::Machine,
    options::Options,
    tools::{self, Tool},
};

/// Calls of the shorter run; the longer one makes twice as many.
const CALLS: u64 = 2000;

/// Counts every case, prints the table, and keeps it where asked.
pub(super) fn run(options: &Options, dir: &Path) -> Result<()> {
    let counter = Counter {
        program: tools::cargo_build("clingfish-benches", "instructions")?,
        valgrind: Tool::valgrind()?,
        dir,
    };
    let mut counts = Vec::new();
    for (name, what) in counter.cases()? {
        let instructions = counter.per_call(&name)?;
        eprintln!("{name}: {instructions:.0}");
        counts.push((name, what, instructions));
    }
    let machine = Machine::read();
    let table = table(&machine, &counter.valgrind.version, &counts);
    println!("{table}");
    let path = dir.join("instructions.json");
    let counts = counts.iter().map(|(name, what, instructions)| {
        json!({ "name": name, "what": what, "instructions_per_call": instructions })
    });
    let document = json!({
        "date": machine.date,
        "revision": machine.revision,
        "cases": counts.collect::<Vec<_>>(),
    });
    fs::write(&path, serde_json::to_string_pretty(&document)?)?;
    println!("every figure: {}", path.display());
    if options.write {
        docs::write("instructions", &table)?;
    }
    Ok(())
}

struct Counter<'a> {
    program: PathBuf,
    valgrind: Tool,
    dir: &'a Path,
}

impl Counter<'_> {
    /// Names and what they are, as the program lists them.
    fn cases(&self) -> Result<Vec<(String, String)>> {
        let output = Command::new(&self.program).arg("--list").output()?;
        let text = String::from_utf8(output.stdout)?;
        let pairs = text.lines().filter_map(|line| line.split_once('\t'));
        Ok(pairs.map(|(name, what)| (name.to_owned(), what.to_owned())).collect())
    }

    /// The difference of two runs, so that start and preparation cancel.
    fn per_call(&self, case: &str) -> Result<f64> {
        let short = self.count(case, CALLS)?;
        let long = self.count(case, 2 * CALLS)?;
        Ok(long.saturating_sub(short) as f64 / CALLS as f64)
    }

    fn count(&self, case: &str, calls: u64) -> Result<u64> {
        let out = self.dir.join("callgrind.out");
        let status = Command::new(&self.valgrind.path)
            .args(["--tool=callgrind", "--quiet"])
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(&self.program)
            .args([case, &calls.to_string()])
            .stdout(Stdio::null())
            .status()?;
        ensure!(status.success(), "{case} failed under callgrind");
        total(&out)
    }
}

/// All instructions that callgrind has counted, by the file that it leaves.
pub(super) fn total(out: &Path) -> Result<u64> {
    let text = fs::read_to_string(out)?;
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("summary:").or_else(|| line.strip_prefix("totals:")));
    Ok(total.context("callgrind gave no total")?.trim().parse()?)
}

fn table(machine: &Machine, valgrind: &str, counts: &[(String, String, f64)]) -> String {
    let mut table = format!(
        "Counted {} at revision {} by {valgrind}, as the difference of {} and {CALLS} calls; `dist` profile.\n\n\
         | case | what one call is | instructions |\n\
         |---|---|--:|\n",
        machine.date,
        machine.revision,
        2 * CALLS,
    );
    for (name, what, instructions) in counts {
        table.push_str(&format!("| `{name}` | {what} | {instructions:.0} |\n"));
    }
    table
}
