use std::sync::atomic::{AtomicUsize, Ordering};

use aws_credential_types::Credentials;

use super::super::identity::CredentialIdentity;
use super::super::source::Source;
use super::*;

#[test]
fn credentials_are_renewed_before_they_expire() {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    assert_eq!(keep_for(Some(minutes(60))), minutes(55));
    assert_eq!(keep_for(Some(minutes(6))), minutes(3));
    assert_eq!(keep_for(Some(Duration::from_secs(2))), Duration::from_secs(1));
    assert_eq!(keep_for(None), WITHOUT_EXPIRY);
}

/// A source that takes a minute. It fails, or gives a key pair: the numbered one, or always the first.
#[derive(Debug, Clone, Default)]
struct Slow {
    asked: Arc<AtomicUsize>,
    gives: Gives,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Gives {
    #[default]
    Nothing,
    TheSame,
    Others,
    /// Others at first, and then nothing.
    One,
}

const A_MINUTE: Duration = Duration::from_secs(60);

impl Sources for Slow {
    fn resolve(&self) -> Pin<Box<dyn Future<Output = Result<Resolved, CredentialProblem>> + Send + '_>> {
        Box::pin(async {
            let number = self.asked.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(A_MINUTE).await;
            let id = match self.gives {
                Gives::TheSame => "AKID0".to_owned(),
                Gives::Others => format!("AKID{number}"),
                Gives::One if number == 0 => "AKID0".to_owned(),
                Gives::Nothing | Gives::One => return Err(CredentialProblem::Missing { asked: Vec::new() }),
            };
            let credentials = Credentials::new(id, "s", None, None, "test");
            Ok(Resolved { identity: CredentialIdentity::of(Source::Container, &credentials), credentials })
        })
    }

    fn files(&self) -> FilesState {
        FilesState::default()
    }
}

fn keeping(gives: Gives) -> (KeptCredentials, Arc<AtomicUsize>) {
    let slow = Slow { gives, ..Slow::default() };
    let asked = Arc::clone(&slow.asked);
    (KeptCredentials::of(Box::new(slow)), asked)
}

/// What many requests at once get.
async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(request: impl Fn() -> F) -> Vec<T> {
    let requests: Vec<_> = (0..100).map(|_| tokio::spawn(request())).collect();
    let mut outcomes = Vec::new();
    for request in requests {
        outcomes.push(request.await.expect("it does not panic"));
    }
    outcomes
}

#[tokio::test(start_paused = true)]
async fn many_requests_at_once_make_it_one_question_even_where_it_fails() {
    for (gives, found) in [(Gives::Nothing, false), (Gives::Others, true)] {
        let (kept, asked) = keeping(gives);
        let got = at_once(|| {
            let kept = kept.clone();
            async move { kept.get().await.is_ok() }
        });
        assert_eq!(got.await, [found; 100]);
        assert_eq!(asked.load(Ordering::Relaxed), 1, "{gives:?}");
        // Whoever comes at once is told the same, and whoever comes later asks again, where there is nothing.
        assert_eq!(kept.get().await.is_ok(), found);
        assert_eq!(asked.load(Ordering::Relaxed), 1, "{gives:?}");
        tokio::time::sleep(FAILURE_COUNTS).await;
        assert_eq!(kept.get().await.is_ok(), found);
        assert_eq!(asked.load(Ordering::Relaxed), if found { 1 } else { 2 }, "{gives:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn many_refusals_at_once_make_it_one_renewal_even_where_it_brings_nothing_new() {
    for (gives, renewed) in [(Gives::TheSame, false), (Gives::Others, true), (Gives::One, false)] {
        let (kept, asked) = keeping(gives);
        let refused = kept.get().await.expect("the first ones are there");
        let others = at_once(|| {
            let (kept, refused) = (kept.clone(), Arc::clone(&refused));
            async move { kept.renew_after(&refused).await }
        });
        assert_eq!(others.await, [renewed; 100], "{gives:?}");
        assert_eq!(asked.load(Ordering::Relaxed), 2, "{gives:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_renewal_while_the_credentials_are_good() {
    let (kept, asked) = keeping(Gives::Others);
    let first = kept.get().await.expect("they are there");
    tokio::time::sleep(WITHOUT_EXPIRY).await;
    let began = Instant::now();
    for _ in 0..100 {
        assert!(same(&first, &kept.get().await.expect("they are good")));
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
    tokio::time::sleep(A_MINUTE + Duration::from_secs(1)).await;
    assert!(!same(&first, &kept.get().await.expect("they were renewed")));
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_is_tried_again_a_while_later() {
    let (kept, asked) = keeping(Gives::One);
    let first = kept.get().await.expect("they are there");
    tokio::time::sleep(WITHOUT_EXPIRY).await;
    for tries in [2, 3] {
        assert!(same(&first, &kept.get().await.expect("they are good")));
        // In the meantime nobody else asks, however long it takes.
        for _ in 0..6 {
            tokio::time::sleep(AFTER_FAILURE + Duration::from_millis(10)).await;
            assert!(same(&first, &kept.get().await.expect("they are good")));
        }
        assert_eq!(asked.load(Ordering::Relaxed), tries);
        tokio::time::sleep(AFTER_FAILURE).await;
    }
}
