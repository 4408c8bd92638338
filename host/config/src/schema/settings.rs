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
    setting("models.providers.amazon-bedrock.baseUrl", Text, "Endpoint of ConverseStream, in place of AWS's own; its region is used if none is configured"),
    setting("models.providers.amazon-bedrock.apiKey", Text, "A Bedrock API key; it stays in the host"),
    defaulted("models.providers.amazon-bedrock.headers", Names, "{}", "Extra request headers; their values stay in the host"),
    defaulted("models.providers.amazon-bedrock.auth", OneOf(&["aws-sdk", "api-key", "oauth", "token"]), "\"aws-sdk\"", "Accepted for OpenClaw compatibility; ignored"),
    defaulted("models.providers.amazon-bedrock.api", OneOf(&["bedrock-converse-stream"]), "\"bedrock-converse-stream\"", "The API of the provider"),
    setting("models.providers.amazon-bedrock.cacheRetention", OneOf(&["none", "short", "long"]), "Prompt caching; the default depends on the model"),
    setting("models.providers.amazon-bedrock.models[].id", Text, "Required: Bedrock's `modelId`. For clients, these models replace the models that AWS lists"),
    setting("models.providers.amazon-bedrock.models[].name", Text, "Display name. Default: the id"),
    defaulted("models.providers.amazon-bedrock.models[].reasoning", Flag, "false", "Whether the model can think"),
    defaulted("models.providers.amazon-bedrock.models[].input", Texts(&["text", "image", "document", "video"]), "[\"text\"]", "Kinds of input that the model reads"),
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
    setting("quarry.keys[].requestsPerMinute", Whole(1, MILLION), "Requests of the key per minute on average: `burst` may come at once, then one whenever its share of the minute has passed"),
    setting("quarry.keys[].burst", Whole(1, MILLION), "Requests of the key that may come at once. Default: those of a minute, so that the first minute admits up to twice `requestsPerMinute`"),
    setting("quarry.limits.bodyBytes", Whole(KIB, GIB), "The largest body of a request"),
    setting("quarry.limits.headerBytes", Whole(8 * KIB, KIB * KIB), "The largest head of a request"),
    setting("quarry.limits.headerSeconds", Number(SHORTEST, HOUR), "How long a head may take to arrive; a change is for new connections"),
    setting("quarry.limits.bodySeconds", Number(SHORTEST, HOUR), "How long a body may take to arrive"),
    setting("quarry.limits.idleSeconds", Number(SHORTEST, DAY), "The longest silence of Bedrock"),
    setting("quarry.limits.turnSeconds", Number(0.0, DAY), "The longest answer; 0 is no limit"),
    setting("quarry.limits.stallSeconds", Number(SHORTEST, DAY), "How long a client may read nothing of its answer; a change is for new connections"),
    restarting("quarry.limits.connections", Whole(1, MILLION), "Open connections"),
    setting("quarry.limits.concurrency", Whole(1, MILLION), "Concurrent requests of all clients, at most as many as fit. Default: what fits"),
    setting("quarry.limits.unreadyPercent", Whole(0, 100), "Percentage of the requests that fit, at which `/readyz` answers 503; 0 never does"),
    setting("quarry.readiness.credentials", Flag, "Whether `/readyz` answers 503 from the start on until AWS accepts the credentials: a call of `ListFoundationModels` shows that. Permissions are not checked"),
    setting("quarry.retry.attempts", Whole(1, 20), "Attempts per model, before the first token"),
    setting("quarry.retry.baseMilliseconds", Whole(1, 60_000), "The first wait; each further one is twice as long"),
    setting("quarry.retry.mostMilliseconds", Whole(1, 600_000), "The longest wait"),
    setting("quarry.retry.budgetPercent", Whole(0, 1000), "Retries of all requests together, in per cent of the requests of the last 10 seconds, beside 3 a second. What goes beyond is not retried"),
    setting("quarry.fallbacks", Flag, "Whether the fallbacks of `agents.defaults.model` are tried"),
    setting("quarry.regions", Texts(&[]), "Regions, besides the configured one, that a model's ARN may name, such as `us-west-2` or `eu-*`. Default: all of the configured region's geography"),
    setting("quarry.cors", Texts(&[]), "Origins whose pages may use the gateway"),
    setting("quarry.proxies", Texts(&[]), "Addresses or networks of proxies, such as `10.0.0.0/8`: their `forwarded` and `x-forwarded-for` headers name the client"),
    setting("quarry.responses.keepSeconds", Number(0.0, DAY), "How long after its last use an answer of Responses can be named by `previous_response_id` or `item_reference`; 0 keeps none. In this process's memory alone, for the client key that got it, unless the client sends `store: false`"),
    setting("quarry.responses.keepBytes", Whole(0, GIB), "The size of all kept answers together"),
    setting("quarry.responses.keepNumber", Whole(0, MILLION), "The number of all kept answers together"),
    setting("quarry.remote.allowed", Flag, "Whether attachments may be given as an address"),
    setting("quarry.remote.hosts", Texts(&[]), "Hosts that attachments may come from"),
    setting("quarry.remote.bytes", Whole(1, GIB), "Total size of the attachments of one request"),
    setting("quarry.remote.seconds", Number(SHORTEST, 600.0), "How long fetching the attachments may take"),
    setting("quarry.provider.component", Text, "The provider: a file, `oci://registry/name:tag@sha256:…`, `sha256:…` or `embedded`. Activated at start and whenever this value changes; if refused, retried at each reload; if unset or quarantined, the last active version serves"),
    setting("quarry.provider.signers", Texts(&[]), "minisign public keys. If set, a provider from outside must be signed by one of them, for its name, version and contract"),
    restarting("quarry.provider.watch", Text, "A folder whose newest provider is activated"),
    setting("quarry.provider.allowDowngrade", Flag, "With `signers`: whether a version may be activated that is older than one of the same name that was active, as with `--allow-downgrade`"),
    setting("quarry.provider.accept", Texts(&[]), "Kinds of differences from the active version that need no `--accept`, as `quarry provider diff` names them; one covers the kinds below it, `*` is any text. `[]` requires the acceptance of changed sentences too"),
    setting("quarry.provider.params", Texts(&[]), "Further members of a model's `params` whose text the provider may see"),
    setting("quarry.provider.drainSeconds", Number(0.0, DAY), "How long streams of a retired version may continue"),
    setting("quarry.provider.probationStreams", Whole(0, MILLION), "The first streams of a version, in which faults on two inputs quarantine it"),
    setting("quarry.provider.quarantine.faults", Whole(1, 1000), "Faults, on at least two inputs, that quarantine a version after its first streams"),
    setting("quarry.provider.quarantine.streams", Whole(1, 1000), "The number of streams in which those faults are counted"),
    setting("quarry.cache.url", Text, "A Redis or Valkey server over which gateways share listings (`redis://:PASSWORD@HOST:6379/0`, `rediss://` for TLS)"),
    restarting("quarry.log.format", OneOf(&["text", "json"]), "The format of the log"),
    setting("quarry.log.prompts", Flag, "Whether prompts and answers are logged"),
    restarting("quarry.metrics.listen", Text, "An address for `GET /metrics` alone, without a client key, such as `127.0.0.1:9464`. Default: `/metrics` is on `quarry.listen`"),
    restarting("quarry.otlp.endpoint", Text, "A collector of spans, metrics and log lines, else `OTEL_EXPORTER_OTLP_ENDPOINT`"),
    restarting("quarry.otlp.signals", Texts(&["traces", "metrics", "logs"]), "What it gets. Default: all three"),
    restarting("quarry.otlp.headers", Names, "Headers for the collector"),
    setting("quarry.drainSeconds", Number(0.0, DAY), "How long streams may continue after SIGTERM"),
    setting("quarry.drainMinimumSeconds", Number(0.0, DAY), "How long the gateway answers 503 after SIGTERM at least, so that load balancers see that it ends"),
    setting("quarry.keepAliveSeconds", Number(SHORTEST, HOUR), "Seconds of silence after which a stream gets a comment"),
    setting("quarry.strict", Flag, "Whether members of a request that the gateway would ignore are refused with 400"),
];
