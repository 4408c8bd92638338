//! What a signature is for: minisign's trusted comment, which is signed with the component.
//!
//! `quarry:provider name=NAME version=VERSION contract=VERSION [expires=RFC3339]`. Without it any component that a key ever signed
//! could take the place of a newer one, and a signature that was made for something else would count.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use semver::Version;

/// What the comment begins with.
const KIND: &str = "quarry:provider";

/// What a signature says of the component that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The name that the component gives itself.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// The version of the contract that it exports, such as `0.1.0`.
    pub contract: String,
    /// When the signature ceases to count; `None` where it never does.
    pub expires: Option<Expiry>,
}

/// A point in time, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry(DateTime);

impl Expiry {
    /// Whether it has come.
    #[must_use]
    pub fn is_past(&self, now: SystemTime) -> bool {
        self.0 <= DateTime::from(now)
    }
}

/// Why a text is no point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as `2027-01-31T00:00:00Z` (RFC 3339)")]
pub struct NoTime;

impl FromStr for Expiry {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        DateTime::from_str(text, Format::DateTimeWithOffset)
            .map(|at| Expiry(DateTime::from_secs(at.secs())))
            .map_err(|_| NoTime)
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A year that has no such form cannot have been read from one.
        formatter.write_str(&self.0.fmt(Format::DateTime).map_err(|_| fmt::Error)?)
    }
}

/// Why a comment is no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// It is any other comment.
    #[error("it does not name its provider")]
    Missing,
    /// A member is wrong, missing or not known.
    #[error("its trusted comment is wrong at `{member}`: {reason}")]
    Member {
        /// The member.
        member: String,
        /// What is wrong.
        reason: String,
    },
}

impl Statement {
    /// What a component can be signed for that says this of itself.
    ///
    /// # Errors
    /// When the name cannot stand in a comment, or the version is none of semver's.
    pub fn new(name: &str, version: &str, contract: &str, expires: Option<Expiry>) -> Result<Self, StatementError> {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong("name", "a name consists of printable ASCII characters without spaces"));
        }
        let version = version.parse::<Version>().map_err(|error| wrong("version", &format!("{error} (semver)")))?;
        let contract = contract.parse::<Version>().map_err(|error| wrong("contract", &format!("{error} (semver)")))?;
        Ok(Statement { name: name.to_owned(), version, contract: contract.to_string(), expires })
    }
}

fn wrong(member: &str, reason: &str) -> StatementError {
    StatementError::Member { member: member.to_owned(), reason: reason.to_owned() }
}

impl FromStr for Statement {
    type Err = StatementError;

    /// Reads a trusted comment. A member that is not known may limit what the signature is for, so it is refused.
    fn from_str(comment: &str) -> Result<Self, StatementError> {
        let mut words = comment.split(' ');
        if words.next() != Some(KIND) {
            return Err(StatementError::Missing);
        }
        let (mut name, mut version, mut contract, mut expires) = (None, None, None, None);
        for word in words {
            let (member, value) = word.split_once('=').unwrap_or((word, ""));
            let place = match member {
                "name" => &mut name,
                "version" => &mut version,
                "contract" => &mut contract,
                "expires" => &mut expires,
                _ => return Err(wrong(member, "this release does not know the member")),
            };
            if place.replace(value).is_some() {
                return Err(wrong(member, "the member is set twice"));
            }
        }
        let needed = |member: &str, value: Option<&str>| {
            value.map(str::to_owned).ok_or_else(|| wrong(member, "the member is missing"))
        };
        let expires = expires.map(|at| at.parse().map_err(|error: NoTime| wrong("expires", &error.to_string())));
        Statement::new(
            &needed("name", name)?,
            &needed("version", version)?,
            &needed("contract", contract)?,
            expires.transpose()?,
        )
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Statement { name, version, contract, expires } = self;
        write!(formatter, "{KIND} name={name} version={version} contract={contract}")?;
        expires.map_or(Ok(()), |expires| write!(formatter, " expires={expires}"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{Statement, StatementError};

    const WHOLE: &str = "quarry:provider name=mine version=1.2.3-rc.1 contract=0.1.0 expires=2027-01-31T00:00:00Z";

    #[test]
    fn a_comment_is_read_and_written() {
        let statement: Statement = WHOLE.parse().expect("a statement");
        assert_eq!((statement.name.as_str(), statement.version.to_string().as_str()), ("mine", "1.2.3-rc.1"));
        assert_eq!(statement.to_string(), WHOLE);
        let expires = statement.expires.expect("it has an end");
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_801_353_600);
        assert!(expires.is_past(end) && !expires.is_past(end - Duration::from_secs(1)));
        let shifted = WHOLE.replace("00:00:00Z", "02:00:00+02:00");
        assert_eq!(shifted.parse::<Statement>(), Ok(statement));
        let endless = WHOLE.split(" expires").next().expect("it has a beginning");
        assert_eq!(endless.parse::<Statement>().expect("a statement").to_string(), endless);
    }

    #[test]
    fn other_comments_and_what_nobody_knows_are_refused() {
        for other in ["", "timestamp:1633700835\tfile:test\thashed", "quarry:other name=a", "a quarry:provider name=a"]
        {
            assert_eq!(other.parse::<Statement>(), Err(StatementError::Missing), "{other}");
        }
        for (from, to, member) in [
            (" version=1.2.3-rc.1", "", "version"),
            ("1.2.3-rc.1", "1.2", "version"),
            ("contract=0.1.0", "contract=x", "contract"),
            ("name=mine", "name=", "name"),
            ("name=mine", "name=mine only=eu", "only"),
            ("name=mine", "name=mine name=other", "name"),
            ("name=mine", "name=m\u{202e}", "name"),
            ("2027-01-31T00:00:00Z", "tomorrow", "expires"),
            (" contract", "  contract", ""),
        ] {
            let error = WHOLE.replace(from, to).parse::<Statement>().expect_err(to);
            assert!(matches!(&error, StatementError::Member { member: told, .. } if told == member), "{to}: {error}");
        }
    }
}
