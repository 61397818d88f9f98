//! A connection's bytes, plain or through TLS: the same to whoever reads and writes them.

use std::{
    cell::RefCell,
    io,
    net::Shutdown,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use clingfish_tls::PeerFacts;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
};
use tokio_rustls::TlsStream;

/// One connection, to a client or to a target.
#[derive(Debug)]
pub(crate) enum Stream {
    /// As it comes.
    Plain(TcpStream),
    /// Through TLS, after the handshake. Boxed, because the session is large.
    Tls(Box<Tls>),
}

/// A TLS session and the connection below it. Both directions change the session: each has it for the time of one poll.
#[derive(Debug)]
pub(crate) struct Tls {
    tcp: Rc<TcpStream>,
    /// Of a client's handshake.
    facts: Option<Rc<PeerFacts>>,
    io: RefCell<TlsStream<Socket>>,
}

/// A socket that others may look at while a TLS session reads and writes it.
#[derive(Clone, Debug)]
pub(crate) struct Socket(Rc<TcpStream>);

/// The reading side of a [`Stream`].
#[derive(Debug)]
pub(crate) enum Reads<'a> {
    Plain(ReadHalf<'a>),
    Tls(&'a Tls),
}

/// The writing side of a [`Stream`].
#[derive(Debug)]
pub(crate) enum Writes<'a> {
    Plain(WriteHalf<'a>),
    Tls(&'a Tls),
}

impl Stream {
    /// A session whose handshake is done.
    pub(crate) fn tls(io: impl Into<TlsStream<Socket>>, facts: Option<Rc<PeerFacts>>) -> Self {
        let io = io.into();
        let tcp = Rc::clone(&io.get_ref().0.0);
        Self::Tls(Box::new(Tls { tcp, facts, io: RefCell::new(io) }))
    }

    /// What is known of a client's handshake; none without TLS.
    pub(crate) fn facts(&self) -> Option<&Rc<PeerFacts>> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(tls) => tls.facts.as_ref(),
        }
    }

    /// The connection below.
    pub(crate) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => &tls.tcp,
        }
    }

    /// Both sides, to be used at the same time.
    pub(crate) fn split(&mut self) -> (Reads<'_>, Writes<'_>) {
        match self {
            Self::Plain(tcp) => {
                let (reads, writes) = tcp.split();
                (Reads::Plain(reads), Writes::Plain(writes))
            }
            Self::Tls(tls) => (Reads::Tls(tls), Writes::Tls(tls)),
        }
    }

    /// Whether there may be something to read, the end included.
    pub(crate) fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(tcp) => tcp.poll_read_ready(context),
            Self::Tls(tls) => tls.poll_read_ready(context),
        }
    }

    /// Makes the connection end with a reset when it is dropped, so that the peer notices: what it got is not whole.
    pub(crate) fn reset_on_drop(&self) {
        // A kernel that cannot sends an early end, which is visible as well.
        let _ = SockRef::from(self.tcp()).set_linger(Some(Duration::ZERO));
    }
}

impl Tls {
    /// What has been decrypted is not on the socket any more.
    fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.io.borrow().get_ref().1.wants_read() {
            self.tcp.poll_read_ready(context)
        } else {
            Poll::Ready(Ok(()))
        }
    }
}

impl Reads<'_> {
    /// The connection below.
    pub(crate) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(half) => half.as_ref(),
            Self::Tls(tls) => &tls.tcp,
        }
    }

    /// The socket, where nothing stands between it and the bytes.
    pub(crate) fn as_plain(&self) -> Option<&TcpStream> {
        match self {
            Self::Plain(half) => Some(half.as_ref()),
            Self::Tls(_) => None,
        }
    }

    /// Whether there may be something to read, the end included.
    pub(crate) fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(half) => half.as_ref().poll_read_ready(context),
            Self::Tls(tls) => tls.poll_read_ready(context),
        }
    }
}

impl Writes<'_> {
    /// The socket, where nothing stands between it and the bytes.
    pub(crate) fn as_plain(&self) -> Option<&TcpStream> {
        match self {
            Self::Plain(half) => Some(half.as_ref()),
            Self::Tls(_) => None,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(context, buffer),
            Self::Tls(tls) => Pin::new(tls.io.get_mut()).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(context, bytes),
            Self::Tls(tls) => Pin::new(tls.io.get_mut()).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write_vectored(context, slices),
            Self::Tls(tls) => Pin::new(tls.io.get_mut()).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(context),
            Self::Tls(tls) => Pin::new(tls.io.get_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(context),
            Self::Tls(tls) => Pin::new(tls.io.get_mut()).poll_shutdown(context),
        }
    }
}

impl AsyncRead for Reads<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(half) => Pin::new(half).poll_read(context, buffer),
            Self::Tls(tls) => Pin::new(&mut *tls.io.borrow_mut()).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Writes<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(half) => Pin::new(half).poll_write(context, bytes),
            Self::Tls(tls) => Pin::new(&mut *tls.io.borrow_mut()).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Tls(tls) => Pin::new(&mut *tls.io.borrow_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(half) => Pin::new(half).poll_shutdown(context),
            Self::Tls(tls) => Pin::new(&mut *tls.io.borrow_mut()).poll_shutdown(context),
        }
    }
}

impl Socket {
    pub(crate) fn new(tcp: TcpStream) -> Self {
        Self(Rc::new(tcp))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let tcp = &*self.0;
        loop {
            ready!(tcp.poll_read_ready(context))?;
            let room = buffer.initialize_unfilled();
            let wanted = room.len();
            match tcp.try_read(room) {
                Ok(count) => {
                    buffer.advance(count);
                    if count > 0 && count < wanted {
                        // The socket is empty, which saves a call that would say so.
                        let empty = || Err(io::ErrorKind::WouldBlock.into());
                        let _: io::Result<()> = tcp.try_io(Interest::READABLE, empty);
                    }
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write_with(context, |tcp| tcp.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write_with(context, |tcp| tcp.try_write_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(SockRef::from(&*self.0).shutdown(Shutdown::Write))
    }
}

impl Socket {
    fn write_with(
        &self,
        context: &mut Context<'_>,
        mut write: impl FnMut(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(context))?;
            match write(&self.0) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }
}
