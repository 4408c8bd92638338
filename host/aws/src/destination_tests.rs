use super::{AllowedRegions, DestinationError, RegionPattern};
use crate::Region;

fn allowed(home: &str, others: Option<&[&str]>) -> AllowedRegions {
    let others = others.map(|others| others.iter().map(|text| RegionPattern::new(text).expect(text)).collect());
    AllowedRegions::new(Region::new(home).expect("a region"), others)
}

fn arn(partition: &str, region: &str) -> String {
    format!("arn:{partition}:bedrock:{region}:111122223333:inference-profile/eu.amazon.nova-lite-v1:0")
}

#[test]
fn an_id_goes_to_the_configured_region_and_an_arn_to_its_own() {
    let regions = allowed("eu-central-1", None);
    let region = |id: &str| regions.destination(id).map(|to| to.region().to_string());
    assert_eq!(region("us.anthropic.claude-opus-4-6-v1").as_deref(), Ok("eu-central-1"));
    assert_eq!(region("anthropic.claude-v2:1:200k").as_deref(), Ok("eu-central-1"));
    assert_eq!(region(&arn("aws", "eu-west-3")).as_deref(), Ok("eu-west-3"));
    assert_eq!(region("arn:aws:sagemaker:eu-west-3:1:endpoint/x").as_deref(), Ok("eu-west-3"));
    assert_eq!(region("arn:aws:bedrock:eu-central-1:1:prompt/x:1").as_deref(), Ok("eu-central-1"));
}

#[test]
fn a_region_is_allowed_by_the_geography_or_by_the_list() {
    let error = allowed("eu-central-1", None).destination(&arn("aws", "us-east-1")).expect_err("another geography");
    assert_eq!(error.to_string(), "the model is in us-east-1, and requests are allowed to eu-central-1, eu-* only");
    assert!(error.expected().contains("quarry.regions"));
    let listed = allowed("eu-central-1", Some(&["us-*", "eu-west-1"]));
    for (region, goes) in
        [("us-west-2", true), ("eu-west-1", true), ("eu-central-1", true), ("eu-west-2", false), ("ap-south-1", false)]
    {
        assert_eq!(listed.destination(&arn("aws", region)).is_ok(), goes, "{region}");
    }
    assert!(allowed("eu-central-1", Some(&[])).destination(&arn("aws", "eu-west-1")).is_err());
    assert!(allowed("us-east-1", Some(&["us-west-*"])).destination(&arn("aws", "us-west-2")).is_ok());
    assert_eq!(RegionPattern::new("us-*").map(|pattern| pattern.to_string()).as_deref(), Some("us-*"));
    for text in ["", "*", "-*", "us*", "US-*", "us-east-1-*", "s3.us-*", "us-*-*", "us--*", "us east-*"] {
        assert_eq!(RegionPattern::new(text), None, "{text}");
    }
}

#[test]
fn no_list_leads_into_another_partition() {
    let everything = &["cn-*", "us-gov-*", "us-isob-east-1", "us-iso-*", "eu-isoe-*", "us-*", "eusc-de-*", "us-isog-*"];
    for (home, partition, region) in [
        ("eu-central-1", "aws-cn", "cn-north-1"),
        ("us-east-1", "aws-us-gov", "us-gov-west-1"),
        ("us-east-1", "aws-iso", "us-iso-east-1"),
        ("us-east-1", "aws-iso-b", "us-isob-east-1"),
        ("eu-west-1", "aws-iso-e", "eu-isoe-west-1"),
        ("eu-west-1", "aws-eusc", "eusc-de-east-1"),
        ("us-east-1", "aws-iso-g", "us-isog-east-1"),
        ("us-gov-west-1", "aws", "us-east-1"),
        ("cn-north-1", "aws", "ap-east-1"),
    ] {
        let error = allowed(home, Some(everything)).destination(&arn(partition, region)).expect_err(region);
        assert!(matches!(error, DestinationError::OtherPartition { .. }), "{region}: {error}");
    }
    assert!(allowed("us-gov-west-1", None).destination(&arn("aws-us-gov", "us-gov-east-1")).is_ok());
    assert!(allowed("cn-north-1", Some(&["cn-*"])).destination(&arn("aws-cn", "cn-north-1")).is_ok());
}

#[test]
fn what_is_no_model_or_no_region_is_refused() {
    let regions = allowed("us-east-1", Some(&["us-*"]));
    let refused = |id: &str| regions.destination(id).expect_err(id).to_string();
    for id in [
        "a/../b",
        "..",
        "/a",
        "a/",
        "a//b",
        "./a",
        "a/.",
        "a\\b",
        "a b",
        "a%2Fb",
        "a?b",
        "a#b",
        "a@b",
        "a\r\nb",
        "ä",
        " a",
        "https://evil.example/a",
        "//evil.example/a",
        "a\u{0}",
    ] {
        assert!(refused(id).ends_with("cannot be a modelId"), "{id:?}");
    }
    assert!(refused(&"a".repeat(2049)).len() < 200);
    assert_eq!(refused(""), "no model is named");
    for region in [
        "attacker.example",
        "s3.us-east-1",
        "a.b.c.d.e",
        "us-east-1.evil",
        "us-east-1.",
        "US-EAST-1",
        "us-east1",
        "us-east-1/x",
    ] {
        assert!(refused(&arn("aws", region)).ends_with("which is not an AWS region"), "{region}");
    }
    for id in
        ["arn:aws:s3:us-east-1:1:x", "arn:aws:bedrock", "arn:aws:bedrock:us-east-1:1", "ARN:aws:bedrock:us-east-1:1:x"]
    {
        assert!(refused(id).contains("is not an ARN of"), "{id}");
    }
    assert!(refused(&arn("aws", "")).ends_with("is an ARN without a region"));
    for (partition, region) in
        [("aws-cn", "us-east-1"), ("aws", "cn-north-1"), ("evil", "us-east-1"), ("", "us-west-2")]
    {
        assert!(refused(&arn(partition, region)).contains("names the partition"), "{partition} {region}");
    }
}

#[test]
fn a_providers_answer_stays_in_the_region_of_the_request() {
    let asked = allowed("us-east-1", None).destination(&arn("aws", "us-west-2")).expect("allowed");
    let counted = asked.for_model("anthropic.claude-opus-4-6-v1").expect("an id");
    assert_eq!((counted.model_id(), counted.region().as_str()), ("anthropic.claude-opus-4-6-v1", "us-west-2"));
    assert!(asked.for_model(&arn("aws", "us-west-2")).is_ok());
    for other in [arn("aws", "us-east-1"), arn("aws-cn", "us-west-2"), "../x".to_owned(), String::new()] {
        assert!(asked.for_model(&other).is_err(), "{other}");
    }
}
