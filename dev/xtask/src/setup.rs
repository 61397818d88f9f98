//! Installs what the tests need and is missing. Quick when nothing is.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{
    commands::{cargo, program, run, works},
    workspace,
};

/// The programs that tests start.
pub(crate) struct Tools {
    python: PathBuf,
    node_modules: PathBuf,
    crates: PathBuf,
    nginx: PathBuf,
}

impl Tools {
    /// Tells the tests where the programs are.
    pub(crate) fn tell(&self, command: &mut Command) {
        command
            .env("CLINGFISH_PYTHON", &self.python)
            .env("CLINGFISH_NODE", "node")
            .env("NODE_PATH", &self.node_modules)
            .env("CLINGFISH_CRATES", &self.crates)
            .env("NGINX_BIN", &self.nginx);
    }
}

/// A Debian package, and the command that shows whether it is needed.
struct DebianPackage {
    name: &'static str,
    shown_by: (&'static str, &'static [&'static str]),
}

const DEBIAN_PACKAGES: [DebianPackage; 11] = [
    DebianPackage { name: "curl", shown_by: ("curl", &["--version"]) },
    DebianPackage { name: "openssl", shown_by: ("openssl", &["version"]) },
    DebianPackage { name: "python3", shown_by: ("python3", &["--version"]) },
    DebianPackage {
        name: "python3-venv",
        shown_by: ("python3", &["-c", "import ensurepip, venv"]),
    },
    DebianPackage { name: "strace", shown_by: ("strace", &["--version"]) },
    DebianPackage { name: "nodejs", shown_by: ("node", &["--version"]) },
    DebianPackage { name: "npm", shown_by: ("npm", &["--version"]) },
    DebianPackage { name: "chromium", shown_by: ("chromium", &["--version"]) },
    DebianPackage { name: "php-cli", shown_by: ("php", &["--version"]) },
    // Brings a Java of its own choice where there is none.
    DebianPackage {
        name: "tomcat10-common",
        shown_by: ("sh", &["/usr/share/tomcat10/bin/catalina.sh", "version"]),
    },
    // Not on everybody's path.
    DebianPackage { name: "haproxy", shown_by: ("/usr/sbin/haproxy", &["-v"]) },
];

/// Installs what is missing.
pub(crate) fn setup() -> Result<Tools> {
    debian()?;
    fs::create_dir_all(folder())?;
    let (python, node_modules) = (python(&venv())?, node(&folder().join("node"))?);
    let (crates, nginx) = (crates(&folder().join("crates"))?, nginx(&folder().join("nginx"))?);
    Ok(Tools { python, node_modules, crates, nginx })
}

/// Where everything but Debian's packages goes.
fn folder() -> PathBuf {
    workspace::root().join(".test-tools")
}

/// The virtual environment of the Python packages.
pub(crate) fn venv() -> PathBuf {
    folder().join("venv")
}

fn debian() -> Result<()> {
    let is_missing = |package: &&DebianPackage| !works(package.shown_by.0, package.shown_by.1);
    let missing = DEBIAN_PACKAGES.iter().filter(is_missing);
    let names: Vec<&str> = missing.map(|package| package.name).collect();
    if names.is_empty() {
        return Ok(());
    }
    ensure!(
        works("apt-get", &["--version"]),
        "please install {}: there is no apt-get to do it with",
        names.join(", ")
    );
    run(&mut apt_get(&["update"]))?;
    let install = ["install", "--yes", "--no-install-recommends"];
    run(apt_get(&install).args(names))
}

/// The one that `NGINX_BIN` names, or else Debian's, unpacked and not installed: whoever installs it gets a server on port 80.
fn nginx(folder: &Path) -> Result<PathBuf> {
    if let Some(named) = env::var_os("NGINX_BIN").filter(|name| !name.is_empty()) {
        return Ok(named.into());
    }
    let nginx = folder.join("usr/sbin/nginx");
    if works(&nginx.to_string_lossy(), &["-v"]) {
        return Ok(nginx);
    }
    run(&mut apt_get(&["update"]))?;
    // An old package would be found beside the new one.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder)?;
    run(program("apt-get", ["download", "nginx"]).current_dir(folder))?;
    let mut packages = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let package = packages.find(|path| path.extension().is_some_and(|end| end == "deb"));
    let package = package.context("apt-get download nginx left no package")?;
    run(program("dpkg-deb", ["--extract"]).arg(&package).arg(folder))?;
    Ok(nginx)
}

/// `apt-get` as root: through sudo for everybody else.
fn apt_get(args: &[&str]) -> Command {
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    let mut command = if is_root { program("apt-get", []) } else { program("sudo", ["apt-get"]) };
    command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// A virtual environment with the packages of `requirements.txt`, and those of `requirements-alone.txt` without theirs.
fn python(venv: &Path) -> Result<PathBuf> {
    let python = venv.join("bin/python");
    let lists = ["requirements.txt", "requirements-alone.txt"];
    let [wanted, alone] = lists.map(|list| workspace::root().join("dev/testkit").join(list));
    let stamp = Stamp::new(venv, &[&wanted, &alone])?;
    let name = python.to_string_lossy();
    if !(stamp.is_current() && works(&name, &["--version"])) {
        let create = ["-m", "venv", "--clear"];
        run(program("python3", create).arg(venv))?;
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        run(program(&name, install).arg("--requirement").arg(&wanted))?;
        run(program(&name, install).args(["--no-deps", "--requirement"]).arg(&alone))?;
        stamp.set()?;
    }
    Ok(python)
}

/// The packages of `package.json`, which names exact versions.
fn node(folder: &Path) -> Result<PathBuf> {
    let wanted = workspace::root().join("dev/testkit/package.json");
    let stamp = Stamp::new(folder, &[&wanted])?;
    if !stamp.is_current() {
        fs::create_dir_all(folder)?;
        fs::copy(&wanted, folder.join("package.json"))?;
        let install = "install --no-package-lock --no-audit --no-fund --ignore-scripts";
        run(program("npm", install.split(' ')).current_dir(folder))?;
        stamp.set()?;
    }
    Ok(folder.join("node_modules"))
}

/// The sources of the crates of `crates.toml`; nothing of them is built.
fn crates(folder: &Path) -> Result<PathBuf> {
    let wanted = workspace::root().join("dev/testkit/crates.toml");
    let sources = folder.join("vendor");
    let stamp = Stamp::new(folder, &[&wanted])?;
    if !stamp.is_current() {
        fs::create_dir_all(folder.join("src"))?;
        fs::write(folder.join("src/lib.rs"), "")?;
        fs::copy(&wanted, folder.join("Cargo.toml"))?;
        run(cargo(["vendor", "--quiet"]).arg(&sources).current_dir(folder))?;
        stamp.set()?;
    }
    Ok(sources)
}

/// A copy of the lists that were installed last, kept beside what they brought.
struct Stamp {
    path: PathBuf,
    wanted: String,
}

impl Stamp {
    fn new(folder: &Path, lists: &[&Path]) -> Result<Self> {
        let mut wanted = String::new();
        for list in lists {
            let text = fs::read_to_string(list).with_context(|| format!("{}", list.display()))?;
            wanted.push_str(&text);
        }
        let path = folder.join("installed");
        Ok(Self { path, wanted })
    }

    fn is_current(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|installed| installed == self.wanted)
    }

    fn set(&self) -> Result<()> {
        Ok(fs::write(&self.path, &self.wanted)?)
    }
}
