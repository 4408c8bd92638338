//! A line that tells that something takes its time, and goes away again.

use std::future::Future;
use std::io::{self, IsTerminal as _};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use tokio::time::{Instant, interval_at};

use super::{columns, terminal};

/// What is done sooner is not worth a word.
const PATIENCE: Duration = Duration::from_millis(300);

/// How often the seconds are counted.
const TICK: Duration = Duration::from_secs(1);

/// Whether a line may come and go. Standard error must be a terminal that can erase; and where programs are to read the answer
/// it stays away from pipes, as one that draws on the same terminal (`| fzf`) may be behind it.
pub(crate) fn is_wanted(for_programs: bool) -> bool {
    let can_erase = std::env::var_os("TERM").is_none_or(|kind| kind != "dumb");
    io::stderr().is_terminal() && can_erase && (io::stdout().is_terminal() || !for_programs)
}

/// Does `work`. If that takes longer than a moment, `what` stands on standard error for as long.
pub(crate) async fn telling<T>(what: &str, is_wanted: bool, work: impl Future<Output = T>) -> T {
    if is_wanted { drawing(what, draw, work).await } else { work.await }
}

/// The same for a call that blocks its thread, such as a compilation.
pub(crate) fn telling_of_call<T>(what: &str, is_wanted: bool, call: impl FnOnce() -> T) -> T {
    if is_wanted { drawing_call(what, draw, call) } else { call() }
}

fn draw(text: &str) {
    // A line that wraps would be erased in part.
    let room = terminal::width_of(&io::stderr()).map(|width| width.saturating_sub(1));
    let text = room.map_or_else(|| text.to_owned(), |room| columns::cut(text, room));
    terminal::redraw(&text);
}

fn drawing_call<T>(what: &str, draw: impl FnMut(&str) + Send, call: impl FnOnce() -> T) -> T {
    // Closed when the call returns, or panics.
    let (done, waiting) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut line = Line { draw, is_there: false };
            let (began, mut wait) = (std::time::Instant::now(), PATIENCE);
            while waiting.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                line.shows(&counted(what, began.elapsed()));
                wait = TICK;
            }
        });
        let result = call();
        drop(done);
        result
    })
}

/// The text of the line after some time.
fn counted(what: &str, elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0 => format!("{what} …"),
        seconds => format!("{what} … {seconds} s"),
    }
}

/// Does `work`, and has a line drawn in the meantime: the text to stand there, which is empty at the end.
async fn drawing<T>(what: &str, draw: impl FnMut(&str), work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let mut ticks = interval_at(began + PATIENCE, TICK);
    let mut line = Line { draw, is_there: false };
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = ticks.tick() => line.shows(&counted(what, began.elapsed())),
        }
    }
}

/// The line. It is erased when it is dropped, whatever ends the wait.
struct Line<D: FnMut(&str)> {
    draw: D,
    is_there: bool,
}

impl<D: FnMut(&str)> Line<D> {
    fn shows(&mut self, text: &str) {
        (self.draw)(text);
        self.is_there = true;
    }
}

impl<D: FnMut(&str)> Drop for Line<D> {
    fn drop(&mut self) {
        if self.is_there {
            (self.draw)("");
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{sleep, timeout};

    use super::*;

    async fn drawn_in(milliseconds: u64) -> Vec<String> {
        let mut drawn = Vec::new();
        let work = async {
            sleep(Duration::from_millis(milliseconds)).await;
            7
        };
        assert_eq!(drawing("Counting", |text| drawn.push(text.to_owned()), work).await, 7);
        drawn
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_comes_after_a_moment_counts_and_goes() {
        assert!(drawn_in(0).await.is_empty());
        assert!(drawn_in(290).await.is_empty());
        assert_eq!(drawn_in(310).await, ["Counting …", ""]);
        assert_eq!(drawn_in(2_400).await, ["Counting …", "Counting … 1 s", "Counting … 2 s", ""]);
    }

    #[test]
    fn a_call_that_blocks_has_a_line_too() {
        let mut drawn = Vec::new();
        assert_eq!(drawing_call("Counting", |text| drawn.push(text.to_owned()), || 7), 7);
        assert!(drawn.is_empty());
        // The line comes after the moment, however long the machine takes to draw it.
        let (tell, told) = mpsc::channel();
        let draw = move |text: &str| tell.send(text.to_owned()).expect("the test waits for it");
        let first = drawing_call("Counting", draw, || told.recv().expect("a line is drawn"));
        assert!(first.starts_with("Counting …"), "{first}");
        assert_eq!(told.iter().last().as_deref(), Some(""));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_given_up_leaves_no_line() {
        let mut drawn = Vec::new();
        let work = sleep(Duration::from_secs(60));
        let waiting = drawing("Counting", |text| drawn.push(text.to_owned()), work);
        assert!(timeout(Duration::from_millis(500), waiting).await.is_err());
        assert_eq!(drawn, ["Counting …", ""]);
    }
}
