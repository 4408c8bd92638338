//! What the mask must hold to.

use super::super::path::{Segment, parse_path};
use super::{Document, EntryValue, Mask, PROVIDER_PATHS};

fn provider(paths: &[&str]) -> Mask {
    Mask::for_provider(&paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>(), &[])
}

/// What a provider sees of a text: names and values, `?` for a hidden one.
fn seen_by(mask: &Mask, text: &str) -> String {
    let document = Document::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
    let entries = mask.entries(&document).into_iter().map(|entry| {
        let value = match entry.value {
            EntryValue::Null => "null".to_owned(),
            EntryValue::Boolean(value) => value.to_string(),
            EntryValue::Number(value) => value.to_string(),
            EntryValue::NonFinite => "NaN".to_owned(),
            EntryValue::Text(text) => format!("'{text}'"),
            EntryValue::List => "[]".to_owned(),
            EntryValue::Object => "{}".to_owned(),
            EntryValue::Hidden(_) => "?".to_owned(),
        };
        let indent = ">".repeat(entry.depth as usize);
        entry.name.map_or(format!("{indent}{value}"), |name| format!("{indent}{name}:{value}"))
    });
    entries.collect::<Vec<_>>().join(" ")
}

fn seen(text: &str) -> String {
    seen_by(&provider(PROVIDER_PATHS), text)
}

/// What the owner of a file sees of a value.
fn owner_sees(text: &str, path: &str) -> String {
    let document = Document::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
    let path: Vec<Segment> = if path.is_empty() { Vec::new() } else { parse_path(path).expect("a path") };
    Mask::for_owner(&[]).value(&document, &path).expect("it is there").to_string()
}

#[test]
fn what_is_none_of_the_providers_business_is_hidden() {
    let text = r#"// my key is hunter2
{
  env: { vars: { KEY: "hunter2", PORT: 8080 } }, on: true,
  models: {
    providers: {
      openai: { apiKey: 'hunter2', baseUrl: "https://x" },
      "amazon-bedrock": {
        baseUrl: 'https://me:hunter2@proxy.example', apiKey: "hunter2",
        headers: { "x-key": "hunter2", n: 12 }, tokn: 'ABSKhunter2hunter2hunter2',
        models: [{ id: 'a', maxTokens: 9, params: { sessionToken: "hunter2", list: [{ secret: ["hunter2"] }] } }],
      },
    },
    bedrockDiscovery: { region: 'eu-west-1' },
  },
}"#;
    let expected = "{} >env:? >on:? >models:{} >>providers:{} >>>openai:? >>>amazon-bedrock:{} >>>>baseUrl:? >>>>apiKey:? \
        >>>>headers:? >>>>tokn:? >>>>models:[] >>>>>{} >>>>>>id:'a' >>>>>>maxTokens:9 >>>>>>params:{} >>>>>>>sessionToken:? \
        >>>>>>>list:[] >>>>>>>>{} >>>>>>>>>secret:? >>bedrockDiscovery:{} >>>region:'eu-west-1'";
    assert_eq!(seen(text), expected);
}

#[test]
fn positions_are_those_of_the_text() {
    let document = Document::parse("{\n  models: { bedrockDiscovery:\n 'é', },\n}").expect("JSON5");
    let entries = provider(PROVIDER_PATHS).entries(&document);
    let last = entries.last().expect("an entry");
    assert_eq!((last.name_position.line, last.name_position.column), (2, 13));
    assert_eq!((last.position.line, last.position.column), (3, 2));
}

#[test]
fn a_path_is_visible_only_from_the_root_and_only_as_objects() {
    for text in [
        "{x: {models: {bedrockDiscovery: {region: 'hunter2'}}}}",
        "[{models: {bedrockDiscovery: {region: 'hunter2'}}}]",
        "{models: [{bedrockDiscovery: 'hunter2'}]}",
        "{'models.bedrockDiscovery': 'hunter2'}",
        "{models: 'hunter2'}",
        "'hunter2'",
    ] {
        assert!(!seen(text).contains("hunter2"), "{text}");
    }
    assert!(seen("{models:{bedrockDiscovery:{providerFilter:['seen']}}}").contains("seen"));
}

