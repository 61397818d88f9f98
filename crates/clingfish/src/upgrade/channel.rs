//! The line between a process and the one that takes over from it: packets of text, each with a socket or none.

use std::{
    fs::File,
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    process::Stdio,
};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use tokio::{io::Interest, net::UnixStream};

use super::message::Message;

/// Longest packet, in bytes.
const PACKET_BYTES_MAX: usize = 8 * 1024;

/// One end of the line.
#[derive(Debug)]
pub(crate) struct Channel {
    /// Only used to wait: it is a stream of packets (SOCK_SEQPACKET), which Tokio has no type for.
    socket: UnixStream,
}

impl Channel {
    /// A new line: our end, and a standard input for the process at the other one.
    ///
    /// The standard input is the one descriptor that a child is given under a number known to both, without `unsafe` and without
    /// a moment in which another child could inherit it.
    pub(crate) fn pair() -> io::Result<(Self, Stdio)> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
        Ok((Self::new(ours)?, theirs.into()))
    }

    /// The other end, which was given to this process as its standard input; that becomes `/dev/null`.
    pub(crate) fn from_stdin() -> io::Result<Self> {
        let socket = io::stdin().as_fd().try_clone_to_owned()?;
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        Self::new(socket)
    }

    fn new(socket: OwnedFd) -> io::Result<Self> {
        Ok(Self { socket: UnixStream::from_std(socket.into())? })
    }

    /// Sends one message, and a handle of a socket with it.
    pub(crate) async fn send(
        &self,
        message: &Message,
        socket: Option<BorrowedFd<'_>>,
    ) -> io::Result<()> {
        let text = message.to_string();
        let sockets: Vec<BorrowedFd<'_>> = socket.into_iter().collect();
        let send = || send_packet(self.socket.as_fd(), text.as_bytes(), &sockets);
        loop {
            self.socket.writable().await?;
            match self.socket.try_io(Interest::WRITABLE, send) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return outcome,
            }
        }
    }

    /// Waits for a message; none when the other end has gone. Cancel-safe.
    pub(crate) async fn receive(&self) -> io::Result<Option<(Message, Option<OwnedFd>)>> {
        let receive = || receive_packet(self.socket.as_fd());
        loop {
            self.socket.readable().await?;
            return match self.socket.try_io(Interest::READABLE, receive) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(None),
                Err(error) => Err(error),
                Ok((text, _)) if text.is_empty() => Ok(None),
                Ok((text, socket)) => {
                    let message = Message::parse(&String::from_utf8_lossy(&text));
                    Ok(Some((message.map_err(io::Error::other)?, socket)))
                }
            };
        }
    }
}

fn send_packet(line: BorrowedFd<'_>, bytes: &[u8], sockets: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !sockets.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(sockets));
    }
    let bytes = bytes.get(..PACKET_BYTES_MAX).unwrap_or(bytes);
    sendmsg(line, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

fn receive_packet(line: BorrowedFd<'_>) -> io::Result<(Vec<u8>, Option<OwnedFd>)> {
    let mut bytes = vec![0; PACKET_BYTES_MAX];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let into = &mut [IoSliceMut::new(&mut bytes)];
    let received = recvmsg(line, into, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    bytes.truncate(received.bytes);
    let mut sockets = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(sockets) => Some(sockets),
        _ => None,
    });
    Ok((bytes, sockets.by_ref().flatten().next()))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn run<F: Future>(test: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
    }

    /// Both ends, in one process.
    fn ends() -> (Channel, Channel) {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
        (Channel::new(pair.0).unwrap(), Channel::new(pair.1).unwrap())
    }

    #[test]
    fn each_message_comes_with_its_own_socket() {
        run(async {
            let (old, new) = ends();
            let sockets: Vec<TcpListener> =
                (0..300).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
            // More than the line holds at a time.
            let give = async {
                for socket in &sockets {
                    let message = Message::Admin { bind: socket.local_addr().unwrap() };
                    old.send(&message, Some(socket.as_fd())).await.unwrap();
                }
                old.send(&Message::Complete, None).await.unwrap();
            };
            let take = async {
                let mut taken = 0;
                loop {
                    match new.receive().await.unwrap().unwrap() {
                        (Message::Admin { bind }, Some(socket)) => {
                            assert_eq!(TcpListener::from(socket).local_addr().unwrap(), bind);
                            taken += 1;
                        }
                        (message, socket) => {
                            assert_eq!(message, Message::Complete);
                            assert!(socket.is_none());
                            return taken;
                        }
                    }
                }
            };
            assert_eq!(tokio::join!(give, take).1, sockets.len());
        });
    }

    #[test]
    fn an_end_that_is_gone_is_noticed_after_its_last_words() {
        run(async {
            let (old, new) = ends();
            let last = Message::Failed { reason: "no".to_owned() };
            new.send(&last, None).await.unwrap();
            drop(new);
            assert_eq!(old.receive().await.unwrap().unwrap().0, last);
            assert!(old.receive().await.unwrap().is_none());
            let error = old.send(&Message::Go, None).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        });
    }
}
