//! Whose files are opened. What takes another user is tried where the tests run as root.

use std::fs::{self, Permissions};
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::TempDir;

use super::{FileError, Flaw, FlawKind, TrustedFolder, flaws, open_and_note, open_any_and_note, open_trusted};

/// Somebody else.
const STRANGER: u32 = 65534;

fn place() -> TempDir {
    tempfile::tempdir().expect("a folder can be made")
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is this test's own");
}

/// A file `folder/file` below a folder.
fn file_in(place: &Path) -> std::path::PathBuf {
    let folder = place.join("folder");
    fs::create_dir(&folder).expect("it can be made");
    mode(&folder, 0o755);
    let file = folder.join("file");
    fs::write(&file, "ours").expect("it can be written");
    mode(&file, 0o644);
    file
}

fn refused(path: &Path) -> Flaw {
    match open_trusted(path) {
        Err(FileError::Untrusted { flaw }) => flaw,
        other => panic!("{}: {other:?}", path.display()),
    }
}

/// Whether this user may give files away.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_file_that_nobody_else_can_change_is_opened_by_any_safe_path() {
    let place = place();
    let file = file_in(place.path());
    symlink("folder", place.path().join("relative")).expect("a link can be made");
    symlink(place.path(), place.path().join("absolute")).expect("a link can be made");
    symlink("file", place.path().join("folder/link")).expect("a link can be made");
    for path in ["folder/file", "relative/file", "absolute/relative/../folder/./file", "folder/link"] {
        let path = place.path().join(path);
        assert!(open_trusted(&path).is_ok(), "{}", path.display());
        assert_eq!(flaws(&path).expect("it is there"), [], "{}", path.display());
    }
    assert!(open_trusted(&file.join("below")).is_err());
    assert!(open_trusted(&place.path().join("none")).is_err_and(|error| error.is_not_found()));
    assert!(matches!(open_trusted(place.path()), Err(FileError::NotAFile { .. })));
    symlink("around", place.path().join("around")).expect("a link can be made");
    assert!(open_trusted(&place.path().join("around")).is_err(), "a link to itself");
}

#[test]
fn a_file_or_folder_that_others_can_write_to_is_told_with_what_mends_it() {
    let place = place();
    let file = file_in(place.path());
    let folder = place.path().join("folder");
    for (path, wrong, right, is_parent) in [(&file, 0o666, 0o644, false), (&folder, 0o777, 0o755, true)] {
        mode(path, wrong);
        let flaw = refused(&file);
        assert_eq!(
            (flaw.path.as_path(), flaw.kind, flaw.is_parent),
            (path.as_path(), FlawKind::WritableByAll, is_parent)
        );
        assert_eq!(flaw.remedy(), format!("chmod go-w {}", path.display()));
        let (mut opened, noted) = open_and_note(&file).expect("it is opened all the same");
        assert_eq!(noted, [flaw]);
        let mut text = String::new();
        opened.read_to_string(&mut text).expect("it can be read");
        assert_eq!(text, "ours");
        mode(path, right | 0o020);
        assert!(matches!(refused(&file).kind, FlawKind::WritableByGroup { .. }));
        mode(path, right);
        assert!(open_trusted(&file).is_ok());
    }
    // Others can add to a sticky folder, and not take away.
    mode(&folder, 0o1777);
    assert!(open_trusted(&file).is_ok());
    assert!(matches!(TrustedFolder::open(&folder), Err(FileError::Untrusted { .. })));
}

