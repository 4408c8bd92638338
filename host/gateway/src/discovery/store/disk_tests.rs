//! The store on disk, in a folder of its own.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use tempfile::TempDir;

use super::*;

fn listing(value: &str) -> StoredListing {
    let began = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
    StoredListing { value: value.into(), began, ttl: 3600 }
}

fn store() -> (TempDir, DiskListings) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = DiskListings::new(folder.path().join("cache/listings"));
    (folder, store)
}

fn names(store: &DiskListings) -> Vec<String> {
    let entries = fs::read_dir(&store.folder).expect("it is there");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("plain")).collect()
}

fn age(path: &Path, age: Duration) {
    let file = File::options().write(true).open(path).expect("it is there");
    file.set_modified(SystemTime::now() - age).expect("a time can be set");
}

#[tokio::test]
async fn what_is_put_is_there_for_others_and_for_nobody_else() {
    let (_home, store) = store();
    assert_eq!(store.get("key").await, None);
    store.put("key", &listing("value")).await;
    assert_eq!(DiskListings::new(store.folder.clone()).get("key").await, Some(listing("value")));
    assert_eq!(store.get("other").await, None);
    let mode = |path: &Path| fs::metadata(path).expect("it is there").mode() & 0o777;
    assert_eq!((mode(&store.folder), mode(&store.path("key"))), (0o700, 0o600));
    store.put("key", &listing("newer")).await;
    assert_eq!(store.get("key").await, Some(listing("newer")));
    assert_eq!(names(&store).len(), 1, "nothing is left beside it");
}

#[tokio::test]
async fn what_is_none_of_its_own_is_ignored_and_replaced() {
    let (home, store) = store();
    store.put("key", &listing("value")).await;
    let path = store.path("key");
    let whole = fs::read(&path).expect("it is there");
    let elsewhere = home.path().join("elsewhere");
    fs::write(&elsewhere, &whole).expect("it can be written");
    let replace = |bytes: &[u8]| fs::write(&path, bytes).expect("it can be written");
    let spoil: [(&str, &dyn Fn()); 8] = [
        ("empty", &|| replace(b"")),
        ("cut off", &|| replace(&whole[..whole.len() - 1])),
        ("something else", &|| replace(b"{\"models\": []}")),
        ("zeros in place of blocks", &|| replace(&vec![0; whole.len()])),
        ("larger than any", &|| replace(&vec![b'Q'; frame::MOST + 2])),
        ("a link", &|| {
            fs::remove_file(&path).expect("it is there");
            symlink(&elsewhere, &path).expect("a link");
        }),
        ("a pipe that nobody writes to", &|| {
            fs::remove_file(&path).expect("it is there");
            rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a pipe");
        }),
        ("writable by others", &|| {
            fs::set_permissions(&path, Permissions::from_mode(0o666)).expect("its own");
        }),
    ];
    for (what, spoil) in spoil {
        spoil();
        assert_eq!(store.get("key").await, None, "{what}");
        store.put("key", &listing("value")).await;
        assert_eq!(store.get("key").await, Some(listing("value")), "{what}");
    }
    assert_eq!(fs::read(&elsewhere).expect("it is there"), whole, "what a link leads to is left alone");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_costs_the_listing_only() {
    let (home, store) = store();
    fs::write(home.path().join("cache"), b"in the way").expect("it can be written");
    store.put("key", &listing("value")).await;
    assert_eq!(store.get("key").await, None);
    let (_home, store) = self::store();
    fs::create_dir_all(store.path("key")).expect("a folder in the place of the file");
    store.put("key", &listing("value")).await;
    assert_eq!(store.get("key").await, None);
    assert_eq!(names(&store).len(), 1, "what could not be put in its place is not left");
}

#[tokio::test]
async fn old_listings_and_what_was_left_behind_go() {
    let (_home, store) = store();
    for key in 0..70 {
        store.put(&key.to_string(), &listing("value")).await;
        age(&store.path(&key.to_string()), Duration::from_secs(1000 - key));
    }
    store.put("too old", &listing("value")).await;
    age(&store.path("too old"), TOO_OLD + Duration::from_secs(1));
    let file = |name: &str, seconds| {
        let path = store.folder.join(name);
        fs::write(&path, b"half").expect("it can be written");
        age(&path, Duration::from_secs(seconds));
    };
    file(".writing-abandoned", 61);
    file(".writing-now", 1);
    file("a note of somebody", 100_000_000);
    store.put("last", &listing("value")).await;
    let names = names(&store);
    assert_eq!(names.iter().filter(|name| name.ends_with(LISTING)).count(), MOST_LISTINGS, "{names:?}");
    assert!(store.get("last").await.is_some() && store.get("69").await.is_some());
    assert!(store.get("0").await.is_none() && store.get("too old").await.is_none());
    for (name, stays) in [(".writing-abandoned", false), (".writing-now", true), ("a note of somebody", true)] {
        assert_eq!(names.iter().any(|other| other == name), stays, "{name}");
    }
}

#[tokio::test]
async fn all_listings_together_have_a_bound() {
    let (_home, store) = store();
    let large = StoredListing { value: vec![7; 8 << 20], ..listing("") };
    for key in 0..9 {
        store.put(&key.to_string(), &large).await;
        age(&store.path(&key.to_string()), Duration::from_secs(100 - key));
    }
    store.put("last", &listing("value")).await;
    assert_eq!(names(&store).len(), 8, "seven large ones and a small one are below 64 MiB");
    assert!(store.get("last").await.is_some() && store.get("8").await.is_some() && store.get("1").await.is_none());
}
