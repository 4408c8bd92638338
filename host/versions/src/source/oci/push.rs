//! Pushing a component: its blob, the config, and then the manifest that names both.

use bytes::Bytes;
use hyper::{Method, StatusCode};

use super::exchange::{Ask, Exchange};
use super::manifest::{self, Interfaces, MANIFEST_TYPE};
use super::{OciReference, RegistryError};
use crate::provider::Digest;

/// What was pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Where it can be pulled from, pinned to its manifest.
    pub reference: OciReference,
    /// SHA-256 of the component.
    pub component: Digest,
}

/// Pushes. The manifest goes last, so that a tag never names what is not there.
pub(super) async fn push(
    mut exchange: Exchange<'_>,
    component: Vec<u8>,
    interfaces: &Interfaces,
    signature: Option<&str>,
) -> Result<Pushed, RegistryError> {
    let reference = exchange.reference;
    let (Some(tag), None) = (reference.tag(), reference.digest()) else {
        return Err(RegistryError::PushTarget { reference: reference.to_string() });
    };
    let written = manifest::write(&component, interfaces, signature)
        .map_err(|error| exchange.senseless(format!("the manifest cannot be written: {error}")))?;
    let digest = Digest::of(&component);
    blob(&mut exchange, component.into()).await?;
    blob(&mut exchange, written.config.into()).await?;
    let manifest = Digest::of(&written.manifest);
    let ask = Ask {
        content_type: Some(MANIFEST_TYPE),
        body: written.manifest.into(),
        ..Ask::new(Method::PUT, exchange.url(&format!("manifests/{tag}"))?)
    };
    let response = exchange.ask(&ask).await?;
    if response.status() != StatusCode::CREATED {
        return Err(exchange.refused(response).await);
    }
    Ok(Pushed { reference: reference.pinned(manifest), component: digest })
}

/// Uploads a blob in one piece, unless the registry has it.
async fn blob(exchange: &mut Exchange<'_>, bytes: Bytes) -> Result<(), RegistryError> {
    let digest = Digest::of(&bytes);
    let present = exchange.ask(&Ask::new(Method::HEAD, exchange.url(&format!("blobs/{digest:?}"))?)).await?;
    if present.status() == StatusCode::OK {
        return Ok(());
    }
    let begin = Ask::new(Method::POST, exchange.url("blobs/uploads/")?);
    let begun = exchange.ask(&begin).await?;
    if begun.status() != StatusCode::ACCEPTED {
        return Err(exchange.refused(begun).await);
    }
    let mut url = exchange.location(&begin.url, &begun)?;
    url.query_pairs_mut().append_pair("digest", &format!("{digest:?}"));
    let upload = Ask { content_type: Some("application/octet-stream"), body: bytes, ..Ask::new(Method::PUT, url) };
    let uploaded = exchange.ask(&upload).await?;
    if uploaded.status() == StatusCode::CREATED { Ok(()) } else { Err(exchange.refused(uploaded).await) }
}
