//! Where requests go, whatever a provider answers and whatever a client names: to the configured address alone. Every connection
//! that leaves for anywhere else goes through a proxy of this test, which counts them.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::json;

use super::guests::Guest;
use super::place::Place;
use super::refusals::refused;
use crate::gateway::Gateway;
use crate::operating::client::{Answer, ENDPOINTS, ask, body, get};
use crate::operating::upstream::{Play, Upstream, simulator};

/// What `prepare` names in place of the model, as `tests/guests/unruly/src/elsewhere.rs` lists them, and whether that is refused. What
/// is not refused is one encoded label of the path to the configured address.
const WAYS_OF_PREPARE: usize = 30;

/// The ways of the other calls: the member that holds the address, and the request that reaches it.
const WAYS_OF_OTHER_CALLS: [&str; 14] = [
    "merge: settings.default-model",
    "merge: settings.fallback-models",
    "merge: settings.aliases",
    "merge: settings.extras",
    "merge: settings.origins",
    "resume: need.cache-read",
    "resume: need.cache-write",
    "resume: catalog.models[].id",
    "resume: catalog.models[].extras",
    "resume: catalog.failures[].suggestions",
    "resume: catalog.notices",
    "explain: failure.suggestions, hint, code, request-id, retry-after-ms",
    "push: delta.attachment",
    "push: delta.notice, outcome.details",
];

/// A proxy that takes connections, keeps what is asked, and lets nothing through.
#[derive(Clone)]
struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
        let proxy = Proxy { address: listener.local_addr().expect("it is bound"), asked: Arc::default() };
        let asked = Arc::clone(&proxy.asked);
        // It lives as long as the test program.
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut head = [0; 512];
                let read = stream.read(&mut head).unwrap_or_default();
                asked.lock().expect("nobody panicked").push(String::from_utf8_lossy(&head[..read]).into_owned());
            }
        });
        proxy
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panicked").clone()
    }
}

/// A gateway with a token and a secret header, whose endpoints are on loopback, and the proxy for everything else.
fn gateway(place: &Place, upstream: &Upstream, members: &str) -> (Gateway, Proxy) {
    let proxy = Proxy::start();
    let address = format!("http://{}", proxy.address);
    let quarry = "quarry: { retry: { attempts: 1 }, provider: { probationStreams: 0, quarantine: { faults: 1000, streams: 1000 } } }";
    let configuration = upstream.configuration(&format!("{members} {quarry}"));
    let gateway = Gateway::before(&configuration, |command| {
        place.tell(command);
        command
            .env("AWS_BEARER_TOKEN_BEDROCK", "ABSK-a-token-of-a-test-that-opens-nothing")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL_BEDROCK", format!("http://{}", simulator()))
            .env("NO_PROXY", "127.0.0.1");
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"] {
            command.env(name, &address);
        }
    });
    (gateway, proxy)
}

fn chat(gateway: &Gateway, model: &str, prompt: &str) -> Answer {
    let path = "/v1/chat/completions";
    ask(gateway, path, &[], &body(path, model, prompt, false))
}

