//! Which fields stay on their hop, and which names pass for others.

use std::collections::HashSet;

use clingfish_h1::{HeadError, HopByHop, connection::is_twin};
use clingfish_model::{FieldId, head::FieldLine};

#[test]
fn fields_between_two_hops_are_removed_and_no_others() {
    for (connection, name, removed) in [
        (vec![], "Connection", true),
        (vec![], "keep-alive", true),
        (vec![], "Proxy-Connection", true),
        (vec![], "TE", true),
        (vec![], "Upgrade", true),
        (vec![], "Transfer-Encoding", true),
        (vec![], "HTTP2-Settings", true),
        (vec![], "Trailer", false),
        (vec![], "Proxy-Authenticate", false),
        (vec![], "Cookie", false),
        (vec![], "X-Hint", false),
        (vec!["close"], "X-Hint", false),
        (vec!["close, x-hint"], "X-Hint", true),
        (vec!["keep-alive", "TE ,\tX-HINT,"], "X-Hint", true),
        (vec!["x-hin"], "X-Hint", false),
        (vec!["Trailer"], "trailer", true),
    ] {
        let named = HopByHop::new(connection.iter().map(|value| value.as_bytes()));
        let line =
            FieldLine { id: FieldId::of(name.as_bytes()), name: name.as_bytes(), value: b"" };
        assert_eq!(named.removes(&line), removed, "{name} with {connection:?}");
    }
}

#[test]
fn te_counts_where_connection_names_it() {
    for (connection, names_te) in [("close", false), ("close, te", true), ("tea", false)] {
        let named = HopByHop::new([connection.as_bytes()].into_iter());
        assert_eq!(named.names_te(), names_te, "{connection}");
    }
}

#[test]
fn names_that_pass_for_others_are_found() {
    for (name, expected) in [
        ("X_Forwarded_For", true),
        ("x-forwarded_proto", true),
        ("x_forwarded_anything_that_is_longer_than_any_name_we_know", true),
        ("Content_Length", true),
        ("transfer_encoding", true),
        ("X_Amzn_Trace_Id", true),
        ("X_Real_IP", true),
        ("X-Forwarded-For", false),
        ("session_hint", false),
        ("_", false),
        ("", false),
    ] {
        assert_eq!(is_twin(name.as_bytes()), expected, "{name}");
    }
}

#[test]
fn each_error_has_a_status_for_clients_and_a_name_of_its_own() {
    use HeadError::*;
    let mut reasons = HashSet::new();
    for (error, status) in [
        (MalformedStartLine, 400),
        (BadMethod, 400),
        (BadTarget, 400),
        (BadVersion, 400),
        (UnsupportedVersion, 505),
        (BadStatus, 502),
        (BadLineEnd, 400),
        (BadFieldName, 400),
        (BadFieldValue, 400),
        (StartLineTooLong, 414),
        (FieldTooLarge, 431),
        (HeadTooLarge, 431),
        (TooManyFields, 431),
        (BadContentLength, 400),
        (ContentLengthRepeated, 400),
        (ContentLengthWithTransferEncoding, 400),
        (TransferEncodingInHttp10, 400),
        (BadTransferEncoding, 400),
        (UnknownTransferCoding, 501),
        (HostMissing, 400),
        (HostRepeated, 400),
        (BadHost, 400),
        (HostDisagrees, 400),
        (ConnectRefused, 501),
        (TraceRefused, 405),
        (BadConnectionOption, 400),
        (ForbiddenConnectionOption, 400),
        (UnknownExpectation, 417),
        (UnaskedUpgrade, 502),
    ] {
        assert_eq!(error.status(), status, "{error}");
        assert!(reasons.insert(error.reason()), "{} twice", error.reason());
    }
}
