//! Where a request may go. Whatever a client or a provider names, a request goes to a region that is allowed, for a model whose id
//! is one label of a path.
//!
//! A [`Destination`] is made here alone, and the clients of [`Aws`](super::Aws) take nothing else.

use std::fmt;

use super::region::Region;

/// The longest `modelId` (API model of ConverseStream).
const LONGEST_ID: usize = 2048;

/// What can be a model's id.
const A_MODEL_ID: &str = "a foundation model id, an inference profile id or an ARN: 1 to 2048 of letters, digits, `-`, `:`, `.`, \
     `_`, `/`, without empty, `.` and `..` segments";

/// Services whose ARNs name models: Bedrock, and SageMaker for the models of its marketplace.
const SERVICES: [&str; 2] = ["bedrock", "sagemaker"];

/// Why a request cannot go where it was asked to go. Names of clients are in Rust's quotes, with what cannot be seen escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// No model is named.
    #[error("no model is named")]
    NoModel,
    /// The name has signs or segments that no id has.
    #[error("{0} cannot be a modelId")]
    NotAnId(Shortened),
    /// The ARN has too few fields, or names another service.
    #[error("{0} is not an ARN of Amazon Bedrock or SageMaker")]
    NotAnArn(Shortened),
    /// The ARN has no region. `global.` profiles list the models behind them so; as a `modelId` the API refuses it.
    #[error("{0} is an ARN without a region")]
    NoRegion(Shortened),
    /// What stands in the region's place is none.
    #[error("the ARN names {0}, which is not an AWS region")]
    NotARegion(Shortened),
    /// The ARN's own partition is not that of its region.
    #[error("the ARN names the partition {partition}, and {region} belongs to {actual}")]
    WrongPartition {
        /// The ARN's partition.
        partition: Shortened,
        /// The ARN's region.
        region: Region,
        /// The partition that the region is in.
        actual: String,
    },
    /// The region is in another partition than the configured one: credentials and data stay in theirs.
    #[error("the model is in {region}, in another partition than the configured region {home}")]
    OtherPartition {
        /// The ARN's region.
        region: Region,
        /// The configured one.
        home: Region,
    },
    /// The region is none of those that requests may go to.
    #[error("the model is in {region}, and requests are allowed to {allowed} only")]
    NotAllowed {
        /// The ARN's region.
        region: Region,
        /// Those that are allowed, in words.
        allowed: String,
    },
    /// A provider answered with a model in another region than the request's.
    #[error("the model is in {region}, and the request is for {asked}")]
    OtherRegion {
        /// The region of the answer.
        region: Region,
        /// The request's.
        asked: Region,
    },
}

impl DestinationError {
    /// What would be right, or what to do.
    #[must_use]
    pub fn expected(&self) -> &'static str {
        match self {
            DestinationError::NoModel | DestinationError::NotAnId(_) => A_MODEL_ID,
            DestinationError::NotAnArn(_)
            | DestinationError::NotARegion(_)
            | DestinationError::WrongPartition { .. } => {
                "an ARN as AWS shows it, such as `arn:aws:bedrock:eu-west-1:111122223333:inference-profile/ID`, or the model's id"
            }
            DestinationError::NoRegion(_) => "the ARN with a region, or the model's id",
            DestinationError::OtherPartition { .. } => "a model of the configured region's partition",
            DestinationError::NotAllowed { .. } => {
                "a model of an allowed region; `quarry.regions` of the configuration allows others"
            }
            DestinationError::OtherRegion { .. } => "a model of the region of the request",
        }
    }
}

/// A text of a client in an error: in quotes, escaped, and not endless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortened(String);

impl Shortened {
    fn of(text: &str) -> Self {
        const MOST: usize = 100;
        let short: String = text.chars().take(MOST).collect();
        let more = if short.len() < text.len() { "…" } else { "" };
        Shortened(format!("`{}{more}`", short.escape_debug()))
    }
}

impl fmt::Display for Shortened {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A model and the region to ask for it: both checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    model_id: String,
    region: Region,
}

impl Destination {
    /// `modelId`: one label of the request's path. The SDK percent-encodes it.
    #[must_use]
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The same region for the model that a provider names in place of this one.
    ///
    /// # Errors
    /// When that cannot be an id, or is an ARN of another region.
    pub fn for_model(&self, model_id: &str) -> Result<Self, DestinationError> {
        match region_of(model_id)? {
            Some(region) if region != self.region => {
                Err(DestinationError::OtherRegion { region, asked: self.region.clone() })
            }
            _ => Ok(Destination { model_id: model_id.to_owned(), region: self.region.clone() }),
        }
    }
}

/// Regions that may be allowed: one, or all whose names begin alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegionPattern {
    /// `eu-west-1`.
    One(Region),
    /// `eu-*`, as the beginning that it stands for: `eu-`.
    Beginning(String),
}

