//! The seeds, and mutations of them, on any compiler: some seconds of what libFuzzer does for minutes. Nothing is random: the same
//! seed of numbers makes the same inputs, so a failure comes again. `FUZZ_ROUNDS` has more of them run.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// Mutations of each seed.
const ROUNDS: usize = 300;

#[test]
fn config() {
    run("config", quarry_fuzz::config);
}

#[test]
fn listing() {
    run("listing", quarry_fuzz::listing);
}

#[test]
fn frames() {
    run("frames", quarry_fuzz::frames);
}

#[test]
fn contexts() {
    run("contexts", quarry_fuzz::contexts);
}

/// Each input is thousands of something, so there are fewer of them.
#[test]
fn large() {
    run_rounds("large", quarry_fuzz::large, rounds() / 20);
}

fn rounds() -> usize {
    std::env::var("FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS)
}

fn run(target: &str, function: fn(&[u8])) {
    run_rounds(target, function, rounds());
}

fn run_rounds(target: &str, function: fn(&[u8]), rounds: usize) {
    let seeds = seeds(&Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target));
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for (path, seed) in &seeds {
        check(path, seed, function);
        for _ in 0..rounds {
            let other = &seeds[numbers.below(seeds.len())].1;
            let mut data = seed.clone();
            (0..=numbers.below(4)).for_each(|_| mutate(&mut data, other, &mut numbers));
            check(path, &data, function);
        }
    }
}

fn seeds(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).expect("the folder of seeds").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "there are no seeds in {}", folder.display());
    paths.into_iter().map(|path| (path.clone(), fs::read(path).expect("a seed"))).collect()
}

fn check(path: &Path, data: &[u8], function: fn(&[u8])) {
    if catch_unwind(|| function(data)).is_err() {
        panic!("a mutation of {} fails: {:?}", path.display(), String::from_utf8_lossy(data));
    }
}

fn mutate(data: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    let at = numbers.below(data.len() + 1);
    match numbers.below(6) {
        0 if at < data.len() => data[at] = numbers.below(256) as u8,
        1 if at < data.len() => data[at] ^= 1 << numbers.below(8),
        2 => data.truncate(at),
        3 => {
            let end = (at + numbers.below(16)).min(data.len());
            data.drain(at..end);
        }
        4 => {
            let from = numbers.below(other.len() + 1);
            let to = (from + numbers.below(64)).min(other.len());
            data.splice(at..at, other[from..to].iter().copied());
        }
        _ => data.insert(at, b"{}[]\",:\\\n 0\xff"[numbers.below(12)]),
    }
}

/// xorshift64*.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }
}
