//! Every setting: the table that the schema, the reader of the gateway's settings and the reference page are made of.

use super::Kind::{self, Flag, ModelChoice, Names, Number, Object, OneOf, Text, Texts, Whole};
use super::Setting;

const fn setting(path: &'static str, kind: Kind, about: &'static str) -> Setting {
    Setting { path, kind, default: None, restarts: false, about }
}

/// One with a default that stands here, as JSON: the provider's settings. Those of the gateway are taken from its code.
const fn defaulted(path: &'static str, kind: Kind, default: &'static str, about: &'static str) -> Setting {
    Setting { path, kind, default: Some(default), restarts: false, about }
}

/// One that takes effect after a restart.
const fn restarting(path: &'static str, kind: Kind, about: &'static str) -> Setting {
    Setting { path, kind, default: None, restarts: true, about }
}

const KIB: u64 = 1024;
const GIB: u64 = 1024 * 1024 * KIB;
const MILLION: u64 = 1_000_000;
const HOUR: f64 = 3600.0;
const DAY: f64 = 24.0 * HOUR;
const SHORTEST: f64 = 0.001;
const TOKENS: Kind = Whole(1, u64::MAX);
const PRICE: Kind = Number(0.0, f64::MAX);

/// In the order of the reference page. `[]` is an element of a list, `*` any name.
#[rustfmt::skip]
pub(super) static SETTINGS: &[Setting] = &[
    setting("models.providers.amazon-bedrock.baseUrl", Text, "Endpoint of ConverseStream, in place of AWS's own; its region counts where none is configured"),
    setting("models.providers.amazon-bedrock.apiKey", Text, "A Bedrock API key; it stays in the host"),
    defaulted("models.providers.amazon-bedrock.headers", Names, "{}", "Extra request headers; their values stay in the host"),
    defaulted("models.providers.amazon-bedrock.auth", OneOf(&["aws-sdk", "api-key", "oauth", "token"]), "\"aws-sdk\"", "Accepted for OpenClaw compatibility; ignored"),
    defaulted("models.providers.amazon-bedrock.api", OneOf(&["bedrock-converse-stream"]), "\"bedrock-converse-stream\"", "The API of the provider"),
    setting("models.providers.amazon-bedrock.cacheRetention", OneOf(&["none", "short", "long"]), "Prompt caching; the default depends on the model"),
    setting("models.providers.amazon-bedrock.models[].id", Text, "Required: Bedrock's `modelId`. For clients, these models replace the models that AWS lists"),
    setting("models.providers.amazon-bedrock.models[].name", Text, "A name for people. Default: the id"),
    defaulted("models.providers.amazon-bedrock.models[].reasoning", Flag, "false", "Whether the model can think"),
    defaulted("models.providers.amazon-bedrock.models[].input", Texts(&["text", "image", "document", "video"]), "[\"text\"]", "What the model reads"),
    defaulted("models.providers.amazon-bedrock.models[].cost.input", PRICE, "0", "US dollars per million input tokens"),
    defaulted("models.providers.amazon-bedrock.models[].cost.output", PRICE, "0", "US dollars per million output tokens"),
    defaulted("models.providers.amazon-bedrock.models[].cost.cacheRead", PRICE, "0", "US dollars per million tokens read from the cache"),
    defaulted("models.providers.amazon-bedrock.models[].cost.cacheWrite", PRICE, "0", "US dollars per million tokens written to the cache"),
    setting("models.providers.amazon-bedrock.models[].contextWindow", TOKENS, "Tokens of context. Default: the built-in value of a known model, else that of discovery"),
    setting("models.providers.amazon-bedrock.models[].maxTokens", TOKENS, "Tokens of output. Default: the built-in value of a known model, else that of discovery"),
    setting("models.providers.amazon-bedrock.models[].params", Object, "Parameters for requests to this model"),
    setting("models.bedrockDiscovery.enabled", Flag, "`true`: always list. `false`: never. Unset: list if credentials are found"),
    setting("models.bedrockDiscovery.region", Text, "The region of listings and of requests"),
    defaulted("models.bedrockDiscovery.providerFilter", Texts(&[]), "[]", "Vendors to list; all when empty"),
    defaulted("models.bedrockDiscovery.refreshInterval", Number(0.0, f64::MAX), "3600", "Seconds for which a listing is valid; 0 switches the cache off"),
    defaulted("models.bedrockDiscovery.defaultContextWindow", TOKENS, "32000", "Tokens of context, for models whose own limit is not known"),
    defaulted("models.bedrockDiscovery.defaultMaxTokens", TOKENS, "4096", "Tokens of output, for models whose own limit is not known"),
    setting("plugins.entries.amazon-bedrock.config.guardrail.guardrailIdentifier", Text, "The guardrail's id or ARN; required with its version"),
    setting("plugins.entries.amazon-bedrock.config.guardrail.guardrailVersion", Text, "The guardrail's version"),
    setting("plugins.entries.amazon-bedrock.config.guardrail.streamProcessingMode", OneOf(&["sync", "async"]), "Whether the answer waits for the guardrail"),
    setting("plugins.entries.amazon-bedrock.config.guardrail.trace", OneOf(&["enabled", "disabled", "enabled_full"]), "Bedrock's trace of the guardrail"),
    setting("agents.defaults.model", ModelChoice, "The default model, or `{primary, fallbacks}`. `quarry chat` uses `primary`; `quarry serve` tries the fallbacks too"),
    setting("agents.defaults.models.*.alias", Text, "Another name for the model"),
    setting("agents.defaults.models.*.params", Object, "Parameters for requests to the model; they take precedence over `models[].params`"),
    restarting("quarry.listen", Text, "The address to listen on; other than loopback requires a key"),
    restarting("quarry.tls.certificate", Text, "A PEM file with the certificate and its chain: the listener speaks HTTPS. Read again when it changes"),
    restarting("quarry.tls.key", Text, "The PEM file of its private key"),
    restarting("quarry.tls.clientAuthorities", Text, "A PEM file with the authorities whose certificates clients need. Default: clients need none"),
    setting("quarry.keys[].name", Text, "Name of the client; written by `quarry keys add`"),
    setting("quarry.keys[].hash", Text, "SHA-256 of the key"),
    setting("quarry.keys[].models", Texts(&[]), "Model ids that the key may use; `*` may end one. Default: all"),
    setting("quarry.keys[].concurrency", Whole(1, MILLION), "Concurrent requests of the key"),
    setting("quarry.keys[].requestsPerMinute", Whole(1, MILLION), "Requests of the key per minute"),
    setting("quarry.limits.bodyBytes", Whole(KIB, GIB), "The largest body of a request"),
    restarting("quarry.limits.headerBytes", Whole(8 * KIB, KIB * KIB), "The largest head of a request"),
    restarting("quarry.limits.headerSeconds", Number(SHORTEST, HOUR), "How long a head may take to arrive"),
    setting("quarry.limits.bodySeconds", Number(SHORTEST, HOUR), "How long a body may take to arrive"),
    setting("quarry.limits.idleSeconds", Number(SHORTEST, DAY), "The longest silence of Bedrock"),
    setting("quarry.limits.turnSeconds", Number(0.0, DAY), "The longest answer; 0 is no limit"),
    restarting("quarry.limits.stallSeconds", Number(SHORTEST, DAY), "How long a client may read nothing of its answer"),
    restarting("quarry.limits.connections", Whole(1, MILLION), "Open connections"),
    setting("quarry.limits.concurrency", Whole(1, MILLION), "Concurrent requests of all clients, at most as many as fit. Default: what fits"),
    setting("quarry.limits.unreadyPercent", Whole(0, 100), "At how many per cent of the requests that fit `/readyz` answers 503; 0 is never"),
    setting("quarry.retry.attempts", Whole(1, 20), "Attempts per model, before the first token"),
    setting("quarry.retry.baseMilliseconds", Whole(1, 60_000), "The first wait; each further one is twice as long"),
    setting("quarry.retry.mostMilliseconds", Whole(1, 600_000), "The longest wait"),
    setting("quarry.fallbacks", Flag, "Whether the fallbacks of `agents.defaults.model` are tried"),
    setting("quarry.regions", Texts(&[]), "Regions beside the configured one that a model's ARN may name, such as `us-west-2` or `eu-*`. Default: all of the configured region's geography"),
    setting("quarry.cors", Texts(&[]), "Origins whose pages may use the gateway"),
    setting("quarry.proxies", Texts(&[]), "Addresses or networks of proxies, such as `10.0.0.0/8`: their `forwarded` and `x-forwarded-for` headers name the client"),
    setting("quarry.remote.allowed", Flag, "Whether attachments may be given as an address"),
    setting("quarry.remote.hosts", Texts(&[]), "Hosts that they may come from"),
    setting("quarry.remote.bytes", Whole(1, GIB), "Attachments of one request together"),
    setting("quarry.remote.seconds", Number(SHORTEST, 600.0), "How long fetching them may take"),
    setting("quarry.provider.component", Text, "The provider: a file, `oci://registry/name:tag@sha256:…`, `sha256:…` or `embedded`. Activated at start and whenever this value changes; if refused, retried at each reload; if unset or quarantined, the last active version serves"),
    setting("quarry.provider.signers", Texts(&[]), "minisign public keys. With any, a provider from outside has to be signed by one of them, for its name, version and contract"),
    restarting("quarry.provider.watch", Text, "A folder whose newest provider is activated"),
    setting("quarry.provider.allowDowngrade", Flag, "With `signers`: whether a version may be activated that is older than one of its name that served, as with `--allow-downgrade`"),
    setting("quarry.provider.accept", Texts(&[]), "Kinds of differences from the active version that need no `--accept`: those of `quarry provider diff`; one covers what is below it, `*` is any text. `[]` asks for a changed sentence too"),
    setting("quarry.provider.params", Texts(&[]), "Members of a model's `params` whose text the provider may see, besides those that it is known to read"),
    setting("quarry.provider.drainSeconds", Number(0.0, DAY), "How long streams of a retired version may go on"),
    setting("quarry.provider.probationStreams", Whole(0, MILLION), "The first streams of a version, in which faults on two inputs quarantine it"),
    setting("quarry.provider.quarantine.faults", Whole(1, 1000), "Faults that quarantine a version later, on two inputs at least"),
    setting("quarry.provider.quarantine.streams", Whole(1, 1000), "The streams in which they are counted"),
    setting("quarry.cache.url", Text, "A Redis or Valkey server over which gateways share listings (`redis://:PASSWORD@HOST:6379/0`, `rediss://` for TLS)"),
    restarting("quarry.log.format", OneOf(&["text", "json"]), "The format of the log"),
    restarting("quarry.log.prompts", Flag, "Whether prompts and answers are logged"),
    restarting("quarry.otlp.endpoint", Text, "A collector of spans, else `OTEL_EXPORTER_OTLP_ENDPOINT`"),
    restarting("quarry.otlp.headers", Names, "Headers for the collector"),
    setting("quarry.drainSeconds", Number(0.0, DAY), "How long streams may go on after SIGTERM"),
    setting("quarry.keepAliveSeconds", Number(SHORTEST, HOUR), "Seconds of silence after which a stream gets a comment"),
];
