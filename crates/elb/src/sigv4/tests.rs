use proptest::prelude::*;

use super::*;
use crate::{Code, time::parse_compact};

mod suite;

/// What botocore 1.44.8 has signed: `create_target_group` of elbv2, by header.
const HEADER: &str = "AWS4-HMAC-SHA256 \
    Credential=AKIDCLINGFISH/20260325/eu-central-1/elasticloadbalancing/aws4_request, \
    SignedHeaders=content-type;host;x-amz-date, \
    Signature=3b78d6b078b144cad0dcf261b469ebaf4f467d008f9381c29e63fc89e3d65263";
const BODY: &str = "Action=CreateTargetGroup&Version=2015-12-01&Name=web&Protocol=HTTP&Port=3000&\
    VpcId=vpc-1&HealthCheckPath=%2Fa+b%3Fx%3D%C3%BC";

/// The same: `describe_load_balancers` of elb, with a session token.
const HEADER_WITH_TOKEN: &str = "AWS4-HMAC-SHA256 \
    Credential=AKIDCLINGFISH/20260325/eu-central-1/elasticloadbalancing/aws4_request, \
    SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, \
    Signature=13f4892780939fa53eeb1432d41310bdf821d7317df4f0eb34fc79f761590bcc";
const BODY_WITH_TOKEN: &str = "Action=DescribeLoadBalancers&Version=2012-06-01&\
    LoadBalancerNames.member.1=shop&LoadBalancerNames.member.2=cart";

/// The same requests as presigned URLs, good for ten minutes.
const QUERY: &str = "Action=CreateTargetGroup&Version=2015-12-01&Name=web&Protocol=HTTP&Port=3000&\
    VpcId=vpc-1&HealthCheckPath=%2Fa%20b%3Fx%3D%C3%BC&X-Amz-Algorithm=AWS4-HMAC-SHA256&\
    X-Amz-Credential=AKIDCLINGFISH%2F20260325%2Feu-central-1%2Felasticloadbalancing%2Faws4_request&\
    X-Amz-Date=20260325T212612Z&X-Amz-Expires=600&X-Amz-SignedHeaders=host&\
    X-Amz-Signature=b47019574b70f4091cbe099919d206f8fd5fbd2215549b3d17a9577e2905d253";
const QUERY_WITH_TOKEN: &str = "Action=DescribeLoadBalancers&Version=2012-06-01&\
    LoadBalancerNames.member.1=shop&LoadBalancerNames.member.2=cart&X-Amz-Algorithm=AWS4-HMAC-SHA256&\
    X-Amz-Credential=AKIDCLINGFISH%2F20260325%2Feu-central-1%2Felasticloadbalancing%2Faws4_request&\
    X-Amz-Date=20260325T212612Z&X-Amz-Expires=600&X-Amz-SignedHeaders=host&\
    X-Amz-Security-Token=TOKEN%2Fwith%2Bsigns%3D%3D&\
    X-Amz-Signature=972306fe2e621544a2cf04248787f77c16d4538c993659693fe669f99e35337a";

const DATE: &str = "20260325T212612Z";
const MINUTE: Duration = Duration::from_secs(60);

/// A request that tests change a little before it is verified.
#[derive(Clone)]
struct Sent {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, Vec<u8>)>,
    body: String,
    credential: Credential,
    region: Option<&'static str>,
    now: UnixMillis,
}

impl Sent {
    fn by_header() -> Self {
        let headers = [
            ("Host", "127.0.0.1:9180"),
            ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("User-Agent", "Botocore/1.44.8"),
            ("X-Amz-Date", DATE),
            ("Authorization", HEADER),
        ];
        Self {
            method: "POST".into(),
            path: "/".into(),
            query: String::new(),
            headers: headers.map(|(name, value)| (name.into(), value.into())).into(),
            body: BODY.into(),
            credential: credential(),
            region: None,
            now: parse_compact(DATE).unwrap(),
        }
    }

    fn by_header_with_token() -> Self {
        let sent = Self { body: BODY_WITH_TOKEN.into(), ..Self::by_header() };
        let token = "TOKEN/with+signs==";
        sent.with("authorization", HEADER_WITH_TOKEN)
            .with("X-Amz-Security-Token", token)
            .of(credential().with_session_token(token))
    }

