//! Pulling a component.

use aws_smithy_types::body::SdkBody;
use hyper::header::CONTENT_TYPE;
use hyper::{Method, Response, StatusCode};

use super::exchange::{Ask, Exchange};
use super::manifest::{Artifact, MANIFEST_TYPE};
use super::{OciReference, RegistryError};
use crate::provider::Digest;

/// The most bytes of a manifest: what the distribution specification advises registries to take.
const MANIFEST_LIMIT: usize = 4 << 20;

/// What was pulled.
#[derive(Debug)]
pub(in super::super) struct Pulled {
    pub(in super::super) component: Vec<u8>,
    /// Pinned to the manifest that named it.
    pub(in super::super) reference: OciReference,
    pub(in super::super) signature: Option<String>,
}

/// Pulls the manifest and the component, and holds both against their digests.
pub(super) async fn pull(mut exchange: Exchange<'_>, limit: usize) -> Result<Pulled, RegistryError> {
    let (artifact, manifest) = manifest(&mut exchange).await?;
    let reference = exchange.reference;
    let too_large = || RegistryError::TooLarge { reference: reference.to_string(), what: "component", limit };
    let size = usize::try_from(artifact.size).ok().filter(|size| *size <= limit).ok_or_else(too_large)?;
    let ask = Ask::new(Method::GET, exchange.url(&format!("blobs/{:?}", artifact.component))?);
    let response = succeeded(&mut exchange, &ask).await?;
    let differs = |found: String| RegistryError::Digest {
        reference: reference.to_string(),
        what: "component",
        expected: artifact.component,
        found,
    };
    let component = match exchange.body(response, "component", size).await {
        Err(RegistryError::TooLarge { .. }) => {
            return Err(differs(format!("larger than the {size} bytes of its manifest")));
        }
        component => component?,
    };
    let found = Digest::of(&component);
    if found != artifact.component {
        return Err(differs(format!("{found:?}")));
    }
    Ok(Pulled { component, reference: reference.pinned(manifest), signature: artifact.signature })
}

async fn manifest(exchange: &mut Exchange<'_>) -> Result<(Artifact, Digest), RegistryError> {
    let reference = exchange.reference;
    let by = match (reference.digest(), reference.tag()) {
        (Some(digest), _) => format!("{digest:?}"),
        (None, tag) => tag.unwrap_or_default().to_owned(),
    };
    let ask = Ask { accept: Some(MANIFEST_TYPE), ..Ask::new(Method::GET, exchange.url(&format!("manifests/{by}"))?) };
    let response = succeeded(exchange, &ask).await?;
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let told = header("docker-content-digest").and_then(|digest| digest.parse().ok());
    let content_type = header(CONTENT_TYPE.as_str()).unwrap_or_default();
    let text = exchange.body(response, "manifest", MANIFEST_LIMIT).await?;
    let found = Digest::of(&text);
    // What was pinned counts; where nothing was, what the registry says that it sent.
    if let Some(expected) = reference.digest().copied().or(told)
        && expected != found
    {
        let reference = reference.to_string();
        return Err(RegistryError::Digest { reference, what: "manifest", expected, found: format!("{found:?}") });
    }
    let content_type = content_type.split(';').next().unwrap_or_default().trim();
    Ok((Artifact::read(reference, content_type, &text)?, found))
}

async fn succeeded(exchange: &mut Exchange<'_>, ask: &Ask) -> Result<Response<SdkBody>, RegistryError> {
    let response = exchange.ask(ask).await?;
    if response.status() == StatusCode::OK { Ok(response) } else { Err(exchange.refused(response).await) }
}
