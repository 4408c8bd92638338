//! Regions: which text can be one, which partition and geography it belongs to, and which region a slip was meant to be.

use std::fmt;

/// The longest name of a region. Longer text cannot be one; the label of a host name has at most 63 characters.
const LONGEST: usize = 32;

/// Beginnings of the names of regions outside the partition `aws`, and the partition of each
/// (`partitions.json` of the AWS SDKs, June 2026).
const OTHER_PARTITIONS: [(&str, &str); 7] = [
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
];

/// The regions that AWS lists (`partitions.json` of the AWS SDKs, June 2026): what a slip is compared with. A region that is not
/// among them can be used all the same.
const LISTED: [&str; 46] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "cn-north-1",
    "cn-northwest-1",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "us-isof-east-1",
    "us-isof-south-1",
    "eu-isoe-west-1",
    "eusc-de-east-1",
];

/// The name of a region: `^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$`. It becomes a part of a host name, so no other text is one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Region(String);

impl Region {
    /// A region of this name; `None` where the text cannot be one.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let (place, number) = name.rsplit_once('-')?;
        let (geography, places) = place.split_once('-')?;
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        let is_number = matches!(number.len(), 1 | 2) && number.bytes().all(|byte| byte.is_ascii_digit());
        let is_region = name.len() <= LONGEST
            && (2..=4).contains(&geography.len())
            && is_word(geography)
            && places.split('-').all(is_word)
            && is_number;
        is_region.then(|| Region(name.to_owned()))
    }

    /// The regions that AWS lists.
    pub fn listed() -> impl Iterator<Item = Self> {
        LISTED.iter().filter_map(|name| Region::new(name))
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition, as ARNs have it: `aws`, `aws-cn`, `aws-us-gov`, …. None for a region of a partition that is newer than this
    /// table.
    #[must_use]
    pub fn partition(&self) -> Option<&'static str> {
        let other = OTHER_PARTITIONS.iter().find(|(beginning, _)| self.0.starts_with(beginning));
        // Every region of `aws` has two letters, one word and a number.
        let is_usual = || self.0.split('-').count() == 3 && self.geography().len() == 2;
        other.map(|(_, partition)| *partition).or_else(|| is_usual().then_some("aws"))
    }

    /// The geography: the name without its last two parts, such as `eu`, `us`, `ap`, `us-gov`. Bedrock's cross-region inference
    /// profiles stay within one.
    #[must_use]
    pub fn geography(&self) -> &str {
        let mut parts = self.0.rsplitn(3, '-');
        parts.nth(2).unwrap_or(&self.0)
    }

    /// The listed region that this one is a slip of, where AWS lists no place of this name and one that differs by one letter.
    #[must_use]
    pub fn slip_of(&self) -> Option<&'static str> {
        let place = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
        let own = place(&self.0);
        if LISTED.iter().any(|listed| place(listed) == own) {
            return None;
        }
        LISTED.into_iter().find(|listed| strsim::osa_distance(&place(listed), &own) == 1)
    }

    /// The listed region that a text which is none is nearest to.
    #[must_use]
    pub fn nearest(text: &str) -> Option<&'static str> {
        crate::similar::nearest(text, &LISTED)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{LISTED, Region};

    fn region(name: &str) -> Region {
        Region::new(name).unwrap_or_else(|| panic!("{name} is a region"))
    }

    #[test]
    fn only_the_name_of_a_region_is_one() {
        for listed in LISTED {
            assert_eq!(region(listed).as_str(), listed);
            assert!(region(listed).partition().is_some(), "{listed}");
        }
        for text in [
            "",
            "us",
            "us-east",
            "us-east1",
            "us-east-",
            "us-east-123",
            "us-east-1a",
            "US-EAST-1",
            "us east-1",
            "us-east-1 ",
            "us-east-1.",
            "us-east-1.evil",
            "s3.us-east-1",
            "attacker.example",
            "a.b.c.d.e",
            "a-b-1",
            "europe-west-1",
            "-us-east-1",
            "us--1",
            "us-east-1/..",
            "us-east-1@evil",
            "us-east-1:443",
            "us-east-1\r\nx: y",
            "us-east-\u{661}",
            "ùs-east-1",
            "us_east_1",
            "us-e4st-1",
            &format!("us-{}-1", "a".repeat(40)),
        ] {
            assert_eq!(Region::new(text), None, "{text:?}");
        }
    }

    #[test]
    fn partition_and_geography_follow_from_the_name() {
        for (name, partition, geography) in [
            ("us-east-1", Some("aws"), "us"),
            ("ap-southeast-5", Some("aws"), "ap"),
            ("cn-northwest-1", Some("aws-cn"), "cn"),
            ("us-gov-west-1", Some("aws-us-gov"), "us-gov"),
            ("us-iso-east-1", Some("aws-iso"), "us-iso"),
            ("us-isob-east-1", Some("aws-iso-b"), "us-isob"),
            ("us-isof-south-1", Some("aws-iso-f"), "us-isof"),
            ("eu-isoe-west-1", Some("aws-iso-e"), "eu-isoe"),
            ("eusc-de-east-1", Some("aws-eusc"), "eusc-de"),
            ("us-isog-east-1", None, "us-isog"),
            ("abc-east-1", None, "abc"),
        ] {
            assert_eq!((region(name).partition(), region(name).geography()), (partition, geography), "{name}");
        }
    }

    #[test]
    fn slips_are_told_and_new_regions_are_not() {
        assert_eq!(Region::nearest("us-east1"), Some("us-east-1"));
        assert_eq!(Region::nearest("EU-Central-1"), Some("eu-central-1"));
        assert_eq!(Region::nearest("mars"), None);
        assert_eq!(region("us-esat-1").slip_of(), Some("us-east-1"));
        assert_eq!(region("eu-centrl-1").slip_of(), Some("eu-central-1"));
        for new in ["us-east-9", "ap-southeast-12", "mx-north-1", "xx-somewhere-1"] {
            assert_eq!(region(new).slip_of(), None, "{new}");
        }
    }
}
