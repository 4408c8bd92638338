use serde_json::{Value, json};

use super::{Request, ServiceModel, Shape};

fn told(body: &Value) -> Vec<String> {
    ServiceModel::get().violations(Request::ConverseStream, body).iter().map(ToString::to_string).collect()
}

fn user(block: &Value) -> Value {
    json!({"messages": [{"role": "user", "content": [block]}]})
}

#[test]
fn the_model_of_this_binary_is_whole_and_no_shape_holds_itself() {
    let model = ServiceModel::get();
    fn walk(model: &ServiceModel, name: &str, above: &mut Vec<String>) {
        assert!(!above.iter().any(|known| known == name), "{name} holds itself: {above:?}");
        let parts: Vec<&String> = match model.shapes.get(name).unwrap_or_else(|| panic!("there is no shape {name}")) {
            Shape::Structure { members, required, .. } => {
                assert!(required.iter().all(|name| members.contains_key(name)), "{name}");
                members.values().collect()
            }
            Shape::List { member, .. } => vec![member],
            Shape::Map { key, value, .. } => vec![key, value],
            _ => Vec::new(),
        };
        above.push(name.to_owned());
        parts.iter().for_each(|part| walk(model, part, above));
        above.pop();
    }
    model.operations.values().for_each(|root| walk(model, root, &mut Vec::new()));
    assert!(model.source.contains("botocore") && model.operations.len() == 3 && model.shapes.len() > 100);
}

#[test]
fn a_whole_body_fits() {
    let body = json!({
        "messages": [
            {"role": "user", "content": [
                {"text": "Hello"}, {"image": {"format": "png", "source": {"bytes": "AAAA"}}},
                {"document": {"format": "pdf", "name": "a", "source": {"bytes": "AAAA"}, "citations": {"enabled": true}}},
                {"cachePoint": {"type": "default", "ttl": "1h"}},
            ]},
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "a", "name": "b", "input": {"anything": [1, null]}}}]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "a", "content": [{"json": 7}], "status": "error"}}]},
        ],
        "inferenceConfig": {"maxTokens": 5, "temperature": 1, "topP": 0.5, "stopSequences": ["a"]},
        "toolConfig": {"tools": [{"toolSpec": {"name": "b", "inputSchema": {"json": {"type": "object"}}}}], "toolChoice": {"auto": {}}},
        "additionalModelRequestFields": {"a": {"b": null}}, "requestMetadata": {"team": "a b"}, "serviceTier": {"type": "flex"},
        "system": null,
    });
    assert_eq!(told(&body), [""; 0]);
    assert_eq!(told(&json!({})), [""; 0], "a prompt of Bedrock's wants no messages");
    let counted = json!({"input": {"converse": body}});
    let violations = ServiceModel::get().violations(Request::CountTokens, &counted);
    let unknown = [
        "input.converse.inferenceConfig: unknown member",
        "input.converse.requestMetadata: unknown member",
        "input.converse.serviceTier: unknown member",
    ];
    assert_eq!(violations.iter().map(ToString::to_string).collect::<Vec<_>>(), unknown);
}

#[test]
fn each_rule_is_told_with_its_place() {
    let call = |id: &str| json!({"toolUse": {"toolUseId": id, "name": "a", "input": {}}});
    let cases = [
        (json!([]), "not an object"),
        (json!({"verbosity": 1}), "verbosity: unknown member"),
        (json!({"messages": {}}), "messages: not a list"),
        (json!({"messages": [{"role": "tool", "content": []}]}), "messages[0].role: none of user, assistant, system"),
        (json!({"messages": [{"role": "user"}]}), "messages[0].content: it is required"),
        (user(&call(&"x".repeat(65))), "messages[0].content[0].toolUse.toolUseId: longer than 64 characters"),
        (user(&call("")), "messages[0].content[0].toolUse.toolUseId: shorter than 1 characters"),
        (user(&call("a b")), "messages[0].content[0].toolUse.toolUseId: not of the form [a-zA-Z0-9_.:-]+"),
        (
            user(&json!({"toolUse": {"toolUseId": "a", "name": "a"}})),
            "messages[0].content[0].toolUse.input: it is required",
        ),
        (user(&json!({"text": 7})), "messages[0].content[0].text: not a string"),
        (
            user(&json!({"image": {"format": "png", "source": {"bytes": "?"}}})),
            "messages[0].content[0].image.source.bytes: not base64",
        ),
        (
            user(&json!({"image": {"format": "png", "source": {"bytes": ""}}})),
            "messages[0].content[0].image.source.bytes: shorter than 1 bytes",
        ),
        (
            user(&json!({"image": {"format": "png", "source": {}}})),
            "messages[0].content[0].image.source: not exactly one of bytes, s3Location",
        ),
        (json!({"inferenceConfig": {"temperature": 1.5}}), "inferenceConfig.temperature: above 1"),
        (json!({"inferenceConfig": {"maxTokens": 0}}), "inferenceConfig.maxTokens: below 1"),
        (json!({"inferenceConfig": {"maxTokens": 1.5}}), "inferenceConfig.maxTokens: not a whole number of 32 bits"),
        (
            json!({"inferenceConfig": {"maxTokens": 5_000_000_000_u64}}),
            "inferenceConfig.maxTokens: not a whole number of 32 bits",
        ),
        (json!({"toolConfig": {"tools": []}}), "toolConfig.tools: shorter than 1 elements"),
        (json!({"requestMetadata": {"a": "é"}}), "requestMetadata.a: not of the form [a-zA-Z0-9\\s:_@$#=/+,-.]{0,256}"),
        (json!({"system": [null]}), "system[0]: not an object"),
    ];
    for (body, expected) in cases {
        assert_eq!(told(&body).first().map(String::as_str), Some(expected), "{body}");
    }
    let two =
        told(&user(&json!({"text": "a", "video": null, "image": {"format": "png", "source": {"bytes": "AAAA"}}})));
    assert!(two.len() == 1 && two[0].starts_with("messages[0].content[0]: not exactly one of "), "{two:?}");
}

#[test]
fn no_more_is_told_than_a_reader_takes() {
    let body = json!({"system": vec![7; 10_000]});
    assert_eq!(told(&body).len(), 64);
}
