//! One publisher, many readers.

use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::Snapshot;

/// Makes snapshots current. There is one in a process; [`Reader`]s are cheap.
#[derive(Debug, Default)]
pub struct Publisher {
    current: Arc<ArcSwapOption<Snapshot>>,
}

/// Sees the current snapshot.
#[derive(Clone, Debug)]
pub struct Reader {
    current: Arc<ArcSwapOption<Snapshot>>,
}

impl Publisher {
    /// Makes `snapshot` the current one.
    pub fn publish(&mut self, snapshot: Arc<Snapshot>) {
        let groups = snapshot.groups.clone();
        self.current.store(Some(snapshot));
        for group in groups {
            // Health may have changed between compiling and now, and whoever noticed told the old group.
            group.refresh();
        }
    }

    /// A reader of what is published from now on.
    pub fn reader(&self) -> Reader {
        Reader { current: Arc::clone(&self.current) }
    }
}

impl Reader {
    /// The current snapshot; none before the first.
    pub fn current(&self) -> Option<Arc<Snapshot>> {
        self.current.load_full()
    }
}
