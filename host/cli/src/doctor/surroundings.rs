//! The steps before AWS is asked for anything: configuration, credentials, region, endpoint, proxy, clock.

use quarry_aws::{CredentialIdentity, Probe, proxy_of, proxy_variables_without_proxy};
use quarry_config::Environment;
use quarry_config::connection::{DEFAULTS_LAYER, Found};
use quarry_contract::types::ApiStage;
use quarry_gateway::{Configuration, capacity_settings};
use quarry_provider_host::Generation;
use quarry_provider_host::capacity::Bound;

use super::finding::Finding;
use crate::credentials::Unusable;
use crate::problems;

/// How far clocks may be apart, in seconds: AWS refuses signatures that are more than five minutes old or ahead.
const MOST_SKEW: i64 = 300;

/// How far they may be apart before it is worth a word.
const NOTABLE_SKEW: i64 = 60;

pub(super) fn config(configuration: &Configuration) -> Finding {
    let from = match &configuration.file {
        Some(file) => file.display().to_string(),
        None => "no file; the defaults and the environment are used".to_owned(),
    };
    match configuration.warnings.len() {
        0 => Finding::fine("config", from),
        1 => Finding::doubtful("config", format!("{from}; 1 warning"), "quarry config validate"),
        count => Finding::doubtful("config", format!("{from}; {count} warnings"), "quarry config validate"),
    }
}

/// How many requests a gateway would serve at once on this machine.
pub(super) fn capacity(configuration: &Configuration, generation: &Generation) -> Finding {
    const STEP: &str = "capacity";
    let fits = generation.fits(capacity_settings(&configuration.gateway.limits));
    let message = format!("requests: {fits}");
    match (configuration.gateway.limits.concurrency, fits.bound) {
        (_, Bound::Files) => {
            Finding::doubtful(STEP, message, "raise the limit of open files (`ulimit -n`, LimitNOFILE in a unit)")
        }
        (Some(configured), bound) if bound != Bound::Concurrency => {
            let message = format!("{message}; quarry.limits.concurrency is {configured}");
            Finding::doubtful(STEP, message, format!("set quarry.limits.concurrency to {} or remove it", fits.requests))
        }
        _ => Finding::fine(STEP, message),
    }
}

pub(super) fn credentials(identity: &Result<CredentialIdentity, Unusable>) -> Finding {
    match identity {
        Ok(identity) => {
            let role = identity.role.as_ref().map(|role| format!(", role {role}"));
            let key = identity.key_id_ends.as_ref().map(|end| format!(", key id …{end}"));
            let until = identity.expires.map(|at| format!(", valid until {at}"));
            let known: String = [role, key, until].into_iter().flatten().collect();
            Finding::fine("credentials", format!("{}{known}", identity.label()))
        }
        Err(Unusable { what, asked, advice, .. }) => {
            let asked = if asked.is_empty() { String::new() } else { format!(" ({})", asked.join("; ")) };
            Finding::broken("credentials", format!("{what}{asked}"), advice.map(str::to_owned))
        }
    }
}

pub(super) fn region(configuration: &Configuration, identity: Option<&CredentialIdentity>) -> Finding {
    let Found { value: region, place } = &configuration.connection.region;
    let message = format!("{region} ({})", problems::place_text(place));
    let here = identity.and_then(|identity| identity.instance_region.as_deref());
    if let Some(here) = here.filter(|here| *here != region.as_str()) {
        let message = format!("{message}; this instance is in {here}");
        return Finding::doubtful(
            "region",
            message,
            format!("to use the region of the instance: export AWS_REGION={here}"),
        );
    }
    if here.is_none() && place.layer == DEFAULTS_LAYER {
        let fix = format!("if your models are in another region than {region}: export AWS_REGION=…");
        return Finding::doubtful("region", message, fix);
    }
    Finding::fine("region", message)
}

/// Whether the endpoint can be reached. What it answers is for later steps.
pub(super) fn endpoint(probe: &Probe, configuration: &Configuration) -> Finding {
    let runtime = configuration.connection.base_url.as_ref().map(|url| format!("; models at {}", url.value));
    let address = probe.address.as_deref().unwrap_or("AWS");
    match &probe.outcome {
        Err(error) if matches!(error.stage, ApiStage::Connect | ApiStage::Timeout) => {
            let said = error.message.as_deref().unwrap_or("the service did not respond in time");
            let fix = "check the region's name, HTTPS_PROXY and NO_PROXY, AWS_CA_BUNDLE, AWS_ENDPOINT_URL and baseUrl; in a closed network create VPC endpoints for com.amazonaws.REGION.bedrock and bedrock-runtime";
            Finding::broken("endpoint", format!("{address} cannot be reached: {said}"), Some(fix.to_owned()))
        }
        _ => Finding::fine("endpoint", format!("{address}{}", runtime.unwrap_or_default())),
    }
}

pub(super) fn proxy(probe: &Probe, environment: &Environment) -> Finding {
    let unusable = proxy_variables_without_proxy(environment);
    if !unusable.is_empty() {
        let names = unusable.join(" and ");
        let message = format!("{names}: the value is not the address of a proxy, and is ignored");
        return Finding::doubtful("proxy", message, "write it as http://HOST:PORT");
    }
    match probe.address.as_deref().and_then(proxy_of) {
        Some(proxy) => Finding::fine("proxy", format!("requests go through {proxy}")),
        None => Finding::fine("proxy", "none"),
    }
}

pub(super) fn clock(probe: &Probe) -> Finding {
    let Some(ahead) = probe.clock_ahead else {
        return Finding::skipped("clock", "the response of the service has no time");
    };
    let (off, side) = (ahead.abs(), if ahead < 0 { "behind" } else { "ahead of" });
    let message = format!("{off} s {side} the service's");
    let fix = "set the clock: `timedatectl set-ntp true` or `chronyc makestep`";
    match off {
        0..=NOTABLE_SKEW => Finding::fine("clock", message),
        off if off <= MOST_SKEW => Finding::doubtful("clock", message, fix),
        _ => Finding::broken("clock", format!("{message}: AWS refuses signatures"), Some(fix.to_owned())),
    }
}
