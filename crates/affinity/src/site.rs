//! Where a request comes from, and which cookies its browser may have kept from us.

use clingfish_model::{FieldId, Method, RequestHead, head::without_port, stickiness::SameSite};

/// What a browser may have kept from us for `SameSite`. A client without a token is then perhaps no new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Withheld {
    /// What it has, it sent.
    #[default]
    Nothing,
    /// The main cookie, in a page of another site: a frame, a fetch, a WebSocket.
    Embedded,
    /// The main cookie, while a person comes from another site: the return POST of a payment or login provider, and with
    /// `SameSite=Strict` any link. An answer's cookies would overwrite those of the session.
    Navigation,
}

/// The fields that [`withheld`] looks at, in lower case.
pub const SITE_FIELDS: [&str; 5] =
    ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "accept", "origin"];

/// Looks for signs that the main cookie was withheld: `Sec-Fetch-Site`, and for browsers that do not send it, over http for
/// instance, a form that another origin sends.
pub fn withheld(head: RequestHead<'_>, same_site: SameSite) -> Withheld {
    if same_site == SameSite::None {
        return Withheld::Nothing;
    }
    let value = |name: &[u8]| {
        let mut fields = head.fields().filter(|line| line.id == FieldId::Other);
        fields.find(|line| line.name.eq_ignore_ascii_case(name)).map(|line| line.value)
    };
    let is_safe = matches!(head.method(), Method::Get | Method::Head);
    match value(b"sec-fetch-site") {
        Some(b"cross-site") => {
            let is_navigation = value(b"sec-fetch-mode") == Some(b"navigate")
                && value(b"sec-fetch-dest") == Some(b"document");
            match (is_navigation, same_site) {
                // A link: `Lax` goes along.
                (true, SameSite::Lax) if is_safe => Withheld::Nothing,
                (true, _) => Withheld::Navigation,
                (false, _) => Withheld::Embedded,
            }
        }
        Some(_) => Withheld::Nothing,
        None if !is_safe && is_form_from_elsewhere(head, value(b"accept")) => Withheld::Navigation,
        None => Withheld::Nothing,
    }
}

/// A person's form: its browser wants a page back, and names another origin than ours.
fn is_form_from_elsewhere(head: RequestHead<'_>, accept: Option<&[u8]>) -> bool {
    let wants_page = accept.is_some_and(|accept| accept.starts_with(b"text/html"));
    let Some(origin) = head.value(FieldId::Origin).filter(|_| wants_page) else {
        return false;
    };
    let scheme_end = memchr::memmem::find(origin, b"://").map(|at| at + 3);
    let host = scheme_end.and_then(|at| origin.get(at..)).map(without_port);
    // `null` is what a browser says that does not want to tell: after a redirect through another site, for instance.
    host.is_none_or(|host| !host.eq_ignore_ascii_case(without_port(head.authority())))
}
