//! Room `sample`: what is kept of a few requests, for those who ask later why one went where it went.

use std::{borrow::Cow, time::Instant};

use clingfish_model::{
    FieldId, RequestHead, Stickiness, UnixMillis, Version,
    head::{split_query, without_port},
    limits::{RECENT_HEAD_BYTES_MAX, RECENT_PATH_BYTES_MAX},
    stickiness::IdPlace,
};
use clingfish_snapshot::{Group, ListenerView};
use clingfish_telemetry::{
    log::Kind,
    recent::{KeptHead, Sample, Sort},
};

use crate::{
    forward::Facts,
    outcome::{Outcome, Spans},
    worker::Worker,
};

/// Stands for what is not shown.
const HIDDEN: char = '…';

/// Longest method and host that are shown, in bytes.
const METHOD_BYTES_MAX: usize = 32;
const HOST_BYTES_MAX: usize = 255;

impl Outcome {
    /// Keeps a sample of the request, if it is its turn: most requests are let go after a comparison or two.
    #[inline]
    pub(crate) fn sample(
        &self,
        kind: Kind,
        head: Option<RequestHead<'_>>,
        (now, spans): (Instant, Spans),
        worker: &Worker,
    ) {
        let failed = !self.reason.is_empty() && self.status.is_some_and(|status| status >= 500);
        let sort = Sort::of(self.verdict, failed);
        let pace = self.group.as_ref().map(|local| &local.pace);
        if worker.sampler.wants(sort, pace, now) {
            self.keep_sample(kind, sort, head, spans, worker);
        }
    }

    #[cold]
    #[inline(never)]
    fn keep_sample(
        &self,
        kind: Kind,
        sort: Sort,
        head: Option<RequestHead<'_>>,
        spans: Spans,
        worker: &Worker,
    ) {
        let recent = worker.shared.registry.recent();
        if !recent.is_on() {
            return;
        }
        let view = worker.view();
        let place = worker.place_of(self.local);
        let listener = place.and_then(|place| view.snapshot.listeners.get(place));
        let group = self.group.as_ref().map(|local| &*local.group);
        let (path, has_query) = head.map_or_else(Default::default, |head| shown(head, group));
        let text = |bytes: &[u8], max| cut(&String::from_utf8_lossy(bytes), max).into();
        let target = self.target.and_then(|target| group?.targets.get(target));
        recent.keep(Sample {
            id: 0,
            sort,
            at: UnixMillis(self.created_at.0 / 1000),
            kind,
            version: self.version,
            method: head.map_or("".into(), |head| text(head.method_name(), METHOD_BYTES_MAX)),
            host: head
                .map_or("".into(), |head| text(without_port(head.authority()), HOST_BYTES_MAX)),
            path: path.into(),
            has_query,
            client: self.client,
            listener: listener.map(|view| view.listener.name.as_str().into()),
            rule: self.rule,
            action: self.action,
            group: group.map(|group| group.spec.name.as_str().into()),
            target: target.map(|target| target.id.as_str().into()),
            verdict: self.verdict,
            group_verdict: self.group_verdict,
            status: self.status,
            target_status: self.target_status,
            error_reason: self.reason,
            duration: spans.whole,
            target_response: spans.target,
            received_bytes: self.received_bytes,
            sent_bytes: self.sent_bytes,
            tries: self.tries(),
            session: self.session.map(|session| session.0),
            revision: self.revision,
            head: head.zip(listener).and_then(|(head, listener)| self.kept(head, listener, group)),
        });
    }

    /// What explaining the request takes; none where that is too much to keep.
    fn kept(
        &self,
        head: RequestHead<'_>,
        listener: &ListenerView,
        group: Option<&Group>,
    ) -> Option<KeptHead> {
        let bytes = head_for(head, listener, group)?.into();
        let tls = self.tls();
        let facts = Facts::new(self.client, self.local, tls, &listener.balancer);
        Some(KeptHead {
            bytes,
            client: facts.client(head, &listener.balancer),
            server_name: tls.and_then(|tls| tls.server_name.as_deref()).map(Into::into),
            https: self.https,
        })
    }
}

/// The head with those fields and cookies alone that its listener's rules or its group's stickiness look at.
fn head_for(
    head: RequestHead<'_>,
    listener: &ListenerView,
    group: Option<&Group>,
) -> Option<Vec<u8>> {
    let reads = listener.routes.reads();
    let authority = head.authority();
    // HTTP/1.1 has no requests without a host.
    let version: &[u8] = match head.version() {
        Version::Http10 => b" HTTP/1.0\r\n",
        _ if authority.is_empty() => b" HTTP/1.0\r\n",
        _ => b" HTTP/1.1\r\n",
    };
    let mut out = [head.method_name(), b" ", head.path_and_query(), version].concat();
    let mut line = |name: &[u8], value: &[u8]| {
        for part in [name, b": ", value, b"\r\n"] {
            out.extend_from_slice(part);
        }
        out.len() <= RECENT_HEAD_BYTES_MAX
    };
    if !authority.is_empty() && !line(b"Host", authority) {
        return None;
    }
    let reads_cookies = reads.field(FieldId::Cookie.name());
    for field in head.fields() {
        let value = match field.id {
            FieldId::Host => continue,
            FieldId::Cookie if !reads_cookies => Cow::Owned(cookies_in(field.value, |name| {
                reads.cookie(name) || group.is_some_and(|group| group.reads_cookie(name))
            })),
            _ if reads.field(field.name) => Cow::Borrowed(field.value),
            _ if group.is_some_and(|group| group.reads_field(field.name)) => {
                Cow::Borrowed(field.value)
            }
            _ => continue,
        };
        if !value.is_empty() && !line(field.name, &value) {
            return None;
        }
    }
    out.extend_from_slice(b"\r\n");
    (out.len() <= RECENT_HEAD_BYTES_MAX).then_some(out)
}

