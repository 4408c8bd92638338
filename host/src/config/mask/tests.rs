//! What the mask has to hold to.

use std::fmt::Write as _;

use super::super::json5;
use super::{Mask, PROVIDER_PATHS};

fn provider(paths: &[&str]) -> Mask {
    Mask::for_provider(&paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>(), &[])
}

fn masked(text: &str) -> String {
    provider(PROVIDER_PATHS).apply(text)
}

#[test]
fn what_is_none_of_the_providers_business_is_hidden() {
    let text = r#"// my key is hunter2
{
  /* hunter2 */
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
    let expected = r#"                    
{
               
  env: { vars: { KEY: "xxxxxxx", PORT: 1111 } }, on: true,
  models: {
    providers: {
      openai: { apiKey: 'xxxxxxx', baseUrl: "xxxxxxxxx" },
      "amazon-bedrock": {
        baseUrl: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', apiKey: "xxxxxxx",
        headers: { "x-key": "xxxxxxx", n: 11 }, tokn: 'xxxxxxxxxxxxxxxxxxxxxxxxx',
        models: [{ id: 'a', maxTokens: 9, params: { sessionToken: "xxxxxxx", list: [{ secret: ["xxxxxxx"] }] } }],
      },
    },
    bedrockDiscovery: { region: 'eu-west-1' },
  },
}"#;
    assert_eq!(masked(text), expected);
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
        assert!(!masked(text).contains("hunter2"), "{text}");
    }
    assert_eq!(
        masked("{models:{bedrockDiscovery:{providerFilter:['seen']}}}"),
        "{models:{bedrockDiscovery:{providerFilter:['seen']}}}"
    );
}

#[test]
fn a_provider_is_shown_only_the_paths_of_the_mask() {
    let mask = provider(&["models.bedrockDiscovery"]);
    let text = "{models: {bedrockDiscovery: {region: 'a'}, providers: {'amazon-bedrock': {baseUrl: 'b'}}}}";
    assert_eq!(mask.apply(text), text.replace("'b'", "'x'"));
    assert_eq!(provider(&[]).apply(text), text.replace("'b'", "'x'").replace("'a'", "'x'"));
}

#[test]
fn strings_over_several_lines_keep_their_lines() {
    assert_eq!(masked("{a: 'one\\\ntwo\\\r\nthree\\\\', b: 'é😀'}"), "{a: 'xxx\\\nxxx\\\r\nxxxxxxx', b: 'xx'}");
}

/// Documents with a mistake, each with `hunter2` somewhere: what was a secret stays one.
const BROKEN: &[&str] = &[
    "{models: {providers: {'amazon-bedrock': {apiKey: 'hunter2",
    "{models: {providers: {'amazon-bedrock': {apiKey: hunter2, region: 'a'}}}}",
    "{models: {providers: {'amazon-bedrock': {apiKey: hunter2}}}}",
    "{models: {providers: {'amazon-bedrock': {apiKey: 'a' 'hunter2'}}}}",
    "{models: {providers: {'amazon-bedrock': {'hunter2'}}}}",
    "{models: {providers: {'amazon-bedrock': {'hunter2' /* c */ , a: 1}}}}",
    "{models: {providers: {'amazon-bedrock': {hunter2",
    "{models: {providers: {'amazon-bedrock': {baseUrl: 'a',, apiKey: 'hunter2'}}}}",
    "{models: {providers: {'amazon-bedrock': {baseUrl 'hunter2'}}}}",
    "{models: {bedrockDiscovery: {region: 'eu', }}} {apiKey: 'hunter2'}",
    "{models: {bedrockDiscovery: {region: 'a\\1hunter2'}}}",
    "{models: {bedrockDiscovery: {region: 'hunter2\\x4', b: 1}}}",
    "{models: {bedrockDiscovery: {region: 'é hunter2\\u12', b: 1}}}",
    "{models: {bedrockDiscovery: {region: 'a\\ud800 hunter2'}}}",
    "{models: {bedrockDiscovery: {region: 'a\\01hunter2'}}}",
    "{a: 1 /* hunter2",
    "{a: 01, b: 'hunter2'}",
    "[0 1, 'hunter2']",
    "{a: 0xhunter2}",
    "{0xhunter2: 1}",
    "{a: 1e, b: 'hunter2'}",
    "{a: 1e+hunter2}",
    "{a: -hunter2}",
    "{@hunter2: 1}",
    "{hunter2@: 1}",
    "{a: /hunter2/}",
    "{a: (hunter2)}",
    "{a: é@hunter2}",
    "{a: 'ok', b: \u{0}'hunter2'}",
    "}hunter2",
    "hunter2",
    "{a: [1}, 'hunter2']",
    "{a: [1, 2; 'hunter2']}",
    ": 'hunter2'",
];

/// Kind and place of the error, the place in characters. A number that breaks off is one kind, as it is for people.
fn error_of(text: &str) -> Option<(String, usize)> {
    let error = json5::parse(text).err()?;
    let kind = error.kind().to_string();
    let kind = if kind.contains("digit") && !kind.contains("hex") { "not a number".to_owned() } else { kind };
    Some((kind, text[..error.range().start].chars().count()))
}

#[test]
fn a_mistake_hides_all_behind_it_and_stays_the_same_mistake() {
    for text in BROKEN {
        let masked = masked(text);
        assert!(!masked.contains("hunter") && !masked.contains("unter2"), "{text} gives {masked}");
        let (before, after) = (error_of(text).expect(text), error_of(&masked).expect(&masked));
        assert_eq!(before.1, after.1, "{text} gives {masked}");
        // Two numbers without space between them would become one.
        if !text.contains("01,") && !text.contains("ud800") {
            assert_eq!(before.0, after.0, "{text} gives {masked}");
        }
    }
}