#[test]
fn below_a_folder_that_others_can_write_to_only_what_is_private_counts() {
    let place = place();
    let volume = place.path().join("volume");
    fs::create_dir(&volume).expect("it can be made");
    // As kubelet makes a volume.
    mode(&volume, 0o2777);
    assert!(TrustedFolder::make(&volume).is_err());
    let own = TrustedFolder::make(&volume.join("own/aot")).expect("what is made is private");
    own.write("a", b"ours", 0o400).expect("it can be written");
    assert!(open_trusted(&volume.join("own/aot/a")).is_ok());
    symlink("own", volume.join("link")).expect("a link can be made");
    assert!(open_trusted(&volume.join("link/aot/a")).is_ok(), "a link of this user");
    // The folder that is named is the volume's: only files in it count that nobody else can have made.
    let shared = TrustedFolder::make_shared(&volume).expect("it is a volume");
    shared.write("journal", b"ours", 0o600).expect("it can be written");
    assert_eq!(shared.read("journal").expect("it is private"), b"ours");
    fs::hard_link(volume.join("journal"), volume.join("other")).expect("it can be linked");
    assert!(shared.read("journal").is_err(), "it has another name, which others may have given it");
    fs::remove_file(volume.join("other")).expect("it is there");
    mode(&volume.join("journal"), 0o644);
    assert!(shared.read("journal").is_err(), "not private");
    if is_root() {
        mode(&volume.join("journal"), 0o600);
        chown(volume.join("journal"), Some(STRANGER), None).expect("root may");
        assert!(shared.read("journal").is_err() && shared.open_or_make("journal").is_err());
    }
    let folder = shared.make_folder("components").expect("what is made is private");
    assert!(folder.write("a", b"ours", 0o444).and_then(|()| folder.read("a")).is_ok(), "within it all is as usual");
    mode(&volume.join("own"), 0o755);
    assert_eq!(refused(&volume.join("own/aot/a")).path, volume);
    fs::write(volume.join("b"), "").expect("it can be written");
    assert_eq!(refused(&volume.join("b")).path, volume);
}

#[test]
fn what_belongs_to_somebody_else_is_not_trusted() {
    let place = place();
    let file = file_in(place.path());
    if !is_root() {
        eprintln!("not root: no file can be given to somebody else; /proc/1 and modes are what is tried");
        return;
    }
    let foreign = FlawKind::ForeignOwner { user: STRANGER };
    let folder = place.path().join("folder");
    chown(&file, Some(STRANGER), None).expect("root may");
    assert_eq!((refused(&file).kind, refused(&file).remedy()), (foreign, format!("chown 0 {}", file.display())));
    chown(&file, Some(0), None).expect("root may");
    chown(&folder, Some(STRANGER), None).expect("root may");
    assert_eq!((refused(&file).kind, refused(&file).is_parent), (foreign, true));
    assert!(TrustedFolder::make(&folder).is_err(), "root does not use it either");
    chown(&folder, Some(0), None).expect("root may");
    // A link of somebody else, in a folder of this user's own.
    let link = place.path().join("link");
    symlink("folder", &link).expect("a link can be made");
    assert!(open_trusted(&link.join("file")).is_ok());
    std::os::unix::fs::lchown(&link, Some(STRANGER), None).expect("root may");
    assert_eq!((refused(&link.join("file")).kind, refused(&link.join("file")).path), (foreign, link));
}

#[test]
fn a_folder_is_used_by_its_descriptor_wherever_its_path_leads() {
    let place = place();
    let folder = TrustedFolder::make(&place.path().join("folder")).expect("it can be made");
    fs::rename(place.path().join("folder"), place.path().join("moved")).expect("it can be moved");
    fs::create_dir(place.path().join("folder")).expect("it can be made");
    folder.write("a", b"1", 0o600).expect("it can be written");
    assert_eq!(fs::read(place.path().join("moved/a")).expect("it is there"), b"1");
    assert_eq!(folder.names().expect("it can be read"), ["a"]);
    symlink("a", place.path().join("moved/link")).expect("a link can be made");
    assert!(matches!(folder.open_file("link"), Err(FileError::NotAFile { .. })));
    assert!(matches!(folder.open_or_make("link"), Err(FileError::NotAFile { .. })));
    mode(&place.path().join("moved/a"), 0o666);
    assert!(matches!(folder.read("a"), Err(FileError::Untrusted { .. })));
    assert!(folder.open_or_make("a").is_err());
    assert!(folder.open_lock("a").is_ok(), "nothing is read of a lock");
    assert_eq!(fs::metadata(place.path().join("moved/a")).expect("it is there").permissions().mode() & 0o777, 0o600);
    folder.remove("a").expect("it can be removed");
    folder.remove("a").expect("it is removed");
}

