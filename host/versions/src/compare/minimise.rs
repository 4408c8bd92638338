//! The smallest specimen that still shows a difference.

use std::time::{Duration, Instant};

use super::comparison::Comparison;
use super::difference::Difference;
use super::specimen::{Input, Preparation, SettingsFrom, Specimen};
use crate::contract::conversation::Ending;

/// How much work may go into one specimen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Runs on both versions.
    pub runs: usize,
    /// Time, as far as a single run does not take longer.
    pub time: Duration,
}

impl Default for Effort {
    /// 300 runs, two seconds.
    fn default() -> Self {
        Effort { runs: 300, time: Duration::from_secs(2) }
    }
}

/// Tries smaller specimens as long as there is effort left.
struct Search<'c> {
    comparison: &'c Comparison,
    kind: &'c str,
    runs: usize,
    until: Instant,
    best: Specimen,
}

/// Makes a specimen smaller while a difference of the kind is still there: what comes after it is cut off a stream, then frames,
/// messages, tools, layers and pages are left out as far as that can be. Where nothing can be left out it stays as it is.
pub(super) fn minimised(comparison: &Comparison, specimen: Specimen, kind: &str, effort: Effort) -> Specimen {
    let until = Instant::now() + effort.time;
    let mut search = Search { comparison, kind, runs: effort.runs, until, best: specimen };
    search.same_configuration();
    search.cut_tail();
    search.drop_halves();
    search.shrink(|input| stream(input).map(|stream| &mut stream.batches));
    search.one_frame_a_batch();
    search.shrink(|input| stream(input).map(|stream| &mut stream.batches));
    search.shrink(|input| preparation(input).map(|preparation| &mut preparation.context.messages));
    search.shrink(|input| preparation(input).map(|preparation| &mut preparation.context.tools));
    search.without_system_prompt();
    search.shrink(|input| match input {
        Input::Settings(layers) => Some(layers),
        _ => None,
    });
    search.shrink(|input| match input {
        Input::Listing(listing) => Some(&mut listing.pages),
        _ => None,
    });
    search.best
}

fn stream(input: &mut Input) -> Option<&mut super::specimen::Stream> {
    match input {
        Input::Stream(stream) => Some(stream),
        _ => None,
    }
}

fn preparation(input: &mut Input) -> Option<&mut Preparation> {
    match input {
        Input::Preparation(preparation) => Some(preparation),
        Input::Stream(stream) => stream.preparation.as_deref_mut(),
        _ => None,
    }
}

/// The first difference of a kind.
pub(super) fn difference_of(comparison: &Comparison, specimen: &Specimen, kind: &str) -> Option<Difference> {
    comparison.compare(specimen).into_iter().find(|difference| difference.kind == kind)
}

impl Search<'_> {
    /// Takes an input for the best one if it still shows the kind. False too when the effort is spent.
    fn take(&mut self, input: Input) -> bool {
        if self.runs == 0 || Instant::now() >= self.until {
            return false;
        }
        self.runs -= 1;
        let candidate = Specimen { name: self.best.name.clone(), input };
        let shows = difference_of(self.comparison, &candidate, self.kind).is_some();
        if shows {
            self.best = candidate;
        }
        shows
    }

    /// Ends a stream behind the batch that made the first difference.
    fn cut_tail(&mut self) {
        let Input::Stream(stream) = &self.best.input else { return };
        let (Some(batches), _) = self.comparison.observed(&self.best.input) else { return };
        if batches >= stream.batches.len() {
            return;
        }
        let mut shorter = stream.clone();
        shorter.batches.truncate(batches);
        // What a stream that stops there ends with is an error, whichever way it really ended.
        shorter.ending = Ending::Complete;
        self.take(Input::Stream(shorter));
    }

    /// Leaves out the request of a stream, or the stream of a request.
    fn drop_halves(&mut self) {
        let Input::Stream(stream) = &self.best.input else { return };
        let Some(preparation) = stream.preparation.clone() else { return };
        let mut alone = stream.clone();
        alone.preparation = None;
        if !self.take(Input::Stream(alone)) {
            self.take(Input::Preparation(preparation));
        }
    }

    /// Gives each frame a batch of its own, so that it can be left out alone.
    fn one_frame_a_batch(&mut self) {
        let Input::Stream(stream) = &self.best.input else { return };
        if stream.batches.iter().all(|batch| batch.len() == 1) {
            return;
        }
        let mut apart = stream.clone();
        apart.batches = std::mem::take(&mut apart.batches).into_iter().flatten().map(|frame| vec![frame]).collect();
        self.take(Input::Stream(apart));
    }

    fn without_system_prompt(&mut self) {
        let mut input = self.best.input.clone();
        if preparation(&mut input).is_some_and(|asked| asked.context.system_prompt.take().is_some()) {
            self.take(input);
        }
    }

    /// Gives both versions the same settings, or the same layers: a difference that stays is not one of the configuration.
    fn same_configuration(&mut self) {
        let mut input = self.best.input.clone();
        let settings = match &mut input {
            Input::Listing(listing) => Some(&mut listing.settings),
            input => preparation(input).map(|asked| &mut asked.settings),
        };
        if let Some(settings) = settings
            && let SettingsFrom::Each(each) = settings
        {
            *settings = SettingsFrom::Merged(Box::new(each.old.clone()));
            self.take(input);
        } else if let Input::Asked(asked) = input {
            self.take(Input::Settings(asked.new));
        }
    }

    /// Leaves elements of a list out: halves of it first, then smaller and smaller pieces, from the end to the beginning.
    fn shrink<T>(&mut self, list: impl Fn(&mut Input) -> Option<&mut Vec<T>>) {
        let length = |search: &mut Self| list(&mut search.best.input).map_or(0, |list| list.len());
        let mut piece = length(self).div_ceil(2);
        while piece > 0 {
            let mut end = length(self);
            while end > 0 {
                let begin = end.saturating_sub(piece);
                let mut input = self.best.input.clone();
                if let Some(list) = list(&mut input) {
                    list.drain(begin..end);
                }
                self.take(input);
                end = begin;
            }
            piece = if piece == 1 { 0 } else { piece.div_ceil(2) };
        }
    }
}
