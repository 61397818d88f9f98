//! What a fuzzer calls.

use super::normalize;

/// Normalises any bytes. Panics where a law of the normal form breaks.
pub fn path(data: &[u8]) {
    let Ok(normal) = normalize(data) else {
        return;
    };
    assert!(normal.len() <= data.len(), "it grew");
    assert_eq!(query(&normal), query(data), "the query changed");
    assert_eq!(normal.first(), data.first(), "it begins with something else");
    match normalize(&normal) {
        Ok(again) => assert_eq!(again, normal, "a second time changes it"),
        Err(error) => panic!("the normal form is refused: {error}"),
    }
    let path = normal.split(|byte| *byte == b'?').next().unwrap_or_default();
    let is_rooted = path.starts_with(b"/");
    let mut segments = path.split(|byte| *byte == b'/');
    let has_dots = segments.any(|segment| matches!(segment, b"." | b".."));
    assert!(!is_rooted || !has_dots, "it has dot segments");
}

fn query(path_and_query: &[u8]) -> Option<&[u8]> {
    let at = path_and_query.iter().position(|byte| *byte == b'?')?;
    path_and_query.get(at..)
}
