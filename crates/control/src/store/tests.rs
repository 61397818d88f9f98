use std::os::unix::fs::{PermissionsExt, chown, symlink};

use super::*;

mod races;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("old");
        folder
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("c.toml")
    }

    fn store(&self) -> Store {
        Store::open(self.path())
    }

    fn write(&self, text: &str) {
        fs::write(self.path(), text).unwrap();
    }

    fn set_mode(&self, mode: u32) {
        fs::set_permissions(self.path(), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// As editors do that replace a file.
    fn swap_in(&self, text: &str) {
        let aside = self.0.path().join("theirs");
        fs::write(&aside, text).unwrap();
        fs::rename(aside, self.path()).unwrap();
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    #[track_caller]
    fn assert_holds(&self, text: &str, others: usize) {
        assert_eq!(self.text(), text);
        assert_eq!(fs::read_dir(self.0.path()).unwrap().count(), 1 + others, "files");
    }
}

#[test]
fn a_change_is_in_the_file_only_once_it_is_committed() {
    let folder = Folder::new();
    let (base, before) = folder.store().read().unwrap();
    let prepared = folder.store().prepare(&base, b"new").unwrap();
    folder.assert_holds("old", 1);
    prepared.commit().unwrap();
    folder.assert_holds("new", 0);
    let (text, after) = folder.store().read().unwrap();
    assert_eq!(text, b"new");
    assert_ne!(before, after);
    drop(folder.store().prepare(b"new", b"newer").unwrap());
    folder.assert_holds("new", 0);
}

#[test]
fn an_edit_by_hand_is_never_overwritten() {
    type Edit = fn(&Folder);
    let edits: [(&str, Edit); 2] = [
        ("in place", |folder| folder.write("edited")),
        ("by another file", |folder| folder.swap_in("edited")),
    ];
    for (how, edit) in edits {
        let folder = Folder::new();
        let store = folder.store();
        let prepared = store.prepare(b"old", b"new").unwrap();
        edit(&folder);
        let error = prepared.commit().unwrap_err();
        assert!(error.is_conflict() && !error.has_changed(), "{how}: {error}");
        folder.assert_holds("edited", 0);
        assert!(store.prepare(b"old", b"new").unwrap_err().is_conflict(), "{how}");
        folder.assert_holds("edited", 0);
    }
}

/// What no check before can see: the edit comes between that check and the change.
#[test]
fn an_edit_at_the_last_moment_is_put_back() {
    for edits in [["edited"].as_slice(), &["edited", "edited again"]] {
        let folder = Folder::new();
        let prepared = folder.store().prepare(b"old", b"new").unwrap();
        folder.swap_in("edited");
        prepared.draft.exchange(&prepared.place).unwrap();
        edits[1..].iter().for_each(|text| folder.swap_in(text));
        let error = prepared.conclude().unwrap_err();
        assert!(error.is_conflict(), "{error}");
        folder.assert_holds(edits[edits.len() - 1], 0);
    }
}

#[test]
fn an_edit_that_cannot_be_put_back_is_kept() {
    let folder = Folder::new();
    let prepared = folder.store().prepare(b"old", b"new").unwrap();
    folder.swap_in("edited");
    prepared.draft.exchange(&prepared.place).unwrap();
    fs::remove_file(folder.path()).unwrap();
    let error = prepared.conclude().unwrap_err();
    assert!(error.has_changed(), "{error}");
    let kept = folder.0.path().join("c.toml.displaced");
    assert!(error.to_string().contains(kept.to_str().unwrap()), "{error}");
    assert_eq!(fs::read_to_string(kept).unwrap(), "edited");
}

#[test]
fn a_file_that_is_gone_is_not_made() {
    let folder = Folder::new();
    let store = folder.store();
    let prepared = store.prepare(b"old", b"new").unwrap();
    fs::remove_file(folder.path()).unwrap();
    for error in [prepared.commit().unwrap_err(), store.replace(b"old", b"new").unwrap_err()] {
        assert!(matches!(error, SaveError::Missing { .. }), "{error}");
        assert!(error.to_string().contains("it is gone"), "{error}");
    }
    let prepared = {
        folder.write("old");
        store.prepare(b"old", b"new").unwrap()
    };
    fs::remove_file(folder.path()).unwrap();
    assert!(prepared.draft.exchange(&prepared.place).is_err(), "nor at the last moment");
    assert!(!folder.path().exists());
}

#[test]
fn the_file_keeps_its_mode_and_owner() {
    let folder = Folder::new();
    let as_root = chown(folder.path(), Some(4321), Some(4322)).is_ok();
    for mode in [0o600, 0o640, 0o664] {
        folder.set_mode(mode);
        let before = fs::metadata(folder.path()).unwrap();
        folder.store().replace(folder.text().as_bytes(), mode.to_string().as_bytes()).unwrap();
        let after = fs::metadata(folder.path()).unwrap();
        let of = |about: &Metadata| (about.uid(), about.gid(), about.mode());
        assert_eq!(of(&after), of(&before), "as root: {as_root}");
        assert_ne!(after.ino(), before.ino());
    }
}

#[test]
fn a_link_stays_and_what_it_leads_to_is_replaced() {
    let folder = Folder::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link.toml");
    symlink(folder.path(), &link).unwrap();
    Store::open(&link).replace(b"old", b"new").unwrap();
    folder.assert_holds("new", 0);
    assert_eq!(fs::read_link(&link).unwrap(), folder.path());
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_replaced_is_refused_before_anything_changes() {
    let folder = Folder::new();
    folder.set_mode(0o444);
    let device = Store::open("/dev/null").replace(b"", b"new").unwrap_err();
    let read_only = folder.store().prepare(b"old", b"new").unwrap_err();
    folder.assert_holds("old", 0);
    // Files of the system that nobody, not even root, puts a file beside.
    let foreign = Store::open("/proc/self/comm");
    let (base, _) = foreign.read().unwrap();
    let beside = foreign.replace(&base, b"new").unwrap_err();
    let large = vec![b'#'; usize::try_from(CONFIG_BYTES_MAX).unwrap() + 1];
    folder.set_mode(0o644);
    let large = folder.store().prepare(b"old", &large).unwrap_err();
    for (error, expected) in [
        (device, "cannot replace /dev/null: it is no ordinary file"),
        (read_only, "it is read-only (mode 0444): run chmod u+w on it"),
        (beside, "cannot write beside it in /proc/"),
        (large, "it would have 16777217 bytes"),
    ] {
        let text = error.to_string();
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains(".draft-"), "{text}");
        assert!(!error.has_changed(), "{text}");
    }
    folder.assert_holds("old", 0);
}

#[test]
fn what_a_killed_process_left_is_removed_at_the_next_start() {
    let folder = Folder::new();
    let prepared = folder.store().prepare(b"old", b"new").unwrap();
    folder.store();
    folder.assert_holds("old", 1);
    let left = prepared.draft.path().to_owned();
    prepared.commit().unwrap();
    fs::write(left, "left behind").unwrap();
    folder.assert_holds("new", 1);
    folder.store();
    folder.assert_holds("new", 0);
}
