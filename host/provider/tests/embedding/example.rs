use std::error::Error;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use quarry_provider_host::conversation::{Batch, Delta, Ending, Opening};
use quarry_provider_host::{AotCache, Digest, Generation, Host, ProviderError, read_component};

/// Loads a component if it has this digest. Code that is not in the cache is compiled.
fn load(host: &Arc<Host>, file: &Path, digest: Digest, cache: &AotCache) -> Result<Arc<Generation>, Box<dyn Error>> {
    let component = read_component(host, file)?;
    if Digest::of(&component) != digest {
        return Err(format!("{} is not the component {digest:?}", file.display()).into());
    }
    Ok(Generation::load(host, &file.display().to_string(), &component, Some(cache))?)
}

/// Translates a stream: each batch has the frames that one read of the body completed.
fn answer(
    provider: &Arc<Generation>,
    opening: &Opening,
    reads: impl Iterator<Item = Batch>,
    mut client: impl FnMut(Delta),
) -> Result<(), ProviderError> {
    let mut session = provider.session()?;
    session.open_turn(opening)?;
    for batch in reads {
        session.push(&batch)?.into_iter().for_each(&mut client);
    }
    session.finish(&Ending::Complete)?.into_iter().for_each(&mut client);
    Ok(())
}

/// The provider of new streams.
struct Active(RwLock<Arc<Generation>>);

impl Active {
    /// The provider of one stream, which keeps it to its end.
    fn provider(&self) -> Arc<Generation> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives new streams another version.
    fn swap(&self, version: Arc<Generation>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = version;
    }
}
