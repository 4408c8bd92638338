//! The settings of the gateway, with their defaults.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;

use super::cache::CacheUrl;
use super::key_hash::KeyHash;
use super::signer::Signer;
use crate::aws::RegionPattern;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Everything under `quarry`.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// `listen`: address and port to serve on; port 0 takes a free one. Default 127.0.0.1:8484. Any other address than one of
    /// this machine's own loopback needs a key: see [`GatewayConfig::check_listen`].
    pub listen: SocketAddr,
    /// `tls`: the certificate that clients see. Default none, which is plain HTTP.
    pub tls: Option<TlsConfig>,
    /// `keys`: the client keys. Default none, which admits everybody.
    pub keys: Vec<KeyConfig>,
    /// `limits`.
    pub limits: GatewayLimits,
    /// `readiness`.
    pub readiness: ReadinessConfig,
    /// `retry`.
    pub retry: RetryConfig,
    /// `fallbacks`: whether the models of OpenClaw's `agents.defaults.model.fallbacks` are tried when one is throttled. Default
    /// true.
    pub fallbacks: bool,
    /// `regions`: those beside the configured one that a model's ARN may name, as `us-west-2` or `eu-*`; absent: all of the
    /// configured region's geography.
    pub regions: Option<Vec<RegionPattern>>,
    /// `cors`: origins (`https://host`) whose pages may read answers. Default none; `*` stands alone for all.
    pub cors: Vec<String>,
    /// `proxies`: networks whose `forwarded` and `x-forwarded-for` headers are believed. Default none.
    pub proxies: Vec<IpNet>,
    /// `responses`: the answers that requests name by their ids.
    pub responses: ResponsesConfig,
    /// `remote`: attachments that a client gives as a URL.
    pub remote: RemoteConfig,
    /// `provider`: which versions of the provider may serve.
    pub provider: ProviderConfig,
    /// `cache`.
    pub cache: CacheConfig,
    /// `log`.
    pub log: LogConfig,
    /// `metrics`.
    pub metrics: MetricsConfig,
    /// `otlp`: where spans, metrics and log lines are sent. Default nowhere.
    pub otlp: Option<OtlpConfig>,
    /// `drainSeconds`: how long streams may go on after SIGTERM. Default 30 s.
    pub drain: Duration,
    /// `drainMinimumSeconds`: for how long requests and `/readyz` get 503 after SIGTERM at least, though nothing is under way. Default 0 s.
    pub drain_minimum: Duration,
    /// `keepAliveSeconds`: after how long a silence a stream gets a comment or ping, so that nothing between here and the client
    /// takes it for dead. Default 15 s.
    pub keep_alive: Duration,
    /// `strict`: whether members of a request that would be ignored are refused. Default no.
    pub strict: bool,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        GatewayConfig {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8484)),
            tls: None,
            keys: Vec::new(),
            limits: GatewayLimits::default(),
            readiness: ReadinessConfig::default(),
            retry: RetryConfig::default(),
            fallbacks: true,
            regions: None,
            cors: Vec::new(),
            proxies: Vec::new(),
            responses: ResponsesConfig::default(),
            remote: RemoteConfig::default(),
            provider: ProviderConfig::default(),
            cache: CacheConfig::default(),
            log: LogConfig::default(),
            metrics: MetricsConfig::default(),
            otlp: None,
            drain: Duration::from_secs(30),
            drain_minimum: Duration::ZERO,
            keep_alive: Duration::from_secs(15),
            strict: false,
        }
    }
}

/// `quarry.tls`: files in PEM, which are read again when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// `certificate`: the gateway's certificate, and those that lead from it to an authority.
    pub certificate: PathBuf,
    /// `key`: its private key.
    pub key: PathBuf,
    /// `clientAuthorities`: the authorities whose certificates clients need. Default none: clients need no certificate.
    pub client_authorities: Option<PathBuf>,
}

