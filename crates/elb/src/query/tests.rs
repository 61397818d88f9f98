use proptest::prelude::*;

use super::*;

fn decode(form: &str) -> Result<Params, Error> {
    Params::decode(form.as_bytes())
}

#[test]
fn parameters_become_a_tree() {
    let params = decode("Names=&A.member.1.B=x%2Fa%2A+%C3%BC&A.member.2.B=&&C").unwrap();
    assert_eq!(params.members["Names"].value.as_deref(), Some(""));
    let list = &params.members["A"].members["member"].members;
    assert_eq!(list["1"].members["B"].value.as_deref(), Some("x/a* ü"));
    assert_eq!(list["2"].members["B"].value.as_deref(), Some(""));
    assert_eq!(params.members["C"].value.as_deref(), Some(""));
}

#[test]
fn query_and_body_are_one_request() {
    let params = Params::decode_both(b"Action=X", b"Version=1").unwrap();
    assert_eq!(params.members.len(), 2);
    let twice = Params::decode_both(b"Action=X", b"Action=Y").unwrap_err();
    assert_eq!(twice.message, "The parameter Action may not be given twice.");
}

#[test]
fn what_is_no_form_is_malformed() {
    for form in ["A=%", "A=%4", "A=%4x", "%zz=1", "A=%FF", "=1", "%=1", "A=%+1"] {
        assert_eq!(decode(form).unwrap_err().code, Code::MalformedQueryString, "{form}");
    }
}

#[test]
fn what_breaks_a_limit_is_an_invalid_query_parameter() {
    let parts = |count: usize| vec!["a"; count].join(".");
    let many = |count: usize| (0..count).map(|i| format!("p{i}=&")).collect::<String>();
    for (form, is_legal) in [
        (parts(DEPTH_MAX), true),
        (parts(DEPTH_MAX + 1), false),
        (many(PARAMETERS_MAX), true),
        (many(PARAMETERS_MAX + 1), false),
        (format!("a={}", "x".repeat(BYTES_MAX - 2)), true),
        (format!("a={}", "x".repeat(BYTES_MAX - 1)), false),
        ("a=1&a=1".into(), false),
        ("a.=1".into(), false),
        (".a=1".into(), false),
        ("a..b=1".into(), false),
    ] {
        let code = decode(&form).err().map(|error| error.code);
        let expected = (!is_legal).then_some(Code::InvalidQueryParameter);
        assert_eq!(code, expected, "{:.40}", form);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_parameters_or_refused(form in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Params::decode(&form);
    }

    #[test]
    fn any_form_is_parameters_or_refused(form in "[ab.=&%0-9+]{0,60}") {
        let _ = Params::decode(form.as_bytes());
    }
}