#[test]
fn a_pipe_is_read_where_its_path_is_the_kernels() {
    let (reader, mut writer) = std::io::pipe().expect("a pipe can be made");
    std::io::Write::write_all(&mut writer, b"{}").expect("it can be written");
    drop(writer);
    let path = super::path_of_descriptor(&reader);
    assert!(matches!(open_and_note(&path), Err(FileError::NotAFile { .. })));
    let (mut file, _) = open_any_and_note(&path).expect("it is opened as a shell's <(…) is");
    let mut text = String::new();
    file.read_to_string(&mut text).expect("it can be read");
    assert_eq!(text, "{}");
    assert!(matches!(open_trusted(Path::new("/dev/null")), Err(FileError::NotAFile { .. })));
}

/// How often the file is opened while somebody changes what its path leads to.
const TRIES: usize = 10_000;

#[test]
fn no_race_opens_what_somebody_else_wrote() {
    let place = place();
    let parent = place.path().join("parent");
    fs::create_dir(&parent).expect("it can be made");
    for (name, text) in [("ours", "ours"), ("theirs", "theirs")] {
        let folder = parent.join(name);
        fs::create_dir(&folder).expect("it can be made");
        mode(&folder, 0o700);
        fs::write(folder.join("file"), text).expect("it can be written");
        mode(&folder.join("file"), 0o600);
    }
    // As root, theirs is somebody else's; else it is what anybody may have written.
    match is_root() {
        true => {
            chown(parent.join("theirs"), Some(STRANGER), None).expect("root may");
            chown(parent.join("theirs/file"), Some(STRANGER), None).expect("root may");
        }
        false => mode(&parent.join("theirs/file"), 0o666),
    }
    mode(&parent, 0o777);
    let done = AtomicBool::new(false);
    let (opened, refused) = thread::scope(|scope| {
        let (parent, done) = (&parent, &done);
        scope.spawn(move || {
            // Links and the folders themselves, in turn: whoever can write to the parent can do both.
            while !done.load(Ordering::Relaxed) {
                for target in ["ours", "theirs"] {
                    let _ = symlink(target, parent.join("next"));
                    let _ = fs::rename(parent.join("next"), parent.join("cache"));
                }
                let _ = fs::remove_file(parent.join("cache"));
                for name in ["ours", "theirs"] {
                    let _ = fs::rename(parent.join(name), parent.join("cache"));
                    let _ = fs::rename(parent.join("cache"), parent.join(name));
                }
            }
        });
        let path = parent.join("cache/file");
        let (mut opened, mut refused) = (0, 0);
        for number in 0..100 * TRIES {
            // On a busy machine the other thread may not have begun yet.
            if number >= TRIES && opened > 0 && refused > 0 {
                break;
            }
            let file = match number % 2 {
                0 => open_trusted(&path),
                _ => TrustedFolder::open(&parent.join("cache")).and_then(|folder| folder.open_file("file")),
            };
            let Ok(mut file) = file else {
                refused += 1;
                continue;
            };
            let mut text = String::new();
            file.read_to_string(&mut text).expect("it can be read");
            assert_eq!(text, "ours", "try {number}");
            opened += 1;
        }
        done.store(true, Ordering::Relaxed);
        (opened, refused)
    });
    eprintln!("{opened} opened, all of them ours; {refused} refused");
    assert!(opened > 0 && refused > 0, "{opened} opened, {refused} refused: nothing raced");
}
