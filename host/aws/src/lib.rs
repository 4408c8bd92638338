//! Everything that knows AWS: credentials, regions, endpoints, the SDK's clients, and what their answers look like before
//! anybody interprets them. A secret never leaves this folder.

use quarry_contract as contract;
use quarry_system::{environment, printable, similar};

mod account;
mod answer;
mod body;
mod bounded;
mod client;
mod control_plane;
mod converse;
mod count_tokens;
mod credentials;
mod destination;
mod driver;
mod failure;
pub mod frames;
mod operation;
mod plain_http;
mod probe;
mod region;
mod renewal;
mod request;
mod retries;
mod signing;
mod transport;
mod whole;

pub use self::account::AccountIdentity;
pub use self::body::Server;
pub use self::client::{Aws, AwsOptions, ConnectError};
pub use self::control_plane::{Answer, ControlCall};
pub use self::converse::{EventStream, Received};
pub use self::credentials::{
    BearerToken, CredentialIdentity, CredentialProblem, Expiry, ProfileMeans, Source, detect, profile_region,
};
pub use self::destination::{AllowedRegions, Destination, DestinationError, RegionPattern};
pub use self::operation::Operation;
pub use self::plain_http::TokenInTheClear;
pub use self::probe::Probe;
pub use self::region::Region;
pub use self::request::ConverseRequest;
pub use self::request::is_reserved_header;
pub use self::transport::{CaBundleError, proxy_of, proxy_variables_without_proxy};
pub use self::whole::WholeAnswer;