    fn presigned() -> Self {
        Self { method: "GET".into(), query: QUERY.into(), body: String::new(), ..Self::by_header() }
            .without("authorization")
            .without("x-amz-date")
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        self
    }

    fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    fn and(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn with_authorization(self, from: &str, to: &str) -> Self {
        assert!(HEADER.contains(from), "{from}");
        self.with("Authorization", &HEADER.replace(from, to))
    }

    fn with_query(mut self, from: &str, to: &str) -> Self {
        assert!(self.query.contains(from), "{from}");
        self.query = self.query.replace(from, to);
        self
    }

    fn of(self, credential: Credential) -> Self {
        Self { credential, ..self }
    }

    fn later(mut self, span: Duration) -> Self {
        self.now = self.now + span;
        self
    }

    fn earlier(mut self, span: Duration) -> Self {
        self.now.0 -= span.as_secs() * 1000;
        self
    }

    fn verify(&self) -> Result<Credential, Error> {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let request = Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body: self.body.as_bytes(),
        };
        let other = Credential::new("OTHER", "s3cret/With+Signs=and more").unwrap();
        let credentials = [other, self.credential.clone()];
        Verifier { service: SERVICE, region: self.region, credentials: &credentials }
            .verify(&request, self.now)
            .cloned()
    }
}

fn credential() -> Credential {
    Credential::new("AKIDCLINGFISH", "s3cret/With+Signs=and more").unwrap()
}

#[test]
fn what_botocore_signs_is_accepted() {
    let token = credential().with_session_token("TOKEN/with+signs==");
    let with_token = Sent { query: QUERY_WITH_TOKEN.into(), ..Sent::presigned().of(token.clone()) };
    for (name, sent) in [
        ("header", Sent::by_header()),
        ("header with token", Sent::by_header_with_token()),
        ("presigned", Sent::presigned()),
        ("presigned with token", with_token),
        ("the right region", Sent { region: Some("eu-central-1"), ..Sent::by_header() }),
        ("read-only", Sent::by_header().of(credential().read_only())),
        ("a header that nobody signed", Sent::by_header().and("X-Forwarded-For", "192.0.2.1")),
    ] {
        assert_eq!(sent.verify(), Ok(sent.credential.clone()), "{name}");
    }
}

#[test]
fn a_credential_says_whether_it_is_read_only() {
    assert!(!Sent::by_header().verify().unwrap().is_read_only());
    assert!(Sent::by_header().of(credential().read_only()).verify().unwrap().is_read_only());
}

#[test]
fn whatever_is_changed_on_the_way_does_not_match() {
    let of = |secret: &str| Credential::new("AKIDCLINGFISH", secret).unwrap();
    let sent = Sent::by_header;
    for (name, sent) in [
        ("secret", sent().of(of("another"))),
        ("method", Sent { method: "PUT".into(), ..sent() }),
        ("path", Sent { path: "/v1".into(), ..sent() }),
        ("query", Sent { query: "Action=DeleteTargetGroup".into(), ..sent() }),
        ("body", Sent { body: BODY.replace("3000", "3001"), ..sent() }),
        ("no body", Sent { body: String::new(), ..sent() }),
        ("host", sent().with("Host", "127.0.0.1:9181")),
        ("second host", sent().and("Host", "127.0.0.1:9180")),
        ("content type", sent().with("Content-Type", "text/plain")),
        ("signed but not sent", sent().without("Content-Type")),
        ("time", sent().with("X-Amz-Date", "20260325T212613Z")),
        ("fewer headers", sent().with_authorization("content-type;host", "host")),
        ("signature", sent().with_authorization("3b78d6b0", "3b78d6b1")),
        ("short signature", sent().with_authorization("3b78d6b0", "")),
        ("no digits", sent().with_authorization("3b78d6b0", "xyz")),
        ("region", sent().with_authorization("eu-central-1", "eu-central-2")),
        (
            "payload said to be unsigned",
            Sent { body: "Action=DeleteLoadBalancer".into(), ..sent() }
                .with("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"),
        ),
        ("presigned value", Sent::presigned().with_query("Port=3000", "Port=3001")),
        ("plus for space", Sent::presigned().with_query("Name=web", "Name=web+")),
        ("presigned life", Sent::presigned().with_query("Expires=600", "Expires=6000")),
        ("presigned more", Sent::presigned().with_query("Action=", "Tags=&Action=")),
        ("presigned body", Sent { body: "Action=X".into(), ..Sent::presigned() }),
        ("presigned method", Sent { method: "POST".into(), ..Sent::presigned() }),
    ] {
        assert_eq!(sent.verify(), Err(refusal::mismatch()), "{name}");
    }
    assert!(
        refusal::mismatch().message.starts_with("The request signature we calculated does not")
    );
    assert_eq!(refusal::mismatch().code, Code::SignatureDoesNotMatch);
}

