//! Long lists in pages.

use std::ops::RangeInclusive;

use sha2::{Digest, Sha256};

use crate::{Error, Input, hex};

/// How many things a page may have.
pub const PAGE_SIZE: RangeInclusive<i64> = 1..=400;

/// Bytes of a marker that show whether it is one of ours.
const CHECK_BYTES: usize = 4;

/// Which part of a list a request asks for.
///
/// A marker names the last thing that was shown. What is made or deleted between two pages makes the next one skip or
/// repeat nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The key of the last thing on the page before.
    after: Option<String>,
    size: usize,
}

impl Page {
    /// Reads `Marker` and `PageSize`. An empty marker is none.
    pub fn read(input: &mut Input) -> Result<Self, Error> {
        let size = input.integer("PageSize", PAGE_SIZE)?.unwrap_or(*PAGE_SIZE.end());
        let marker = input.text("Marker")?.filter(|marker| !marker.is_empty());
        let after = match marker {
            None => None,
            Some(marker) => Some(key_of(&marker).ok_or_else(|| not_a_marker(&marker))?),
        };
        Ok(Self { after, size: usize::try_from(size).unwrap_or(usize::MAX) })
    }

    /// Sorts the list by its keys, which are unique, and returns this page of it and `NextMarker`, which the last page
    /// does not have.
    pub fn cut<T>(&self, mut list: Vec<T>, key: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
        list.sort_by_cached_key(&key);
        let start = match &self.after {
            Some(after) => list.partition_point(|thing| key(thing) <= *after),
            None => 0,
        };
        let mut page = list.split_off(start);
        let has_more = page.len() > self.size;
        page.truncate(self.size);
        let next = page.last().filter(|_| has_more).map(|last| marker_of(&key(last)));
        (page, next)
    }
}

fn marker_of(key: &str) -> String {
    hex::encode(&check(key)) + &hex::encode(key.as_bytes())
}

fn key_of(marker: &str) -> Option<String> {
    let bytes = hex::decode(marker)?;
    let (sum, key) = bytes.split_at_checked(CHECK_BYTES)?;
    let key = std::str::from_utf8(key).ok()?;
    (sum == check(key)).then(|| key.to_owned())
}

fn check(key: &str) -> Vec<u8> {
    Sha256::digest(key).into_iter().take(CHECK_BYTES).collect()
}

fn not_a_marker(marker: &str) -> Error {
    Error::validation(format!("'{marker}' is not a valid marker"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Params;

    fn page(form: &str) -> Result<Page, Error> {
        Input::read(Params::decode(form.as_bytes())?, Page::read)
    }

    fn cut(form: &str, list: &[&str]) -> (Vec<String>, Option<String>) {
        let list = list.iter().map(|&text| text.to_owned()).collect();
        page(form).unwrap().cut(list, String::clone)
    }

    #[test]
    fn pages_together_are_the_list_and_the_last_has_no_marker() {
        let list = ["d", "b", "a", "c", "e"];
        let (first, marker) = cut("PageSize=2", &list);
        assert_eq!(first, ["a", "b"]);
        let (second, marker) = cut(&format!("PageSize=2&Marker={}", marker.unwrap()), &list);
        assert_eq!(second, ["c", "d"]);
        let (third, marker) = cut(&format!("PageSize=2&Marker={}", marker.unwrap()), &list);
        assert_eq!((third, marker), (vec!["e".into()], None));
        assert_eq!(cut("PageSize=5", &list).1, None, "a full page that is the last");
        assert_eq!(cut("", &[]), (vec![], None));
    }

    #[test]
    fn what_is_deleted_between_pages_moves_nothing_else() {
        let (_, marker) = cut("PageSize=2", &["a", "b", "c", "d"]);
        let (second, _) = cut(&format!("PageSize=2&Marker={}", marker.unwrap()), &["c", "d"]);
        assert_eq!(second, ["c", "d"]);
    }

    #[test]
    fn sizes_and_markers_that_make_no_sense_are_refused() {
        for (form, message) in [
            (
                "PageSize=0",
                "1 validation error detected: Value '0' at 'pageSize' failed to satisfy constraint: \
                 Member must have value greater than or equal to 1",
            ),
            (
                "PageSize=401",
                "1 validation error detected: Value '401' at 'pageSize' failed to satisfy constraint: \
                 Member must have value less than or equal to 400",
            ),
            ("PageSize=x", "The value of the parameter PageSize must be an integer."),
            ("Marker=x", "'x' is not a valid marker"),
            ("Marker=00000000", "'00000000' is not a valid marker"),
            ("Marker=61", "'61' is not a valid marker"),
        ] {
            assert_eq!(page(form), Err(Error::validation(message)), "{form}");
        }
    }
}
