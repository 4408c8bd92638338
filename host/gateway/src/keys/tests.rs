use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret as _, SecretString};

use super::{Admitted, KEY_PREFIX, KeyError, Keys, generate_key};
use crate::config::gateway::{KeyConfig, KeyHash};

fn key(name: &str, secret: &str) -> KeyConfig {
    let hash = KeyHash::of(&SecretString::from(secret));
    KeyConfig {
        name: name.to_owned(),
        hash,
        models: Vec::new(),
        concurrency: None,
        requests_per_minute: None,
        burst: None,
    }
}

fn name(admitted: Result<Admitted, KeyError>) -> Result<String, KeyError> {
    admitted.map(|admitted| admitted.name().to_owned())
}

#[test]
fn a_key_is_256_random_bits_behind_its_prefix() {
    let keys: BTreeSet<String> =
        (0..100).map(|_| generate_key().expect("randomness").expose_secret().to_owned()).collect();
    assert_eq!(keys.len(), 100);
    for key in keys {
        let random = key.strip_prefix(KEY_PREFIX).expect("the prefix");
        let is_base64url = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        assert!(random.len() == 43 && random.chars().all(is_base64url), "a wrong key");
    }
}

#[test]
fn a_key_is_known_by_its_hash_wherever_it_stands() {
    let keys = Keys::new(&[key("a", "qk_a"), key("b", "qk_b"), key("c", "qk_c")]);
    assert!(keys.are_needed());
    for (presented, expected) in [
        (Some("qk_a"), Ok("a")),
        (Some("qk_b"), Ok("b")),
        (Some("qk_c"), Ok("c")),
        (Some("qk_d"), Err(KeyError::Unknown)),
        (Some("qk_a "), Err(KeyError::Unknown)),
        (Some("a"), Err(KeyError::Unknown)),
        (Some(""), Err(KeyError::Missing)),
        (None, Err(KeyError::Missing)),
    ] {
        assert_eq!(name(keys.check(presented)), expected.map(str::to_owned), "{presented:?}");
    }
    let hash = KeyHash::of(&SecretString::from("qk_a")).to_string();
    assert_eq!(name(keys.check(Some(hash.as_str()))), Err(KeyError::Unknown), "the hash is no key");
}

#[test]
fn without_keys_everybody_is_anonymous() {
    let keys = Keys::new(&[]);
    assert!(!keys.are_needed());
    for presented in [None, Some(""), Some("sk-anything")] {
        let admitted = keys.check(presented).expect("everybody is admitted");
        assert!(admitted.name() == "anonymous" && admitted.may_use("any.model"));
    }
}

#[test]
fn a_key_may_use_its_models() {
    let models = ["anthropic.claude-sonnet-4-6", "us.amazon.*", "amazon-bedrock/meta.*", "amazon-bedrock/x.y"];
    let limited = KeyConfig { models: models.map(str::to_owned).to_vec(), ..key("a", "qk_a") };
    let keys = Keys::new(&[limited, key("b", "qk_b")]);
    let admitted = keys.check(Some("qk_a")).expect("known");
    for model in [
        "anthropic.claude-sonnet-4-6",
        "amazon-bedrock/anthropic.claude-sonnet-4-6",
        "us.amazon.nova-pro-v1:0",
        "us.amazon.",
        "meta.llama",
        "amazon-bedrock/meta.llama",
        "x.y",
    ] {
        assert!(admitted.may_use(model), "{model}");
    }
    for model in ["anthropic.claude-sonnet-4-6-v2", "anthropic.claude-sonnet", "amazon.nova-pro-v1:0", "x.yz", ""] {
        assert!(!admitted.may_use(model), "{model}");
    }
    assert!(keys.check(Some("qk_b")).expect("known").may_use("any.model"));
    let all = KeyConfig { models: vec!["*".to_owned()], ..key("a", "qk_a") };
    assert!(Keys::new(&[all]).check(Some("qk_a")).expect("known").may_use("any.model"));
}

#[test]
fn a_place_is_given_back_when_the_request_ends() {
    let keys = Keys::new(&[KeyConfig { concurrency: Some(2), ..key("a", "qk_a") }, key("b", "qk_b")]);
    let check = || keys.check(Some("qk_a"));
    let (first, _second) = (check().expect("first"), check().expect("second"));
    let refused = check().expect_err("a third");
    assert_eq!(refused, KeyError::TooManyAtOnce { name: "a".to_owned(), most: 2 });
    assert_eq!(refused.retry_after(), None);
    assert!(keys.check(Some("qk_b")).is_ok(), "another key is not concerned");
    drop(first);
    let _third = check().expect("there is a place again");
    assert!(check().is_err());
}

