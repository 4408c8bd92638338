//! The candidates for a request's model, in order, and the check that its client may use them.

use std::collections::BTreeMap;

use super::catalog::Resolver;
use super::configuration::Configuration;
use super::effective::Effective;
use super::keys::Admitted;
use super::models;
use super::refusal::{Refusal, RefusalKind};
use super::wire::Asked;
use crate::aws::Destination;
use crate::config::model_of_another_provider;
use crate::contract::conversation::Message;
use crate::contract::models::{Basis, Resolution};
use crate::contract::types::{Failure, FailureKind, Model};
use crate::discovery::told;
use crate::pi::{API, PROVIDER};

/// A model and its destination.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) model: Model,
    pub(crate) destination: Destination,
}

/// The models for a request, as far as its client may use them; not empty. Fallbacks that it may not use, and those that requests
/// cannot be sent to, are left out.
///
/// # Errors
/// Where the name means no model, one that requests cannot be sent to, or one that the client may not use.
pub(super) async fn of_request(
    name: &str,
    known: Option<&Model>,
    client: &Admitted,
    by: &Resolver<'_>,
) -> Result<Vec<Target>, Refusal> {
    let Effective { configuration, catalog, .. } = by.effective;
    let Some(found) = catalog.resolve(name, by).await? else {
        if let Some(default) = configuration.others.default_model() {
            return Err(
                of_another_provider(configuration, default).unwrap_or_else(|| Refusal::invalid("model", default))
            );
        }
        let message = "no model is named, and the configuration has no agents.defaults.model.primary; \
                       GET /v1/models lists the models";
        return Err(Refusal::invalid("model", message));
    };
    let first = with_client_facts(found, known);
    if let Some(refused) = of_another_provider(configuration, &first.id) {
        return Err(refused);
    }
    // Before it is compared with what the client may use: a pattern would take `allowed-model/../another` too.
    let destination = configuration
        .destination(&first.id)
        .map_err(|error| Refusal::invalid("model", format!("{error}; expected {}", error.expected())))?;
    if !may_use(client, configuration, name, &first) {
        let message = format!("the key {:?} does not allow the model {:?}", client.name(), name);
        return Err(Refusal { param: Some("model".to_owned()), ..Refusal::new(RefusalKind::Permission, message) });
    }
    let mut targets = vec![Target { model: first, destination }];
    let fallbacks = configuration.settings.fallback_models.iter().filter(|_| configuration.gateway.fallbacks);
    for name in fallbacks {
        let Some(Resolution { model, .. }) = catalog.resolve(name, by).await? else { continue };
        if targets.iter().any(|target: &Target| target.model.id == model.id)
            || !may_use(client, configuration, name, &model)
        {
            continue;
        }
        match configuration.destination(&model.id) {
            Ok(destination) => targets.push(Target { model, destination }),
            Err(error) => tracing::warn!(model = model.id, %error, "a fallback model is skipped"),
        }
    }
    Ok(targets)
}

/// The facts of a model: those of the configuration, else what the client says of it with what the listing alone knows, such as the
/// model behind a profile.
fn with_client_facts(Resolution { model, basis, lookup: _ }: Resolution, known: Option<&Model>) -> Model {
    let Some(known) = known.filter(|_| basis != Basis::Configured) else { return model };
    let mut extras = known.extras.clone();
    let ours = model.extras.into_iter().filter(|extra| extra.name != "limitsFrom");
    extras.extend(ours.filter(|extra| known.extras.iter().all(|theirs| theirs.name != extra.name)));
    Model { id: model.id, params: known.params.clone().or(model.params), extras, ..known.clone() }
}

/// Whether a client may use a model, under the name that it gave or under one of the model's own.
fn may_use(client: &Admitted, configuration: &Configuration, name: &str, model: &Model) -> bool {
    let short_id = told::text(model, "inferenceProfileId");
    let named = models::without_prefix(name.trim());
    let aliases = configuration.settings.aliases.iter().map(|(alias, _)| alias.as_str());
    let mut names = [&*model.id, name].into_iter().chain(short_id.as_deref());
    names.any(|name| client.may_use(name))
        || aliases.filter(|alias| alias.eq_ignore_ascii_case(named)).any(|alias| client.may_use(alias))
}

/// The refusal of a model whose name says that it is another provider's of the file.
fn of_another_provider(configuration: &Configuration, name: &str) -> Option<Refusal> {
    let provider = configuration.others.provider_of_reference(name)?;
    let refused = Refusal::new(RefusalKind::NotFound, model_of_another_provider(name, provider));
    Some(Refusal { param: Some("model".to_owned()), ..refused })
}

/// Says what may have been meant by the name of a model that Bedrock does not have: another provider's model of the file, or models of
/// this gateway with a similar name that the client may use.
pub(super) fn suggest(failure: &mut Failure, effective: &Effective, client: &Admitted, name: &str) {
    if failure.kind != FailureKind::ModelNotFound {
        return;
    }
    let Configuration { settings, others, .. } = &effective.configuration;
    let id = &effective.catalog.id_of(name).unwrap_or_else(|| models::without_prefix(name).to_owned());
    if let Some(provider) = others.provider_of(id) {
        failure.message = model_of_another_provider(id, provider);
        failure.hint = None;
        return;
    }
    let listed = effective.catalog.listed();
    let named = models::named(settings);
    let targets: BTreeMap<&str, &str> =
        settings.aliases.iter().map(|(alias, target)| (alias.as_str(), target.as_str())).collect();
    let may_use =
        |known: &str| client.may_use(known) || targets.get(known).is_some_and(|target| client.may_use(target));
    let known = targets.keys().copied().chain(named.iter().chain(listed.iter()).map(String::as_str));
    let known: Vec<&str> = known.filter(|known| known != id && may_use(known)).collect();
    let similar = models::similar(id, &known);
    if !similar.is_empty() {
        failure.suggestions = similar;
    }
}

/// Takes messages of the assistant for the answers of the model that is asked first, where the format does not say whose they
/// are, or names the model as the client does: only a model's own thinking is taken back.
pub(super) fn attribute(asked: &mut Asked, chain: &[Target]) {
    let Some(first) = chain.first() else { return };
    for message in &mut asked.context.messages {
        if let Message::Assistant(message) = message
            && (message.model.is_empty() || message.model == asked.model)
        {
            message.provider = PROVIDER.to_owned();
            message.api = API.to_owned();
            message.model.clone_from(&first.model.id);
        }
    }
}
