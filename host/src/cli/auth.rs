//! `quarry auth status`.

use quarry::aws::{CredentialProblem, Source};
use quarry::contract::config::Origin;
use serde_json::json;

use super::arguments::{Global, StatusArguments};
use super::exit::Exit;
use super::setup::{ProblemsTold, Setup};
use super::{credentials, problems, terminal};

/// Names stand in a column of this width.
const INDENT: &str = "             ";

pub(crate) async fn status(global: &Global, arguments: &StatusArguments) -> anyhow::Result<Exit> {
    let setup = match Setup::make(global, &[])? {
        Ok(setup) => setup,
        Err(ProblemsTold) => return Ok(Exit::Usage),
    };
    let (source, token) = setup.configuration.credentials();
    let aws = setup.aws(false).await?;
    // A token is there or not; everything else has to be asked for, which for a role means a request.
    let checked = match (&token, credentials::half_a_pair(source, &setup.configuration.environment)) {
        (Some(_), _) => Ok(None),
        (None, Some(half)) => Err(Unusable { what: half, details: Vec::new(), advice: None }),
        (None, None) => aws.check_credentials().await.map_err(|problem| Unusable::of(&problem, source)),
    };
    let usable = checked.is_ok();
    let label = source.map_or("aws-sdk default chain", Source::label);
    let settings = &setup.configuration.settings;
    let region_from = origin(&settings.origins, &["models.bedrockDiscovery.region", "region"]);
    if arguments.json {
        let problem = checked.as_ref().err();
        let status = json!({
            "provider": "amazon-bedrock",
            "mode": if token.is_some() { "bearer-token" } else { "aws-sdk" },
            "source": label,
            "kind": source.map_or("sdk-chain", Source::kind),
            "usable": usable,
            "expiresAt": checked.as_ref().ok().and_then(Clone::clone),
            "problem": problem.map(|problem| &problem.what),
            "asked": problem.map(|problem| &problem.details),
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
            Err(Unusable { what, details, .. }) => {
                let details = details.iter().map(|line| format!("{INDENT}{}\n", terminal::printable(line)));
                format!("credentials  {}\n{}", terminal::printable(what), details.collect::<String>())
            }
        });
        text.push_str(&format!("region       {} ({region_from})\n", settings.region));
        if let Some(endpoint) = &settings.base_url {
            text.push_str(&format!("endpoint     {endpoint}\n"));
        }
        terminal::print(&text)?;
        if let Err(Unusable { advice: Some(advice), .. }) = checked {
            terminal::tell(&format!("\nWhat to do: {advice}\n"));
        }
    }
    Ok(if usable { Exit::Done } else { Exit::Failed })
}

/// Why the credentials are of no use, for a person.
struct Unusable {
    what: String,
    /// The sources that were asked in vain.
    details: Vec<String>,
    advice: Option<&'static str>,
}

impl Unusable {
    fn of(problem: &CredentialProblem, source: Option<Source>) -> Self {
        let details = match problem {
            CredentialProblem::Missing { asked } => asked.clone(),
            _ => Vec::new(),
        };
        Unusable { what: problem.to_string(), details, advice: Some(credentials::advice(source)) }
    }
}

/// Where the first of these paths got its value.
fn origin(origins: &[Origin], paths: &[&str]) -> String {
    let found = paths.iter().find_map(|path| origins.iter().find(|origin| origin.path == *path));
    found.map_or_else(|| "default".to_owned(), |origin| problems::place_text(&origin.place))
}