#[test]
fn a_provider_is_shown_only_the_paths_of_the_mask() {
    let text = "{models: {bedrockDiscovery: {region: 'a'}, providers: {'amazon-bedrock': {cacheRetention: 'b'}}}}";
    let seen = |paths: &[&str]| seen_by(&provider(paths), text);
    assert_eq!(seen(&["models.bedrockDiscovery"]), "{} >models:{} >>bedrockDiscovery:{} >>>region:'a' >>providers:?");
    assert_eq!(seen(&[]), "{} >models:?");
}

#[test]
fn the_gateways_own_settings_are_hidden() {
    let text =
        "{quarry: {keys: [{name: 'alice', hash: 'sha256:ba78'}], otlp: {headers: {k: 'hunter2'}}, drainSeconds: 30}}";
    assert_eq!(seen(text), "{} >quarry:?");
    // Nor does a provider get them that asks for them.
    assert!(!PROVIDER_PATHS.iter().any(|path| path.starts_with("quarry")));
}

/// Members of `params` that nobody reads, as people put secrets there (each value has `hunter2` in it).
const UNKNOWN: &str = r#"auth: 'hunter2', auth_header: 'hunter2', pass: 'hunter2', pwd: 'hunter2', passwd: 'hunter2',
    upstreamPass: 'hunter2', creds: 'hunter2', jwt: 'hunter2', session: 'hunter2', signature: 'hunter2', tokens: ['hunter2'],
    keys: { any: 'hunter2' }, env: { ANY: ['hunter2'] }, extraHeaders: { any: 'hunter2' }, extra_headers: [{ n: 'hunter2' }],
    hook: 'https://hooks.example/hunter2', pem: '-----BEGIN KEY hunter2', extra: { deep: [[{ x: 'hunter2' }]] }, Thinking: 'hunter2',
    note: 'hunter2', 'thinking ': 'hunter2', url: 'hunter2', salt: 'hunter2', verbosity: 'hunter2'"#;

#[test]
fn members_that_nobody_knows_are_hidden_wherever_they_are() {
    let places = [
        format!(
            "{{models: {{providers: {{'amazon-bedrock': {{models: [{{id: 'a', params: {{ {UNKNOWN} }} }}] }} }} }} }}"
        ),
        format!("{{models: {{providers: {{bedrock: {{models: [{{id: 'a', {UNKNOWN} }}] }} }} }} }}"),
        format!("{{models: {{providers: {{'aws-bedrock': {{ {UNKNOWN} }} }} }} }}"),
        format!(
            "{{models: {{providers: {{bedrock: {{models: [{{cost: {{ {UNKNOWN}, tiers: [{{ {UNKNOWN} }}] }} }}] }} }} }} }}"
        ),
        format!("{{models: {{bedrockDiscovery: {{ {UNKNOWN} }} }} }}"),
        format!(
            "{{plugins: {{entries: {{'amazon-bedrock': {{config: {{guardrail: {{ {UNKNOWN} }}, {UNKNOWN} }} }} }} }} }}"
        ),
        format!(
            "{{agents: {{defaults: {{model: {{ {UNKNOWN} }}, models: {{'amazon-bedrock/x': {{ {UNKNOWN}, params: {{ {UNKNOWN} }} }} }} }} }} }}"
        ),
    ];
    for text in places {
        for shown in [seen(&text), owner_sees(&text, "")] {
            assert!(!shown.contains("hunter2"), "{text} gives {shown}");
            assert!(shown.contains("verbosity"), "names stay: {shown}");
        }
    }
}

