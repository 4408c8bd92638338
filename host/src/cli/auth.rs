//! `quarry auth status`.

use quarry::aws::Source;
use quarry::contract::config::Origin;
use serde_json::json;

use super::arguments::{Global, StatusArguments};
use super::exit::Exit;
use super::setup::{ProblemsTold, Setup};
use super::{problems, terminal};

pub(crate) async fn status(global: &Global, arguments: &StatusArguments) -> anyhow::Result<Exit> {
    let setup = match Setup::make(global, &[])? {
        Ok(setup) => setup,
        Err(ProblemsTold) => return Ok(Exit::Usage),
    };
    let (source, token) = setup.credentials();
    let settings = &setup.settings;
    let region_from = origin(&settings.origins, &["models.bedrockDiscovery.region", "region"]);
    // A token is there or not; everything else has to be asked for, which for a role means a request.
    let checked = match token {
        Some(_) => Ok(None),
        None => setup.aws(false).await?.credentials_expiry().await,
    };
    let usable = checked.is_ok();
    let label = source.map_or("aws-sdk default chain", Source::label);
    if arguments.json {
        let status = json!({
            "provider": "amazon-bedrock",
            "mode": if token.is_some() { "bearer-token" } else { "aws-sdk" },
            "source": label,
            "kind": source.map_or("sdk-chain", Source::kind),
            "usable": usable,
            "expiresAt": checked.as_ref().ok().and_then(Clone::clone),
            "problem": checked.as_ref().err(),
            "region": settings.region,
            "regionFrom": region_from,
            "endpoint": settings.base_url,
        });
        terminal::print(&format!("{}\n", serde_json::to_string_pretty(&status)?))?;
    } else {
        let mut text = format!("provider     amazon-bedrock\nsource       {label}\n");
        text.push_str(&match &checked {
            Ok(None) => "credentials  found\n".to_owned(),
            Ok(Some(expires)) => format!("credentials  found, valid until {expires}\n"),
            Err(problem) => format!("credentials  not usable: {}\n", terminal::printable(problem)),
        });
        text.push_str(&format!("region       {} ({region_from})\n", settings.region));
        if let Some(endpoint) = &settings.base_url {
            text.push_str(&format!("endpoint     {endpoint}\n"));
        }
        terminal::print(&text)?;
        if !usable {
            terminal::tell(
                "Set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE (for SSO: \
                 `aws sso login`), or run where a role is attached.\n",
            );
        }
    }
    Ok(if usable { Exit::Done } else { Exit::Failed })
}

/// Where the first of these paths got its value.
fn origin(origins: &[Origin], paths: &[&str]) -> String {
    let found = paths.iter().find_map(|path| origins.iter().find(|origin| origin.path == *path));
    found.map_or_else(|| "default".to_owned(), |origin| problems::place_text(&origin.place))
}
