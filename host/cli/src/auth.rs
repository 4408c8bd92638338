//! `quarry auth status`.

use std::time::Instant;

use quarry_aws::{Aws, CredentialIdentity, Source};
use quarry_config::connection::ConnectionConfig;
use quarry_contract::types::Failure;
use quarry_pi::PROVIDER;
use serde_json::{Value, json};

use super::arguments::{Global, StatusArguments};
use super::credentials::{self, Unusable};
use super::exit::Exit;
use super::setup::{ProblemsTold, Setup};
use super::{problems, terminal};

/// What is reported.
struct Status<'a> {
    connection: &'a ConnectionConfig,
    /// What the configuration or the environment names.
    named: Option<Source>,
    identity: Result<CredentialIdentity, Unusable>,
    /// Where the region is from.
    region_from: String,
    /// There where AWS was asked.
    checked: Option<Checked>,
}

/// What AWS said to a signed call.
struct Checked {
    milliseconds: u128,
    refused: Option<Failure>,
}

pub(crate) async fn status(global: &Global, arguments: &StatusArguments) -> anyhow::Result<Exit> {
    let mut setup = match Setup::make(global, &[])? {
        Ok(setup) => setup,
        Err(ProblemsTold) => return Ok(Exit::Usage),
    };
    let named = setup.configuration.credentials().0;
    let aws = setup.aws(false).await?;
    let identity = identity(&aws, &setup, named).await;
    let checked = match (&identity, arguments.check) {
        (Ok(_), true) => Some(check(&aws, &mut setup).await?),
        _ => None,
    };
    let connection = &setup.configuration.connection;
    let region_from = problems::place_text(&connection.region.place);
    let status = Status { connection, named, identity, region_from, checked };
    if arguments.json {
        terminal::print_json(&status.json())?;
    } else {
        terminal::print(&status.text())?;
        if let Some(advice) = status.advice() {
            terminal::tell_line("");
            terminal::tell_line(&format!("What to do: {advice}"));
        }
    }
    Ok(if status.is_usable() { Exit::Done } else { Exit::Failed })
}

/// Who requests are signed for. A token is there or not; everything else must be asked for, which for a role means a request.
pub(crate) async fn identity(aws: &Aws, setup: &Setup, named: Option<Source>) -> Result<CredentialIdentity, Unusable> {
    if let Some(half) = credentials::half_a_pair(named, &setup.configuration.environment) {
        return Err(Unusable::half(half));
    }
    aws.identity().await.map_err(|problem| Unusable::of(&problem, named))
}

async fn check(aws: &Aws, setup: &mut Setup) -> anyhow::Result<Checked> {
    let began = Instant::now();
    let refused = aws.probe().await.outcome.err();
    let milliseconds = began.elapsed().as_millis();
    Ok(Checked { milliseconds, refused: refused.map(|error| setup.session.explain(&error)).transpose()? })
}

impl Status<'_> {
    fn is_usable(&self) -> bool {
        self.identity.is_ok() && self.checked.as_ref().is_none_or(|checked| checked.refused.is_none())
    }

    fn source(&self) -> Option<Source> {
        match &self.identity {
            Ok(identity) => Some(identity.source),
            Err(unusable) => unusable.source.or(self.named),
        }
    }

    fn advice(&self) -> Option<String> {
        if let Err(unusable) = &self.identity {
            return unusable.advice.map(str::to_owned);
        }
        self.checked.as_ref()?.refused.as_ref()?.hint.clone()
    }

    fn json(&self) -> Value {
        let source = self.source();
        let identity = self.identity.as_ref().ok();
        let problem = self.identity.as_ref().err();
        let is_token = matches!(source, Some(Source::ConfiguredToken | Source::BearerToken));
        json!({
            "provider": PROVIDER,
            "mode": if is_token { "bearer-token" } else { "aws-sdk" },
            "source": source.map_or("aws-sdk default chain", Source::label),
            "kind": source.map_or("sdk-chain", Source::kind),
            "means": identity.and_then(|identity| identity.means),
            "profile": identity.and_then(|identity| identity.profile.as_deref()),
            "role": identity.and_then(|identity| identity.role.as_deref()),
            "account": identity.and_then(|identity| identity.account.as_deref()),
            "keyIdEndsWith": identity.and_then(|identity| identity.key_id_ends.as_deref()),
            "usable": self.is_usable(),
            "expiresAt": identity.and_then(|identity| identity.expires).map(|expires| expires.to_string()),
            "problem": problem.map(|problem| &problem.what),
            "asked": problem.map(|problem| &problem.asked),
            "advice": self.advice(),
            "region": self.connection.region.value.as_str(),
            "regionFrom": self.region_from,
            "instanceRegion": identity.and_then(|identity| identity.instance_region.as_deref()),
            "endpoint": self.connection.base_url.as_ref().map(|url| &url.value),
            "check": self.checked.as_ref().map(|checked| json!({
                "operation": "ListFoundationModels",
                "accepted": checked.refused.is_none(),
                "milliseconds": u64::try_from(checked.milliseconds).unwrap_or(u64::MAX),
                "problem": checked.refused.as_ref().map(|failure| &failure.message),
            })),
        })
    }

    fn text(&self) -> String {
        let mut text = String::from("provider     amazon-bedrock\n");
        let mut line = |name: &str, value: &str| terminal::push_line(&mut text, &format!("{name:<13}{value}"));
        line("source", self.source().map_or("aws-sdk default chain", Source::label));
        match &self.identity {
            Ok(identity) => {
                if let Some(profile) = &identity.profile {
                    let means = identity.means.map(|means| format!(" ({means})")).unwrap_or_default();
                    line("profile", &format!("{profile}{means}"));
                } else if let Some(means) = identity.means {
                    line("runs as", means);
                }
                if let Some(role) = &identity.role {
                    line("role", role);
                }
                if let Some(account) = &identity.account {
                    line("account", account);
                }
                if let Some(end) = &identity.key_id_ends {
                    line("key id", &format!("…{end}"));
                }
                let until = identity.expires.map(|at| format!(", valid until {at}")).unwrap_or_default();
                line("credentials", &format!("found{until}"));
            }
            Err(Unusable { what, asked, .. }) => {
                line("credentials", what);
                for said in asked {
                    line("", said);
                }
            }
        }
        let region = self.connection.region.value.as_str();
        let here = self.identity.as_ref().ok().and_then(|identity| identity.instance_region.as_ref());
        let elsewhere = here.filter(|here| here.as_str() != region).map(|here| format!("; this instance is in {here}"));
        line("region", &format!("{region} ({}){}", self.region_from, elsewhere.unwrap_or_default()));
        if let Some(endpoint) = &self.connection.base_url {
            line("endpoint", &endpoint.value);
        }
        match &self.checked {
            Some(Checked { refused: None, milliseconds }) => {
                line("check", &format!("AWS accepts them: ListFoundationModels answered in {milliseconds} ms"));
            }
            Some(Checked { refused: Some(failure), .. }) => line("check", &failure.message),
            None => {}
        }
        text
    }
}
