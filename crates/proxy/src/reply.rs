//! Room `reply`: what a client gets to see of a response head, and how its body is framed.

use clingfish_affinity::{
    AppSets, Dressing, Policy, Sealed, SetCookie, Token, Verdict, write_removal,
};
use clingfish_h1::{BodyLength, HopByHop, ResponseFraming, ResponseKind, write};
use clingfish_model::{FieldId, ListenerAttributes, ResponseHead, TargetId, UnixMillis, Version};

use crate::fields;

use crate::{http2::Replying, identity::Wrapped, sink::Sink, stream::Writes};

/// How the body is framed for the client, whatever the target's framing was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Egress {
    /// There is none.
    Empty,
    /// As many bytes as the target promised.
    Length(u64),
    /// In chunks.
    Chunked,
    /// Until we close: HTTP/1.0 knows no chunks.
    UntilClose,
    /// In frames of HTTP/2, the last of which says so.
    Frames,
}

impl Egress {
    pub(crate) fn of(body: BodyLength, peer: Version) -> Self {
        match body {
            BodyLength::None => Self::Empty,
            BodyLength::Known(length) => Self::Length(length),
            _ if peer == Version::Http10 => Self::UntilClose,
            _ if peer == Version::Http2 => Self::Frames,
            BodyLength::Chunked | BodyLength::UntilClose => Self::Chunked,
        }
    }
}

/// A cookie to be written.
#[derive(Debug)]
pub(crate) struct Stamped<'a> {
    pub(crate) policy: &'a Policy,
    /// None where ALB would say that there is nothing to bind.
    pub(crate) bound: Option<(Token, Sealed)>,
    pub(crate) mark_private: bool,
    pub(crate) https: bool,
    pub(crate) now: UnixMillis,
    pub(crate) app_sets: Option<AppSets<'a>>,
    /// What the client's cookie holds of other groups.
    pub(crate) others: Vec<u8>,
    pub(crate) is_chromium: bool,
    pub(crate) twin_only: bool,
    /// The client has a stream, or gets one now.
    pub(crate) has_stream: bool,
}

/// What goes with a response whose group was chosen for its session.
#[derive(Debug)]
pub(crate) struct GroupReply<'a> {
    /// A target's own cookie of that name would displace ours.
    pub(crate) policy: &'a Policy,
    pub(crate) stamped: Option<Stamped<'a>>,
    pub(crate) verdict: Verdict,
}

/// A response head on its way to a client.
#[derive(Debug)]
pub(crate) struct Reply<'a> {
    pub(crate) head: ResponseHead<'a>,
    pub(crate) framing: ResponseFraming,
    pub(crate) egress: Egress,
    pub(crate) client: Version,
    /// The connection serves another request afterwards.
    pub(crate) persistent: bool,
    pub(crate) attributes: &'a ListenerAttributes,
    /// The group's stickiness: a target's own cookie of that name would displace ours.
    pub(crate) policy: Option<&'a Policy>,
    pub(crate) stamped: Option<Stamped<'a>>,
    /// What a rule adds that keeps sessions with their group.
    pub(crate) group: Option<Box<GroupReply<'a>>>,
    /// The application's id, where it goes out in an envelope.
    pub(crate) wrapped: Option<Wrapped<'a>>,
    /// For whoever wants to watch.
    pub(crate) debug: Option<(Verdict, &'a TargetId)>,
}

