//! Checks against targets that speak HTTP/2.

use http::{HeaderMap, HeaderValue, Request, Response};

use super::*;

/// How a target answers.
#[derive(Clone, Copy)]
struct Answer {
    status: u16,
    /// Of gRPC, in the head where nothing else follows.
    head: Option<&'static str>,
    message: &'static [u8],
    trailer: Option<&'static str>,
    /// Where the field stands that announces a drain.
    drain: Place,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Nowhere,
    Head,
    Trailers,
}

const HTTP: Answer =
    Answer { status: 200, head: None, message: b"", trailer: None, drain: Place::Nowhere };
const SERVING: &[u8] = &[0, 0, 0, 0, 2, 8, 1];
const NOT_SERVING: &[u8] = &[0, 0, 0, 0, 2, 8, 2];

/// A target that answers one request so. Gives what was asked, and its body.
async fn answer_once(listener: &TcpListener, answer: Answer) -> (Request<()>, Vec<u8>) {
    let (stream, _) = listener.accept().await.unwrap();
    let mut connection = h2::server::handshake(stream).await.unwrap();
    let (request, mut respond) = connection.accept().await.unwrap().unwrap();
    let serve = async {
        let (parts, mut body) = request.into_parts();
        let mut asked = Vec::new();
        while let Some(data) = body.data().await {
            asked.extend_from_slice(&data.unwrap());
        }
        let mut head = Response::builder().status(answer.status);
        if let Some(status) = answer.head {
            head = head.header("grpc-status", status);
        }
        if answer.drain == Place::Head {
            head = head.header("x-drain", "yes");
        }
        let is_end = answer.message.is_empty() && answer.trailer.is_none();
        let mut send = respond.send_response(head.body(()).unwrap(), is_end).unwrap();
        if !answer.message.is_empty() {
            send.send_data(answer.message.into(), answer.trailer.is_none()).unwrap();
        }
        if let Some(status) = answer.trailer {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_static(status));
            if answer.drain == Place::Trailers {
                trailers.insert("x-drain", HeaderValue::from_static("yes"));
            }
            send.send_trailers(trailers).unwrap();
        }
        (Request::from_parts(parts, ()), asked)
    };
    let drive = async { while connection.accept().await.is_some() {} };
    let (served, ()) = tokio::join!(serve, drive);
    served
}

async fn ask(check: &HealthCheck, answer: Answer) -> (CheckOutcome, Request<()>, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (outcome, (asked, body)) =
        tokio::join!(probe_anyone(address, check), answer_once(&listener, answer));
    (outcome.unwrap(), asked, body)
}

fn check(version: ProtocolVersion, path: &str) -> HealthCheck {
    let patient = Duration::from_secs(30);
    HealthCheck {
        path: path.into(),
        interval: patient * 2,
        timeout: patient,
        ..HealthCheck::of(version)
    }
}

#[test]
fn a_group_of_http2_is_asked_over_http2() {
    block_on(async {
        let check = check(ProtocolVersion::Http2, "/up?deep=1");
        for (status, expected) in [
            (204, CheckOutcome::Good),
            (500, CheckOutcome::Status(500)),
            (404, CheckOutcome::Status(404)),
        ] {
            let (outcome, asked, body) = ask(&check, Answer { status, ..HTTP }).await;
            assert_eq!(outcome, expected, "{status}");
            assert_eq!((asked.method().as_str(), body.len()), ("GET", 0));
            assert_eq!(asked.uri().path_and_query().unwrap(), "/up?deep=1");
            assert_eq!(asked.headers()["user-agent"], USER_AGENT);
            assert!(asked.uri().authority().unwrap().as_str().starts_with("127.0.0.1:"));
        }
    });
}

