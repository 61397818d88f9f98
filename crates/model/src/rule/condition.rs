//! Conditions: what a request must be like.

use std::fmt;

use ipnet::IpNet;

use super::{BadPattern, BadRegex, Pattern, Regex};

/// One condition. Any of its values will do.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Condition {
    /// The host that the client asks for, without a port. ELBv2: `host-header`.
    Host(Values),
    /// The path, without the query. ELBv2: `path-pattern`.
    Path(Values),
    /// A header field; where it comes several times, any of them. ELBv2: `http-header`.
    Header {
        /// The field.
        name: HeaderName,
        /// What it says.
        values: Values,
    },
    /// The method. ELBv2: `http-request-method`.
    Method(Vec<String>),
    /// Any pair of the query. ELBv2: `query-string`.
    Query(Vec<QueryPattern>),
    /// The peer of the connection. ELBv2: `source-ip`.
    SourceIp(Vec<IpNet>),
}

/// Patterns and regular expressions; any will do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// With wildcards.
    pub patterns: Vec<Pattern>,
    /// ELBv2: `RegexValues`.
    pub regexes: Vec<Regex>,
}

/// The name of a header field. Two that differ in case only are one.
#[derive(Clone, Debug)]
pub struct HeaderName {
    lower: String,
    written: String,
}

/// A pair of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryPattern {
    /// Its key; any, where there is none.
    pub key: Option<Pattern>,
    /// Its value.
    pub value: Pattern,
}

/// Why values do not make a condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadCondition {
    /// No value.
    #[error(
        "there is no value, so no request can meet the condition: write one, or leave the condition out"
    )]
    NoValue,
    /// A value is wrong.
    #[error(transparent)]
    Pattern(#[from] BadPattern),
    /// A regular expression is wrong.
    #[error(transparent)]
    Regex(#[from] BadRegex),
    /// No name of a header field.
    #[error(
        "{name:?} is not the name of a header field: use letters, digits and hyphens, at most {} of them",
        HeaderName::LEN_MAX
    )]
    HeaderName {
        /// What was written.
        name: String,
    },
    /// Host has a condition of its own.
    #[error("http-header cannot look at Host: use host-header")]
    Host,
    /// No method.
    #[error(
        "{method:?} is not a method: use A-Z - _, at most {} of them",
        Condition::METHOD_LEN_MAX
    )]
    Method {
        /// What was written.
        method: String,
    },
    /// A method in the wrong case.
    #[error("{method:?} is not {}, and methods are compared case by case: write {:?}", method.to_uppercase(), method.to_uppercase())]
    MethodCase {
        /// What was written.
        method: String,
    },
    /// Nobody has that address.
    #[error("255.255.255.255/32 is nobody's address: write the network of the clients")]
    Broadcast,
}

impl Condition {
    /// Longest method, in characters.
    pub const METHOD_LEN_MAX: usize = 40;

    /// `host-header` with these values and regular expressions.
    pub fn host(patterns: &[&str], regexes: &[&str]) -> Result<Self, BadCondition> {
        Ok(Self::Host(Values::new(patterns, regexes, Pattern::host, true)?))
    }

    /// `path-pattern` with these values and regular expressions.
    pub fn path(patterns: &[&str], regexes: &[&str]) -> Result<Self, BadCondition> {
        Ok(Self::Path(Values::new(patterns, regexes, Pattern::path, false)?))
    }

    /// `http-header` with these values and regular expressions.
    pub fn header(name: &str, patterns: &[&str], regexes: &[&str]) -> Result<Self, BadCondition> {
        let values = Values::new(patterns, regexes, Pattern::header, true)?;
        Ok(Self::Header { name: HeaderName::new(name)?, values })
    }

    /// `http-request-method` with these methods.
    pub fn method(methods: &[&str]) -> Result<Self, BadCondition> {
        for method in methods {
            let legal = |c: u8| c.is_ascii_uppercase() || matches!(c, b'-' | b'_');
            let fits = (1..=Self::METHOD_LEN_MAX).contains(&method.len());
            if fits && method.bytes().all(|c| legal(c.to_ascii_uppercase())) {
                if !method.bytes().all(legal) {
                    return Err(BadCondition::MethodCase { method: (*method).to_owned() });
                }
            } else {
                return Err(BadCondition::Method { method: (*method).to_owned() });
            }
        }
        let methods: Vec<String> = methods.iter().map(|method| (*method).to_owned()).collect();
        if methods.is_empty() { Err(BadCondition::NoValue) } else { Ok(Self::Method(methods)) }
    }

