//! Listings with much of something.

use super::{Input, Kind, Listing, joined, listed, settings};
use crate::contract::config::{Discovery, Settings};

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "discover/models", input: |n| listing(&joined(n, |i| model(&format!("vendor.model-{i:05}"))), "") },
    Kind {
        name: "discover/models-of-one-id",
        input: |n| listing(&joined(n, |_| model("vendor.model")), &joined(n, |i| profile(i, "vendor.model"))),
    },
    Kind {
        name: "discover/profiles",
        input: |n| {
            listing(
                &joined(n, |i| model(&format!("vendor.model-{i:05}"))),
                &joined(n, |i| profile(i, &format!("vendor.model-{i:05}"))),
            )
        },
    },
    Kind {
        name: "discover/profiles-of-one-model",
        input: |n| listing(&model("vendor.model"), &joined(n, |i| profile(i, "vendor.model"))),
    },
    Kind { name: "discover/models-of-a-profile", input: models_of_a_profile },
    Kind {
        name: "discover/modalities",
        input: |n| {
            listing(
                &format!(
                    "{{\"modelId\":\"a.b\",\"inputModalities\":[{}],\"outputModalities\":[\"TEXT\"]}}",
                    joined(n, |i| format!("\"KIND {i:05}\""))
                ),
                "",
            )
        },
    },
    Kind {
        name: "discover/members",
        input: |n| listing(&format!("{{\"modelId\":\"a.b\",{}}}", joined(n, |i| format!("\"m{i:05}\":{i}"))), ""),
    },
    Kind { name: "discover/pages", input: pages },
    Kind { name: "discover/provider-filter", input: provider_filter },
];

fn model(id: &str) -> String {
    format!(
        "{{\"modelId\":\"{id}\",\"modelName\":\"Model\",\"providerName\":\"Vendor\",\"inputModalities\":[\"TEXT\"],\"outputModalities\":[\"TEXT\"],\"responseStreamingSupported\":true,\"inferenceTypesSupported\":[\"INFERENCE_PROFILE\"],\"modelLifecycle\":{{\"status\":\"ACTIVE\"}}}}"
    )
}

fn profile(number: usize, base: &str) -> String {
    format!(
        "{{\"inferenceProfileId\":\"us{number:05}.{base}\",\"inferenceProfileName\":\"Profile {number}\",\"status\":\"ACTIVE\",\"type\":\"SYSTEM_DEFINED\",\"models\":[{{\"modelArn\":\"arn:aws:bedrock:us-east-1::foundation-model/{base}\"}}]}}"
    )
}

fn models_of_a_profile(count: usize) -> Input {
    let models = joined(count, |index| {
        format!("{{\"modelArn\":\"arn:aws:bedrock:region-{index:05}::foundation-model/vendor.model-{index:05}\"}}")
    });
    let profile = format!("{{\"inferenceProfileId\":\"us.a.b\",\"status\":\"ACTIVE\",\"models\":[{models}]}}");
    listing(&model("a.b"), &profile)
}

fn listing(models: &str, profiles: &str) -> Input {
    of_pages(vec![format!("{{\"modelSummaries\":[{models}]}}")], vec![summaries(profiles)], settings())
}

fn summaries(profiles: &str) -> String {
    format!("{{\"inferenceProfileSummaries\":[{profiles}]}}")
}

fn pages(count: usize) -> Input {
    let profiles = (0..count).map(|index| summaries(&profile(index, "vendor.model"))).collect();
    of_pages(vec![format!("{{\"modelSummaries\":[{}]}}", model("vendor.model"))], profiles, settings())
}

fn provider_filter(count: usize) -> Input {
    let provider_filter = (0..count).map(|index| format!("vendor {index:06}")).collect();
    let settings = Settings { discovery: Discovery { provider_filter, ..settings().discovery }, ..settings() };
    let models = joined(count, |index| model(&format!("vendor.model-{index:05}")));
    of_pages(vec![format!("{{\"modelSummaries\":[{models}]}}")], vec![summaries("")], settings)
}

fn of_pages(models: Vec<String>, profiles: Vec<String>, settings: Settings) -> Input {
    Input::Listing(Box::new(Listing { settings, pages: listed(models, profiles) }))
}
