use std::{
    error::Error,
    fs,
    os::unix::fs::{PermissionsExt, chown, symlink},
};

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn keys(&self) -> KeyFile {
        KeyFile::new(self.0.path().join("keys"), false)
    }

    fn mode(&self) -> u32 {
        fs::metadata(self.keys().path()).unwrap().permissions().mode() & 0o7777
    }

    fn set_mode(&self, mode: u32) {
        fs::set_permissions(self.keys().path(), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

#[test]
fn the_first_start_makes_a_ring_that_later_ones_find() {
    let folder = Folder::new();
    assert!(matches!(folder.keys().load(), Err(KeyFileError::Missing { .. })));
    let first = folder.keys().load_or_create().unwrap();
    assert_eq!(folder.mode(), 0o600);
    assert_eq!(folder.names(), ["keys"], "no draft stays behind");
    assert_eq!(folder.keys().load_or_create().unwrap().revision(), first.revision());
    let other = Folder::new().keys().load_or_create().unwrap();
    assert_ne!(other.revision(), first.revision(), "keys are random");
}

#[test]
fn two_that_start_together_share_one_ring() {
    let folder = Folder::new();
    let rings: Vec<u64> = std::thread::scope(|scope| {
        let start = || scope.spawn(|| folder.keys().load_or_create().unwrap().revision());
        let threads: Vec<_> = (0..8).map(|_| start()).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(rings.iter().all(|revision| *revision == rings[0]), "{rings:?}");
}

#[test]
fn a_ring_that_others_can_read_is_refused_unless_allowed() {
    let folder = Folder::new();
    folder.keys().load_or_create().unwrap();
    for (mode, is_private) in
        [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false)]
    {
        folder.set_mode(mode);
        let loaded = folder.keys().load();
        assert_eq!(loaded.is_ok(), is_private, "{mode:o}");
        if let Err(error) = loaded {
            let text = error.to_string();
            assert!(text.contains(&format!("{mode:04o}")) && text.contains("chmod 600"), "{text}");
        }
        let allowed = KeyFile::new(folder.keys().path(), true);
        allowed.load().unwrap();
    }
}

#[test]
fn rotation_adds_a_key_that_seals_later() {
    let folder = Folder::new();
    folder.keys().load_or_create().unwrap();
    let id = folder.keys().rotate(KeyRing::SEAL_DELAY).unwrap();
    let rows = folder.keys().list().unwrap();
    assert_eq!(
        rows.iter().map(|row| row.state).collect::<Vec<_>>(),
        [KeyState::Sealing, KeyState::Pending]
    );
    assert_eq!(rows[1].id, id);
    assert_eq!(folder.mode(), 0o600);
    folder.keys().rotate(Duration::ZERO).unwrap();
    assert_eq!(folder.keys().list().unwrap().len(), 3);
    assert_eq!(folder.names(), ["keys"], "no draft stays behind");
}

#[test]
fn a_key_that_seals_at_once_leaves_its_predecessor_opening() {
    let folder = Folder::new();
    folder.keys().load_or_create().unwrap();
    folder.keys().rotate(Duration::ZERO).unwrap();
    let states: Vec<_> = folder.keys().list().unwrap().iter().map(|row| row.state).collect();
    assert_eq!(states, [KeyState::Opening, KeyState::Sealing]);
}

#[test]
fn a_file_that_is_no_ring_is_refused_without_quoting_it() {
    let folder = Folder::new();
    for content in
        ["", "s3cret", "clingfish key ring 1\nkey s3cret\n", "clingfish key ring 1\n\u{0}s3cret"]
    {
        fs::write(folder.keys().path(), content).unwrap();
        folder.set_mode(0o600);
        for error in [
            folder.keys().load().unwrap_err(),
            folder.keys().load_or_create().unwrap_err(),
            folder.keys().rotate(Duration::ZERO).unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(matches!(error, KeyFileError::Invalid { .. }), "{text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
    }
    assert_eq!(fs::read_to_string(folder.keys().path()).unwrap().len(), 28, "it is left as it was");
}

#[test]
fn a_rotation_keeps_mode_and_link() {
    let folder = Folder::new();
    folder.keys().load_or_create().unwrap();
    let ring = folder.0.path().join("elsewhere/ring");
    fs::create_dir(ring.parent().unwrap()).unwrap();
    fs::rename(folder.keys().path(), &ring).unwrap();
    symlink("elsewhere/ring", folder.keys().path()).unwrap();
    for mode in [0o640, 0o400, 0o600] {
        folder.set_mode(mode);
        let before = fs::read(&ring).unwrap();
        KeyFile::new(folder.keys().path(), true).rotate(Duration::ZERO).unwrap();
        assert_eq!(folder.mode(), mode, "{mode:o}");
        assert!(fs::symlink_metadata(folder.keys().path()).unwrap().is_symlink());
        assert!(fs::read(&ring).unwrap() != before, "the linked ring has the new key");
    }
}

/// Only root gives files away; for everybody else the test that follows says what happens.
#[test]
fn a_rotation_by_root_leaves_the_ring_to_its_owner() {
    let folder = Folder::new();
    folder.keys().load_or_create().unwrap();
    if chown(folder.keys().path(), Some(4321), Some(4322)).is_err() {
        return;
    }
    folder.keys().rotate(Duration::ZERO).unwrap();
    let about = fs::metadata(folder.keys().path()).unwrap();
    assert_eq!((about.uid(), about.gid(), folder.mode()), (4321, 4322, 0o600));
}

#[test]
fn owners_other_than_this_user_and_root_are_strange() {
    for (owner, user, strange) in
        [(0, 0, false), (0, 7, false), (7, 7, false), (7, 0, true), (8, 7, true)]
    {
        assert_eq!(is_strange(owner, user), strange, "{owner} for {user}");
    }
}

#[test]
fn a_strange_owner_is_warned_of_once() {
    let keys = Folder::new().keys().expect_owner(7);
    for (owner, news) in [(7, false), (8, true), (8, false), (0, false), (8, true)] {
        assert_eq!(keys.is_news(owner), news, "{owner}");
    }
    assert!(!Folder::new().keys().is_news(8), "nobody asked for it");
}

#[test]
fn a_missing_ring_is_explained_and_nothing_is_made() {
    let folder = Folder::new();
    let keys = KeyFile::new(folder.0.path().join("wrong/keys"), false);
    for error in [keys.list().unwrap_err(), keys.rotate(Duration::ZERO).unwrap_err()] {
        let expected = format!(
            "there is no key ring at {}: it is made at the first start of serve; name its folder with --state-dir, such as /var/lib/clingfish",
            keys.path().display()
        );
        assert_eq!(error.to_string(), expected);
    }
    assert!(folder.names().is_empty());
}

#[test]
fn what_is_wrong_is_said_once_and_without_the_draft() {
    let folder = Folder::new();
    fs::write(folder.keys().path(), "nonsense").unwrap();
    folder.set_mode(0o600);
    let invalid = folder.keys().load().unwrap_err();
    let unwritable = KeyFile::new("/proc/keys-of-nobody", false).load_or_create().unwrap_err();
    assert!(matches!(unwritable, KeyFileError::Write { .. }), "{unwritable}");
    assert!(!unwritable.to_string().contains(".keys-"), "{unwritable}");
    for error in [invalid, unwritable] {
        assert!(error.source().is_none(), "{error}");
    }
}
