//! The binary to ship: built twice, the second time by what the first one did under load.
//!
//! What a request touches is a few percent of the program, and without a profile it lies scattered: then a processor spends more time on
//! fetching instructions than on most of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{
    bench,
    commands::{cargo, program, run, works},
    workspace::{self, empty},
};

/// Builds it and tells where it is.
pub(crate) fn dist() -> Result<()> {
    let profdata = profdata()?;
    let folder = workspace::target_dir()?.join("guided");
    let (notes, profile) = (folder.join("notes"), folder.join("clingfish.profdata"));

    let noting = Build { dir: folder.join("noting"), flag: "-Cprofile-generate", value: &notes };
    let noting = noting.run(&[])?;
    // Notes of another build say nothing about this one.
    empty(&notes)?;
    bench::train(noting)?;
    let merge = ["merge", "--output", text(&profile)?, text(&notes)?];
    run(program(text(&profdata)?, merge).current_dir(workspace::root()))?;

    let guided = Build { dir: folder.join("by-notes"), flag: "-Cprofile-use", value: &profile };
    // Cargo does not look whether a profile is still the one that a library of others was built by.
    empty(&guided.dir)?;
    let shipped = folder.join("clingfish");
    fs::copy(guided.run(&[("CLINGFISH_PROFILE_GUIDED", "1")])?, &shipped)?;
    run(program(text(&shipped)?, ["--version"]).current_dir(workspace::root()))?;
    println!("built: {}", shipped.display());
    Ok(())
}

/// A build with the `dist` profile and one more flag.
struct Build<'a> {
    dir: PathBuf,
    flag: &'static str,
    value: &'a Path,
}

impl Build<'_> {
    /// Builds with these variables; the binary.
    fn run(&self, says: &[(&str, &str)]) -> Result<PathBuf> {
        let flags = format!("build.rustflags=['{}={}']", self.flag, text(self.value)?);
        let target = target()?;
        // With a target that is named, build scripts and macros are left as they are.
        let args = ["build", "--profile", "dist", "--package", "clingfish", "--target", &target];
        let mut build = cargo(args);
        build.args(["--config", &flags, "--target-dir", text(&self.dir)?]);
        run(build.envs(says.iter().copied()))?;
        Ok(self.dir.join(target).join("dist/clingfish"))
    }
}

/// The compiler's own `llvm-profdata`: others do not read its notes.
fn profdata() -> Result<PathBuf> {
    let libraries = rustc(&["--print", "target-libdir"])?;
    let path = Path::new(&libraries).with_file_name("bin").join("llvm-profdata");
    if !path.exists() && works("rustup", &["--version"]) {
        run(&mut program("rustup", ["component", "add", "llvm-tools"]))?;
    }
    ensure!(path.exists(), "there is no {}: it comes with llvm-tools of Rust", path.display());
    Ok(path)
}

/// The kind of machine that this is.
fn target() -> Result<String> {
    let version = rustc(&["--verbose", "--version"])?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}

fn rustc(args: &[&str]) -> Result<String> {
    let output = Command::new("rustc").args(args).current_dir(workspace::root()).output()?;
    ensure!(output.status.success(), "rustc {} failed", args.join(" "));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path in UTF-8 is needed")
}
