//! Answers that only certain models, tools or guardrails give, for the faults that ask for them.

use serde_json::json;

use super::dice::Dice;
use super::faults::Fault;
use super::reply::{Block, Reply, ToolCall};
use super::request::ConverseRequest;

/// The whole answer of a fault that is about what is said.
pub(crate) fn staged(fault: &Fault, dice: &mut Dice) -> Option<Reply> {
    match fault {
        Fault::Guardrail => Some(guardrail()),
        Fault::Citations => Some(citations()),
        Fault::ServerTools => Some(server_tools(dice)),
        Fault::Refusal => Some(refusal()),
        _ => None,
    }
}

fn guardrail() -> Reply {
    let units = json!({
        "contentPolicyUnits": 1, "contextualGroundingPolicyUnits": 0, "sensitiveInformationPolicyFreeUnits": 0,
        "sensitiveInformationPolicyUnits": 1, "topicPolicyUnits": 1, "wordPolicyUnits": 1,
    });
    let assessment = json!({
        "invocationMetrics": {
            "guardrailCoverage": {"textCharacters": {"guarded": 24, "total": 24}},
            "guardrailProcessingLatency": 180,
            "usage": units,
        },
        "topicPolicy": {"topics": [{"action": "BLOCKED", "name": "quarrying", "type": "DENY"}]},
    });
    let text = "Sorry, a guardrail has blocked this answer.".to_owned();
    let mut reply = Reply::new(vec![Block::Text(text)], "guardrail_intervened");
    reply.trace = Some(json!({"guardrail": {
        "actionReason": "Guardrail blocked.",
        "inputAssessment": {"simguardrail": assessment},
        "modelOutput": [],
    }}));
    reply
}

fn citations() -> Reply {
    let citation = |start: u32, end: u32, text: &str| {
        json!({
            "location": {"documentChar": {"documentIndex": 0, "end": end, "start": start}},
            "sourceContent": [{"text": text}],
            "title": "quarry handbook",
        })
    };
    Reply::new(
        vec![
            Block::Text("The handbook says that ".to_owned()),
            Block::Cited {
                text: "bedrock is what lies under the soil".to_owned(),
                citations: vec![citation(0, 36, "Bedrock is what lies under the soil.")],
            },
            Block::Text(", and that ".to_owned()),
            Block::Cited {
                text: "a quarry is where it is cut".to_owned(),
                citations: vec![
                    citation(37, 66, "A quarry is where it is cut."),
                    citation(67, 90, "Quarries are open pits."),
                ],
            },
            Block::Text(".".to_owned()),
        ],
        "end_turn",
    )
}

fn server_tools(dice: &mut Dice) -> Reply {
    let id = dice.tool_use_id();
    let call = ToolCall {
        id: id.clone(),
        name: "nova_code_interpreter".to_owned(),
        arguments: json!({"snippet": "print(1234 * 5678)"}).to_string(),
        by_the_service: true,
    };
    let result = json!({"json": {"exitCode": 0, "isError": false, "stdErr": "", "stdOut": "7006652"}});
    let web = json!({"location": {"web": {"domain": "example.com", "url": "https://example.com/products"}}});
    Reply::new(
        vec![
            Block::ToolUse(call),
            Block::ToolResult { tool_use_id: id, kind: "nova_code_interpreter_result", content: result },
            Block::Cited { text: "1234 times 5678 is 7006652.".to_owned(), citations: vec![web] },
        ],
        "end_turn",
    )
}

fn refusal() -> Reply {
    let mut reply = Reply::new(vec![Block::Text("I cannot ".to_owned())], "refusal");
    let details = json!({"category": "cyber", "explanation": "The simulator was asked to refuse.", "type": "refusal"});
    reply.additional_fields = Some(json!({"stop_details": details}));
    reply
}

/// Makes the arguments of the last tool call end too soon; makes up a call when there is none.
pub(crate) fn spoil_tool_call(reply: &mut Reply, request: &ConverseRequest, dice: &mut Dice) {
    const CUT: &str = r#"{"query": "bed"#;
    let last = reply.blocks.iter_mut().rev().find_map(|block| match block {
        Block::ToolUse(call) => Some(call),
        _ => None,
    });
    if let Some(call) = last {
        CUT.clone_into(&mut call.arguments);
        return;
    }
    let name = request.tool_specs().next().map_or_else(|| "lookup".to_owned(), |spec| spec.name.clone());
    reply.blocks.push(Block::ToolUse(ToolCall {
        id: dice.tool_use_id(),
        name,
        arguments: CUT.to_owned(),
        by_the_service: false,
    }));
    "tool_use".clone_into(&mut reply.stop_reason);
}
