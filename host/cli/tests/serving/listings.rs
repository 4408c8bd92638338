//! Gateways that share one discovery over Redis, and what becomes of them when it goes away.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use quarry_gateway::discovery::store::{ListingStore as _, SharedListings, StoredListing};
use rustix::process::Signal;
use secrecy::SecretString;

use crate::gateway::{Gateway, fails_to_start};
use crate::redis::{Redis, authority};

const PASSWORD: &str = "hunter2-of-the-cache";

/// How long the gateway may take to notice that the server is back: its longest pause is five seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// A control plane of one model that counts what it is asked.
struct ControlPlane {
    endpoint: String,
    asked: Arc<AtomicUsize>,
}

impl ControlPlane {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::SeqCst);
                // A client that goes away is no error here.
                let _ = answer(&stream);
            }
        });
        ControlPlane { endpoint, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// A gateway before it, with this cache.
    fn gateway(&self, cache: &str) -> Gateway {
        self.gateway_with(&format!("{{ quarry: {{ cache: {{ url: '{cache}' }} }} }}"), "AKIDTEST")
    }

    fn gateway_with(&self, configuration: &str, key_id: &str) -> Gateway {
        Gateway::before(configuration, |command| {
            command.env("AWS_ENDPOINT_URL_BEDROCK", &self.endpoint);
            command.env("AWS_ACCESS_KEY_ID", key_id).env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
        })
    }
}

