//! `quarry conformance`.

use std::sync::Arc;

use anyhow::Context as _;
use quarry_config::Environment;
use quarry_conformance::checks::{self, Check};
use quarry_conformance::component::Component;
use quarry_conformance::source::Source;
use quarry_conformance::{bless, report};
use quarry_provider_host::{Host, ImportPolicy, Limits};

use super::arguments::{ConformanceArguments, Global, ReportFormat};
use super::exit::Exit;
use super::{setup, terminal};

pub(crate) fn run(global: &Global, arguments: &ConformanceArguments) -> anyhow::Result<Exit> {
    let named = arguments.component.clone().or_else(|| global.provider_component.clone());
    let global = Global { config: None, provider_component: named };
    let policy = if arguments.allow_wasi { ImportPolicy::Wasi } else { ImportPolicy::Nothing };
    let environment = Environment::of_process();
    let generation = setup::load_provider_importing(&global, &environment, policy)?;
    let component = Component(Arc::clone(&generation));
    // A folder of cases is what its author works on: it is run alone.
    let mut checks = match &arguments.cases {
        Some(folder) => checks::find(Source::Folder(folder), arguments.recordings.as_deref())?,
        None => {
            let (name, bytes) =
                setup::component_bytes(&Host::new(Limits::default())?, global.provider_component.as_deref())?;
            let of_contract = checks::of_contract().chain(checks::of_cost());
            of_contract
                .chain(checks::find(Source::Component(&name, &bytes), arguments.recordings.as_deref())?)
                .collect()
        }
    };
    checks = checks::only(checks, &arguments.only)?;
    if arguments.bless {
        return bless_all(&checks, &component);
    }
    let (of_cost, others): (Vec<Check>, Vec<Check>) =
        checks.into_iter().partition(|check| matches!(check, Check::Cost(_)));
    let mut report = report::run(&others, &[&component]);
    if !of_cost.is_empty() {
        // Compiled once more: code that counts its steps is not the code that serves.
        let metered = Component(setup::load_metered(&global, &environment, policy)?);
        report.extend(report::run(&of_cost, &[&metered]));
    }
    let mut text = match arguments.format {
        ReportFormat::Text => report.text(arguments.verbose),
        ReportFormat::Json => report.json(),
        ReportFormat::Junit => report.junit(),
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    match arguments.format {
        ReportFormat::Text => terminal::print(&text)?,
        ReportFormat::Json | ReportFormat::Junit => terminal::print_document(&text)?,
    }
    let failed: Vec<String> = report.failed_parts().iter().map(ToString::to_string).collect();
    if failed.is_empty() {
        return Ok(Exit::Done);
    }
    terminal::tell_line(&format!("failed: {}", failed.join(", ")));
    Ok(Exit::Failed)
}

fn bless_all(checks: &[Check], component: &Component) -> anyhow::Result<Exit> {
    let mut blessed = 0;
    for check in checks {
        let Check::Case(case) = check else { continue };
        let actual = case.actual(component).with_context(|| format!("{} cannot be blessed", case.name))?;
        if case.compare(&actual).is_ok_and(|differences| differences.is_empty()) {
            continue;
        }
        bless::bless(case, &actual).with_context(|| format!("cannot write {}", case.name))?;
        terminal::print_line(&format!("blessed {}", case.name))?;
        blessed += 1;
    }
    terminal::print_line(&format!("{blessed} cases blessed"))?;
    Ok(Exit::Done)
}
