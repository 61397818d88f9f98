//! Checks of what comes through TLS, by curl: it reads HTTP/2, and trailers.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use super::{
    contender::Door,
    http::Answer,
    options::Row,
    targets::{SMALL, message},
    tools::Tool,
};

/// curl, and where it leaves what it gets.
pub(super) struct Curl<'d> {
    program: PathBuf,
    certificate: PathBuf,
    dir: &'d Path,
}

impl<'d> Curl<'d> {
    /// Trusts the certificate that all proxies show.
    pub(super) fn new(certificates: &Path, dir: &'d Path) -> Result<Self> {
        let program = Tool::curl()?.path;
        fs::write(dir.join("message"), message())?;
        Ok(Self { program, certificate: certificates.join("cert.pem"), dir })
    }

    /// A new client gets a right answer and a cookie, and with it the same target again and again.
    pub(super) fn check(&self, row: Row, door: &mut Door, returns: usize) -> Result<()> {
        let first = self.ask(row, door.address)?;
        door.take(&first)?;
        let mut curl = self.command(row, door.address);
        curl.args(["-b", &door.cookie, "-o", "/dev/null"]);
        curl.args(["-w", "%{http_version} %{http_code} %header{x-target}\\n"]);
        let lines = output(curl.arg(format!("https://bench.test{}?[1-{returns}]", row.path())))?;
        let version = if row == Row::Tls { "1.1" } else { "2" };
        let expected = format!("{version} 200 {}\n", door.home).repeat(returns);
        ensure!(lines == expected, "a client of {} saw this instead:\n{lines}", door.home);
        Ok(())
    }

    fn ask(&self, row: Row, address: SocketAddr) -> Result<Answer> {
        let (heads, body) = (self.dir.join("answer.heads"), self.dir.join("answer.body"));
        let mut curl = self.command(row, address);
        curl.arg("-D").arg(&heads).arg("-o").arg(&body);
        output(curl.arg(format!("https://bench.test{}", row.path())))?;
        let answer = Answer::read(&fs::read_to_string(heads)?, fs::read(body)?)?;
        ensure!(answer.status == 200, "status {}", answer.status);
        if row == Row::Grpc {
            ensure!(answer.field("grpc-status") == Some("0"), "no grpc-status 0");
            ensure!(answer.body == message(), "the message came back changed");
        } else {
            ensure!(answer.body == SMALL.as_bytes(), "the body came through changed");
        }
        Ok(answer)
    }

    fn command(&self, row: Row, address: SocketAddr) -> Command {
        let mut curl = Command::new(&self.program);
        curl.args(["-sS", "--max-time", "10", "--cacert"]).arg(&self.certificate);
        curl.args(["--connect-to", &format!("bench.test:443:{address}")]);
        curl.arg(if row == Row::Tls { "--http1.1" } else { "--http2" });
        if row == Row::Grpc {
            curl.args(["-H", "content-type: application/grpc", "-H", "te: trailers"]);
            curl.arg("--data-binary").arg(format!("@{}", self.dir.join("message").display()));
        }
        curl
    }
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().context("cannot run curl")?;
    let trouble = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}", trouble.trim());
    Ok(String::from_utf8(output.stdout)?)
}
