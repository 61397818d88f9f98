//! Reads the Prometheus text format.

/// One reading of `/metrics`.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    samples: Vec<Sample>,
}

/// One line of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The metric.
    pub name: String,
    /// Its labels in the order written.
    pub labels: Vec<(String, String)>,
    /// Its value.
    pub value: f64,
}

impl Metrics {
    /// Reads the text.
    ///
    /// # Panics
    ///
    /// At a line that is neither a comment nor a sample.
    #[track_caller]
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let sample = |line| Sample::parse(line).unwrap_or_else(|| panic!("no sample: {line}"));
        Self { samples: lines.map(sample).collect() }
    }

    /// Every sample.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The value of the one sample with this name and these labels among its own; none or several give `None`.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut matching = self.matching(name, labels);
        let value = matching.next()?.value;
        matching.next().is_none().then_some(value)
    }

    /// The sum of every sample with this name and these labels among its own.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.matching(name, labels).map(|sample| sample.value).sum()
    }

    fn matching(&self, name: &str, labels: &[(&str, &str)]) -> impl Iterator<Item = &Sample> {
        let matches = move |sample: &&Sample| {
            let has = |(key, value): &(&str, &str)| sample.label(key) == Some(value);
            sample.name == name && labels.iter().all(has)
        };
        self.samples.iter().filter(matches)
    }
}

impl Sample {
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        let mut labels = self.labels.iter();
        let found = labels.find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }

    fn parse(line: &str) -> Option<Self> {
        let name_end = line.find(['{', ' '])?;
        let (name, rest) = line.split_at(name_end);
        let (labels, value) = match rest.strip_prefix('{') {
            Some(rest) => labels(rest)?,
            None => (Vec::new(), rest),
        };
        Some(Self {
            name: name.to_owned(),
            labels,
            value: value.split_whitespace().next()?.parse().ok()?,
        })
    }
}

/// Reads `key="value",…}` and returns what follows.
fn labels(mut rest: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (key, quoted) = rest.split_once("=\"")?;
        let (value, after) = unquote(quoted)?;
        labels.push((key.to_owned(), value));
        rest = after;
    }
}

/// Reads up to the closing quote, which an escape may put off.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            _ => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_found_by_name_and_labels() {
        let metrics = Metrics::parse(
            "# HELP requests_total all\n\
             requests_total{group=\"web\",verdict=\"hit\"} 3\n\
             requests_total{group=\"web\",verdict=\"new\"} 4\n\
             odd{path=\"a\\\"}b\\\\\"} 1.5\n\
             clingfish_revision 7\n",
        );
        for (name, labels, value, sum) in [
            ("clingfish_revision", vec![], Some(7.0), 7.0),
            ("requests_total", vec![("verdict", "hit")], Some(3.0), 3.0),
            ("requests_total", vec![("group", "web")], None, 7.0),
            ("odd", vec![("path", "a\"}b\\")], Some(1.5), 1.5),
            ("requests", vec![], None, 0.0),
        ] {
            assert_eq!(metrics.value(name, &labels), value, "{name} {labels:?}");
            assert_eq!(metrics.sum(name, &labels), sum, "{name} {labels:?}");
        }
    }
}
