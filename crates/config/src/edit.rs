//! Changes a file in its own words, and leaves everything else of it as it is, byte for byte.
//!
//! A file is cut into blocks, one for each header. A change finds the bytes of the keys and values that it is about and replaces just
//! those; the block is read anew, the others are not touched. Nothing is written from a model of the file, so there is nothing of a file
//! that could get lost: comments, order, blank lines, spellings, CRLF and a missing last newline stay.

mod batch;
mod block;
mod chain;
mod find;
mod list;
mod loose;
mod merge;
mod order;
mod places;
mod render;
mod rules;
mod set;
mod targets;
mod tree;

use clingfish_model::Edit;

use self::{block::Block, list::Splices};

/// Why a change cannot be made. Whether what comes of it is a good configuration is for [`crate::parse`] to say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The text to change is not TOML.
    #[error("line {line} is not TOML: {message}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// What is to be changed is not in the file.
    #[error("the file has no {what}")]
    NotFound {
        /// In the file's words.
        what: String,
    },
    /// What is to be added is in the file already.
    #[error("the file has {what} already")]
    Exists {
        /// In the file's words.
        what: String,
    },
}

/// Makes these changes, one after the other.
///
/// ```
/// use clingfish_model::{Edit, Name, Place, Setting};
///
/// let text = "# Shop\n[target_groups.web]\nslow_start = \"30s\"  # JVM\n";
/// let place = Place::TargetGroup(Name::new("web").unwrap());
/// let edit = Edit::Set(place, "slow_start", Setting::seconds(60));
/// assert_eq!(
///     clingfish_config::edit(text, &[edit]).unwrap(),
///     "# Shop\n[target_groups.web]\nslow_start = \"60s\"  # JVM\n"
/// );
/// ```
pub fn edit(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut document = Document::parse(text)?;
    document.apply(edits)?;
    Ok(document.to_string())
}

/// A file that is being changed.
#[derive(Debug)]
pub struct Document {
    blocks: Vec<Block>,
    newline: &'static str,
    has_bom: bool,
    lacks_last_newline: bool,
}

const BOM: char = '\u{feff}';

impl Document {
    /// Cuts a file into its blocks.
    pub fn parse(text: &str) -> Result<Self, EditError> {
        let body = text.strip_prefix(BOM).unwrap_or(text);
        let first_break = body.find('\n').and_then(|at| body.get(..at));
        let newline =
            if first_break.is_some_and(|line| line.ends_with('\r')) { "\r\n" } else { "\n" };
        let lacks_last_newline = !body.is_empty() && !body.ends_with('\n');
        let last = if lacks_last_newline { newline } else { "" };
        let blocks = block::cut(&format!("{body}{last}"))?;
        let has_bom = body.len() < text.len();
        let mut document = Self { has_bom, lacks_last_newline, ..Self::of(blocks, newline) };
        document.index();
        Ok(document)
    }

    fn of(blocks: Vec<Block>, newline: &'static str) -> Self {
        Self { blocks, newline, has_bom: false, lacks_last_newline: false }
    }

    /// Makes these changes, one after the other. After an error some of them may have been made.
    ///
    /// Changes to targets of one group that follow each other are made in one pass: a group may have thousands.
    pub fn apply(&mut self, edits: &[Edit]) -> Result<(), EditError> {
        let runs = edits.chunk_by(|one, next| {
            batch::group_of(one).is_some_and(|group| batch::group_of(next) == Some(group))
        });
        for run in runs {
            match run.first().and_then(batch::group_of) {
                Some(group) => self.apply_batch(group, run)?,
                None => run.iter().try_for_each(|edit| self.apply_one(edit))?,
            }
        }
        Ok(())
    }

    fn apply_one(&mut self, edit: &Edit) -> Result<(), EditError> {
        match edit {
            Edit::Set(place, key, setting) => self.set(place, key, setting),
            Edit::Unset(place, key) => self.unset(place, key),
            Edit::Add(place, settings) => self.add(place, settings),
            Edit::Remove(place) => self.remove(place),
            Edit::AddTarget(group, target) => self.add_target(group, target),
            Edit::SetTarget(group, id, target) => self.set_target(group, id, target),
            Edit::RemoveTarget(group, id) => self.remove_target(group, id),
            Edit::Prioritise(listener, moves) => self.prioritise(listener, moves),
        }
    }

    /// Replaces bytes of a block.
    fn splice(&mut self, block: usize, splices: Splices) {
        if let Some(block) = self.blocks.get_mut(block) {
            block.splice(splices);
        }
    }
}

impl std::fmt::Display for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        text.extend(self.has_bom.then_some(BOM));
        text.extend(self.blocks.iter().map(Block::text));
        let text = match text.strip_suffix('\n').filter(|_| self.lacks_last_newline) {
            Some(rest) => rest.strip_suffix('\r').unwrap_or(rest),
            None => &text,
        };
        f.write_str(text)
    }
}

#[cfg(test)]
mod tests;