#[test]
fn no_more_than_allowed_get_in_from_many_threads() {
    let keys = Keys::new(&[KeyConfig { concurrency: Some(3), ..key("a", "qk_a") }]);
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..2000 {
                    if let Ok(_admitted) = keys.check(Some("qk_a")) {
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert!((1..=3).contains(&most.load(Ordering::SeqCst)), "{most:?} at once");
    let all: Vec<_> = (0..3).map(|_| keys.check(Some("qk_a")).expect("all places are free again")).collect();
    assert_eq!(all.len(), 3);
}

#[test]
fn a_key_that_asks_too_often_is_told_when_to_come_back() {
    let keys = Keys::new(&[KeyConfig { requests_per_minute: Some(2), concurrency: Some(1), ..key("a", "qk_a") }]);
    let begin = Instant::now();
    let check = |seconds| keys.check_at(Some("qk_a"), begin + Duration::from_secs(seconds)).map(drop);
    assert_eq!((check(0), check(0)), (Ok(()), Ok(())));
    let refused = check(10).expect_err("a third");
    assert_eq!(refused.retry_after(), Some(Duration::from_secs(20)));
    assert!(refused.to_string().contains("limit of 2 requests per minute; retry in "), "{refused}");
    // A request that was refused has not kept its place, nor has it made the wait longer.
    assert_eq!((check(30), check(30).is_err()), (Ok(()), true));
    // Nor does one that found no place count as asked.
    let held = keys.check_at(Some("qk_a"), begin + Duration::from_secs(60)).expect("admitted");
    assert!(matches!(check(90), Err(KeyError::TooManyAtOnce { .. })));
    drop(held);
    assert_eq!(check(90), Ok(()));
}

#[test]
fn what_is_used_up_survives_a_reload() {
    let limited = |secret: &str, concurrency| KeyConfig {
        concurrency: Some(concurrency),
        requests_per_minute: Some(3),
        ..key("a", secret)
    };
    let now = Instant::now();
    let before = Keys::new(&[limited("qk_a", 1)]);
    let held = before.check_at(Some("qk_a"), now).expect("admitted");
    let same = before.reload(&[key("new", "qk_new"), limited("qk_a", 1)]);
    assert!(matches!(same.check_at(Some("qk_a"), now), Err(KeyError::TooManyAtOnce { .. })));
    let wider = same.reload(&[limited("qk_a", 2)]);
    let second = wider.check_at(Some("qk_a"), now).expect("a second place");
    assert!(wider.check_at(Some("qk_a"), now).is_err());
    // Given back after the reload, on whichever side it was taken.
    drop((held, second));
    assert!(wider.check_at(Some("qk_a"), now).is_ok());
    assert!(matches!(same.check_at(Some("qk_a"), now), Err(KeyError::TooOften { .. })), "three of three are used up");
    // The same name with another key begins again, and the old key is gone.
    let other = wider.reload(&[limited("qk_other", 1)]);
    assert!(other.check_at(Some("qk_other"), now).is_ok());
    assert_eq!(name(other.check_at(Some("qk_a"), now)), Err(KeyError::Unknown));
    // Without any key left nobody is let in, and a gateway that never had one lets everybody in.
    assert_eq!(name(other.reload(&[]).check(None)), Err(KeyError::Missing));
    assert_eq!(name(other.reload(&[]).check(Some("qk_other"))), Err(KeyError::Unknown));
    assert_eq!(name(Keys::new(&[]).reload(&[]).check(None)).as_deref(), Ok("anonymous"));
}

#[test]
fn nothing_that_is_printed_has_a_key_in_it() {
    let secret = generate_key().expect("randomness");
    let config = KeyConfig { concurrency: Some(1), ..key("a", secret.expose_secret()) };
    let keys = Keys::new(std::slice::from_ref(&config));
    let admitted = keys.check(Some(secret.expose_secret())).expect("known");
    let busy = keys.check(Some(secret.expose_secret())).expect_err("busy");
    let unknown = keys.check(Some("qk_hunter2")).expect_err("unknown");
    let shown = format!("{secret:?} {config:?} {keys:?} {admitted:?} {busy:?} {busy} {unknown:?} {unknown}");
    let random = secret.expose_secret().trim_start_matches(KEY_PREFIX);
    assert!(!shown.contains(random) && !shown.contains("hunter2"), "{shown}");
    // Nor the whole hash: it is of no use to anybody but a guesser.
    assert!(!shown.contains(config.hash.to_string().trim_start_matches("sha256:")), "{shown}");
    assert!(shown.contains("Admitted(\"a\")"), "{shown}");
}
