//! Where a running process takes wishes for an upgrade: a socket in its state directory, for its own user and root.
//!
//! Processes may share a state directory, so that each has a socket of its own. Whoever is killed leaves it behind; `clingfish upgrade`
//! sweeps up those.

use std::{
    fs::File,
    io,
    os::{fd::AsRawFd, unix::net::UnixListener as StdListener},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::mpsc,
    task::JoinHandle,
};

use super::asker::Asker;

/// What the names of sockets begin and end with.
pub(super) const PREFIX: &str = "upgrade-";
pub(super) const SUFFIX: &str = ".sock";

/// The one wish that there is.
pub(super) const WISH: &str = "upgrade";

/// Bytes and time for a wish.
const WISH_BYTES_MAX: u64 = 64;
const WISH_WITHIN: Duration = Duration::from_secs(5);

/// Wishes that wait for the process to look.
const WAITING_MAX: usize = 4;

/// Longest path that a socket's address takes on every platform, with its final zero.
const ADDRESS_BYTES_MAX: usize = 100;

/// The open socket; dropping it removes it.
#[derive(Debug)]
pub(crate) struct Desk {
    wishes: mpsc::Receiver<Asker>,
    task: JoinHandle<()>,
    _path: tempfile::TempPath,
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Desk {
    /// Opens it in this folder; `greeting` says which process it is.
    pub(crate) fn open(folder: &Path, greeting: String) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        let socket = builder.prefix(PREFIX).suffix(SUFFIX).make_in(folder, |path| {
            let (path, _folder) = short(path)?;
            StdListener::bind(path)
        })?;
        let (listener, path) = socket.into_parts();
        listener.set_nonblocking(true)?;
        let listener = UnixListener::from_std(listener)?;
        let (sender, wishes) = mpsc::channel(WAITING_MAX);
        let task = tokio::spawn(attend(listener, sender, greeting));
        Ok(Self { wishes, task, _path: path })
    }

    /// Waits for somebody who wants an upgrade. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Asker {
        match self.wishes.recv().await {
            Some(asker) => asker,
            None => std::future::pending().await,
        }
    }
}

async fn attend(listener: UnixListener, wishes: mpsc::Sender<Asker>, greeting: String) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // One after the other: each has a few seconds at the most.
                if let Ok(Some(asker)) =
                    tokio::time::timeout(WISH_WITHIN, hear(stream, &greeting)).await
                    && wishes.send(asker).await.is_err()
                {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "wishes for upgrades cannot be taken");
                tokio::time::sleep(WISH_WITHIN).await;
            }
        }
    }
}

/// Hears one wish; none from strangers, or where it means nothing.
async fn hear(mut stream: UnixStream, greeting: &str) -> Option<Asker> {
    let peer = stream.peer_cred().ok()?.uid();
    if peer != rustix::process::geteuid().as_raw() && peer != 0 {
        tracing::warn!(user = peer, "somebody else's wish for an upgrade was refused");
        return None;
    }
    stream.write_all(format!("{greeting}\n").as_bytes()).await.ok()?;
    let mut wish = String::new();
    BufReader::new((&mut stream).take(WISH_BYTES_MAX)).read_line(&mut wish).await.ok()?;
    (wish.trim_end() == WISH).then(|| Asker::new(stream))
}

/// The same path in a form that fits into an address, and the open folder that the form needs.
pub(super) fn short(path: &Path) -> io::Result<(PathBuf, Option<File>)> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok((path.to_owned(), None));
    };
    if path.as_os_str().len() < ADDRESS_BYTES_MAX {
        return Ok((path.to_owned(), None));
    }
    let folder = File::open(folder)?;
    let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
    Ok((path, Some(folder)))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::net::UnixStream};

    use super::*;

    #[test]
    fn a_socket_in_a_deep_folder_is_found() {
        let folder = tempfile::tempdir().unwrap();
        for depth in [1, 120] {
            let deep = folder.path().join("x".repeat(depth));
            fs::create_dir(&deep).unwrap();
            let path = deep.join("upgrade-1.sock");
            let (address, _open) = short(&path).unwrap();
            let _listener = StdListener::bind(address).unwrap();
            assert!(path.exists(), "{depth}");
            let (address, _open) = short(&path).unwrap();
            UnixStream::connect(address).unwrap();
        }
    }
}