/// The cookies of a Cookie field that somebody reads.
fn cookies_in(field: &[u8], is_read: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let is_wanted = |pair: &&[u8]| {
        let name = pair.split(|c| *c == b'=').next().unwrap_or_default();
        is_read(name.trim_ascii())
    };
    let pairs = field.split(|c| *c == b';').filter(is_wanted);
    pairs.map(<[u8]>::trim_ascii).collect::<Vec<_>>().join(b"; ".as_slice())
}

/// The path without what may be a session's secret in it, and whether there was a query.
fn shown(head: RequestHead<'_>, group: Option<&Group>) -> (String, bool) {
    let whole = head.path_and_query();
    let (path, _) = split_query(whole);
    let places = match group.map(|group| &group.spec.stickiness) {
        Some(Stickiness::Route(route)) => &*route.places,
        Some(Stickiness::Learn(learn)) => &*learn.places,
        _ => &[],
    };
    let before = places.iter().filter_map(|place| match place {
        IdPlace::PathAfter(before) => Some(before.as_str()),
        _ => None,
    });
    (hidden(&String::from_utf8_lossy(path), before), path.len() < whole.len())
}

/// The path with values of its parameters and ids in it hidden, cut where it is long.
fn hidden<'p>(path: &str, mut before: impl Iterator<Item = &'p str>) -> String {
    let mut out = String::new();
    let mut rest = path;
    if let Some(before) = before.find(|before| path.starts_with(before)) {
        let id = path.get(before.len()..).unwrap_or_default();
        let end = id.find(['/', ';']).unwrap_or(id.len());
        out.push_str(before);
        out.extend((end > 0).then_some(HIDDEN));
        rest = id.get(end..).unwrap_or_default();
    }
    for (at, part) in rest.split(';').enumerate() {
        if at == 0 {
            out.push_str(part);
            continue;
        }
        let end = part.find('/').unwrap_or(part.len());
        let (parameter, after) = part.split_at_checked(end).unwrap_or((part, ""));
        out.push(';');
        match parameter.split_once('=') {
            Some((name, _)) => out.push_str(&format!("{name}={HIDDEN}")),
            None => out.push_str(parameter),
        }
        out.push_str(after);
    }
    cut(&out, RECENT_PATH_BYTES_MAX).into_owned()
}

/// At most so many bytes of a text, with a sign that more was there.
fn cut(text: &str, max: usize) -> Cow<'_, str> {
    if text.len() <= max {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(max.saturating_sub(HIDDEN.len_utf8()));
    Cow::Owned(format!("{}{HIDDEN}", text.get(..end).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_a_path_are_hidden_and_the_rest_is_not() {
        for (path, before, expected) in [
            ("/cart/7", None, "/cart/7"),
            ("/cart;jsessionid=SECRET", None, "/cart;jsessionid=…"),
            ("/a;v=1/b;jsessionid=SECRET;x/c", None, "/a;v=…/b;jsessionid=…;x/c"),
            ("/upload/SECRET/file", Some("/upload/"), "/upload/…/file"),
            ("/upload/SECRET;a=b", Some("/upload/"), "/upload/…;a=…"),
            ("/upload/", Some("/upload/"), "/upload/"),
            ("/other/x", Some("/upload/"), "/other/x"),
        ] {
            assert_eq!(hidden(path, before.into_iter()), expected, "{path}");
        }
    }

    #[test]
    fn long_texts_are_cut_and_say_so() {
        let long = hidden(&format!("/{}", "ä".repeat(RECENT_PATH_BYTES_MAX)), std::iter::empty());
        assert!(long.len() <= RECENT_PATH_BYTES_MAX && long.ends_with('…'), "{long}");
        assert_eq!(cut("short", 5), "short");
    }

    #[test]
    fn of_a_cookie_field_those_are_kept_that_somebody_reads() {
        let is_read = |name: &[u8]| name == b"home" || name == b"group";
        for (field, expected) in [
            ("a=1; home=x; b=2; group=y=z", "home=x; group=y=z"),
            (" home = x ;;", "home = x"),
            ("a=1", ""),
            ("home", "home"),
        ] {
            assert_eq!(cookies_in(field.as_bytes(), is_read), expected.as_bytes(), "{field}");
        }
    }
}
