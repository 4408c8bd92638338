//! What an operator sees of every request, whatever became of it, and what a client that is turned away sees.

use std::thread;
use std::time::{Duration, Instant};

use super::client::{Answer, Client, ask, body, get};
use crate::gateway::{Gateway, KEY};

const CHAT: &str = "/v1/chat/completions";
const MODEL: &str = "sim.stop.end_turn";

/// Larger than what the system buffers.
const LARGE: usize = 5_000_000;

fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

/// The lines of requests that have all of these texts in them, once there is one.
fn line(gateway: &Gateway, texts: &[&str]) -> String {
    let began = Instant::now();
    loop {
        let log = gateway.log();
        let mut lines = log.lines().filter(|line| line.contains("quarry::request"));
        if let Some(line) = lines.find(|line| texts.iter().all(|text| line.contains(text))) {
            return line.to_owned();
        }
        assert!(began.elapsed() < Duration::from_secs(60), "no line with {texts:?} in\n{log}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn every_refusal_has_a_line_with_who_and_why() {
    let gateway = Gateway::with_a_key();
    let asks = |method: &str, path: &str, headers: &[(&str, &str)]| -> Answer {
        let mut client = Client::open(&gateway);
        let head = client.request(method, path, headers, 0);
        client.send(head.as_bytes()).expect("it reads");
        client.answer()
    };
    let mine = ("x-request-id", "mine-1");
    let answer = asks("POST", "/nope", &[mine]);
    assert_eq!((answer.status(), answer.head.header("x-request-id")), (404, Some("mine-1")));
    let told = line(&gateway, &["status=404", "path=\"/nope\""]);
    for text in [
        "client=127.0.0.1",
        "method=\"POST\"",
        "caller_request_id=\"mine-1\"",
        "does not exist; the gateway serves",
        "duration_ms=",
    ] {
        assert!(told.contains(text), "{text} is not in {told}");
    }
    assert_eq!(asks("PUT", "/v1/models", &[]).status(), 405);
    line(&gateway, &["status=405", "method=\"PUT\"", "client=127.0.0.1"]);
    assert_eq!(asks("POST", CHAT, &[]).status(), 401);
    line(&gateway, &["status=401", "error=\"authentication", "no key was sent"]);
    let large = "x".repeat(70_000);
    assert_eq!(asks("POST", CHAT, &[("x-large", &large)]).status(), 431);
    line(&gateway, &["status=431", "quarry.limits.headerBytes"]);
    // Nothing from outside makes a line of its own, or an id that is none.
    let answer = asks("GET", "/nope%0aINFO%20forged", &[("x-request-id", "two words")]);
    assert_ne!(answer.head.header("x-request-id"), Some("two words"));
    assert!(!gateway.log().lines().any(|line| line.starts_with("INFO forged")));
    gateway.stop();
}

#[test]
fn a_request_for_a_model_is_seen_from_its_first_byte() {
    let gateway = Gateway::start("{ quarry: { proxies: ['127.0.0.0/8'], retry: { attempts: 1 } } }");
    let body = body(CHAT, MODEL, "echo hello", true).to_string();
    let mut client = Client::open(&gateway);
    let head =
        client.request("POST", CHAT, &[("x-forwarded-for", "203.0.113.9"), ("x-request-id", "mine-2")], body.len());
    client.send(head.as_bytes()).expect("it reads");
    super::wait_until_under_way(&gateway, 1);
    let slept = Duration::from_millis(700);
    thread::sleep(slept);
    client.send(body.as_bytes()).expect("it reads");
    assert_eq!(client.head().header("x-request-id"), Some("mine-2"));
    let answer = client.rest();
    let told = line(&gateway, &["status=200", "caller_request_id=\"mine-2\""]);
    let field = |name: &str| told.split(&format!(" {name}=")).nth(1).and_then(|rest| rest.split([' ', '}']).next());
    assert_eq!(field("client"), Some("203.0.113.9"), "{told}");
    assert_eq!(field("request_bytes"), Some(&*body.len().to_string()), "{told}");
    assert_eq!(field("response_bytes"), Some(&*answer.len().to_string()), "{told}");
    let took: f64 = field("duration_ms").and_then(|took| took.parse().ok()).expect("a duration");
    assert!(took >= slept.as_secs_f64() * 1e3, "the upload counts: {told}");
    gateway.stop();
}

#[test]
fn an_upload_takes_no_place() {
    let gateway = Gateway::start("{ quarry: { limits: { concurrency: 2 }, retry: { attempts: 1 } } }");
    let uploads: Vec<Client> = (0..4)
        .map(|_| {
            let mut client = Client::open(&gateway);
            let head = client.request("POST", CHAT, &[], 1000);
            client.send(format!("{head}{{").as_bytes()).expect("it reads");
            client
        })
        .collect();
    super::wait_until_under_way(&gateway, uploads.len());
    for _ in 0..4 {
        assert_eq!(ask(&gateway, CHAT, &[], &body(CHAT, MODEL, "echo hello", false)).status(), 200);
    }
    drop(uploads);
    gateway.stop();
}

#[test]
fn an_early_refusal_of_a_large_body_reaches_the_client() {
    let gateway = Gateway::with_a_key();
    let key = bearer(KEY);
    let large_header = "x".repeat(70_000);
    let refused = [
        ("/v1/chat/completion", "POST", vec![], 404),
        ("/v1/models", "PUT", vec![], 405),
        (CHAT, "POST", vec![("x-large", &*large_header)], 431),
        (CHAT, "POST", vec![], 401),
        (CHAT, "POST", vec![("authorization", &*key), ("x-not-json", "1")], 400),
    ];
    for (path, method, headers, status) in refused {
        for _ in 0..4 {
            let mut client = Client::open(&gateway);
            let head = client.request(method, path, &headers, LARGE);
            client.send(head.as_bytes()).expect("it reads");
            client.send(&vec![b'x'; LARGE]).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
            assert_eq!(client.answer().status(), status, "{method} {path}");
        }
    }
    gateway.stop();
}

#[test]
fn each_of_two_keys_is_tried() {
    let gateway = Gateway::with_a_key();
    let (right, other) = (bearer(KEY), bearer("sk-of-somebody-else"));
    let body = body(CHAT, MODEL, "echo hello", false);
    let status = |headers: &[(&str, &str)]| ask(&gateway, CHAT, headers, &body).status();
    assert_eq!(status(&[("x-api-key", KEY), ("authorization", &other)]), 200);
    assert_eq!(status(&[("x-api-key", "sk-ant-else"), ("authorization", &right)]), 200);
    assert_eq!(status(&[("x-api-key", "sk-ant-else"), ("authorization", &other)]), 401);
    gateway.stop();
}

#[test]
fn a_request_names_its_host_once() {
    let gateway = Gateway::open();
    for (hosts, status) in
        [("", 400), ("host: 127.0.0.1\r\nhost: other.example\r\n", 400), ("host: 127.0.0.1\r\n", 200)]
    {
        let mut client = Client::open(&gateway);
        client.send(format!("GET /healthz HTTP/1.1\r\n{hosts}\r\n").as_bytes()).expect("it reads");
        assert_eq!(client.answer().status(), status, "{hosts:?}");
    }
    assert_eq!(get(&gateway, "/healthz", &[]).status(), 200);
    gateway.stop();
}

#[test]
fn the_line_of_a_failed_request_says_why() {
    let gateway = Gateway::open();
    let fails = |model: &str, stream: bool, status: u16| {
        let answer =
            ask(&gateway, CHAT, &[("x-request-id", &format!("{model}-{stream}"))], &body(CHAT, model, "hello", stream));
        assert_eq!(answer.status(), status, "{model}: {answer:?}");
        line(&gateway, &[&format!("caller_request_id=\"{model}-{stream}\"")])
    };
    for stream in [true, false] {
        let told = fails("sim.http.429", stream, 429);
        for text in [
            "status=429",
            "error=\"throttled\"",
            "why=\"",
            "blame=\"upstream\"",
            "model=\"sim.http.429\"",
            "version=\"",
            "aws_request_id=\"",
        ] {
            assert!(told.contains(text), "{text} is not in {told}");
        }
        let told = fails("sim.http.404", stream, 404);
        for text in ["error=\"model-not-found\"", "why=\"", "blame=\"client\"", "aws_request_id=\""] {
            assert!(told.contains(text), "{text} is not in {told}");
        }
        // AWS's message about a request may quote it: the kind, the model and the id are told, the words where prompts are.
        let told = fails("sim.exception.validation.after-1", stream, 400);
        assert!(
            told.contains("error=\"validation\"") && told.contains("aws_request_id=\"") && !told.contains("why="),
            "{told}"
        );
    }
    // In mid-stream.
    let told = fails("sim.exception.internal-server.after-4", true, 200);
    for text in ["error=\"service\"", "why=\"", "model=\"sim.exception.internal-server.after-4\"", "aws_request_id=\""]
    {
        assert!(told.contains(text), "{text} is not in {told}");
    }
    // A request that is wrong: the member that is, and never its text.
    let wrong = serde_json::json!({"model": MODEL, "messages": [{"role": "the SECRET", "content": "x"}]});
    assert_eq!(ask(&gateway, CHAT, &[("x-request-id", "wrong")], &wrong).status(), 400);
    let told = line(&gateway, &["caller_request_id=\"wrong\""]);
    assert!(
        told.contains("error=\"invalid\"") && told.contains("member=\"messages[0].role\"") && !told.contains("SECRET"),
        "{told}"
    );
    gateway.stop();
}

#[test]
fn a_mistyped_model_gets_a_suggestion() {
    let gateway = Gateway::start(
        r#"{
            models: { providers: { openai: { models: [{ id: "gpt-5" }] } } },
            agents: { defaults: { models: {
                "amazon-bedrock/us.anthropic.claude-sonnet-4-6": { alias: "sonnet" },
                "anthropic/claude-fable": { alias: "fable" },
            } } },
            quarry: { retry: { attempts: 1 } },
        }"#,
    );
    let told = |model: &str, stream: bool| {
        let answer = ask(&gateway, CHAT, &[], &body(CHAT, model, "hello", stream));
        assert_eq!(answer.status(), 404, "{model}: {answer:?}");
        answer.error()
    };
    // From the aliases, then from the list that somebody asked for.
    assert!(told("sonet", true).contains("did you mean sonnet"), "{}", told("sonet", true));
    let list = get(&gateway, "/v1/models", &[]).json();
    let ids: Vec<&str> =
        list["data"].as_array().expect("a list").iter().filter_map(|model| model["id"].as_str()).collect();
    let nova = ids.iter().find(|id| id.contains("nova-lite")).expect("the simulator has it");
    let mistyped = nova.replace("nova", "nvoa");
    for stream in [true, false] {
        let told = told(&mistyped, stream);
        assert!(told.contains("did you mean") && told.contains(nova), "{told}");
    }
    let answer = get(&gateway, &format!("/v1/models/{mistyped}"), &[]);
    assert!(answer.status() == 404 && answer.error().contains(nova), "{answer:?}");
    assert!(!told("nothing-like-that", true).contains("did you mean"));
    // Another provider's model of the same file is named as that.
    for (model, provider) in [
        ("openai/gpt-5", "openai"),
        ("gpt-5", "openai"),
        ("anthropic/claude-fable", "anthropic"),
        ("fable", "anthropic"),
    ] {
        let told = told(model, false);
        assert!(
            told.contains(&format!("is a model of provider {provider} in this file; Quarry serves amazon-bedrock")),
            "{told}"
        );
    }
    gateway.stop();
}

#[test]
fn a_suggestion_names_no_model_that_the_key_may_not_use() {
    let hash = crate::gateway::hash(KEY);
    let gateway = Gateway::start(&format!(
        r#"{{
            agents: {{ defaults: {{ models: {{
                "amazon-bedrock/us.anthropic.claude-sonnet-4-6": {{ alias: "sonnet" }},
                "amazon-bedrock/amazon.nova-lite-v1:0": {{ alias: "sonett" }},
            }} }} }},
            quarry: {{ keys: [{{ name: "nova", hash: "{hash}", models: ["amazon.nova-*", "sonet"] }}], retry: {{ attempts: 1 }} }},
        }}"#
    ));
    let answer = ask(&gateway, CHAT, &[("x-api-key", KEY)], &body(CHAT, "sonet", "hello", false));
    let told = answer.error();
    assert!(answer.status() == 404 && told.contains("did you mean sonett?") && !told.contains("sonnet"), "{told}");
    gateway.stop();
}
