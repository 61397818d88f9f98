//! Reading and writing with deadlines, on either side.

use std::{
    future::{Future, poll_fn},
    io,
    mem::MaybeUninit,
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use rustix::{
    buffer::spare_capacity,
    net::{RecvFlags, SendFlags, recv},
};
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, Interest},
    net::TcpStream,
};

use crate::{
    buffer::Buffer,
    deadline::Deadline,
    stream::{Reads, Stream, Writes},
};

/// Why bytes did not go through.
#[derive(Debug)]
pub(crate) enum WireError {
    /// Too slow, or the request was cut.
    Expired,
    /// The peer or the network ended it.
    Broken,
}

impl From<io::Error> for WireError {
    fn from(_: io::Error) -> Self {
        Self::Broken
    }
}

/// Waits until there is something to read, the end included, without holding a buffer meanwhile.
pub(crate) async fn readable(stream: &Reads<'_>, deadline: &Deadline) -> Result<(), WireError> {
    poll_fn(|context| limit(stream.poll_read_ready(context), deadline, context)).await
}

/// As [`readable`], for whoever counts the bytes of futures.
pub(crate) fn poll_readable(
    stream: &Stream,
    deadline: &Deadline,
    context: &mut Context<'_>,
) -> Poll<Result<(), WireError>> {
    limit(stream.poll_read_ready(context), deadline, context)
}

fn limit(
    poll: Poll<io::Result<()>>,
    deadline: &Deadline,
    context: &Context<'_>,
) -> Poll<Result<(), WireError>> {
    deadline.limit(poll, context).map(|outcome| match outcome {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(WireError::Expired),
    })
}

/// Reads once into the buffer's spare room; 0 is the end, or a full buffer.
pub(crate) async fn fill(
    from: &mut Reads<'_>,
    buffer: &mut Buffer,
    deadline: &Deadline,
) -> Result<usize, WireError> {
    if buffer.len() == buffer.capacity() {
        return Ok(0);
    }
    // Mostly something is there, since somebody has waited for it.
    if let Some(tcp) = from.as_plain()
        && let Some(count) = receive(tcp, buffer)?
    {
        return Ok(count);
    }
    match deadline.guard(pin!(from.read_buf(&mut **buffer))).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(WireError::Expired),
    }
}

/// Reads once if that needs no waiting. `None`: nothing has come, whatever was said of it; a fresh connection claims to be
/// readable until the first look.
pub(crate) async fn fill_now(
    from: &mut Reads<'_>,
    buffer: &mut Buffer,
) -> Option<io::Result<usize>> {
    if let Some(tcp) = from.as_plain() {
        return receive(tcp, buffer).transpose();
    }
    let mut read = pin!(from.read_buf(&mut **buffer));
    poll_fn(|context| match read.as_mut().poll(context) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Writes everything; each piece that the peer takes gives it `patience` for the next.
pub(crate) async fn flush(
    to: &mut Writes<'_>,
    mut bytes: &[u8],
    deadline: &Deadline,
    patience: Duration,
) -> Result<(), WireError> {
    if let Some(tcp) = to.as_plain().filter(|_| !bytes.is_empty()) {
        // Mostly all of it fits, and nobody has to wait.
        let count = send(tcp, bytes)?.unwrap_or_default();
        bytes = bytes.get(count..).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(());
        }
        if count > 0 {
            deadline.push(patience);
        }
    }
    while !bytes.is_empty() {
        match deadline.guard(pin!(to.write(bytes))).await {
            Ok(Ok(0)) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
            Ok(Ok(count)) => bytes = bytes.get(count..).unwrap_or_default(),
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => return Err(WireError::Expired),
        }
        if !bytes.is_empty() {
            deadline.push(patience);
        }
    }
    // What a TLS session has taken need not have gone out yet.
    match deadline.guard(pin!(to.flush())).await {
        Ok(flushed) => Ok(flushed?),
        Err(_) => Err(WireError::Expired),
    }
}

/// Reads once into the buffer's spare room, if the reactor knows of something; 0 is the end. `None`: nothing has come.
///
/// To go by what the reactor knows costs much less than to poll. But it takes no turn: whoever reads on and on has to
/// [wait](readable) in between, or others never get theirs.
pub(crate) fn receive(from: &TcpStream, buffer: &mut Buffer) -> io::Result<Option<usize>> {
    let room = buffer.capacity() - buffer.len();
    once(from, Interest::READABLE, || {
        let count = recv(from, spare_capacity(&mut **buffer), RecvFlags::empty())?.1;
        // The end stays to be read.
        Ok((count, 0 < count && count < room))
    })
}

/// Writes once, if the reactor does not know better. `None`: the peer takes no more for now.
pub(crate) fn send(to: &TcpStream, bytes: &[u8]) -> io::Result<Option<usize>> {
    once(to, Interest::WRITABLE, || {
        let count = rustix::net::send(to, bytes, SendFlags::NOSIGNAL)?;
        Ok((count, count < bytes.len()))
    })
}

/// Makes one call, unless the reactor knows that it would have to wait. `None`: it would, or had to.
///
/// The call says as well whether the socket gave or took less than it was asked for: then there is no more for now, and noting
/// it saves the call that would say so.
pub(crate) fn once<T>(
    socket: &TcpStream,
    interest: Interest,
    call: impl FnOnce() -> io::Result<(T, bool)>,
) -> io::Result<Option<T>> {
    let mut output = None;
    let result = socket.try_io(interest, || {
        let (made, is_exhausted) = call()?;
        output = Some(made);
        if is_exhausted { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
    });
    match result {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(output),
    }
}

/// One side of an exchange, for whoever would rather ask the kernel than the stream.
pub(crate) trait AsTcp {
    /// The socket, where the bytes of the stream are the socket's own.
    fn as_tcp(&self) -> Option<&TcpStream>;
}

impl AsTcp for Reads<'_> {
    fn as_tcp(&self) -> Option<&TcpStream> {
        self.as_plain()
    }
}

impl AsTcp for Writes<'_> {
    fn as_tcp(&self) -> Option<&TcpStream> {
        self.as_plain()
    }
}

/// What a peer does that ought to be silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// Nothing.
    Kept,
    /// Bytes came, or the end, or an error.
    Broken,
}

/// Looks at an idle connection without a system call: whatever the reactor has seen there makes it unusable.
pub(crate) fn silence(stream: &TcpStream) -> Silence {
    // Readiness may be claimed where there is none; a look takes it back.
    match stream.try_io(Interest::READABLE, || look(stream)) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Silence::Kept,
        _ => Silence::Broken,
    }
}

/// Asks the kernel whether an idle connection still is one, whatever the reactor has seen.
pub(crate) fn peek(stream: &TcpStream) -> Silence {
    match look(stream) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Silence::Kept,
        _ => Silence::Broken,
    }
}

fn look(stream: &TcpStream) -> io::Result<usize> {
    SockRef::from(stream).peek(&mut [MaybeUninit::uninit(); 1])
}