/// `quarry.limits`: what one client, or all of them, can take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayLimits {
    /// `bodyBytes`: largest body of a request, in bytes. Default 32 MiB, which holds Bedrock's largest request.
    pub body: usize,
    /// `headerBytes`: largest head of a request, in bytes. Default 64 KiB.
    pub headers: usize,
    /// `headerSeconds`: how long a request's head may take to arrive; a kept-alive connection that asks nothing is closed after
    /// it too. Default 60 s.
    pub header_time: Duration,
    /// `bodySeconds`: how long a request's body may take to arrive. Default 120 s.
    pub body_time: Duration,
    /// `idleSeconds`: longest silence of Bedrock before the answer is given up. Default 300 s.
    pub idle: Duration,
    /// `turnSeconds`: longest that an answer may take in all. Default 3600 s; zero stands for no limit.
    pub turn: Duration,
    /// `stallSeconds`: how long a client may read nothing of its answer. Default 300 s.
    pub stall: Duration,
    /// `connections`: most open connections. Default 20000.
    pub connections: usize,
    /// `concurrency`: most requests at once, of all clients, and never more than fit. None for what fits.
    pub concurrency: Option<usize>,
    /// `unreadyPercent`: at how many of the requests that fit `/readyz` says no, in per cent. Default 100; zero stands for never.
    pub unready_percent: u8,
}

impl Default for GatewayLimits {
    fn default() -> Self {
        GatewayLimits {
            body: 32 * MIB,
            headers: 64 * KIB,
            header_time: Duration::from_secs(60),
            body_time: Duration::from_secs(120),
            idle: Duration::from_secs(300),
            turn: Duration::from_secs(3600),
            stall: Duration::from_secs(300),
            connections: 20_000,
            concurrency: None,
            unready_percent: 100,
        }
    }
}

/// `quarry.readiness`: what `/readyz` waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadinessConfig {
    /// `credentials`: whether it is until AWS accepts the credentials. Default false.
    pub credentials: bool,
}

/// `quarry.retry`: what is done when Bedrock throttles before the first token. After it nothing is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryConfig {
    /// `attempts`: how often a model is asked in all, from 1. Default 3.
    pub attempts: u32,
    /// `baseMilliseconds`: the wait before the second attempt, before jitter; each further one is twice as long. Default 500 ms.
    pub base: Duration,
    /// `mostMilliseconds`: the longest wait. Default 20 s.
    pub most: Duration,
    /// `budgetPercent`: retries of all requests together, in per cent of the latest requests, beside a few that are always allowed.
    /// Default 20.
    pub budget_percent: u16,
}

impl Default for RetryConfig {
    fn default() -> Self {
        RetryConfig { attempts: 3, base: Duration::from_millis(500), most: Duration::from_secs(20), budget_percent: 20 }
    }
}

/// One of `quarry.keys`: a client that may use the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyConfig {
    /// `name`: what the client is called in logs and metrics. No two keys have the same.
    pub name: String,
    /// `hash`: SHA-256 of its key.
    pub hash: KeyHash,
    /// `models`: ids that it may ask; `*` at the end of one stands for any rest. Empty for all.
    pub models: Vec<String>,
    /// `concurrency`: most requests of it at once, from 1. None for no limit but the gateway's own.
    pub concurrency: Option<usize>,
    /// `requestsPerMinute`: most requests of it a minute on average, from 1. None for no limit.
    pub requests_per_minute: Option<u32>,
    /// `burst`: most requests of it at once that [`KeyConfig::requests_per_minute`] allows, from 1. None for those of a minute.
    pub burst: Option<u32>,
}

/// `quarry.responses`: for how long answers of Responses are kept in memory, so that a request can name them by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponsesConfig {
    /// `keepSeconds`: since they were used last. Zero keeps none. Default one hour.
    pub keep: Duration,
    /// `keepBytes`: of all clients together. Default 64 MiB.
    pub keep_bytes: usize,
    /// `keepNumber`: how many, of all clients together. Default 10000.
    pub keep_number: usize,
}

impl Default for ResponsesConfig {
    fn default() -> Self {
        ResponsesConfig { keep: Duration::from_secs(3600), keep_bytes: 64 * MIB, keep_number: 10_000 }
    }
}

/// `quarry.remote`: whether the gateway fetches attachments that a client gives as a URL. Off unless allowed: a request would
/// make this machine open connections into its own network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteConfig {
    /// `allowed`. Default false.
    pub allowed: bool,
    /// `hosts`: the hosts that they may come from: names (`images.example.com`), which cover exactly that host, suffixes
    /// (`*.example.com`), which cover everything below, and addresses. Without any, every public host. A host that is listed
    /// exactly may have a private or loopback address too; plain http is for loopback hosts that are listed so. Default none.
    pub hosts: Vec<String>,
    /// `bytes`: the most that the attachments of one request may have together, in bytes. Default 20 MiB.
    pub max_bytes: usize,
    /// `seconds`: how long fetching all of them may take. Default 10 s.
    pub timeout: Duration,
}

