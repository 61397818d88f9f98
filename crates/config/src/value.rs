//! One value of the file, and its reading as the type that its key wants.

use std::{
    net::SocketAddr,
    ops::{Range, RangeInclusive},
    time::Duration,
};

use clingfish_model::{Name, UnixMillis};
use toml::{
    Spanned,
    de::{DeInteger, DeString, DeTable, DeValue},
};

use crate::{
    address, date,
    nearest::nearest,
    report::Report,
    units::{self, DURATION_HELP, SIZE_HELP},
};

/// A value, with what errors about it need.
#[derive(Clone)]
pub(crate) struct Value<'t> {
    /// From the top of the file: `target_groups.web.stickiness.duration`.
    pub(crate) path: String,
    /// As messages call it: `stickiness.duration`.
    pub(crate) name: String,
    pub(crate) span: Range<usize>,
    node: &'t DeValue<'t>,
}

impl<'t> Value<'t> {
    pub(crate) fn new(path: String, name: String, value: &'t Spanned<DeValue<'t>>) -> Self {
        Self { path, name, span: value.span(), node: value.get_ref() }
    }

    /// Notes an error about this value, whatever it is.
    pub(crate) fn refuse(
        &self,
        report: &mut Report<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        report.error(self.span.start, &self.path, message, help);
    }

    /// Notes an error of the model, whose text ends with advice behind a colon.
    pub(crate) fn refuse_error(&self, report: &mut Report<'_>, error: &dyn std::error::Error) {
        let text = error.to_string();
        let (message, help) = split_advice(&text);
        self.refuse(report, format!("{}: {message}", self.name), help);
    }

    /// The value as written, for messages.
    pub(crate) fn written(&self, report: &Report<'_>) -> String {
        report.quote(&self.span)
    }

    fn wrong_type<T>(&self, report: &mut Report<'_>, wanted: &str, help: &str) -> Option<T> {
        let message = format!("{} is {}, not {wanted}", self.name, kind(self.node));
        self.refuse(report, message, help);
        None
    }

    fn out_of_range<T>(&self, report: &mut Report<'_>, low: &str, high: &str) -> Option<T> {
        let message =
            format!("{} = {} is outside {low} to {high}", self.name, self.written(report));
        let help = format!("write a value from {low} to {high}");
        self.refuse(report, message, help);
        None
    }

