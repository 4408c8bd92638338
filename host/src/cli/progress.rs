//! A line that tells that something takes its time, and goes away again.

use std::future::Future;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use tokio::time::{Instant, interval_at};

use super::{columns, terminal};

/// What is done sooner is not worth a word.
const PATIENCE: Duration = Duration::from_millis(300);

/// How often the seconds are counted.
const TICK: Duration = Duration::from_secs(1);

/// Whether a line may come and go. Standard error has to be a terminal that can erase; and where programs are to read the answer
/// it stays away from pipes, as one that draws on the same terminal (`| fzf`) may be behind it.
pub(crate) fn is_wanted(for_programs: bool) -> bool {
    let can_erase = std::env::var_os("TERM").is_none_or(|kind| kind != "dumb");
    io::stderr().is_terminal() && can_erase && (io::stdout().is_terminal() || !for_programs)
}

/// Does `work`. If that takes longer than a moment, `what` stands on standard error for as long.
pub(crate) async fn telling<T>(what: &str, is_wanted: bool, work: impl Future<Output = T>) -> T {
    if !is_wanted {
        return work.await;
    }
    // A line that wraps would be erased in part.
    let room = terminal::width_of(&io::stderr()).map(|width| width.saturating_sub(1));
    let draw = |text: &str| {
        let text = room.map_or_else(|| text.to_owned(), |room| columns::cut(text, room));
        terminal::redraw(&text);
    };
    drawing(what, draw, work).await
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
            _ = ticks.tick() => match began.elapsed().as_secs() {
                0 => line.shows(&format!("{what} …")),
                seconds => line.shows(&format!("{what} … {seconds} s")),
            },
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

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_given_up_leaves_no_line() {
        let mut drawn = Vec::new();
        let work = sleep(Duration::from_secs(60));
        let waiting = drawing("Counting", |text| drawn.push(text.to_owned()), work);
        assert!(timeout(Duration::from_millis(500), waiting).await.is_err());
        assert_eq!(drawn, ["Counting …", ""]);
    }
}
