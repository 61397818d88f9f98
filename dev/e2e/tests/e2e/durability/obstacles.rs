//! Files that cannot be replaced, by real mounts.

use super::*;

/// Changes the file in a mount namespace in which `mounts` were made: `$ETC` is the folder, `$FILE` the file. None where this user
/// may not make mounts.
fn change_below(place: &Place, mounts: &str) -> Option<Output> {
    let run = |script: &str| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "--mount", "sh", "-ec", script]);
        unshare.args(["sh", env!("CARGO_BIN_EXE_save")]).args(place.change());
        output(unshare.env("ETC", place.etc()).env("FILE", place.file()))
    };
    if !run(mounts).status.success() {
        eprintln!("skipped: no mounts can be made here");
        return None;
    }
    Some(run(&format!("{mounts}\n\"$@\" && code=0 || code=$?\ncat \"$FILE\"\nexit $code")))
}

#[test]
fn what_cannot_be_replaced_is_told_with_what_to_do() {
    let bound = "mount --bind \"$FILE\" \"$FILE\"";
    let read_only = "mount --bind \"$ETC\" \"$ETC\"; mount -o remount,bind,ro \"$ETC\"";
    let full = "cp \"$FILE\" \"$ETC/../copy\"; mount -t tmpfs -o size=16k none \"$ETC\"; cp \"$ETC/../copy\" \"$FILE\"; \
                head -c 1000000 /dev/zero > \"$ETC/full\" 2>/dev/null || true";
    for (mounts, expected) in [
        (bound, "it is mounted by itself (bind mount): mount its folder instead"),
        (read_only, "read-only filesystem or storage medium; mount it writable"),
        (full, "no storage space; make room"),
    ] {
        let place = Place::new();
        let Some(said) = change_below(&place, mounts) else { return };
        let errors = String::from_utf8_lossy(&said.stderr);
        assert_eq!(said.status.code(), Some(1), "{mounts}: {errors}");
        assert!(errors.contains(expected), "{mounts}: {errors}");
        assert!(errors.contains(&place.file().display().to_string()), "{mounts}: {errors}");
        assert_eq!(String::from_utf8_lossy(&said.stdout), OLD, "{mounts}");
        assert_eq!(place.start(), "none", "{mounts}: nothing was begun");
    }
}
