use std::time::Duration;

use super::{Bound, Capacity, Fits, Full, Machine, Need, Purpose, Settings};

const EMBEDDED: Need = Need { memories: 1, bytes: 256 << 10 };

fn machine(memory: u64, files: u64) -> Machine {
    Machine { memory: Some(memory), files: Some(files) }
}

#[test]
fn what_is_scarce_bounds_the_requests() {
    let capacity = Capacity::new(4096);
    let fits = |machine, concurrency, need| {
        let Fits { requests, bound } =
            capacity.fits(machine, Settings { concurrency, body: 32 << 20, ..Settings::default() }, need);
        (requests, bound)
    };
    let large = machine(64 << 30, 1 << 20);
    assert_eq!(fits(large, None, EMBEDDED), (4096, Bound::Sessions));
    assert_eq!(fits(Machine::default(), None, EMBEDDED), (4096, Bound::Sessions));
    assert_eq!(fits(large, None, Need { memories: 3, ..EMBEDDED }), (1365, Bound::Sessions));
    assert_eq!(fits(large, Some(100), EMBEDDED), (100, Bound::Concurrency));
    assert_eq!(fits(large, Some(10_000), EMBEDDED), (4096, Bound::Sessions));
    assert_eq!(fits(machine(1 << 30, 1 << 20), None, EMBEDDED), (2048, Bound::Memory));
    assert_eq!(fits(machine(128 << 20, 1 << 20), None, EMBEDDED), (1, Bound::Memory));
    assert_eq!(fits(machine(64 << 30, 1024), None, EMBEDDED), (426, Bound::Files));
}

#[test]
fn a_full_gateway_takes_the_next_request_when_one_ends() {
    let capacity = Capacity::new(4);
    let first: Vec<_> = (0..4).map(|_| capacity.admit(EMBEDDED).expect("there is room")).collect();
    let full = capacity.admit(EMBEDDED).expect_err("it is full");
    assert_eq!(full, Full { bound: Bound::Sessions, requests: 4, retry_after: Duration::from_secs(1) });
    drop(first.into_iter().next());
    assert_eq!(capacity.status().shares[0].in_use, 0);
    assert!(capacity.admit(EMBEDDED).is_ok());
}

#[test]
fn versions_that_take_more_have_fewer_requests() {
    let capacity = Capacity::new(8);
    let heavy = Need { memories: 3, ..EMBEDDED };
    let light: Vec<_> = (0..3).map(|_| capacity.admit(EMBEDDED).expect("there is room")).collect();
    let one = capacity.admit(heavy).expect("five are left");
    assert_eq!(capacity.admit(heavy).map(|_| ()).map_err(|full| full.bound), Err(Bound::Sessions));
    light[0].cover(heavy).expect("two are left, and it needs two more");
    light[0].cover(EMBEDDED).expect("less is never too much");
    assert_eq!(light[1].cover(heavy).map_err(|full| full.bound), Err(Bound::Sessions));
    drop(one);
    light[1].cover(heavy).expect("three are left");
    drop(light);
    let status = capacity.status();
    assert_eq!((status.shares[0].in_use, status.requests), (0, 2), "all is back");
}

#[test]
fn readiness_does_not_change_with_each_request() {
    let capacity = Capacity::new(100);
    let mut permits: Vec<_> = (0..99).map(|_| capacity.admit(EMBEDDED).expect("there is room")).collect();
    assert_eq!(capacity.saturated(), None);
    permits.push(capacity.admit(EMBEDDED).expect("the last"));
    assert_eq!(capacity.saturated(), Some((100, 100)));
    permits.truncate(90);
    assert_eq!(capacity.saturated(), Some((90, 100)), "ready again below 90 %");
    permits.truncate(89);
    assert_eq!(capacity.saturated(), None);
    let settings = |unready_percent| Settings { unready_percent, ..Settings::default() };
    capacity.configure(Machine::default(), settings(80), EMBEDDED);
    assert_eq!(capacity.saturated(), Some((89, 100)), "from 80 % on");
    capacity.configure(Machine::default(), settings(0), EMBEDDED);
    permits.extend((0..11).map(|_| capacity.admit(EMBEDDED).expect("there is room")));
    assert_eq!(capacity.saturated(), None, "never");
}

#[test]
fn a_lower_limit_keeps_what_was_admitted() {
    let capacity = Capacity::new(100);
    let permits: Vec<_> = (0..10).map(|_| capacity.admit(EMBEDDED).expect("there is room")).collect();
    capacity.configure(Machine::default(), Settings { concurrency: Some(5), ..Settings::default() }, EMBEDDED);
    assert_eq!(capacity.admit(EMBEDDED).map(|_| ()).map_err(|full| full.bound), Err(Bound::Concurrency));
    assert_eq!(capacity.status().shares[0].in_use, 10);
    drop(permits);
    assert_eq!(capacity.status().requests, 5);
}

#[test]
fn when_to_try_again_follows_from_how_long_requests_take() {
    let capacity = Capacity::new(2);
    capacity.give_back(EMBEDDED, Duration::from_secs(20));
    let _both = [capacity.admit(EMBEDDED), capacity.admit(EMBEDDED)];
    let retry_after = || capacity.admit(EMBEDDED).map(|_| ()).map_err(|full| full.retry_after);
    assert_eq!(retry_after(), Err(Duration::from_secs(10)));
    capacity.give_back(EMBEDDED, Duration::from_secs(3600));
    let _again = capacity.admit(EMBEDDED);
    assert_eq!(retry_after(), Err(Duration::from_secs(30)), "the longest");
}

#[test]
fn a_gateway_that_is_full_of_requests_has_its_reserve() {
    let capacity = Capacity::new(1);
    let _request = capacity.admit(EMBEDDED).expect("there is room");
    for purpose in Purpose::ALL {
        assert!(capacity.reserved(purpose).is_ok());
    }
    assert!(capacity.status().shares[1..].iter().all(|share| (share.in_use, share.available) == (0, 32)));
}