impl Reply<'_> {
    /// Appends the head, complete.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        write::status_line(out, Version::Http11, self.head.status(), self.head.reason());
        self.write_lines(out);
        write::head_end(out);
    }

    /// Appends the fields as lines: all of a head but its first and last line.
    pub(crate) fn write_lines(&self, out: &mut Vec<u8>) {
        self.write_fields(out);
        if self.framing.kind != ResponseKind::Interim {
            fields::write_inserted(self.attributes, out);
        }
        if let Some(stamped) = self.group.as_ref().and_then(|group| group.stamped.as_ref()) {
            stamped.write(out);
        }
        if let Some(stamped) = &self.stamped {
            stamped.write(out);
        }
        if let Some((verdict, target)) = self.debug {
            write::field(out, b"clingfish-verdict", verdict.as_str().as_bytes());
            write::field(out, b"clingfish-target", target.as_str().as_bytes());
            if let Some(group) = &self.group {
                write::field(out, b"clingfish-group-verdict", group.verdict.as_str().as_bytes());
            }
        }
        self.write_framing(out);
    }

    fn write_fields(&self, out: &mut Vec<u8>) {
        let hop_by_hop = HopByHop::new(self.head.values(FieldId::Connection));
        let own_header =
            self.policy.and_then(Policy::header).map(|header| header.name().as_bytes());
        let is_own = |name: &[u8]| own_header.is_some_and(|own| own.eq_ignore_ascii_case(name));
        let marks_private = self.stamped.as_ref().is_some_and(|stamped| stamped.mark_private);
        for line in self.head.fields() {
            let stays = match line.id {
                FieldId::ContentLength => self.keeps_length(),
                FieldId::SetCookie => {
                    let policies = [self.policy, self.group.as_ref().map(|group| group.policy)];
                    let sets = |policy: &Policy| policy.names().are_set_by(line.value);
                    !policies.into_iter().flatten().any(sets)
                }
                FieldId::CacheControl => !marks_private,
                _ if is_own(line.name) => false,
                _ => !hop_by_hop.removes(&line) && !self.attributes.replaces(&line),
            };
            if stays {
                let wrapped = self.wrapped.as_ref().and_then(|wrapped| wrapped.value(&line));
                write::field(out, line.name, wrapped.as_deref().unwrap_or(line.value));
            }
        }
    }

    /// Without a body it says how long one would have been (HEAD, 304); with one, the framing below says it.
    fn keeps_length(&self) -> bool {
        let status = self.head.status();
        self.egress == Egress::Empty && status != 204 && self.framing.kind == ResponseKind::Final
    }

    fn write_framing(&self, out: &mut Vec<u8>) {
        match self.egress {
            Egress::Length(length) => write::content_length(out, length),
            Egress::Chunked => write::chunked(out),
            Egress::Empty | Egress::UntilClose | Egress::Frames => {}
        }
        if self.client == Version::Http2 {
            // What follows is of a connection.
            return;
        }
        match self.framing.kind {
            ResponseKind::SwitchingProtocols => {
                for protocol in self.head.values(FieldId::Upgrade) {
                    write::field(out, b"Upgrade", protocol);
                }
                out.extend_from_slice(b"Connection: Upgrade\r\n");
            }
            ResponseKind::Interim => {}
            ResponseKind::Final if !self.persistent => {
                out.extend_from_slice(b"Connection: close\r\n");
            }
            ResponseKind::Final if self.client == Version::Http10 => {
                out.extend_from_slice(b"Connection: keep-alive\r\n");
            }
            ResponseKind::Final => {}
        }
    }
}

impl Stamped<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        if self.mark_private {
            out.extend_from_slice(b"Cache-Control: private\r\n");
        }
        let Self { policy, https, now, app_sets, is_chromium, twin_only, has_stream, .. } = *self;
        let dressing =
            Dressing { app_sets, others: &self.others, is_chromium, twin_only, has_stream };
        match &self.bound {
            Some((token, sealed)) => {
                SetCookie { policy, token, sealed, https, now, dressing }.write_lines(out);
            }
            None => write_removal(&dressing, https, now, out),
        }
    }
}

/// Appends one run of body data in the client's framing.
pub(crate) fn frame(egress: Egress, data: &[u8], out: &mut Vec<u8>) {
    if egress == Egress::Chunked {
        write::chunk(out, data);
    } else {
        out.extend_from_slice(data);
    }
}

/// Appends what ends a body in the client's framing.
pub(crate) fn frame_end(egress: Egress, trailers: &[u8], out: &mut Vec<u8>) {
    if egress == Egress::Chunked {
        write::last_chunk(out, trailers);
    }
}

/// The side of an exchange that gets the answer.
#[derive(Debug)]
pub(crate) struct Client<'a> {
    pub(crate) sink: Sink<'a>,
    /// Takes heads, where they are frames.
    replying: Option<&'a Replying>,
}

impl<'a> Client<'a> {
    /// A connection of HTTP/1.
    pub(crate) fn bytes(writes: Writes<'a>) -> Self {
        Self { sink: Sink::Bytes(writes), replying: None }
    }

    /// A stream of HTTP/2.
    pub(crate) fn frames(replying: &'a Replying) -> Self {
        Self { sink: Sink::Frames(&replying.outflow), replying: Some(replying) }
    }

    /// Where heads go that are frames of their own; none where they are bytes like the body's.
    pub(crate) fn replying(&self) -> Option<&'a Replying> {
        self.replying
    }
}