    /// `query-string` with these pairs; a pair without a key is about any.
    pub fn query(pairs: &[(Option<&str>, &str)]) -> Result<Self, BadCondition> {
        let pair = |(key, value): &(Option<&str>, &str)| {
            let key = key.map(Pattern::query).transpose()?;
            Ok(QueryPattern { key, value: Pattern::query(value)? })
        };
        let pairs: Vec<QueryPattern> = pairs.iter().map(pair).collect::<Result<_, BadPattern>>()?;
        if pairs.is_empty() { Err(BadCondition::NoValue) } else { Ok(Self::Query(pairs)) }
    }

    /// `source-ip` with these networks.
    pub fn source_ip(networks: Vec<IpNet>) -> Result<Self, BadCondition> {
        if networks.is_empty() {
            return Err(BadCondition::NoValue);
        }
        if networks.iter().any(|net| net.to_string() == "255.255.255.255/32") {
            return Err(BadCondition::Broadcast);
        }
        Ok(Self::SourceIp(networks.into_iter().map(|net| net.trunc()).collect()))
    }

    /// What ELBv2 calls it.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Host(_) => "host-header",
            Self::Path(_) => "path-pattern",
            Self::Header { .. } => "http-header",
            Self::Method(_) => "http-request-method",
            Self::Query(_) => "query-string",
            Self::SourceIp(_) => "source-ip",
        }
    }

    /// Whether a rule has at most one of its kind.
    pub(super) fn stands_alone(&self) -> bool {
        !matches!(self, Self::Header { .. } | Self::Query(_))
    }

    /// How many values it has.
    pub(super) fn values(&self) -> usize {
        match self {
            Self::Host(values) | Self::Path(values) | Self::Header { values, .. } => {
                values.patterns.len() + values.regexes.len()
            }
            Self::Method(methods) => methods.len(),
            Self::Query(pairs) => pairs.len(),
            Self::SourceIp(networks) => networks.len(),
        }
    }

    /// How many regular expressions it has.
    pub(super) fn regexes(&self) -> usize {
        match self {
            Self::Host(values) | Self::Path(values) | Self::Header { values, .. } => {
                values.regexes.len()
            }
            Self::Method(_) | Self::Query(_) | Self::SourceIp(_) => 0,
        }
    }

    /// How many wildcards it has.
    pub(super) fn wildcards(&self) -> usize {
        match self {
            Self::Host(values) | Self::Path(values) | Self::Header { values, .. } => {
                values.patterns.iter().map(Pattern::wildcards).sum()
            }
            Self::Query(pairs) => pairs.iter().map(QueryPattern::wildcards).sum(),
            Self::Method(_) | Self::SourceIp(_) => 0,
        }
    }
}

impl Values {
    fn new(
        patterns: &[&str],
        regexes: &[&str],
        pattern: impl Fn(&str) -> Result<Pattern, BadPattern>,
        any_case: bool,
    ) -> Result<Self, BadCondition> {
        if patterns.is_empty() && regexes.is_empty() {
            return Err(BadCondition::NoValue);
        }
        let regex = |text: &&str| Regex::new(text, Regex::CONDITION_LEN_MAX, any_case);
        Ok(Self {
            patterns: patterns.iter().map(|text| pattern(text)).collect::<Result<_, _>>()?,
            regexes: regexes.iter().map(regex).collect::<Result<_, _>>()?,
        })
    }

    /// Whether the text is like any of them.
    pub fn matches(&self, text: &[u8]) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(text))
            || self.regexes.iter().any(|regex| regex.matches(text))
    }
}

impl QueryPattern {
    fn wildcards(&self) -> usize {
        self.value.wildcards() + self.key.as_ref().map_or(0, Pattern::wildcards)
    }
}

impl HeaderName {
    /// Longest name, in characters.
    pub const LEN_MAX: usize = 40;

    /// Checks and keeps a name.
    pub fn new(name: &str) -> Result<Self, BadCondition> {
        let legal = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'+-.^_`|~".contains(&c);
        if name.is_empty() || name.len() > Self::LEN_MAX || !name.bytes().all(legal) {
            return Err(BadCondition::HeaderName { name: name.to_owned() });
        }
        if name.eq_ignore_ascii_case("host") {
            return Err(BadCondition::Host);
        }
        Ok(Self { lower: name.to_ascii_lowercase(), written: name.to_owned() })
    }

    /// In lower case.
    pub fn as_str(&self) -> &str {
        &self.lower
    }

    /// In the case in which it was written.
    pub fn as_written(&self) -> &str {
        &self.written
    }
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        self.lower == other.lower
    }
}

impl Eq for HeaderName {}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lower)
    }
}