#[test]
fn masking_keeps_every_place_and_never_makes_a_wrong_document_right() {
    const PIECES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "a",
        "models",
        "'hunter2'",
        "\"é\\n\"",
        "12",
        "-.5",
        "0x1F",
        "01",
        "null",
        " ",
        "\n",
        "/*hunter2*/",
        "//d\n",
        "@",
        "'",
        "\"",
        "\\",
        "-",
        "1e",
        "/*",
        "hunter2",
        "'\\u1'",
        "'\\q\\\n'",
        "\u{2028}",
    ];
    let mut state: u64 = 0x2545_F491_4F6C_DD1D;
    let mut next = |bound: usize| {
        // Xorshift: the same documents in every run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % bound
    };
    let mut right = 0;
    for _ in 0..60_000 {
        let mut text = String::new();
        for _ in 0..=next(12) {
            text.push_str(PIECES[next(PIECES.len())]);
        }
        let masked = masked(&text);
        let shape = |text: &str| text.split('\n').map(|line| line.chars().count()).collect::<Vec<_>>();
        assert_eq!(shape(&masked), shape(&text), "{text:?} gives {masked:?}");
        match (error_of(&text), error_of(&masked)) {
            (None, None) => right += 1,
            (Some((_, before)), Some((_, after))) => assert_eq!(before, after, "{text:?} gives {masked:?}"),
            (before, after) => panic!("{text:?} gives {masked:?}: {before:?}, then {after:?}"),
        }
        // Only a name stays: what a colon follows.
        let is_name = |at: usize| masked[at + "'hunter2'".len()..].trim_start().starts_with(':');
        assert!(masked.match_indices("'hunter2'").all(|(at, _)| is_name(at)), "{text:?} gives {masked:?}");
        assert!(!masked.contains("/*hunter2"), "{text:?} gives {masked:?}");
    }
    assert!(right > 500, "too few documents were right: {right}");
}

#[test]
fn depth_and_size_cost_no_more_than_their_length() {
    let mut deep = String::from("{models:{bedrockDiscovery:");
    for _ in 0..100_000 {
        deep.push_str("[1,");
    }
    assert_eq!(masked(&deep), deep);
    let mut wide = String::from("{");
    for index in 0..20_000 {
        let _ = write!(wide, "a{index}: 'hunter2', ");
    }
    wide.push('}');
    assert_eq!(masked(&wide).chars().count(), wide.chars().count());
}

#[test]
fn the_gateways_own_settings_are_hidden() {
    let text =
        "{quarry: {keys: [{name: 'alice', hash: 'sha256:ba78'}], otlp: {headers: {k: 'hunter2'}}, drainSeconds: 30}}";
    let expected =
        "{quarry: {keys: [{name: 'xxxxx', hash: 'xxxxxxxxxxx'}], otlp: {headers: {k: 'xxxxxxx'}}, drainSeconds: 11}}";
    assert_eq!(masked(text), expected);
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
        for masked in [masked(&text), Mask::for_owner(&[]).apply(&text)] {
            assert!(!masked.contains("hunter2"), "{text} gives {masked}");
            assert!(masked.contains("verbosity: 'xxxxxxx'"), "names stay: {masked}");
            assert_eq!(masked.chars().count(), text.chars().count());
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
        let masked = masked(&text);
        assert!(!masked.contains("hunter2"), "{masked}");
        assert_eq!(masked.chars().count(), text.chars().count());
    }
    let auth = |word: &str| {
        format!("{{models: {{providers: {{bedrock: {{auth: '{word}', baseUrl: 'https://{word}'}} }} }} }}")
    };
    let owner = |word: &str| Mask::for_owner(&[]).apply(&auth(word));
    assert!(
        owner("api-key").contains("'api-key', baseUrl: 'https://api-key'") && !owner("hunter2").contains("auth: 'h")
    );
    assert!(!masked(&auth("api-key")).contains("api-key"), "what only the host reads is not shown to the provider");
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
    assert_eq!(masked(text), text);
    assert_eq!(Mask::for_owner(&[]).apply(text), text);
    let model = "{agents: {defaults: {model: 'amazon-bedrock/x'}}}";
    assert_eq!(masked(model), model);
}

#[test]
fn an_operator_lets_a_provider_see_more_params() {
    let text = "{agents: {defaults: {models: {m: {params: {verbosity: 'low', auth: 'hunter2', key: 'sk-0123456789hunter2'}}}}}}";
    let mask = |params: &[&str]| {
        let params: Vec<String> = params.iter().map(|name| (*name).to_owned()).collect();
        Mask::for_provider(&["agents.defaults.models".to_owned()], &params).apply(text)
    };
    assert!(!mask(&[]).contains("low"));
    let shown = mask(&["verbosity", "key"]);
    assert!(shown.contains("verbosity: 'low'") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn an_owner_sees_the_gateways_settings_and_no_secret_of_another_program() {
    let text = "{quarry: {keys: [{name: 'alice', models: ['m']}], limits: {headerBytes: 65536}, otlp: {headers: {k: 'hunter2'}}}, \
                gateway: {port: 18789, auth: {mode: 'hunter2'}, note: 'seen'}, channels: {x: {botToken: 'hunter2', webhookUrl: 'hunter2'}}}";
    let shown = Mask::for_owner(&[]).apply(text);
    assert!(!shown.contains("hunter2"), "{shown}");
    for seen in ["name: 'alice'", "models: ['m']", "headerBytes: 65536", "port: 18789", "note: 'seen'"] {
        assert!(shown.contains(seen), "{seen}: {shown}");
    }
}