#[test]
fn a_hostile_provider_tries_each_way_and_only_the_configured_address_is_asked() {
    let place = Place::new();
    let upstream = Upstream::start();
    let aliases = "agents: { defaults: { models: { 'amazon-bedrock/unruly-elsewhere': { alias: 'marked' } } } },";
    let (gateway, proxy) = gateway(&place, &upstream, aliases);
    let unruly = Guest::unruly(place.folder());
    place.activate(&unruly);
    // The proxy is looked at: what would go to AWS itself goes there.
    assert_eq!(chat(&gateway, "sim.stop.end_turn", "echo hello").status(), 200);
    assert_eq!(proxy.asked(), Vec::<String>::new());

    let mut tried = 0;
    for way in 1..=WAYS_OF_PREPARE {
        let answer = chat(&gateway, "sim.stop.end_turn", &format!("echo unruly:prepare-elsewhere:{way}"));
        // Another version may answer in its place; what this one named is asked by nobody.
        assert!(matches!(answer.status(), 200 | 500), "{way}: {answer:?}");
        tried += 1;
    }
    assert!(upstream.all().iter().all(|model| model == "sim.stop.end_turn"), "{:?}", upstream.all());
    gateway.wait_for_log("a model that the request cannot be sent to", WAYS_OF_PREPARE);
    assert_eq!(place.serving(), unruly.digest, "the hostile version serves still");
    let before = upstream.all().len();

    // The default, the alias and the fallbacks of `merge`: refused for what they name, before anything is prepared.
    for model in ["", "default", "away"] {
        let answer = chat(&gateway, model, "echo hello");
        assert_eq!(answer.status(), 400, "{model}: {answer:?}");
        assert!(answer.error().contains("which is not an AWS region"), "{model}: {answer:?}");
    }
    upstream.plays("sim.stop.end_turn", [Play::throttled("")]);
    assert_eq!(chat(&gateway, "sim.stop.end_turn", "echo hello").status(), 429, "no fallback is left");
    // The listing is what it is; what it names is no model that can be asked.
    let listed = get(&gateway, "/v1/models", &[]);
    assert_eq!(listed.status(), 200, "{listed:?}");
    assert!(listed.body.contains("attacker.example"), "the provider did not try: {listed:?}");
    assert_eq!(chat(&gateway, "arn:aws:bedrock:attacker.example:1:inference-profile/x", "echo hello").status(), 400);
    // An explanation suggests what it likes; nobody follows it.
    upstream.plays(
        "unruly-elsewhere",
        [Play::Error { after: std::time::Duration::ZERO, status: 503, name: "X", headers: "" }],
    );
    let explained = chat(&gateway, "marked", "echo hello");
    assert!(explained.body.contains("attacker.example"), "the provider did not try: {explained:?}");
    // A turn has attachments and notices with addresses; nobody fetches them.
    assert_eq!(chat(&gateway, "sim.stop.end_turn", "echo unruly:elsewhere").status(), 200);
    tried += WAYS_OF_OTHER_CALLS.len();

    assert_eq!(upstream.all()[before..], ["sim.stop.end_turn", "unruly-elsewhere", "sim.stop.end_turn"]);
    assert_eq!(proxy.asked(), Vec::<String>::new(), "something left for another address");
    assert!(tried >= 40, "{tried}");
    gateway.stop();
}

/// Names of clients that would lead elsewhere, and words of the refusal.
const NAMES: [(&str, &str); 27] = [
    ("arn:aws:bedrock:attacker.example:1:inference-profile/x", "is not an AWS region"),
    ("arn:aws:bedrock:s3.us-east-1:1:inference-profile/x", "is not an AWS region"),
    ("arn:aws:bedrock:a.b.c.d.e:1:inference-profile/x", "is not an AWS region"),
    ("arn:aws:bedrock:us-east-1.evil:1:inference-profile/x", "is not an AWS region"),
    ("arn:aws:bedrock:us-east-1.:1:inference-profile/x", "is not an AWS region"),
    ("arn:aws:bedrock:US-EAST-1:1:inference-profile/x", "is not an AWS region"),
    ("arn:aws:bedrock:us-east1:1:inference-profile/x", "is not an AWS region"),
    ("arn:aws:sagemaker:attacker.example:1:endpoint/x", "is not an AWS region"),
    ("amazon-bedrock/arn:aws:bedrock:attacker.example:1:inference-profile/x", "is not an AWS region"),
    ("arn:aws:bedrock::1:inference-profile/x", "without a region"),
    ("arn:aws-cn:bedrock:cn-north-1:1:inference-profile/x", "another partition"),
    ("arn:aws-iso:bedrock:us-iso-east-1:1:inference-profile/x", "another partition"),
    ("arn:aws-iso-b:bedrock:us-isob-east-1:1:inference-profile/x", "another partition"),
    ("arn:aws-us-gov:bedrock:us-gov-west-1:1:inference-profile/x", "another partition"),
    ("arn:aws-eusc:bedrock:eusc-de-east-1:1:inference-profile/x", "another partition"),
    ("arn:aws:bedrock:cn-north-1:1:inference-profile/x", "names the partition"),
    ("arn:aws-cn:bedrock:us-east-1:1:inference-profile/x", "names the partition"),
    ("arn:aws:bedrock:eu-west-1:1:inference-profile/x", "requests are allowed to us-east-1, us-* only"),
    ("arn:aws:s3:us-east-1:1:x", "is not an ARN of Amazon Bedrock"),
    ("ARN:aws:bedrock:eu-west-1:1:inference-profile/x", "is not an ARN of Amazon Bedrock"),
    ("arn:aws:bedrock:us-\u{435}ast-1:1:inference-profile/x", "cannot be a modelId"),
    ("sim.stop.end_turn/../../model/x", "cannot be a modelId"),
    ("sim.stop.end_turn//x", "cannot be a modelId"),
    ("sim.stop.end_turn/", "cannot be a modelId"),
    ("sim.stop.end_turn%2F..%2Fx", "cannot be a modelId"),
    ("https://collector.attacker.example/x", "cannot be a modelId"),
    ("sim.stop.end_turn\r\nhost: collector.attacker.example", "cannot be a modelId"),
];