#[test]
fn a_call_of_grpc_is_judged_by_its_status() {
    let trailers_only = |status| Answer { head: Some(status), ..HTTP };
    let whole = |message, status| Answer { message, trailer: Some(status), ..HTTP };
    let (alb, health) = (HealthCheck::GRPC_PATH, HealthCheck::GRPC_HEALTH_PATH);
    for (what, path, codes, answer, expected) in [
        ("ALB's method is unknown", alb, "12", trailers_only("12"), CheckOutcome::Good),
        ("somebody has it", alb, "12", whole(SERVING, "0"), CheckOutcome::Status(0)),
        ("another method", "/a.B/C", "0-5", whole(b"\0\0\0\0\0", "5"), CheckOutcome::Good),
        ("serving", health, "0", whole(SERVING, "0"), CheckOutcome::Good),
        ("not serving", health, "0", whole(NOT_SERVING, "0"), CheckOutcome::Failed),
        ("it does not say", health, "0", whole(b"\0\0\0\0\0", "0"), CheckOutcome::Failed),
        ("no such service", health, "0", trailers_only("5"), CheckOutcome::Status(5)),
        ("no status", alb, "12", Answer { message: SERVING, ..HTTP }, CheckOutcome::Failed),
        ("not a status", alb, "12", trailers_only("ok"), CheckOutcome::Failed),
        ("no gRPC", alb, "0-99", Answer { status: 404, ..HTTP }, CheckOutcome::Status(404)),
    ] {
        block_on(async {
            let matcher = StatusMatcher::parse(codes, ProtocolVersion::Grpc).unwrap();
            let check = HealthCheck { matcher, ..check(ProtocolVersion::Grpc, path) };
            let (outcome, asked, body) = ask(&check, answer).await;
            assert_eq!(outcome, expected, "{what}");
            assert_eq!((asked.method().as_str(), asked.uri().path()), ("POST", path), "{what}");
            assert_eq!(asked.headers()["content-type"], "application/grpc", "{what}");
            assert_eq!(asked.headers()["te"], "trailers", "{what}");
            assert_eq!(body, [0; 5], "{what}");
        });
    }
}

#[test]
fn answers_over_http2_and_of_grpc_announce_drains_too() {
    use Place::{Head, Nowhere, Trailers};
    use ProtocolVersion::{Grpc, Http2};
    let whole = |message, status| Answer { message, trailer: Some(status), ..HTTP };
    let only = |status| Answer { head: Some(status), ..HTTP };
    let (alb, health) = (HealthCheck::GRPC_PATH, HealthCheck::GRPC_HEALTH_PATH);
    for (what, version, path, answer, drain, expected) in [
        ("a status", Http2, "/", Answer { status: 503, ..HTTP }, Nowhere, CheckOutcome::Announced),
        ("a field", Http2, "/", HTTP, Head, CheckOutcome::Announced),
        ("neither", Http2, "/", HTTP, Nowhere, CheckOutcome::Good),
        ("unavailable", Grpc, alb, only("14"), Nowhere, CheckOutcome::Announced),
        ("alone in the head", Grpc, alb, only("12"), Head, CheckOutcome::Announced),
        ("in the head", Grpc, health, whole(SERVING, "0"), Head, CheckOutcome::Announced),
        ("in trailers", Grpc, health, whole(SERVING, "0"), Trailers, CheckOutcome::Announced),
        ("serving", Grpc, health, whole(SERVING, "0"), Nowhere, CheckOutcome::Good),
        ("not serving", Grpc, health, whole(NOT_SERVING, "0"), Nowhere, CheckOutcome::Failed),
        ("leaving", Grpc, health, whole(NOT_SERVING, "0"), Trailers, CheckOutcome::Announced),
        ("no gRPC", Grpc, alb, Answer { message: SERVING, ..HTTP }, Head, CheckOutcome::Failed),
    ] {
        block_on(async {
            let codes = if version == Grpc { "14" } else { "503" };
            let announcement = Announcement {
                status: StatusMatcher::parse_drain(codes, version).ok(),
                header: DrainHeader::parse("x-drain: yes").ok(),
            };
            let mut check = HealthCheck { announcement, ..check(version, path) };
            if path == health {
                check.matcher = StatusMatcher::ok();
            }
            let (outcome, ..) = ask(&check, Answer { drain, ..answer }).await;
            assert_eq!(outcome, expected, "{what}");
        });
    }
}

#[test]
fn a_target_that_does_not_speak_http2_fails() {
    for version in [ProtocolVersion::Http2, ProtocolVersion::Grpc] {
        block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let speaks_http1 = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let answer = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
                let _ = stream.write_all(answer).await;
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest).await;
            };
            let check = check(version, "/");
            let (outcome, ()) = tokio::join!(probe_anyone(address, &check), speaks_http1);
            assert_eq!(outcome.unwrap(), CheckOutcome::Failed, "{version:?}");
        });
    }
}
