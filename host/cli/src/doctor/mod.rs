//! `quarry doctor`: walks the way that a request takes, and says at each step that it works or what mends it.

mod files;
mod finding;
mod permissions;
mod surroundings;

use self::finding::{Finding, is_healthy};
use super::arguments::{DoctorArguments, Global};
use super::auth;
use super::exit::Exit;
use super::setup::{Setup, overrides};
use super::terminal;

pub(crate) async fn run(global: &Global, arguments: &DoctorArguments) -> anyhow::Result<Exit> {
    let Ok(mut setup) = Setup::make(global, &overrides(arguments.model.as_deref(), arguments.region.as_deref()))?
    else {
        let broken = Finding::broken(
            "config",
            "the configuration has errors, listed above",
            Some("fix them, then run `quarry config validate`".to_owned()),
        );
        show(&[broken], arguments.json)?;
        return Ok(Exit::Usage);
    };
    let findings = examine(&mut setup, arguments).await?;
    show(&findings, arguments.json)?;
    Ok(if is_healthy(&findings) { Exit::Done } else { Exit::Failed })
}

/// Every step, in the order in which a request takes them.
async fn examine(setup: &mut Setup, arguments: &DoctorArguments) -> anyhow::Result<Vec<Finding>> {
    let configuration = &setup.configuration;
    let named = configuration.credentials().0;
    let mut findings = vec![
        surroundings::config(configuration),
        files::files(configuration),
        surroundings::capacity(configuration, setup.session.generation()),
    ];
    let aws = match setup.aws(false).await {
        Ok(aws) => aws,
        Err(error) => {
            findings.push(Finding::broken("endpoint", format!("{error:#}"), None));
            return Ok(findings);
        }
    };
    let identity = auth::identity(&aws, setup, named).await;
    findings.push(surroundings::credentials(&identity));
    findings.push(surroundings::region(configuration, identity.as_ref().ok()));
    if identity.is_err() {
        let reason = "there are no credentials";
        findings.extend(["endpoint", "clock", "list", "invoke"].map(|step| Finding::skipped(step, reason)));
        return Ok(findings);
    }
    let probe = aws.probe().await;
    findings.push(surroundings::endpoint(&probe, &setup.configuration));
    findings.push(surroundings::proxy(&probe, &setup.configuration.environment));
    findings.push(surroundings::clock(&probe));
    findings.push(permissions::list(&probe, &aws, &mut setup.session).await?);
    let model = setup.configuration.settings.default_model.clone();
    findings.push(permissions::invoke(model, arguments.no_invoke, &aws, setup).await?);
    Ok(findings)
}

fn show(findings: &[Finding], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let steps: Vec<_> = findings.iter().map(Finding::json).collect();
        let report = serde_json::json!({ "healthy": is_healthy(findings), "steps": steps });
        terminal::print_json(&report)?;
    } else {
        terminal::print(&findings.iter().map(Finding::text).collect::<String>())?;
    }
    Ok(())
}
