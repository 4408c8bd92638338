//! A folder that versions are put into while the gateway runs.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use rustix::process::Signal;
use serde_json::Value;

use super::guests::Guest;
use super::place::Place;
use super::streams::Stream;
use crate::gateway::Gateway;

/// A public key that signed nothing here, and a signature of it for other bytes.
const SIGNER: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
const SIGNATURE: &str = "untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1633700835\tfile:test\tprehashed
wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==
";

/// What is told of a version that does not serve.
const REFUSED: &str = "a component of the watched folder was not activated";

/// Longer than two looks at the folder.
const LOOKS: Duration = Duration::from_millis(3_500);

/// What was offered until now: whether it was refused, and what was said then.
fn offered(place: &Place) -> Vec<Option<String>> {
    let lines = place.journal();
    let offered = lines.iter().filter(|line| line["event"] == "offered");
    offered.map(|line| line["refused"].as_str().map(str::to_owned)).collect()
}

/// Puts a component there whole: under a name that does not count, and renamed.
fn put(guest: &Guest, folder: &Path, name: &str) {
    let part = folder.join(format!(".{name}.part"));
    fs::copy(&guest.file, &part).expect("it can be copied");
    fs::rename(part, folder.join(name)).expect("it can be renamed");
}

fn serves(guest: &Guest) -> impl Fn(&Value) -> bool {
    let digest = guest.digest.clone();
    move |status: &Value| status["serving"].as_str().is_some_and(|serving| serving.ends_with(&digest))
}

#[test]
fn the_newest_component_serves_if_it_passes() {
    let place = Place::new();
    let (unruly, other) = (Guest::unruly(place.folder()), Guest::always(place.folder(), "wrong-tool"));
    let wrong = Guest::always(place.folder(), "wrong-text");
    let folder = place.folder().join("providers");
    let start = || place.start_with(&["--provider-folder", folder.to_str().expect("a plain path")]);
    let gateway = start();
    let embedded = place.serving();
    gateway.wait_for_log("the watched folder cannot be read", 1);
    fs::create_dir(&folder).expect("it can be made");
    gateway.wait_for_log("the watched folder can be read again", 1);

    // Half of it stays the same for a while, so it is tried and refused; the rest makes it whole.
    let bytes = fs::read(&unruly.file).expect("it was written");
    let copied = folder.join("copied.wasm");
    fs::write(&copied, &bytes[..bytes.len() / 2]).expect("it can be written");
    gateway.wait_for_log(REFUSED, 1);
    assert_eq!(place.serving(), embedded);
    fs::write(&copied, &bytes).expect("it can be written");
    place.wait_until("the whole one serves", serves(&unruly));
    assert!(Stream::of(&gateway, "sim.stop.end_turn", "echo a").is_done());

    // One that does not pass is refused once, whatever becomes of its time.
    put(&wrong, &folder, "wrong.wasm");
    gateway.wait_for_log(REFUSED, 2);
    let touched = File::options().append(true).open(folder.join("wrong.wasm")).expect("it is there");
    touched.set_modified(SystemTime::now()).expect("it can be touched");
    thread::sleep(LOOKS);
    let told = offered(&place);
    let [Some(half), None, Some(cases)] = &told[..] else { panic!("{told:?}") };
    assert!(
        half.contains("refused at `imports`") && cases.contains("refused at `checks`: rule `text-comes-through`"),
        "{told:?}"
    );
    assert_eq!(place.serving(), unruly.digest);
    let status = place.provider(&["status"]).well();
    assert!(status.contains("offered by") && status.contains("wrong.wasm and rejected"), "{status}");
    assert!(status.contains(&format!("the newest component of {} is activated", folder.display())), "{status}");

    // Other bytes under the same name.
    put(&other, &folder, "wrong.wasm");
    place.wait_until("the one that took its place serves", serves(&other));
    assert_eq!(offered(&place).len(), 4);

    // Whoever goes back does not get it again, over a kill and a start.
    place.provider(&["rollback"]).well();
    gateway.signal(Signal::KILL);
    drop(gateway);
    let gateway = start();
    thread::sleep(LOOKS);
    assert_eq!((place.serving(), offered(&place).len()), (unruly.digest.clone(), 4));

    // A pin holds against the folder, and is told.
    place.provider(&["pin"]).well();
    put(&other, &folder, "new.wasm");
    thread::sleep(LOOKS);
    assert_eq!(offered(&place).len(), 4, "the same bytes as the last ones");
    put(&wrong, &folder, "newest.wasm");
    gateway.wait_for_log(REFUSED, 1);
    let told = offered(&place);
    assert!(told.last().and_then(Option::as_ref).is_some_and(|refused| refused.contains("is pinned")), "{told:?}");
    assert_eq!(place.serving(), unruly.digest);
    gateway.stop();
}

