//! Durations and sizes as people write them: "30s", "1h30m", "16KiB".

use std::time::Duration;

/// What a duration looks like, for help texts.
pub(crate) const DURATION_HELP: &str =
    "write a number and a unit, such as \"100ms\", \"30s\", \"5m\", \"1h\", \"7d\" or \"1h30m\"";

/// What a size looks like, for help texts.
pub(crate) const SIZE_HELP: &str =
    "write a number and a unit, such as \"512B\", \"16KiB\", \"1MiB\" or \"1GiB\"";

/// From large to small, the order in which they may follow each other.
const TIMES: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

const SIZES: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// Reads "30s", "1h30m": whole numbers, units from large to small, each once.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut units = TIMES.iter();
    let mut millis: u64 = 0;
    while !rest.is_empty() {
        let (number, tail) = leading_number(rest)?;
        let letters = tail.find(|c: char| c.is_ascii_digit());
        let (unit, tail) = tail.split_at_checked(letters.unwrap_or(tail.len()))?;
        let (_, factor) = units.find(|(name, _)| *name == unit)?;
        millis = millis.checked_add(number.checked_mul(*factor)?)?;
        rest = tail;
    }
    (!text.is_empty()).then(|| Duration::from_millis(millis))
}

/// Reads "16KiB".
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = leading_number(text)?;
    let (_, factor) = SIZES.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*factor)
}

/// The size that "16KB", "16k" or "16 kib" was meant to be. Those are refused, since to some a KB is 1000 bytes.
pub(crate) fn meant_size(text: &str) -> Option<String> {
    let (number, unit) = leading_number(text)?;
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" | "bytes" => "B",
        "k" | "kb" | "kib" => "KiB",
        "m" | "mb" | "mib" => "MiB",
        "g" | "gb" | "gib" => "GiB",
        _ => return None,
    };
    Some(format!("{number}{unit}"))
}

/// A duration in the largest unit that leaves no rest.
pub(crate) fn show_duration(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        return "0s".into();
    }
    in_largest_unit(millis, &TIMES)
}

/// A size in the largest unit that leaves no rest.
pub(crate) fn show_size(bytes: u64) -> String {
    if bytes == 0 {
        return "0B".into();
    }
    in_largest_unit(bytes, &SIZES)
}

fn in_largest_unit(amount: u64, units: &[(&str, u64)]) -> String {
    units
        .iter()
        .find(|(_, factor)| amount.is_multiple_of(*factor))
        .map_or_else(String::new, |(unit, factor)| format!("{}{unit}", amount / factor))
}

fn leading_number(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units_from_large_to_small() {
        for (text, millis) in [
            ("100ms", 100),
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h", 3_600_000),
            ("7d", 604_800_000),
            ("1h30m", 5_400_000),
            ("1m500ms", 60_500),
            ("0s", 0),
        ] {
            let duration = parse_duration(text);
            assert_eq!(duration, Some(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "",
            "30",
            "s",
            "30 s",
            "1.5s",
            "-1s",
            "30S",
            "30sec",
            "30m1h",
            "1s1s",
            "1h30",
            "99999999999999999999s",
            "18446744073709551615d",
            "1é",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_have_one_unit() {
        for (text, bytes) in [("512B", 512), ("16KiB", 16_384), ("1MiB", 1 << 20), ("0B", 0)] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in ["", "16", "16KB", "16K", "16 KiB", "KiB", "-1B", "1.5MiB"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
        assert_eq!(meant_size("16KB").as_deref(), Some("16KiB"));
        assert_eq!(meant_size("16 k").as_deref(), Some("16KiB"));
        assert_eq!(meant_size("16").as_deref(), Some("16B"));
        assert_eq!(meant_size("16 parsecs"), None);
    }

    #[test]
    fn shown_amounts_read_back() {
        for (millis, text) in [
            (0, "0s"),
            (604_800_000, "7d"),
            (4_000_000, "4000s"),
            (5_400_000, "90m"),
            (1500, "1500ms"),
        ] {
            let duration = Duration::from_millis(millis);
            assert_eq!(show_duration(duration), text);
            assert_eq!(parse_duration(text), Some(duration));
        }
        for (bytes, text) in [(0, "0B"), (1000, "1000B"), (16_384, "16KiB")] {
            assert_eq!(show_size(bytes), text);
            assert_eq!(parse_size(text), Some(bytes));
        }
    }
}
