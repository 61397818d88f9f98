//! Changes of the configuration file, in the file's own words.
//!
//! Whoever plans a change says it in these; the room that knows the file's syntax carries it out, and what comes of it is read as any
//! file is. So there is one way into desired state, whoever asks.

use crate::{Name, TargetId, rule::Priority};

/// One change of the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Writes a key of a table, in place of what stands there under any of its names. A table that is not there is made.
    Set(Place, &'static str, Setting),
    /// Takes a key away, with all below it, under any of its names.
    Unset(Place, &'static str),
    /// Adds a table that is not there yet, behind its like. Of a listener: its settings have the `name` of the place.
    Add(Place, Vec<(&'static str, Setting)>),
    /// Takes a table away, with all in it. A listener's rules go with it.
    Remove(Place),
    /// Adds a target to a group's list.
    AddTarget(Name, Setting),
    /// Writes the target of that id of a group's list anew, where it stands.
    SetTarget(Name, TargetId, Setting),
    /// Takes the target of that id from a group's list.
    RemoveTarget(Name, TargetId),
    /// Gives rules of a listener other priorities, all at once: from, to.
    Prioritise(Name, Vec<(Priority, Priority)>),
}

/// A table of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `[load_balancers.NAME]`.
    LoadBalancer(Name),
    /// `[target_groups.NAME]`.
    TargetGroup(Name),
    /// The one of `[[listeners]]` that has this name, written or derived from its address.
    Listener(Name),
    /// The one of `[[listeners.rules]]` that has this priority, written or counted.
    Rule(Name, Priority),
}

/// A value as the file writes it.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// `"text"`.
    Text(String),
    /// `1`.
    Integer(u64),
    /// `1.5`.
    Float(f64),
    /// `true`.
    Bool(bool),
    /// `2026-11-28T14:00:00.123Z`.
    Time(crate::UnixMillis),
    /// `[ ]`.
    List(Vec<Setting>),
    /// `{ }`, in this order.
    Table(Vec<(String, Setting)>),
}

impl Setting {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A duration as the file writes it: `"90s"`.
    pub fn seconds(seconds: u64) -> Self {
        Self::Text(format!("{seconds}s"))
    }

    /// A table of these.
    pub fn table<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Table(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// A list of texts.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }
}
