//! Listings in Redis or Valkey, for replicas of a gateway that share one discovery.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, RedisError};
use secrecy::{ExposeSecret as _, SecretString};

use super::super::concurrently::Boxed;
use super::connection::Connection;
use super::known::Known;
use super::{ListingStore, StoredListing, frame};

/// What the names of listings begin with.
const PREFIX: &str = "quarry:listing:";

/// How long the server may take to be connected to, and then for each answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a listing stays on the server after its time to live, for when the service is down.
const STALE_FOR: u64 = 7 * 24 * 3600;

/// The longest time that is asked for, in seconds: ten years. A server takes no number that leads beyond its clock.
const LONGEST: u64 = 10 * 365 * 24 * 3600;

/// The waits between attempts to reach a server that is away: the first, each further one twice as long, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The address of a server is none. It is not quoted: there may be a password in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the address of a Redis or Valkey server")]
pub struct WrongUrl;

/// Listings on a server that several gateways share.
///
/// **When the server is away** there is nothing in it, which costs one listing at most, and nobody waits for it: it is reported once,
/// and asked in the background until it is back. What this process has put there before, or tried to, is put there again then,
/// unless there is something newer.
#[derive(Clone)]
pub struct SharedListings(Arc<Server>);

struct Server {
    client: Client,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    link: Link,
    known: Known,
}

#[derive(Default)]
enum Link {
    #[default]
    Untried,
    Up(Connection),
    /// It failed, and a task of its own waits until it is back.
    Away,
}

impl SharedListings {
    /// The listings of a server. Nothing is sent yet.
    ///
    /// # Errors
    /// When the address is no `redis://` or `rediss://` URL.
    pub fn new(url: &SecretString) -> Result<Self, WrongUrl> {
        let client = Client::open(url.expose_secret()).map_err(|_| WrongUrl)?;
        Ok(SharedListings(Arc::new(Server { client, state: Mutex::default() })))
    }
}

impl ListingStore for SharedListings {
    fn get<'a>(&'a self, key: &'a str) -> Boxed<'a, Option<StoredListing>> {
        Box::pin(async move {
            if self.0.is_away() {
                return None;
            }
            match self.0.ask::<Vec<u8>>(&get_command(key)).await {
                Ok(bytes) => self.0.decode(key, &bytes),
                Err(error) => {
                    self.0.failed(&error);
                    None
                }
            }
        })
    }

    fn put<'a>(&'a self, key: &'a str, listing: &'a StoredListing) -> Boxed<'a, ()> {
        Box::pin(async move {
            let Some(command) = put_command(key, listing) else {
                return tracing::warn!("the listing is not shared, because it is too large");
            };
            self.0.state().known.insert(key, listing);
            if self.0.is_away() {
                return;
            }
            if let Err(error) = self.0.ask::<()>(&command).await {
                self.0.failed(&error);
            }
        })
    }
}

/// Reads no more than the largest listing: anything may lie there. Where nothing does, the answer is empty.
fn get_command(key: &str) -> Cmd {
    let mut command = redis::cmd("GETRANGE");
    command.arg(format!("{PREFIX}{}", frame::name(key))).arg(0).arg(frame::MOST);
    command
}

/// None for a listing that is too large.
fn put_command(key: &str, listing: &StoredListing) -> Option<Cmd> {
    let mut command = redis::cmd("SET");
    command.arg(format!("{PREFIX}{}", frame::name(key))).arg(frame::encode(key, listing)?);
    command.arg("EX").arg(listing.ttl.saturating_add(STALE_FOR).min(LONGEST));
    Some(command)
}

impl Server {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under the lock can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_away(&self) -> bool {
        matches!(self.state().link, Link::Away)
    }

    fn decode(&self, key: &str, bytes: &[u8]) -> Option<StoredListing> {
        if bytes.is_empty() {
            return None;
        }
        let unusable = |why: &frame::Unusable| {
            tracing::warn!(server = %self, reason = %why, "the shared listing cannot be used; a new one replaces it");
        };
        frame::decode(key, bytes, SystemTime::now()).inspect_err(unusable).ok()
    }