impl RegionPattern {
    /// Reads a region, or the first parts of one with `-*` behind them; `None` where the text is neither.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let Some(beginning) = text.strip_suffix('*') else { return Region::new(text).map(RegionPattern::One) };
        let begins_a_region = |rest: &str| Region::new(&format!("{beginning}{rest}")).is_some();
        let is_beginning = beginning.ends_with('-') && (begins_a_region("1") || begins_a_region("x-1"));
        is_beginning.then(|| RegionPattern::Beginning(beginning.to_owned()))
    }

    /// The partition of what it takes; `None` where that is newer than the table.
    #[must_use]
    pub fn partition(&self) -> Option<&'static str> {
        match self {
            RegionPattern::One(region) => region.partition(),
            RegionPattern::Beginning(beginning) => {
                // The shortest name that can be a region: `us-` and `us-east-` alike.
                let shortest = ["1", "x-1"].iter().find_map(|rest| Region::new(&format!("{beginning}{rest}")));
                shortest.as_ref().and_then(Region::partition)
            }
        }
    }

    fn takes(&self, region: &Region) -> bool {
        match self {
            RegionPattern::One(one) => one == region,
            RegionPattern::Beginning(beginning) => region.as_str().starts_with(beginning),
        }
    }
}

impl fmt::Display for RegionPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RegionPattern::One(region) => region.fmt(formatter),
            RegionPattern::Beginning(beginning) => write!(formatter, "{beginning}*"),
        }
    }
}

/// The regions that requests may go to: the configured one, and others of its partition that an ARN may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedRegions {
    home: Region,
    others: Vec<RegionPattern>,
}

impl AllowedRegions {
    /// The configured region and these; where none are given, the rest of its geography.
    #[must_use]
    pub fn new(home: Region, others: Option<Vec<RegionPattern>>) -> Self {
        let others = others.unwrap_or_else(|| vec![RegionPattern::Beginning(format!("{}-", home.geography()))]);
        AllowedRegions { home, others }
    }

    /// The configured region: where requests for what is no ARN go.
    #[must_use]
    pub fn home(&self) -> &Region {
        &self.home
    }

    /// The regions beside the configured one.
    #[must_use]
    pub fn others(&self) -> &[RegionPattern] {
        &self.others
    }

    /// Where to ask for a model: in the region of its ARN, or in the configured one.
    ///
    /// # Errors
    /// When the name cannot be a model's id, or its region is not allowed.
    pub fn destination(&self, model_id: &str) -> Result<Destination, DestinationError> {
        let region = match region_of(model_id)? {
            None => self.home.clone(),
            Some(region) => self.check(region)?,
        };
        Ok(Destination { model_id: model_id.to_owned(), region })
    }

    /// Whether an ARN may name a region.
    #[must_use]
    pub fn allows(&self, region: &Region) -> bool {
        self.check(region.clone()).is_ok()
    }

    fn check(&self, region: Region) -> Result<Region, DestinationError> {
        if region == self.home {
            return Ok(region);
        }
        if region.partition().is_none() || region.partition() != self.home.partition() {
            return Err(DestinationError::OtherPartition { region, home: self.home.clone() });
        }
        if self.others.iter().any(|pattern| pattern.takes(&region)) {
            return Ok(region);
        }
        let allowed = std::iter::once(self.home.to_string()).chain(self.others.iter().map(ToString::to_string));
        Err(DestinationError::NotAllowed { region, allowed: allowed.collect::<Vec<_>>().join(", ") })
    }
}

/// The region in the ARN of a model; `None` where the name is no ARN.
fn region_of(model_id: &str) -> Result<Option<Region>, DestinationError> {
    if model_id.is_empty() {
        return Err(DestinationError::NoModel);
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-:._/".contains(c);
    let is_label = model_id.len() <= LONGEST_ID
        && model_id.chars().all(allowed)
        && !model_id.split('/').any(|segment| matches!(segment, "" | "." | ".."));
    if !is_label {
        return Err(DestinationError::NotAnId(Shortened::of(model_id)));
    }
    let mut fields = model_id.splitn(6, ':');
    if !fields.next().is_some_and(|first| first.eq_ignore_ascii_case("arn")) {
        return Ok(None);
    }
    let [partition, service, region, _account, resource] = [(); 5].map(|()| fields.next());
    let (Some(partition), Some(service), Some(region), Some(_)) = (partition, service, region, resource) else {
        return Err(DestinationError::NotAnArn(Shortened::of(model_id)));
    };
    if !model_id.starts_with("arn:") || !SERVICES.contains(&service) {
        return Err(DestinationError::NotAnArn(Shortened::of(model_id)));
    }
    if region.is_empty() {
        return Err(DestinationError::NoRegion(Shortened::of(model_id)));
    }
    let region = Region::new(region).ok_or_else(|| DestinationError::NotARegion(Shortened::of(region)))?;
    let agrees = match region.partition() {
        Some(actual) => actual == partition,
        None => partition.starts_with("aws"),
    };
    if !agrees {
        let actual = region.partition().unwrap_or("a partition of its own").to_owned();
        return Err(DestinationError::WrongPartition { partition: Shortened::of(partition), region, actual });
    }
    Ok(Some(region))
}

#[cfg(test)]
#[path = "destination_tests.rs"]
mod tests;