    /// A string as it is, without an error where it is something else.
    pub(crate) fn as_str(&self) -> Option<&'t str> {
        match self.node {
            DeValue::String(text) => Some(text.as_ref()),
            _ => None,
        }
    }

    /// A boolean as it is, without an error where it is something else.
    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self.node {
            DeValue::Boolean(yes) => Some(*yes),
            _ => None,
        }
    }

    /// A table as it is, without an error where it is something else.
    pub(crate) fn as_table(&self) -> Option<&'t DeTable<'t>> {
        match self.node {
            DeValue::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Whether it is a list without elements.
    pub(crate) fn is_empty_list(&self) -> bool {
        matches!(self.node, DeValue::Array(elements) if elements.is_empty())
    }

    /// The digits of an integer, without an error where it is something else.
    pub(crate) fn as_integer(&self) -> Option<&'t DeInteger<'t>> {
        match self.node {
            DeValue::Integer(number) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn table(&self, report: &mut Report<'_>, help: &str) -> Option<&'t DeTable<'t>> {
        match self.as_table() {
            None => self.wrong_type(report, "a table", help),
            table => table,
        }
    }

    pub(crate) fn bool(&self, report: &mut Report<'_>) -> Option<bool> {
        match self.node {
            DeValue::Boolean(yes) => Some(*yes),
            DeValue::String(text) if text == "true" || text == "false" => {
                let help = format!("write {text} without quotes");
                self.wrong_type(report, "true or false", &help)
            }
            _ => self.wrong_type(report, "true or false", "write true or false"),
        }
    }

    pub(crate) fn text(&self, report: &mut Report<'_>) -> Option<&'t str> {
        match self.node {
            DeValue::String(text) => Some(text.as_ref()),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => {
                let help = format!("write \"{}\"", self.written(report));
                self.wrong_type(report, "a string", &help)
            }
            _ => self.wrong_type(report, "a string", "write text in quotes"),
        }
    }

    /// A text that no message may show.
    pub(crate) fn secret(&self, report: &mut Report<'_>) -> Option<&'t str> {
        match self.as_str() {
            None => self.wrong_type(report, "a string", "write text in quotes"),
            text => text,
        }
    }

    /// The entries of a table whose keys are free.
    pub(crate) fn entries(&self, report: &mut Report<'_>, help: &str) -> Vec<(&'t str, Self)> {
        let entry = |(key, value): (&'t Spanned<DeString<'t>>, _)| {
            let key: &str = key.get_ref();
            let path = format!("{}.{key}", self.path);
            (key, Self::new(path, format!("{}.{key}", self.name), value))
        };
        self.table(report, help).into_iter().flatten().map(entry).collect()
    }

    /// A moment, whatever its offset.
    pub(crate) fn time(&self, report: &mut Report<'_>) -> Option<UnixMillis> {
        const HELP: &str = "write 2026-11-28T14:00:00.000Z, without quotes";
        let DeValue::Datetime(time) = self.node else {
            return self.wrong_type(report, "a moment", HELP);
        };
        let moment = date::moment(&time.to_string());
        if moment.is_none() {
            let message = format!("{} = {time} is not a moment since 1970", self.name);
            self.refuse(report, message, HELP);
        }
        moment
    }

    pub(crate) fn name(&self, report: &mut Report<'_>) -> Option<Name> {
        let text = self.text(report)?;
        Name::new(text).map_err(|error| self.refuse_error(report, &error)).ok()
    }

    /// An address to listen on.
    pub(crate) fn bind(&self, report: &mut Report<'_>) -> Option<SocketAddr> {
        if let Some(port) = self.as_integer() {
            let help = format!("write \"0.0.0.0:{port}\", or 127.0.0.1 for this machine only");
            return self.wrong_type(report, "an address to listen on", &help);
        }
        address::parse_bind(self.text(report)?)
            .map_err(|bad| self.refuse(report, bad.message, bad.help))
            .ok()
    }

    pub(crate) fn integer(
        &self,
        report: &mut Report<'_>,
        range: RangeInclusive<u64>,
    ) -> Option<u64> {
        let (low, high) = (range.start().to_string(), range.end().to_string());
        let DeValue::Integer(number) = self.node else {
            let help = format!("write a number from {low} to {high}");
            return self.wrong_type(report, "a whole number", &help);
        };
        match unsigned(number).filter(|number| range.contains(number)) {
            None => self.out_of_range(report, &low, &high),
            number => number,
        }
    }

    pub(crate) fn duration(
        &self,
        report: &mut Report<'_>,
        range: RangeInclusive<Duration>,
    ) -> Option<Duration> {
        let duration =
            if self.is_in_seconds() { self.seconds(report)? } else { self.span(report)? };
        match duration.filter(|duration| range.contains(duration)) {
            None => self.duration_out_of_range(report, &range),
            duration => duration,
        }
    }

    /// A number of seconds; the inner `None` is a number below 0 or beyond any range.
    fn seconds(&self, report: &mut Report<'_>) -> Option<Option<Duration>> {
        let help = match self.node {
            DeValue::Integer(number) => return Some(unsigned(number).map(Duration::from_secs)),
            DeValue::String(text) => match units::parse_duration(text) {
                Some(duration) => {
                    let seconds = duration.as_secs();
                    format!("write {seconds}: names that end in seconds take no unit")
                }
                None => "write a whole number, without quotes".into(),
            },
            _ => "write a whole number".into(),
        };
        self.wrong_type(report, "a number of seconds", &help)
    }

    /// A text with units.
    fn span(&self, report: &mut Report<'_>) -> Option<Option<Duration>> {
        match self.node {
            DeValue::String(text) => {
                let duration = units::parse_duration(text);
                if duration.is_none() {
                    let message = format!("{} = {text:?} is not a duration", self.name);
                    self.refuse(report, message, duration_help(text));
                }
                duration.map(Some)
            }
            DeValue::Integer(_) => {
                let help = duration_help(&self.written(report));
                self.wrong_type(report, "a duration", &help)
            }
            _ => self.wrong_type(report, "a duration", DURATION_HELP),
        }
    }

    fn duration_out_of_range<T>(
        &self,
        report: &mut Report<'_>,
        range: &RangeInclusive<Duration>,
    ) -> Option<T> {
        let (low, high) = (*range.start(), *range.end());
        if self.is_in_seconds() {
            let low = low.as_millis().div_ceil(1000).to_string();
            return self.out_of_range(report, &low, &high.as_secs().to_string());
        }
        let shown = |limit| format!("{:?}", units::show_duration(limit));
        self.out_of_range(report, &shown(low), &shown(high))
    }

    /// ELBv2's names carry their unit, so their values do not.
    fn is_in_seconds(&self) -> bool {
        self.name.ends_with("seconds")
    }

    pub(crate) fn size(&self, report: &mut Report<'_>, range: RangeInclusive<u64>) -> Option<u64> {
        let text = match self.node {
            DeValue::String(text) => text,
            DeValue::Integer(number) => {
                let shown = unsigned(number).map_or("16KiB".into(), units::show_size);
                let help = format!("say the unit: write {shown:?}; units are B, KiB, MiB, GiB");
                return self.wrong_type(report, "a size", &help);
            }
            _ => return self.wrong_type(report, "a size", SIZE_HELP),
        };
        let Some(size) = units::parse_size(text) else {
            let help = units::meant_size(text).map(|size| format!("write {size:?}"));
            let message = format!("{} = {text:?} is not a size", self.name);
            self.refuse(report, message, help.unwrap_or(SIZE_HELP.into()));
            return None;
        };
        if range.contains(&size) {
            return Some(size);
        }
        let shown = |limit| format!("{:?}", units::show_size(limit));
        self.out_of_range(report, &shown(*range.start()), &shown(*range.end()))
    }

    /// One of a few words; `later` are those that AWS has and this version has not.
    pub(crate) fn word<T: Copy>(
        &self,
        report: &mut Report<'_>,
        words: &[(&str, T)],
        later: &[&str],
    ) -> Option<T> {
        let text = self.text(report)?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known = words.iter().map(|(word, _)| *word);
            let all: Vec<String> = known.clone().map(|word| format!("{word:?}")).collect();
            let all = all.join(" or ");
            if later.contains(&text) {
                let message = format!("{} = {text:?} is not supported yet", self.name);
                self.refuse(report, message, format!("write {all}"));
            } else {
                let message = format!("{} = {text:?} is not known", self.name);
                let help = nearest(text, known).map(|word| format!("did you mean {word:?}?"));
                self.refuse(report, message, help.unwrap_or(format!("write {all}")));
            }
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// The elements of an array.
    pub(crate) fn list(&self, report: &mut Report<'_>, help: &str) -> Vec<Self> {
        let DeValue::Array(elements) = self.node else {
            return self.wrong_type::<Vec<Self>>(report, "a list", help).unwrap_or_default();
        };
        let element = |(at, value)| {
            let path = format!("{}[{at}]", self.path);
            Self::new(path, format!("{}[{at}]", self.name), value)
        };
        elements.iter().enumerate().map(element).collect()
    }
}

/// The message and the advice of a text such as `"a b" is not a name: use ...`.
pub(crate) fn split_advice(text: &str) -> (&str, &str) {
    text.rsplit_once(": ").unwrap_or((text, ""))
}

fn duration_help(text: &str) -> String {
    if !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit()) {
        return format!("say the unit: write \"{text}s\" for seconds, or ms, m, h, d");
    }
    DURATION_HELP.into()
}

fn unsigned(number: &DeInteger<'_>) -> Option<u64> {
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn kind(node: &DeValue<'_>) -> &'static str {
    match node {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
