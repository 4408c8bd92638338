//! `quarry serve` from outside: the real binary over real sockets.
//!
//! - Programs that are not ours, unmodified: SDKs of OpenAI, Anthropic and AWS, LangChain, Prometheus, pi and curl. Clients of
//!   the gateway talk to the real binary; clients of Bedrock talk to the simulator, so that what stands behind the gateway in
//!   the other tests has been read by somebody else too.
//! - What the server does when something breaks, and when it is operated.

mod bedrock;
mod canary;
mod curl;
#[path = "../versions/debian.rs"]
mod debian;
mod differential;
mod documentation;
#[path = "../versions/fake.rs"]
#[expect(dead_code, reason = "the tests of registries look at more of what it was asked")]
mod fake;
mod faults;
mod gateway;
mod https;
mod listings;
mod members;
mod metrics;
mod names;
mod openapi;
mod operating;
mod otlp;
mod packages;
mod page;
mod planted;
mod redis;
mod sdks;
#[path = "../versions/signing.rs"]
mod signing;
mod simulator;
mod versions;