fn answer(mut stream: &TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let path = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let body = if path.contains("/foundation-models") {
        r#"{"modelSummaries":[{"modelId":"amazon.nova-lite-v1:0","modelName":"Nova Lite","providerName":"Amazon",
            "inputModalities":["TEXT"],"outputModalities":["TEXT"],"responseStreamingSupported":true,
            "modelLifecycle":{"status":"ACTIVE"}}]}"#
    } else {
        r#"{"inferenceProfileSummaries":[]}"#
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// Asks a gateway for its models, and checks that it has the one.
fn lists(gateway: &Gateway) {
    let mut stream = TcpStream::connect(gateway.base.strip_prefix("http://").expect("an address")).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time can be set");
    stream.write_all(b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").expect("it listens");
    let answer = std::io::read_to_string(stream).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("amazon.nova-lite-v1:0"), "{answer}");
}

fn eventually(what: &str, is: impl Fn() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
#[ignore = "peers: Redis"]
fn replicas_share_one_discovery() {
    let plane = ControlPlane::start();
    let redis = Redis::start(PASSWORD);
    let first = plane.gateway(&redis.url());
    lists(&first);
    assert_eq!(plane.asked(), 3);
    let second = plane.gateway(&redis.url());
    lists(&second);
    lists(&first);
    assert_eq!(plane.asked(), 3, "the second has it from the first");
    let name = redis.names().pop().expect("it is there");
    let seconds: u64 = redis.ask(&["TTL", &name]).trim_start_matches(':').parse().expect("a number");
    assert!((600_000..620_000).contains(&seconds), "an hour fresh and a week stale: {seconds}");

    let configuration = format!("{{ quarry: {{ cache: {{ url: '{}' }} }} }}", redis.url());
    let of_another = plane.gateway_with(&configuration, "AKIDOTHER");
    lists(&of_another);
    assert_eq!((plane.asked(), redis.names().len()), (6, 6), "another account has its own");
    lists(&plane.gateway_with("{}", "AKIDTEST"));
    assert_eq!(plane.asked(), 9, "a gateway without the cache has its memory");

    // What lies in the place of the pages of a source and is none.
    for spoil in [&["SET", &name, "QUARRYL1 and nonsense"][..], &["DEL", &name], &["LPUSH", &name, "a list"]] {
        redis.ask(spoil);
        let before = plane.asked();
        let third = plane.gateway(&redis.url());
        lists(&third);
        if spoil[0] != "DEL" {
            third.wait_for_log("a new one replaces it", 1);
            assert!(!third.log().contains("is not reachable"), "{}", third.log());
            assert_eq!(plane.asked(), before + 1);
            lists(&plane.gateway(&redis.url()));
            assert_eq!(plane.asked(), before + 1, "it was replaced");
        } else {
            assert_eq!(plane.asked(), before + 1);
        }
        redis.ask(&["DEL", &name]);
    }
    for gateway in [first, second, of_another] {
        assert!(!gateway.log().contains(PASSWORD) && !gateway.log().contains("is not reachable"), "{}", gateway.log());
        gateway.stop();
    }
}

#[test]
fn a_listing_is_of_whom_the_files_name_now() {
    let plane = ControlPlane::start();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("credentials");
    let name = |key_id: &str| {
        let profile = format!("[default]\naws_access_key_id = {key_id}\naws_secret_access_key = not-a-secret\n");
        std::fs::write(&file, profile).expect("it can be written");
    };
    name("AKIDTEST");
    let gateway = Gateway::before("{}", |command| {
        command.env("AWS_ENDPOINT_URL_BEDROCK", &plane.endpoint).env("AWS_SHARED_CREDENTIALS_FILE", &file);
    });
    lists(&gateway);
    lists(&gateway);
    assert_eq!(plane.asked(), 3, "the second time it has it in memory");
    name("AKIDOTHER");
    eventually("another account is asked for its own", || {
        lists(&gateway);
        plane.asked() > 3
    });
    lists(&gateway);
    assert_eq!(plane.asked(), 6);
    gateway.stop();
}

#[test]
#[ignore = "peers: Redis"]
fn a_server_that_goes_away_costs_nothing_and_gets_back_what_it_lost() {
    let plane = ControlPlane::start();
    let mut redis = Redis::start(PASSWORD);
    let first = plane.gateway(&redis.url());
    lists(&first);
    assert_eq!((plane.asked(), redis.names().len()), (3, 3));

    redis.stop();
    for _ in 0..20 {
        lists(&first);
    }
    assert_eq!(plane.asked(), 3, "the memory is still there");
    // One that never saw it up: it lists by itself, fast, and says so once.
    let began = Instant::now();
    let second = plane.gateway(&redis.url());
    for _ in 0..20 {
        lists(&second);
    }
    assert_eq!(plane.asked(), 6);
    assert!(began.elapsed() < PATIENCE, "nobody waits for it: {:?}", began.elapsed());
    second.wait_for_log("the shared cache of listings is not reachable", 1);

    redis.start_again();
    second.wait_for_log("the shared cache of listings is reachable again", 1);
    eventually("what the second listed is there", || redis.names().len() == 3);
    let third = plane.gateway(&redis.url());
    lists(&third);
    assert_eq!(plane.asked(), 6, "the third has it from the second");

    // Away and back between two questions: nobody notices.
    redis.stop();
    redis.start_again();
    third.signal(Signal::HUP);
    third.wait_for_log("the configuration was read again", 1);
    lists(&third);
    lists(&third);
    assert_eq!(plane.asked(), 6, "a reload keeps what is in memory");
    for (gateway, times) in [(first, 0), (second, 1), (third, 0)] {
        let told = gateway.log().matches("is not reachable").count();
        assert!(told == times && !gateway.log().contains(PASSWORD), "{}", gateway.log());
        gateway.stop();
    }
}

#[test]
#[ignore = "peers: Redis"]
fn a_server_that_says_nothing_holds_nobody_up() {
    let plane = ControlPlane::start();
    let redis = Redis::start(PASSWORD);
    redis.signal(Signal::STOP);
    let gateway = plane.gateway(&redis.url());
    let began = Instant::now();
    // If each waited for a second or two, they would take minutes.
    for _ in 0..100 {
        lists(&gateway);
    }
    assert!(began.elapsed() < Duration::from_secs(60), "only one waits: {:?}", began.elapsed());
    assert_eq!(plane.asked(), 3);
    gateway.wait_for_log("the shared cache of listings is not reachable", 1);
    redis.signal(Signal::CONT);
    gateway.wait_for_log("the shared cache of listings is reachable again", 1);
    assert_eq!(redis.names().len(), 3, "what was listed in between is shared now");
    gateway.stop();
}

#[test]
#[ignore = "peers: Redis"]
fn a_wrong_password_is_an_outage_and_is_not_told() {
    let plane = ControlPlane::start();
    let redis = Redis::start(PASSWORD);
    let configuration = |url: &str| format!("{{ quarry: {{ cache: {{ url: '{url}' }} }} }}");
    let gateway = Gateway::before(&configuration(&redis.url().replace(PASSWORD, "another-hunter2")), |command| {
        command.env("AWS_ENDPOINT_URL_BEDROCK", &plane.endpoint).env("QUARRY_LOG", "trace");
        command.env("AWS_ACCESS_KEY_ID", "AKIDTEST").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
    });
    lists(&gateway);
    gateway.wait_for_log("the shared cache of listings is not reachable", 1);
    assert!(!gateway.log().contains("hunter2"), "{}", gateway.log());
    redis.ask(&["CONFIG", "SET", "requirepass", "another-hunter2"]);
    gateway.wait_for_log("the shared cache of listings is reachable again", 1);
    assert!(!gateway.log().contains("hunter2"), "at any level");
    gateway.stop();
}

#[test]
#[ignore = "peers: Redis"]
fn tls_is_for_servers_that_an_authority_vouches_for() {
    let plane = ControlPlane::start();
    let redis = Redis::start(PASSWORD);
    let configuration = format!("{{ quarry: {{ cache: {{ url: '{}' }} }} }}", redis.tls_url());
    let gateway = |authority: Option<String>| {
        Gateway::before(&configuration, |command| {
            command.env("AWS_ENDPOINT_URL_BEDROCK", &plane.endpoint);
            command.env("AWS_ACCESS_KEY_ID", "AKIDTEST").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
            command.envs(authority.map(|authority| ("SSL_CERT_FILE", authority)));
        })
    };
    let trusting = gateway(Some(authority()));
    lists(&trusting);
    assert_eq!((plane.asked(), redis.names().len()), (3, 3), "{}", trusting.log());
    lists(&gateway(Some(authority())));
    assert_eq!(plane.asked(), 3);
    let distrusting = gateway(None);
    lists(&distrusting);
    assert_eq!(plane.asked(), 6);
    distrusting.wait_for_log("invalid peer certificate", 1);
    trusting.stop();
    distrusting.stop();
}

#[test]
fn an_address_that_is_none_is_refused_and_not_quoted() {
    for url in ["http://me:hunter2@127.0.0.1", "redis://me:hunter2@", "redis+unix:///run/hunter2.sock"] {
        let refused = fails_to_start(&format!("{{ quarry: {{ cache: {{ url: '{url}' }} }} }}"), &[]);
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success(), "{told}");
        assert!(told.contains("quarry.cache.url") && told.contains("Redis or Valkey"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

/// The store by itself, with the server stopped and started again and again under many that read and write.
#[test]
#[ignore = "peers: Redis"]
fn nothing_is_lost_while_the_server_comes_and_goes() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut redis = Redis::start(PASSWORD);
    let store = SharedListings::new(&SecretString::from(redis.url())).expect("an address");
    let listing = |key: u64| StoredListing {
        value: vec![u8::try_from(key).expect("it is small"); 50_000],
        began: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + key),
        ttl: 3600,
    };
    let of_task = store.clone();
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let writing = runtime.spawn(async move {
        let mut reads = [0usize; 2];
        let mut round = 0;
        while stopped.try_recv().is_err() || round < 40 {
            let key = round % 40;
            of_task.put(&key.to_string(), &listing(key)).await;
            match of_task.get(&key.to_string()).await {
                Some(found) => {
                    assert_eq!(found, listing(key), "no read is broken");
                    reads[1] += 1;
                }
                None => reads[0] += 1,
            }
            round += 1;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        reads
    });
    for pause in [300, 50, 700, 10, 400] {
        thread::sleep(Duration::from_millis(300));
        redis.stop();
        thread::sleep(Duration::from_millis(pause));
        redis.start_again();
    }
    stop.send(()).expect("it still runs");
    let reads = runtime.block_on(writing).expect("no panic");
    assert!(reads[0] > 0 && reads[1] > 0, "it was away, and it was there: {reads:?}");
    eventually("all that was ever written is there", || redis.names().len() == 40);
    runtime.block_on(async {
        let other = SharedListings::new(&SecretString::from(redis.url())).expect("an address");
        for key in 0..40 {
            assert_eq!(other.get(&key.to_string()).await, Some(listing(key)));
        }
    });
}