impl Default for RemoteConfig {
    fn default() -> Self {
        RemoteConfig { allowed: false, hosts: Vec::new(), max_bytes: 20 * MIB, timeout: Duration::from_secs(10) }
    }
}

/// `quarry.provider`: which versions of the provider may serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderConfig {
    /// `signers`: minisign public keys. With any, a version that comes from outside must be signed by one of them. Default none,
    /// which asks for no signature.
    pub signers: Vec<Signer>,
    /// `component`: a reference to the version that the gateway starts with: a file, `oci://…`, `sha256:…` or `embedded`. When it
    /// changes while the gateway runs, that version is activated. Default none: the previous version.
    pub component: Option<String>,
    /// `watch`: a folder whose newest component is activated when it appears there. Default none.
    pub watch: Option<PathBuf>,
    /// `allowDowngrade`: whether a version that the configuration or the folder names, or that anybody asks for, may be older than one
    /// that served, where there are signers. Default false.
    pub allow_downgrade: bool,
    /// `accept`: kinds of differences from the active version that need no further acceptance, as patterns. Default `wording`:
    /// sentences for people.
    pub accept: Vec<String>,
    /// `params`: members of a model's `params` whose values the provider may see, besides those that it is known to read: for a
    /// provider that reads more. Default none.
    pub params: Vec<String>,
    /// `drainSeconds`: how long requests of a version that was retired may go on. Default 900 s.
    pub drain: Duration,
    /// `probationStreams`: streams at the beginning of a version's service in which one that it loses is enough to go back.
    /// Default 1000.
    pub probation: u64,
    /// `quarantine`: what is enough to go back later.
    pub quarantine: QuarantineConfig,
}

impl Default for ProviderConfig {
    fn default() -> Self {
        ProviderConfig {
            signers: Vec::new(),
            component: None,
            watch: None,
            allow_downgrade: false,
            accept: vec!["wording".to_owned()],
            params: Vec::new(),
            drain: Duration::from_secs(15 * 60),
            probation: 1000,
            quarantine: QuarantineConfig::default(),
        }
    }
}

/// `quarry.provider.quarantine`: when a version fails too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuarantineConfig {
    /// `faults`: traps, deadlines and broken bounds that are enough, from 1. Default 3.
    pub faults: u64,
    /// `streams`: the last streams that they are counted in, from 1. Default 200.
    pub streams: u64,
}

impl Default for QuarantineConfig {
    fn default() -> Self {
        QuarantineConfig { faults: 3, streams: 200 }
    }
}

/// `quarry.cache`: where the gateway keeps listings of models beside its memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheConfig {
    /// `url`: a Redis or Valkey server that replicas share. Default none.
    pub url: Option<CacheUrl>,
}

/// `quarry.log`: what is written to standard error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogConfig {
    /// `format`. Default text.
    pub format: LogFormat,
    /// `prompts`: whether prompts and answers are logged. Default false.
    pub prompts: bool,
}

/// `quarry.metrics`: where Prometheus reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MetricsConfig {
    /// `listen`: address and port for `GET /metrics` alone, which needs no key there; port 0 takes a free one. Default none: it is
    /// among the clients' endpoints.
    pub listen: Option<SocketAddr>,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// `text`: for people.
    #[default]
    Text,
    /// `json`: one object a line.
    Json,
}

/// `quarry.otlp`: where spans, metrics and log lines are sent, by OTLP over HTTP.
#[derive(Debug, Clone)]
pub struct OtlpConfig {
    /// `endpoint`: base URL of the collector, without `/v1/traces` and its like. Default `http://127.0.0.1:4318`, the protocol's own port.
    pub endpoint: String,
    /// `signals`: what the collector gets. Default all.
    pub signals: Vec<Signal>,
    /// `headers`: names and values that are sent along, such as a collector's key.
    pub headers: Vec<(String, SecretString)>,
}

impl Default for OtlpConfig {
    fn default() -> Self {
        OtlpConfig { endpoint: "http://127.0.0.1:4318".to_owned(), signals: Signal::ALL.to_vec(), headers: Vec::new() }
    }
}

/// What is exported. Its name in the configuration is the one in the paths and variables of the OTLP specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Metrics.
    Metrics,
    /// Log lines.
    Logs,
}

impl Signal {
    /// All of them.
    pub const ALL: [Signal; 3] = [Signal::Traces, Signal::Metrics, Signal::Logs];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Signal::Traces => "traces",
            Signal::Metrics => "metrics",
            Signal::Logs => "logs",
        }
    }
}
