use std::fs;

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
