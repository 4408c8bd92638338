//! A disk that is slower than the traffic.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};

use super::writer::{FOR_ALL, QUEUE};
use super::{Bounds, Fate, Tapes, Writer};
use crate::conformance::frames::{OwnedFrame, batch};
use crate::contract::conversation::{Ending, MessageType, Opening};
use crate::embedded::EMBEDDED;
use crate::json::model::default_model;
use crate::provider::{AotCache, Generation, Host, Limits};

fn generation() -> Arc<Generation> {
    let host = Arc::new(Host::new(Limits::default()).expect("an engine"));
    // The tests of the whole workspace have one cache, TARGET/tmp; this test lies in TARGET/PROFILE/deps.
    let test = std::env::current_exe().expect("a test has a file");
    let target = test.ancestors().nth(3).expect("it lies in TARGET");
    let cache = AotCache::new(target.join("tmp/quarry-cache/aot"));
    Generation::load(&host, "one", EMBEDDED, Some(&cache)).expect("it is a provider")
}

/// A stream of one frame with so many bytes of text.
fn stream(tapes: &Tapes, generation: &Arc<Generation>, bytes: usize) {
    let payload = format!(r#"{{"role":"{}"}}"#, "x".repeat(bytes)).into_bytes();
    let frame = OwnedFrame { message_type: MessageType::Event, name: "messageStart".to_owned(), payload };
    let mut tape = tapes.tape(generation, None);
    tape.opened(&Opening { model: default_model(), carry: Vec::new(), request_id: None });
    tape.frames(&batch(&[frame]));
    tape.ended(&Ending::Complete);
}

#[test]
fn a_slow_disk_costs_recordings_and_no_request_waits() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (fates, slow) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(())));
    let (begun, has_begun) = channel();
    let tell = Box::new({
        let (fates, slow) = (Arc::clone(&fates), Arc::clone(&slow));
        move |fate| {
            fates.lock().unwrap_or_else(PoisonError::into_inner).push(fate);
            if fate == Fate::Written {
                // This is the writer's own thread.
                let _ = begun.send(());
                drop(slow.lock().unwrap_or_else(PoisonError::into_inner));
            }
        }
    });
    let bounds = Bounds { recordings: QUEUE, ..Bounds::default() };
    let writer = Writer::open(folder.path(), false, bounds, tell).expect("it opens");
    let (tapes, generation) = (writer.tapes().clone(), generation());
    let disk = slow.lock().expect("nobody panicked");
    stream(&tapes, &generation, 10);
    has_begun.recv().expect("it is written");
    // The thread stands still until `disk` is dropped: whoever waited for it would wait for ever.
    for _ in 0..QUEUE + 7 {
        stream(&tapes, &generation, 10);
    }
    stream(&tapes, &generation, bounds.stream_bytes);
    drop(disk);
    let written = writer.finish();
    // One more than fits was in the queue.
    assert_eq!((written.written, written.skipped), (QUEUE as u64, 7 + 1 + 1), "{written:?}");
    let fates = fates.lock().expect("nobody panicked").clone();
    let count = |wanted: Fate| fates.iter().filter(|fate| **fate == wanted).count();
    assert_eq!([Fate::TooFast, Fate::TooLarge, Fate::Full].map(count), [7, 1, 1]);
    assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 2 * QUEUE);
}

#[test]
fn streams_that_last_have_bounded_room_and_give_it_back() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let writer = Writer::open(folder.path(), true, Bounds::default(), Box::new(drop)).expect("it opens");
    let all = writer.tapes().room.take(FOR_ALL).expect("nothing is taken");
    assert!(writer.tapes().room.take(1).is_none());
    stream(writer.tapes(), &generation(), 10);
    drop(all);
    let _whole = writer.tapes().room.take(FOR_ALL).expect("it was given back");
    let written = writer.finish();
    assert_eq!((written.written, written.skipped), (0, 1), "{written:?}");
}