    async fn connect(&self) -> Result<Connection, RedisError> {
        let patience = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(Some(PATIENCE));
        let opening = Connection::open(self.client.get_connection_info(), &patience);
        tokio::time::timeout(PATIENCE, opening)
            .await
            .unwrap_or_else(|_elapsed| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
    }

    /// Asks the server. Where the connection broke since the last time, because the server was started again for example, it asks
    /// a second time on a new one.
    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, RedisError> {
        let open = match &self.state().link {
            Link::Up(connection) => Some(connection.clone()),
            Link::Untried | Link::Away => None,
        };
        if let Some(mut connection) = open {
            match connection.ask(command).await {
                Err(error) if error.is_connection_dropped() || error.is_unrecoverable_error() => {}
                outcome => return outcome,
            }
        }
        let mut connection = self.connect().await?;
        let answer = connection.ask(command).await?;
        let mut state = self.state();
        // One that is away is only up again when all is put there again.
        if !matches!(state.link, Link::Away) {
            state.link = Link::Up(connection);
        }
        Ok(answer)
    }

    /// A command failed. Told once, until the server is back.
    fn failed(self: &Arc<Self>, error: &RedisError) {
        if is_of_other_type(error) {
            return tracing::warn!(server = %self, "the value under a shared listing's key is not a listing; a new one replaces it");
        }
        let before = std::mem::replace(&mut self.state().link, Link::Away);
        if matches!(before, Link::Away) {
            return;
        }
        tracing::warn!(
            server = %self, reason = %reason(error),
            "the shared cache of listings is not reachable; listings are kept in memory meanwhile"
        );
        tokio::spawn(bring_back(Arc::downgrade(self)));
    }

    /// Puts there again what this process has put there, and takes the server for up.
    async fn restore(&self) -> Result<(), RedisError> {
        let mut connection = self.connect().await?;
        connection.ask::<()>(&redis::cmd("PING")).await?;
        loop {
            let (changes, known) = {
                let state = self.state();
                (state.known.changes(), state.known.all())
            };
            for (key, listing) in known {
                self.put_again(&mut connection, &key, &listing).await?;
            }
            let mut state = self.state();
            if state.known.changes() == changes {
                state.link = Link::Up(connection);
                return Ok(());
            }
        }
    }

    async fn put_again(
        &self,
        connection: &mut Connection,
        key: &str,
        listing: &StoredListing,
    ) -> Result<(), RedisError> {
        let present: Vec<u8> = match connection.ask(&get_command(key)).await {
            Err(error) if is_of_other_type(&error) => Vec::new(),
            present => present?,
        };
        let present = frame::decode(key, &present, SystemTime::now()).ok();
        match put_command(key, listing) {
            Some(command) if present.is_none_or(|present| present.began < listing.began) => {
                connection.ask(&command).await
            }
            _ => Ok(()),
        }
    }
}

/// Asks a server that is away until it is back, or nobody wants it any more.
async fn bring_back(server: Weak<Server>) {
    let mut pause = FIRST_PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
        let Some(server) = server.upgrade() else { return };
        match server.restore().await {
            Ok(()) => return tracing::info!(%server, "the shared cache of listings is reachable again"),
            Err(error) => {
                tracing::debug!(%server, reason = %reason(&error), "the shared cache of listings is still not reachable")
            }
        }
    }
}

/// Something else has the name of a listing. `SET` replaces it.
fn is_of_other_type(error: &RedisError) -> bool {
    error.code() == Some("WRONGTYPE")
}

/// What went wrong, in words that hold nothing of what was sent: a server that does not know a command quotes its arguments, and
/// those of `AUTH` are secret.
fn reason(error: &RedisError) -> String {
    match (error.kind(), error.code()) {
        (ErrorKind::Io, _) => error.to_string(),
        (_, Some(code)) => format!("the server answered {code}"),
        _ => error.category().to_owned(),
    }
}

/// Where the server is, without user and password.
impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.client.get_connection_info().addr())
    }
}

impl fmt::Debug for SharedListings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SharedListings").field(&format_args!("{}", self.0)).finish()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::SharedListings;

    #[test]
    fn the_password_is_nowhere_to_be_seen() {
        let url = SecretString::from("redis://me:hunter2@127.0.0.1:7000/1");
        let shown = format!("{:?}", SharedListings::new(&url).expect("an address"));
        assert_eq!(shown, "SharedListings(127.0.0.1:7000)");
        assert!(SharedListings::new(&SecretString::from("http://127.0.0.1")).is_err());
    }
}