#[test]
fn escapes_of_the_same_text_are_the_same_request() {
    let sent = Sent::presigned().with_query("%2Fa%20b", "/a+%62");
    assert!(sent.verify().is_ok());
}

#[test]
fn a_request_without_a_signature_is_told_so() {
    let error = Sent::by_header().without("Authorization").verify().unwrap_err();
    assert_eq!(error.code, Code::MissingAuthenticationToken);
}

#[test]
fn a_signature_in_capitals_is_another() {
    let mut sent = Sent::presigned();
    assert!(sent.verify().is_ok());
    let (before, signature) = QUERY.split_once("X-Amz-Signature=").unwrap();
    sent.query = format!("{before}X-Amz-Signature={}", signature.to_uppercase());
    assert!(sent.verify().is_err());
}

#[test]
fn half_a_signature_is_incomplete() {
    let sent = Sent::by_header;
    for (name, sent) in [
        ("scheme", sent().with_authorization("AWS4-HMAC-SHA256 ", "Bearer ")),
        ("algorithm", sent().with_authorization("HMAC-SHA256", "ECDSA-P256-SHA256")),
        ("no credential", sent().with_authorization("Credential", "X")),
        ("no headers", sent().with_authorization("SignedHeaders", "X")),
        ("no signature", sent().with_authorization("Signature", "X")),
        ("credential twice", sent().with_authorization("SignedHeaders", "Credential")),
        ("short credential", sent().with_authorization("/aws4_request", "")),
        ("long credential", sent().with_authorization("/aws4_request", "/aws4_request/")),
        ("no date", sent().without("X-Amz-Date")),
        ("bad date", sent().with("X-Amz-Date", "Wed, 25 Mar 2026 21:26:12 GMT")),
        ("two dates", sent().and("X-Amz-Date", DATE)),
        ("two signatures", sent().and("Authorization", HEADER)),
        ("header and query", Sent::presigned().and("Authorization", HEADER)),
        ("many headers", sent().with_authorization("host", &format!("host{}", ";a".repeat(200)))),
        ("no life", Sent::presigned().with_query("X-Amz-Expires=600&", "")),
        ("long life", Sent::presigned().with_query("Expires=600", "Expires=604801")),
        ("negative life", Sent::presigned().with_query("Expires=600", "Expires=-1")),
        ("date twice", Sent::presigned().with_query("X-Amz-Date", "X-Amz-Date=&X-Amz-Date")),
        ("no date", Sent::presigned().with_query("X-Amz-Date", "Date")),
        ("no signature", Sent::presigned().with_query("X-Amz-Signature=", "X-Amz-Signature=&a=")),
    ] {
        assert_eq!(sent.verify().unwrap_err().code, Code::IncompleteSignature, "{name}");
    }
}

#[test]
fn unknown_keys_and_tokens_are_told_the_same() {
    let with_token = credential().with_session_token("TOKEN");
    for (name, sent) in [
        ("key", Sent::by_header().of(Credential::new("AKID", "x").unwrap())),
        ("a token for a key that has none", Sent::by_header_with_token().of(credential())),
        ("no token for a key that has one", Sent::by_header().of(with_token.clone())),
        ("another token", Sent::by_header_with_token().of(with_token)),
    ] {
        assert_eq!(sent.verify(), Err(refusal::unknown()), "{name}");
    }
    assert_eq!(refusal::unknown().code, Code::InvalidClientTokenId);
}

