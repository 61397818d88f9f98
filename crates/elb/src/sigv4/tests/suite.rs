//! Examples that AWS has published: of its test suite, and of its guide to signing.

use super::*;

const HOST: (&str, &str) = ("Host", "example.amazonaws.com");
const TIME: &str = "20150830T123600Z";

struct Example {
    name: &'static str,
    request: (&'static str, &'static str, &'static str),
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    signed: &'static str,
    signature: &'static str,
}

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

const SUITE: [Example; 9] = [
    Example {
        name: "get-vanilla",
        request: ("GET", "/", ""),
        headers: &[],
        body: "",
        signed: "host;x-amz-date",
        signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    },
    Example {
        name: "get-vanilla-empty-query-key",
        request: ("GET", "/", "Param1=value1"),
        headers: &[],
        body: "",
        signed: "host;x-amz-date",
        signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
    },
    Example {
        name: "get-vanilla-query-order-key-case",
        request: ("GET", "/", "Param2=value2&Param1=value1"),
        headers: &[],
        body: "",
        signed: "host;x-amz-date",
        signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    },
    Example {
        name: "get-relative",
        request: ("GET", "/example/..", ""),
        headers: &[],
        body: "",
        signed: "host;x-amz-date",
        signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    },
    Example {
        name: "get-unreserved",
        request: ("GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", ""),
        headers: &[],
        body: "",
        signed: "host;x-amz-date",
        signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
    },
    Example {
        name: "get-utf8",
        request: ("GET", "/ሴ", ""),
        headers: &[],
        body: "",
        signed: "host;x-amz-date",
        signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
    },
    Example {
        name: "get-header-value-trim",
        request: ("GET", "/", ""),
        headers: &[("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
        body: "",
        signed: "host;my-header1;my-header2;x-amz-date",
        signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    },
    Example {
        name: "post-vanilla",
        request: ("POST", "/", ""),
        headers: &[],
        body: "",
        signed: "host;x-amz-date",
        signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    },
    Example {
        name: "post-x-www-form-urlencoded",
        request: ("POST", "/", ""),
        headers: &[FORM],
        body: "Param1=value1",
        signed: "content-type;host;x-amz-date",
        signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    },
];

fn verify(example: &Example, host: (&str, &str), service: &str) -> Result<Credential, Error> {
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/{service}/aws4_request, \
         SignedHeaders={}, Signature={}",
        example.signed, example.signature
    );
    let mut headers = vec![host, ("X-Amz-Date", TIME), ("Authorization", &*authorization)];
    headers.extend(example.headers);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let (method, path, query) = example.request;
    let request = Request { method, path, query, headers: &headers, body: example.body.as_bytes() };
    let credentials =
        [Credential::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY").unwrap()];
    Verifier { service, region: Some("us-east-1"), credentials: &credentials }
        .verify(&request, parse_compact(TIME).unwrap())
        .cloned()
}

#[test]
fn the_examples_of_aws_are_accepted() {
    for example in &SUITE {
        let id = verify(example, HOST, "service").map(|credential| credential.id().to_owned());
        assert_eq!(id, Ok("AKIDEXAMPLE".into()), "{}", example.name);
    }
}

#[test]
fn the_example_of_the_guide_to_signing_is_accepted() {
    let example = Example {
        name: "ListUsers",
        request: ("GET", "/", "Action=ListUsers&Version=2010-05-08"),
        headers: &[("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")],
        body: "",
        signed: "content-type;host;x-amz-date",
        signature: "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    };
    assert!(verify(&example, ("Host", "iam.amazonaws.com"), "iam").is_ok());
}