#[test]
fn secrets_of_known_members_are_found_by_their_look() {
    for secret in [
        "ghp_0123456789abcdefhunter2",
        "github_pat_11ABCDEFGhunter2",
        "glpat-0123456789hunter2",
        "xoxb-0123456789-hunter2",
        "AIzaSy0123456789hunter2",
        "-----BEGIN PRIVATE KEY-----hunter2",
        "https://hooks.example/services/T00000000/B00000000/XXXXhunter2xxxxxxxxxxxx",
        "https://host.example/a?sig=hunter2",
        "sk-ant-0123456789hunter2",
        "Basic bWU6aHVudGVyMg==hunter2",
        "npm_0123456789abcdefhunter2",
    ] {
        let text = format!(
            "{{models: {{providers: {{bedrock: {{models: [{{id: '{secret}', name: '{secret}', params: {{serviceTier: '{secret}', '{secret}': 1}} }}] }} }} }}, \
             agents: {{defaults: {{model: {{primary: '{secret}', fallbacks: ['{secret}'] }}, models: {{m: {{alias: '{secret}'}} }} }} }} }}"
        );
        let shown = seen(&text);
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let auth = |word: &str| {
        format!("{{models: {{providers: {{bedrock: {{auth: '{word}', baseUrl: 'https://{word}'}} }} }} }}")
    };
    let owner = |word: &str| owner_sees(&auth(word), "models.providers.bedrock");
    assert_eq!(owner("api-key"), r#"{"auth":"api-key","baseUrl":"https://api-key"}"#);
    assert!(!owner("hunter2").contains("\"auth\":\"h"));
    assert!(!seen(&auth("api-key")).contains("api-key"), "what only the host reads is not shown to the provider");
}

#[test]
fn what_a_provider_reads_stays() {
    let text = r#"{
  models: {
    providers: { "amazon-bedrock": {
      api: "bedrock-converse-stream",
      cacheRetention: "short", models: [{
        id: "us.anthropic.claude-sonnet-4-6", name: "Sonnet, for all of us", reasoning: true, input: ["text", "image"],
        cost: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75, tiers: [{ inputTokensAbove: 200000, input: 6 }] },
        contextWindow: 200000, maxTokens: 64000,
        params: { thinking: "high", serviceTier: "flex", temperature: 0.5, maxTokens: 9, serviceTierCost: { flex: 0.5 }, top_k: 250 },
      }, { id: "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6" }],
    } },
    bedrockDiscovery: { enabled: true, region: "eu-west-1", providerFilter: ["anthropic"], refreshInterval: 60 },
  },
  plugins: { entries: { "amazon-bedrock": { config: { guardrail: { guardrailIdentifier: "g-1", guardrailVersion: "DRAFT" } } } } },
  agents: { defaults: { model: { primary: "amazon-bedrock/x.y", fallbacks: ["amazon-bedrock/z"] }, models: { "amazon-bedrock/x.y": { alias: "y" } } } },
}"#;
    assert!(!seen(text).contains('?'), "{}", seen(text));
    let document = Document::parse(text).expect("JSON5");
    let whole = document.root().expect("a value").to_json().to_string();
    assert_eq!(owner_sees(text, ""), whole);
    assert!(seen("{agents: {defaults: {model: 'amazon-bedrock/x'}}}").ends_with(">>model:'amazon-bedrock/x'"));
}

#[test]
fn an_operator_lets_a_provider_see_more_params() {
    let text = "{agents: {defaults: {models: {m: {params: {verbosity: {level: ['low'], token: 'hunter2'}, auth: 'hunter2', key: 'sk-0123456789hunter2'}}}}}}";
    let seen = |params: &[&str]| {
        let params: Vec<String> = params.iter().map(|name| (*name).to_owned()).collect();
        seen_by(&Mask::for_provider(&["agents.defaults.models".to_owned()], &params), text)
    };
    assert!(!seen(&[]).contains("low"));
    let shown = seen(&["verbosity", "key"]);
    assert!(shown.contains("'low'") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn an_owner_sees_the_gateways_settings_and_no_secret_of_another_program() {
    let text = "{quarry: {keys: [{name: 'alice', models: ['m']}], limits: {headerBytes: 65536}, otlp: {headers: {k: 'hunter2'}}}, \
                gateway: {port: 18789, auth: {mode: 'hunter2'}, note: 'seen'}, channels: {x: {botToken: 'hunter2', webhookUrl: 'hunter2', pin: 42}}}";
    let shown = owner_sees(text, "");
    assert!(!shown.contains("hunter2") && !shown.contains("42"), "{shown}");
    for seen in
        ["\"name\":\"alice\"", "\"models\":[\"m\"]", "\"headerBytes\":65536", "\"port\":18789", "\"note\":\"seen\""]
    {
        assert!(shown.contains(seen), "{seen}: {shown}");
    }
    assert_eq!(owner_sees(text, "quarry.keys[0].name"), "\"alice\"");
    assert_eq!(owner_sees(text, "gateway.auth.mode"), "\"xxxxxxx\"");
}
