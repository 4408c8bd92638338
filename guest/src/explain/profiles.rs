//! Inference profiles that may stand in for a model which is invoked through one only.
//!
//! Nothing but the model's id and the region is known here, and no listing: the ids are made by the rule by which Bedrock names
//! its own profiles (geography, dot, model id), and a model need not have each of them.

use crate::families::without_geography;

/// Ids that may do, the nearest geography first. None for what is no id of a foundation model.
pub(super) fn candidates(model_id: Option<&str>, region: Option<&str>) -> Vec<String> {
    let Some(base) = model_id.and_then(foundation_model) else { return Vec::new() };
    geographies(region.unwrap_or_default()).iter().map(|geography| format!("{geography}.{base}")).collect()
}

/// What to do, with the candidates in it.
pub(super) fn hint(candidates: &[String]) -> String {
    match candidates {
        [] => "name the id or ARN of an inference profile; `quarry models list` shows them".to_owned(),
        ids => format!(
            "use an inference profile of the model, named {} by Bedrock's pattern; `quarry models list` shows the profiles you can use",
            ids.join(" or ")
        ),
    }
}

/// The id of a foundation model, given as such or in an ARN. Other ARNs name what is nobody's base model.
fn foundation_model(model_id: &str) -> Option<&str> {
    if !model_id.starts_with("arn:") {
        return Some(without_geography(model_id));
    }
    model_id.split_once(":foundation-model/").map(|(_, id)| id).filter(|id| !id.is_empty())
}

/// The geographies whose profiles can be asked for from a region (Bedrock user guide, "Supported Regions and models for inference
/// profiles"; pi's catalog has `jp`, `au`, `in` and `ca`). `global` is of the commercial regions alone.
fn geographies(region: &str) -> &'static [&'static str] {
    match region {
        "ap-northeast-1" | "ap-northeast-3" => &["jp", "apac", "global"],
        "ap-southeast-2" | "ap-southeast-4" => &["au", "apac", "global"],
        "ap-south-1" | "ap-south-2" => &["in", "apac", "global"],
        _ => match region.split('-').next().unwrap_or_default() {
            "us" if region.starts_with("us-gov-") => &["us-gov"],
            "us" => &["us", "global"],
            "eu" => &["eu", "global"],
            "ap" => &["apac", "global"],
            "ca" => &["ca", "global"],
            "cn" => &[],
            _ => &["global"],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::candidates;

    #[test]
    fn the_nearest_geography_comes_first() {
        let of = |id, region| candidates(Some(id), Some(region));
        assert_eq!(of("a.m-v1:0", "ap-northeast-1"), ["jp.a.m-v1:0", "apac.a.m-v1:0", "global.a.m-v1:0"]);
        assert_eq!(of("a.m-v1:0", "us-gov-west-1"), ["us-gov.a.m-v1:0"]);
        assert_eq!(of("us.anthropic.m-v1:0", "eu-west-1"), ["eu.anthropic.m-v1:0", "global.anthropic.m-v1:0"]);
        assert_eq!(of("arn:aws:bedrock:us-east-1::foundation-model/a.m", "us-east-1"), ["us.a.m", "global.a.m"]);
        assert!(of("arn:aws:bedrock:us-east-1:1:provisioned-model/x", "us-east-1").is_empty());
        assert!(of("a.m", "cn-north-1").is_empty());
        assert_eq!(candidates(Some("a.m"), None), ["global.a.m"]);
        assert!(candidates(None, Some("us-east-1")).is_empty());
    }
}
