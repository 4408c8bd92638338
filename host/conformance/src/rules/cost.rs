//! The rule of costs, without steps being counted: the processor time of the thread that makes the calls.
//!
//! Code that counts its steps must be compiled for that, which a gate has no time for. The processor time of a thread does not go on
//! while others run. It is still no exact measure, so a call is judged only where it takes milliseconds, and not by one run.

use std::time::Duration;

use rayon::prelude::*;
use rustix::time::{ClockId, clock_gettime};

use super::Rule;
use crate::cost::inputs::{self, Kind};
use crate::cost::{MOST, TIMES, run};
use crate::provider::{Fault, Providers};

pub(super) const RULES: &[Rule] = &[Rule {
    name: "cost-grows-linearly",
    holds: "a call for four times the input takes at most 7 times the processor time",
    source: "world `provider`: a provider gets up to a client's whole request",
    holds_for: |evidence, _| check_all(evidence.providers),
}];

/// How many of something the inputs have, one after the other.
const SIZES: [usize; 3] = [250, 1000, 4000];

/// A call that takes less is not judged: nobody waits for it.
const LEAST: Duration = Duration::from_millis(4);

/// How often a call is made before it is judged. The least time counts.
const RUNS: usize = 5;

fn check_all(providers: &dyn Providers) -> Result<(), String> {
    let kinds: Vec<Kind> = inputs::kinds().collect();
    let checked: Vec<_> = kinds.par_iter().map(|kind| check(kind, providers)).collect();
    checked.into_iter().collect()
}

fn check(kind: &Kind, providers: &dyn Providers) -> Result<(), String> {
    let told = |size: usize| move |fault: Fault| format!("{} with {size}: {fault}", kind.name);
    for pair in SIZES.windows(2) {
        let (small, large) = (pair[0], pair[1]);
        let took = time(kind, large, providers).map_err(told(large))?;
        if took < LEAST {
            continue;
        }
        let mut least = [time(kind, small, providers).map_err(told(small))?, took];
        let factor = |[small, large]: [Duration; 2]| large.as_secs_f64() / small.as_secs_f64().max(1e-6);
        for _ in 1..RUNS {
            if factor(least) <= MOST {
                break;
            }
            for (least, size) in least.iter_mut().zip([small, large]) {
                *least = time(kind, size, providers).map_err(told(size))?.min(*least);
            }
        }
        if factor(least) > MOST {
            return Err(format!(
                "the time of {} grows faster than its input: {TIMES} times the input takes {:.1} times as long ({:.1?}, then {:.1?})",
                kind.name,
                factor(least),
                least[0],
                least[1]
            ));
        }
        break;
    }
    Ok(())
}

/// The processor time of a fresh provider's calls.
fn time(kind: &Kind, size: usize, providers: &dyn Providers) -> Result<Duration, Fault> {
    let input = (kind.input)(size);
    let mut provider = providers.fresh()?;
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
    };
    let began = now();
    run(&input, provider.as_mut())?;
    Ok(now().saturating_sub(began))
}