#[test]
fn a_signature_for_something_else_is_told_what_it_lacks() {
    let sent = Sent::by_header;
    for (sent, message) in [
        (
            sent().with_authorization("elasticloadbalancing", "ec2"),
            "Credential should be scoped to correct service: 'elasticloadbalancing'.",
        ),
        (
            Sent { region: Some("us-east-1"), ..sent() },
            "Credential should be scoped to a valid region, not 'eu-central-1'.",
        ),
        (
            sent().with_authorization("aws4_request", "aws5"),
            "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'.",
        ),
        (
            sent().with_authorization("20260325", "20260324"),
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
             '20260324' != '20260325', from '20260325T212612Z'.",
        ),
        (
            sent().with_authorization("content-type;host;", "content-type;"),
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        ),
    ] {
        let error = sent.verify().unwrap_err();
        assert_eq!((error.code, &*error.message), (Code::SignatureDoesNotMatch, message));
    }
}

#[test]
fn a_signature_is_good_for_a_quarter_of_an_hour_around_its_time() {
    let second = Duration::from_secs(1);
    let sent = Sent::by_header;
    assert!(sent().later(15 * MINUTE).verify().is_ok());
    assert!(sent().earlier(15 * MINUTE).verify().is_ok());
    for (sent, message) in [
        (
            sent().later(15 * MINUTE + second),
            "Signature expired: 20260325T212612Z is now earlier than 20260325T212613Z \
             (20260325T214113Z - 15 min.)",
        ),
        (
            sent().earlier(15 * MINUTE + second),
            "Signature not yet current: 20260325T212612Z is still later than 20260325T212611Z \
             (20260325T211111Z + 15 min.)",
        ),
    ] {
        let error = sent.verify().unwrap_err();
        assert_eq!((error.code, &*error.message), (Code::RequestExpired, message));
    }
}

#[test]
fn a_presigned_url_is_good_until_it_expires() {
    let second = Duration::from_secs(1);
    for (sent, is_good) in [
        (Sent::presigned().later(10 * MINUTE), true),
        (Sent::presigned().later(10 * MINUTE + second), false),
        (Sent::presigned().earlier(15 * MINUTE), true),
        (Sent::presigned().earlier(15 * MINUTE + second), false),
    ] {
        let code = sent.verify().err().map(|error| error.code);
        assert_eq!(code, (!is_good).then_some(Code::RequestExpired));
    }
}

#[test]
fn nobody_sees_a_secret() {
    let text = format!("{:?}", credential().with_session_token("TOKEN"));
    assert!(!text.contains("s3cret") && !text.contains("TOKEN"), "{text}");
    let error = Sent::by_header().with_authorization("Credential", "X").verify().unwrap_err();
    assert!(!error.message.contains("3b78d6b0"), "{error}");
}

#[test]
fn keys_without_id_or_secret_are_refused() {
    for (id, secret) in [("", "x"), ("a/b", "x"), ("a b", "x"), (&*"a".repeat(129), "x"), ("a", "")]
    {
        assert!(Credential::new(id, secret).is_err(), "{id} {secret}");
    }
}

proptest! {
    #[test]
    fn no_header_or_query_panics(
        start in prop_oneof![Just("AWS4-HMAC-SHA256 "), Just("")],
        header in "[A-Za-z0-9=,;/ ]{0,80}",
        value in proptest::collection::vec(any::<u8>(), 0..40),
        query in "[%&=+A-Za-z0-9]{0,60}",
        path in "[/.a%]{0,20}",
    ) {
        let headers = [
            ("authorization", [start, &header].concat().into_bytes()),
            ("x-amz-date", value.clone()),
            ("host", value),
        ];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
        let request = Request { method: "GET", path: &path, query: &query, headers: &headers, body: b"" };
        let credentials = [credential()];
        let verifier = Verifier { service: SERVICE, region: None, credentials: &credentials };
        prop_assert!(verifier.verify(&request, UnixMillis(0)).is_err());
    }

    #[test]
    fn a_damaged_query_never_counts(at in 0..QUERY.len(), with in any::<char>()) {
        let mut sent = Sent::presigned();
        sent.query.replace_range(at..=at, &with.to_string());
        let same = |query: &str| {
            let pairs: Result<Vec<_>, _> = crate::query::pairs(query.as_bytes()).collect();
            pairs.map(|mut pairs| { pairs.sort(); pairs }).ok()
        };
        prop_assert_eq!(sent.verify().is_ok(), same(&sent.query) == same(QUERY));
    }
}
