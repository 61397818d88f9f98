//! The binary to ship: built twice, the second time by what the first one did under load.
//!
//! What a request touches is a small part of the program. Without a profile it lies scattered, and more of it has to be fetched into the
//! processor's first cache again and again; docs/benchmarks.md has the figures.

use std::{
    fs,
    path::{Path, PathBuf},
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

    let noting = build(&folder.join("noting"), Profile::Noted(&notes))?;
    // Notes of another build say nothing about this one.
    empty(&notes)?;
    bench::train(noting)?;
    let merge = ["merge", "--output", text(&profile)?, text(&notes)?];
    run(&mut program(text(&profdata)?, merge))?;

    // Cargo does not look whether a profile is still the one that a library of others was built by.
    let by_notes = folder.join("by-notes");
    empty(&by_notes)?;
    let shipped = folder.join("clingfish");
    fs::copy(build(&by_notes, Profile::Used(&profile))?, &shipped)?;
    run(&mut program(text(&shipped)?, ["--version"]))?;
    println!("built: {}", shipped.display());
    Ok(())
}

/// What a build has to do with a profile.
enum Profile<'a> {
    /// Its binary writes notes into this folder.
    Noted(&'a Path),
    /// It goes by this file.
    Used(&'a Path),
}

/// Builds with the `dist` profile below `dir`; the binary.
fn build(dir: &Path, profile: Profile<'_>) -> Result<PathBuf> {
    let flag = match profile {
        Profile::Noted(notes) => format!("-Cprofile-generate={}", text(notes)?),
        Profile::Used(file) => format!("-Cprofile-use={}", text(file)?),
    };
    let target = rustc(&["--print", "host-tuple"])?;
    // With a target that is named, build scripts and macros are left as they are.
    let args = ["build", "--profile", "dist", "--package", "clingfish", "--target", &target];
    let mut build = cargo(args);
    build.args(["--target-dir", text(dir)?, "--config", &format!("build.rustflags=['{flag}']")]);
    if matches!(profile, Profile::Used(_)) {
        build.env("CLINGFISH_PROFILE_GUIDED", "1");
    }
    run(&mut build)?;
    Ok(dir.join(target).join("dist/clingfish"))
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

fn rustc(args: &[&str]) -> Result<String> {
    let output = program("rustc", args.iter().copied()).output()?;
    ensure!(output.status.success(), "rustc {} failed", args.join(" "));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path in UTF-8 is needed")
}
