//! Signatures by minisign itself.

use std::fs;
use std::time::SystemTime;

use quarry_config::gateway::Signer;
use quarry_provider_host::Limits;
use quarry_versions::signature::{self, SignatureError, Signed};
use quarry_versions::source::{Fetcher, REGISTRY_TIME, Registries, RegistryCredentials, Source};

use crate::signing::Keys;

fn verify(bytes: &[u8], signature: Option<&str>, signers: &[Signer]) -> Result<Option<Signed>, SignatureError> {
    signature::verify(bytes, signature, signers, SystemTime::now())
}

#[tokio::test]
#[ignore = "peers: minisign"]
async fn what_minisign_signed_is_taken_until_a_byte_changes() {
    let keys = Keys::generate();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("provider.wasm");
    let mut bytes = b"a component, as far as minisign can tell".repeat(1000);
    fs::write(&file, &bytes).expect("it can be written");
    keys.sign_as("mine 1.0.0", &file, " expires=2999-01-01T00:00:00Z");
    let registries = Registries::new(RegistryCredentials::default(), REGISTRY_TIME);
    let fetched = Fetcher::new(&Limits::default(), registries).fetch(&Source::File(file.clone()), &()).await;
    let signature = fetched.expect("it can be read").signature.expect("it lies beside it");

    let signers = [keys.signer()];
    let id = keys.signer().id();
    // The first line of the public key's file has the id as minisign shows it.
    assert!(keys.public().lines().next().is_some_and(|comment| comment.ends_with(&id.to_string())), "{id}");
    let signed = verify(&bytes, Some(&signature), &signers).expect("it is signed").expect("by a key");
    assert_eq!((signed.by, signed.statement.name.as_str()), (id, "mine"));
    bytes[20_000] ^= 1;
    assert_eq!(verify(&bytes, Some(&signature), &signers), Err(SignatureError::DoesNotFit { signer: id }));
    bytes[20_000] ^= 1;
    let comment = signature.replace("version=1.0.0", "version=2.0.0");
    assert_ne!(comment, signature);
    assert_eq!(verify(&bytes, Some(&comment), &signers), Err(SignatureError::DoesNotFit { signer: id }));

    let other = Keys::generate().signer();
    assert_eq!(
        verify(&bytes, Some(&signature), std::slice::from_ref(&other)),
        Err(SignatureError::UnknownSigner { found: id, trusted: vec![other.id()] })
    );
    // What minisign writes by itself fits any component that was ever signed.
    keys.sign(&file, &[]);
    let anything = fs::read_to_string(folder.path().join("provider.wasm.minisig")).expect("it was made");
    let refused = verify(&bytes, Some(&anything), &signers);
    assert!(matches!(refused, Err(SignatureError::NoStatement { signer, .. }) if signer == id), "{refused:?}");
    keys.sign_as("mine 1.0.0", &file, " expires=2026-01-01T00:00:00Z");
    let expired = fs::read_to_string(folder.path().join("provider.wasm.minisig")).expect("it was made");
    let refused = verify(&bytes, Some(&expired), &signers).expect_err("its time is over").to_string();
    assert!(refused.contains("expired at 2026-01-01T00:00:00Z"), "{refused}");
    keys.sign(&file, &["-l"]);
    let legacy = fs::read_to_string(folder.path().join("provider.wasm.minisig")).expect("it was made");
    assert_eq!(verify(&bytes, Some(&legacy), &signers), Err(SignatureError::Legacy { signer: id }));
}