#[test]
fn no_name_of_a_client_chooses_the_host_on_any_endpoint() {
    let place = Place::new();
    let upstream = Upstream::start();
    let (gateway, proxy) = gateway(&place, &upstream, "");
    for (model, words) in NAMES {
        for path in ENDPOINTS {
            for stream in [false, true] {
                let answer = ask(&gateway, path, &[], &body(path, model, "echo hello", stream));
                assert_eq!(answer.status(), 400, "{path} {model:?}: {answer:?}");
                assert!(
                    answer.body.contains(words) && answer.body.contains("expected"),
                    "{path} {model:?}: {answer:?}"
                );
            }
        }
        let counted = ask(
            &gateway,
            "/v1/messages/count_tokens",
            &[],
            &json!({"model": model, "messages": [{"role": "user", "content": "x"}]}),
        );
        assert_eq!(counted.status(), 400, "{model:?}: {counted:?}");
        assert!(counted.body.contains(words), "{model:?}: {counted:?}");
        let encoded: String = model.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let shown = get(&gateway, &format!("/v1/models/{encoded}"), &[]);
        assert!((400..500).contains(&shown.status()), "{model:?}: {shown:?}");
    }
    assert_eq!(upstream.all(), Vec::<String>::new());
    assert_eq!(proxy.asked(), Vec::<String>::new());
    // One in the geography goes to the configured address, signed for its own region.
    let arn = "arn:aws:bedrock:us-west-2:1:inference-profile/x";
    let _ = chat(&gateway, arn, "echo hello");
    assert_eq!(upstream.all(), [arn.replace('/', "%2F")]);
    assert_eq!(proxy.asked(), Vec::<String>::new());
    gateway.stop();
}

#[test]
fn a_pattern_of_a_key_takes_no_name_that_leads_out_of_it() {
    let hash = crate::gateway::hash(crate::gateway::KEY);
    let gateway = Gateway::start(&format!(
        "{{ quarry: {{ keys: [{{ name: 'some', hash: '{hash}', models: ['sim.stop.*'] }}] }} }}"
    ));
    let bearer = format!("Bearer {}", crate::gateway::KEY);
    let key = [("authorization", bearer.as_str())];
    for (model, status) in [("sim.stop.end_turn", 200), ("sim.stop.x/../../model/y", 400), ("sim.stop.x/./y", 400)] {
        let path = "/v1/chat/completions";
        let answer = ask(&gateway, path, &key, &body(path, model, "echo hello", false));
        assert_eq!(answer.status(), status, "{model}: {answer:?}");
    }
    gateway.stop();
}

#[test]
fn a_version_that_would_ask_another_model_is_refused() {
    let place = Place::new();
    let configuration =
        "{ models: { providers: { 'amazon-bedrock': { models: [{ id: 'team-model' }] } } }, quarry: { } }";
    let gateway = Gateway::start_with(configuration, |command| place.tell(command));
    for (what, words) in [
        (
            "wrong-region",
            ["in ap-southeast-5 the version names \"us.anthropic.claude-opus-4-6-v1\"", "and the other version"],
        ),
        ("wrong-model", ["of \"team-model\" in us-east-1", "the version names \"us.anthropic.claude-opus-4-6-v1\""]),
    ] {
        refused(&place, &Guest::always(place.folder(), what), "destinations", &words);
    }
    // One that sends requests where they went passes the step, and the journal says so.
    place.activate(&Guest::unruly(place.folder()));
    let passed = place.journal().into_iter().filter(|line| line["step"] == "destinations" && line["failure"].is_null());
    assert!(passed.count() >= 2, "{:?}", place.journal());
    gateway.stop();
}
