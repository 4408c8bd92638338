//! Signatures by minisign itself.

use std::fs;

use quarry::provider::Limits;
use quarry::versions::signature::{SignatureError, verify};
use quarry::versions::source::{Fetcher, REGISTRY_TIME, Registries, RegistryCredentials, Source};

use crate::signing::Keys;

#[tokio::test]
async fn what_minisign_signed_is_taken_until_a_byte_changes() {
    let keys = Keys::generate();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("provider.wasm");
    let mut bytes = b"a component, as far as minisign can tell".repeat(1000);
    fs::write(&file, &bytes).expect("it can be written");
    keys.sign(&file, &["-t", "version 1"]);
    let registries = Registries::new(RegistryCredentials::default(), REGISTRY_TIME);
    let fetched = Fetcher::new(&Limits::default(), registries).fetch(&Source::File(file.clone()), &()).await;
    let signature = fetched.expect("it can be read").signature.expect("it lies beside it");

    let signers = [keys.signer()];
    let id = keys.signer().id();
    // The first line of the public key's file has the id as minisign shows it.
    assert!(keys.public().lines().next().is_some_and(|comment| comment.ends_with(&id.to_string())), "{id}");
    assert_eq!(verify(&bytes, Some(&signature), &signers), Ok(Some(id)));
    bytes[20_000] ^= 1;
    assert_eq!(verify(&bytes, Some(&signature), &signers), Err(SignatureError::DoesNotFit { signer: id }));
    bytes[20_000] ^= 1;
    let comment = signature.replace("version 1", "version 2");
    assert_ne!(comment, signature);
    assert_eq!(verify(&bytes, Some(&comment), &signers), Err(SignatureError::DoesNotFit { signer: id }));

    let other = Keys::generate().signer();
    assert_eq!(
        verify(&bytes, Some(&signature), std::slice::from_ref(&other)),
        Err(SignatureError::UnknownSigner { found: id, trusted: vec![other.id()] })
    );
    keys.sign(&file, &["-l"]);
    let legacy = fs::read_to_string(folder.path().join("provider.wasm.minisig")).expect("it was made");
    assert_eq!(verify(&bytes, Some(&legacy), &signers), Err(SignatureError::Legacy { signer: id }));
}