#[test]
fn with_signers_a_component_needs_its_signature_beside_it() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let folder = place.folder().join("providers");
    fs::create_dir(&folder).expect("it can be made");
    let configuration = format!(
        "{{ quarry: {{ provider: {{ watch: {:?}, signers: [{SIGNER:?}] }} }} }}",
        folder.to_str().expect("a plain path")
    );
    let gateway = Gateway::start_with(&configuration, |command| place.tell(command));
    let embedded = place.serving();
    put(&unruly, &folder, "unruly.wasm");
    gateway.wait_for_log(REFUSED, 1);
    // The signature that comes later makes it another one.
    fs::write(folder.join("unruly.wasm.minisig"), SIGNATURE).expect("it can be written");
    gateway.wait_for_log(REFUSED, 2);
    place.wait_until("both are in the journal", |_| offered(&place).len() == 2);
    let told = offered(&place);
    let [Some(missing), Some(wrong)] = &told[..] else { panic!("{told:?}") };
    assert!(missing.contains("is not signed") && wrong.contains("does not match"), "{told:?}");
    assert_eq!(place.serving(), embedded);
    gateway.stop();
}

#[test]
fn what_others_can_put_there_serves_only_where_it_has_to_be_signed() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let folder = place.folder().join("providers");
    fs::create_dir(&folder).expect("it can be made");
    fs::set_permissions(&folder, Permissions::from_mode(0o777)).expect("it is this test's own");
    let gateway = place.start_with(&["--provider-folder", folder.to_str().expect("a plain path")]);
    let embedded = place.serving();
    // As root, it is another user who puts it there.
    put(&unruly, &folder, "theirs.wasm");
    let stranger = rustix::process::geteuid().is_root().then_some(65534);
    chown(folder.join("theirs.wasm"), stranger, None).expect("root may, and else nothing is changed");
    gateway.wait_for_log(REFUSED, 1);
    assert_eq!(place.serving(), embedded);
    let told = offered(&place);
    let reason = told.last().and_then(Option::as_ref).expect("it was refused");
    let mends = format!("chmod go-w {}", folder.display());
    assert!(reason.contains("quarry.provider.signers") && reason.contains(&mends), "{reason}");
    let status = place.provider(&["status"]).well();
    assert!(status.contains(&format!("other users can write to {}", folder.display())), "{status}");

    // What is mended is looked at again: the folder, then whose the file is, then its mode.
    let file = folder.join("theirs.wasm");
    fs::set_permissions(&file, Permissions::from_mode(0o666)).expect("root may, or it is this test's own");
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).expect("it is this test's own");
    gateway
        .wait_for_log(if stranger.is_some() { "belongs to another user (65534)" } else { "theirs.wasm: everybody" }, 1);
    chown(&file, stranger.map(|_| 0), None).expect("root may");
    gateway.wait_for_log("theirs.wasm: everybody", 1);
    assert_eq!(place.serving(), embedded);
    fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("it is this test's own");
    place.wait_until("nobody else can change it", serves(&unruly));
    gateway.stop();
}
