//! Thousands of clients, each of which has asked once and waits.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use super::Setting;
use crate::bench::{contender::Contender, contender::Door, http::Client, options::Row};

/// Requests on one connection before the others come, so that what is made once does not count.
const WARM: usize = 1000;

/// Clients of one proxy.
pub(super) enum Crowd {
    /// Ours.
    Plain { door: Door, count: u64, clients: Vec<Client> },
    /// Those of `traffic idle`, which takes a step for each line that it reads.
    Tls { child: Child, orders: ChildStdin, news: BufReader<ChildStdout> },
}

impl Crowd {
    /// Warms the proxy up by one client.
    pub(super) fn begin(contender: &Contender, setting: Setting<'_>, count: u64) -> Result<Self> {
        let door = contender.door(setting.row.front());
        if setting.row == Row::Idle {
            let mut client = Client::connect(door.address)?;
            for _ in 0..WARM {
                client.get(setting.row.path(), Some(&door.cookie))?;
            }
            return Ok(Self::Plain { door: door.clone(), count, clients: vec![client] });
        }
        let mut child = Command::new(setting.traffic)
            .args(["idle", &door.address.to_string()])
            .arg(setting.targets.certificates.join("cert.pem"))
            .args([&count.to_string(), &door.cookie])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take().context("a pipe")?;
        let news = BufReader::new(child.stdout.take().context("a pipe")?);
        let mut crowd = Self::Tls { child, orders, news };
        crowd.hear("warm")?;
        Ok(crowd)
    }

    /// Opens all connections, and makes one request on each.
    pub(super) fn open(&mut self) -> Result<()> {
        let Self::Plain { door, count, clients } = self else {
            return self.step("open");
        };
        for _ in 0..*count {
            let mut client = Client::connect(door.address)?;
            ask(&mut client, door)?;
            clients.push(client);
        }
        Ok(())
    }

    /// Makes another request on each.
    pub(super) fn ask_again(&mut self) -> Result<()> {
        let Self::Plain { door, clients, .. } = self else {
            return self.step("there");
        };
        clients.iter_mut().try_for_each(|client| ask(client, door))
    }

    fn step(&mut self, done: &str) -> Result<()> {
        if let Self::Tls { orders, .. } = self {
            orders.write_all(b"on\n")?;
        }
        self.hear(done)
    }

    fn hear(&mut self, done: &str) -> Result<()> {
        let Self::Tls { news, .. } = self else { return Ok(()) };
        let mut line = String::new();
        news.read_line(&mut line)?;
        ensure!(line.trim_end() == done, "the clients are not {done}: {line:?}");
        Ok(())
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        if let Self::Tls { child, .. } = self {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn ask(client: &mut Client, door: &Door) -> Result<()> {
    let answer = client.get(Row::Idle.path(), Some(&door.cookie))?;
    ensure!(answer.status == 200, "status {}", answer.status);
    Ok(())
}
