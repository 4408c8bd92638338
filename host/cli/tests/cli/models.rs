//! `quarry models list`, of what AWS lists.

use serde_json::json;

use crate::support::{Answer, Quarry, Responder, nobody_there, simulator};

#[test]
fn a_table_tells_what_can_be_used() {
    let listed = Quarry::asking(simulator()).run(&["models", "list"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    let mut lines = listed.stdout.lines();
    let head = lines.next().expect("there is a head");
    assert_eq!(
        head.split_whitespace().collect::<Vec<_>>(),
        ["MODEL", "INPUT", "CONTEXT", "OUTPUT", "THINKS", "FROM", "NAME"]
    );
    let names = head.find("NAME").expect("it is there");
    let nova = lines.clone().find(|line| line.starts_with("amazon.nova-lite-v1:0 ")).expect("Nova Lite is listed");
    assert_eq!(&nova[names..], "Nova Lite", "columns are aligned");
    assert!(nova.contains("text+image"), "{nova}");
    assert!(listed.stdout.contains("us.anthropic.claude-sonnet-4-6 "), "profiles are listed too: {listed:?}");
    assert!(!listed.stdout.contains("embed"), "{listed:?}");
    assert!(
        listed.stderr.contains(" more in us-east-1 are left out; --all shows them with the reasons\n"),
        "{listed:?}"
    );
}

#[test]
fn a_simulator_needs_no_credentials() {
    let listed = Quarry::new().run(&["models", "list", "--simulate", "--plain"]);
    assert!(listed.succeeded().stdout.contains("amazon.nova-lite-v1:0\n"), "{listed:?}");
}

#[test]
fn plain_is_an_id_a_line_and_json_has_everything() {
    let quarry = Quarry::asking(simulator());
    let plain = quarry.run(&["models", "list", "--plain"]);
    let ids: Vec<&str> = plain.succeeded().stdout.lines().collect();
    assert!(ids.len() > 20 && ids.iter().all(|id| !id.contains(' ')), "{plain:?}");
    let catalog = quarry.run(&["models", "list", "--json"]).succeeded().json();
    let models = catalog["models"].as_array().expect("there are models");
    assert_eq!(models.iter().map(|model| model["id"].as_str().unwrap_or_default()).collect::<Vec<_>>(), ids);
    for model in models {
        assert!(model["name"].is_string() && model["reasoning"].is_boolean() && model["input"].is_array(), "{model:#}");
        assert!(model["contextWindow"].is_u64() && model["maxTokens"].is_u64(), "{model:#}");
    }
    assert_eq!(
        (&catalog["source"], &catalog["region"]),
        (&json!("cache"), &json!("us-east-1")),
        "the first list was kept"
    );
}

#[test]
fn what_is_left_out_is_told_with_the_reason() {
    let all = Quarry::asking(simulator()).run(&["models", "list", "--all"]);
    let (_, left_out) = all.succeeded().stdout.split_once("\nLEFT OUT").expect("there is a second table");
    let line = left_out.lines().find(|line| line.starts_with("amazon.titan-embed-text-v2:0 ")).expect("it cannot chat");
    assert!(line.contains("not-streaming") && line.ends_with("The model does not stream its answers."), "{line}");
}

#[test]
fn a_provider_and_a_region_narrow_the_list() {
    let quarry = Quarry::asking(simulator());
    let anthropic = quarry.run(&["models", "list", "--provider", "anthropic", "--plain"]);
    let ids = &anthropic.succeeded().stdout;
    assert!(ids.contains("anthropic.claude-sonnet-4-6\n") && !ids.contains("nova") && !ids.contains("llama"), "{ids}");
    let whole = |provider: &str| quarry.run(&["models", "list", "--plain", "--provider", provider]).stdout;
    assert_eq!(whole("amazon-bedrock"), quarry.run(&["models", "list", "--plain"]).stdout);
    let none = quarry.run(&["models", "list", "--provider", "nobody"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""), "{none:?}");
    assert!(none.stderr.starts_with("No models found in us-east-1.\n"), "{none:?}");
    let europe = quarry.run(&["models", "list", "--plain", "--region", "eu-central-1"]);
    let ids = &europe.succeeded().stdout;
    assert!(ids.contains("eu.anthropic.claude-sonnet-4-6\n") && !ids.contains("\nus."), "{ids}");
}

#[test]
fn without_credentials_it_says_so() {
    for format in [[].as_slice(), &["--plain"]] {
        let none = Quarry::new().run(&[["models", "list"].as_slice(), format].concat());
        none.failed_with(
            1,
            &["No AWS credentials were found, so nothing was listed", "AWS_PROFILE", "quarry auth status"],
        );
        assert_eq!(none.stdout, "");
    }
    let json = Quarry::new().run(&["models", "list", "--json"]);
    assert_eq!((json.code, &json.json()["source"]), (Some(1), &json!("disabled")), "{json:?}");
}

#[test]
fn the_default_profile_is_enough() {
    let quarry = Quarry::new()
        .file(".aws/credentials", "[default]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret\n")
        .set("AWS_ENDPOINT_URL", simulator());
    let listed = quarry.run(&["models", "list", "--plain"]);
    assert!(listed.succeeded().stdout.contains("amazon.nova-lite-v1:0\n"), "{listed:?}");
}

#[test]
fn discovery_that_is_switched_off_is_no_error() {
    let config = "{ models: { bedrockDiscovery: { enabled: false } } }";
    let quarry = Quarry::asking(&nobody_there()).file(".config/quarry/config.json5", config);
    let off = quarry.run(&["models", "list"]);
    assert_eq!((off.code, off.stdout.as_str()), (Some(0), ""), "{off:?}");
    assert!(off.stderr.contains("iscovery") && off.stderr.lines().count() == 1, "{off:?}");
}

#[test]
fn a_listing_that_is_denied_is_told_once() {
    let denied = [("x-amzn-errortype", "AccessDeniedException")].as_slice();
    let words = "User: x is not authorized to perform: bedrock:List";
    let responder = Responder::start(move |_| Answer::error(403, denied, words));
    let listed = Quarry::asking(&responder.endpoint).run(&["models", "list"]);
    listed.failed_with(1, &["AccessDeniedException", words, "grant the permission"]);
    assert_eq!(listed.stdout, "");
    assert_eq!(responder.asked().len(), 3, "no, three times, is an answer");
}

#[test]
fn what_could_be_listed_is_listed_where_profiles_are_denied() {
    let denied = [("x-amzn-errortype", "AccessDeniedException")].as_slice();
    let model = json!({
        "modelId": "amazon.nova-lite-v1:0", "modelName": "Nova Lite", "providerName": "Amazon", "inputModalities": ["TEXT"],
        "outputModalities": ["TEXT"], "responseStreamingSupported": true, "modelLifecycle": { "status": "ACTIVE" },
    });
    let models = json!({ "modelSummaries": [model] }).to_string();
    let responder = Responder::start(move |path| {
        if path.starts_with("/foundation-models") {
            Answer::json(&models)
        } else {
            Answer::error(403, denied, "no profiles")
        }
    });
    let listed = Quarry::asking(&responder.endpoint).run(&["models", "list", "--plain"]);
    assert_eq!((listed.code, listed.stdout.as_str()), (Some(0), "amazon.nova-lite-v1:0\n"), "{listed:?}");
    assert!(listed.stderr.contains("no profiles"), "{listed:?}");
}

#[test]
fn limits_say_where_they_are_from_and_profiles_stand_for_their_models() {
    let model = |id: &str, types: &[&str]| {
        json!({
            "modelId": id, "modelName": id, "providerName": "Example", "inputModalities": ["TEXT"],
            "outputModalities": ["TEXT"], "responseStreamingSupported": true, "modelLifecycle": { "status": "ACTIVE" },
            "inferenceTypesSupported": types,
        })
    };
    let mut through_profile = model("example.told-v1:0", &["INFERENCE_PROFILE"]);
    through_profile["converse"] = json!({ "maxTokensMaximum": 5000 });
    through_profile["description"] = json!({ "maxContextWindow": "64K" });
    let models =
        json!({ "modelSummaries": [model("example.unknown-v1:0", &["ON_DEMAND"]), through_profile] }).to_string();
    let profiles = json!({ "inferenceProfileSummaries": [{
        "inferenceProfileId": "mx.example.told-v1:0", "inferenceProfileName": "MX Told", "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
        "models": [{ "modelArn": "arn:aws:bedrock:mx-central-1::foundation-model/example.told-v1:0" }],
    }] })
    .to_string();
    let responder = Responder::start(move |path| {
        Answer::json(if path.starts_with("/foundation-models") { &models } else { &profiles })
    });
    let quarry = Quarry::asking(&responder.endpoint);
    let table = quarry.run(&["models", "list", "--all"]);
    let line = |id: &str| {
        let line = table.stdout.lines().find(|line| line.starts_with(&format!("{id} "))).expect("it is in the table");
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(line("example.unknown-v1:0")[2..4], ["32k?", "4096?"], "{table:?}");
    assert_eq!(line("mx.example.told-v1:0")[2..4], ["64k", "5000"], "{table:?}");
    assert_eq!(line("example.told-v1:0")[1], "needs-inference-profile", "{table:?}");
    assert!(table.stdout.contains("through an inference profile: mx.example.told-v1:0."), "{table:?}");
    let catalog = quarry.run(&["models", "list", "--json"]).succeeded().json();
    let extras = |index: usize| &catalog["models"][index]["extras"];
    assert_eq!((&extras(0)["limitsFrom"], &extras(1)["limitsFrom"]), (&json!("defaults"), &json!("listing")));
    assert_eq!(extras(1)["geography"], "mx");
}

#[test]
fn a_refused_connection_is_told_once() {
    let listed = Quarry::asking(&nobody_there()).run(&["models", "list"]);
    listed.failed_with(1, &["Could not connect to Bedrock", "Connection refused", "check the region, the endpoint"]);
}
